"""``curator rounds``: label batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, PROJECT, SET, Front, focus, ids, pair, tell, the_dataset
from curator.cli.running import run_job
from curator.cli.text import echo_json, table
from curator.engine.errors import InputError
from curator.engine.project import Project
from curator.engine.studies import curve_point
from curator.engine.study import Study

STUDY = click.option("--study", "study_key", default="", help="Name or number of the study; default: the newest.")


@cli.group()
def rounds() -> None:
    """Label batch by batch: a teacher's probabilities choose, you label, a student learns, and again."""


def the_study(p: Project, key: str) -> Study:
    """The study asked for, or the newest; raises :class:`InputError`."""
    if key:
        return p.rounds.study(key)
    found = p.rounds.studies()
    if not found:
        raise InputError("This project has no study yet.", "Start one with: curator rounds start PROJECT")
    return found[-1]


@rounds.command()
@PROJECT
@click.option("--dataset", default="", help="Dataset to label; may be left out when there is only one.")
@click.option("--classes", default="", help="Class names, separated by commas. Default: the dataset's own.")
@click.option(
    "--classes-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A text file with one class name a line.",
)
@click.option("--selector", default="pcoreset", show_default=True, help="Selector that picks each batch.")
@click.option("--batch", "count", default=0, help="Samples in a round; 0 = as many as classes.")
@SET
@click.option("--name", default="", help="Name of the study.")
@click.option("--device", default=None, help="auto, cpu, cuda or mps.")
@AS_JSON
@click.pass_obj
def start(
    front: Front,
    project: Path,
    dataset: str,
    classes: str,
    classes_file: Path | None,
    selector: str,
    count: int,
    overrides: Sequence[str],
    name: str,
    device: str | None,
    as_json: bool,
) -> None:
    """Start a study: the teacher chooses the first batch.

    Example: curator rounds start P.curator --classes cat,dog,horse --set teacher=zero-shot
    """
    plan: dict[str, Any] = {"selector": selector, "batch": count, **dict(pair(o) for o in overrides)}
    if classes or classes_file:
        plan["classes"] = class_names(classes, classes_file)
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        device = device or front.settings.device
        changes = run_job(p, p.rounds.start, the_dataset(p, dataset), plan, name, device, quiet=as_json)
        _show(p, p.rounds.study(focus(changes, "study")), as_json)


def class_names(classes: str, file: Path | None) -> tuple[str, ...]:
    """Names from an option and a file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    return tuple(name.strip() for name in [*classes.split(","), *lines] if name.strip())


@rounds.command("next")
@PROJECT
@STUDY
@click.option("--device", default=None, help="auto, cpu, cuda or mps.")
@AS_JSON
@click.pass_obj
def next_command(front: Front, project: Path, study_key: str, device: str | None, as_json: bool) -> None:
    """Fit the student to the labels so far and choose the next batch."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        study = the_study(p, study_key)
        run_job(p, p.rounds.next, study.id, device or front.settings.device, quiet=as_json)
        _show(p, study, as_json)


@rounds.command()
@PROJECT
@STUDY
@AS_JSON
@click.pass_obj
def show(front: Front, project: Path, study_key: str, as_json: bool) -> None:
    """Show the newest batch: what to label, and why."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        _show(p, the_study(p, study_key), as_json)


def _show(p: Project, study: Study, as_json: bool) -> None:
    batch, curve = p.rounds.batch(study.id), p.rounds.curve(study.id)
    if as_json:
        points = [curve_point(r) for r in curve]
        echo_json({"study": {**asdict(study), "plan": asdict(study.plan)}, "batch": batch, "curve": points})
        return
    last = curve[-1]
    click.echo(f"“{study.name}”, round {last.number}: {len(batch)} samples to label as {', '.join(study.classes)}")
    rows = [(b.rank, b.sample_id, b.source, b.answer or b.state, b.gain, b.reason) for b in batch]
    click.echo(table(("rank", "sample", "source", "answer", "gain", "reason"), rows))
    if last.stopped:
        click.echo(f"  {last.stopped}")


@rounds.command()
@PROJECT
@STUDY
@click.option("--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="CSV, JSON or JSONL.")
@click.option("--as", "name", default="", metavar="CLASS", help="The class of --samples.")
@click.option("--samples", default="", metavar="IDS", help="Sample ids, separated by commas.")
@click.option("--skip", "skipped", default="", metavar="IDS", help="Give no answer about these.")
@click.option("--unlisted", default="", metavar="IDS", help="These are none of the classes.")
@click.option("--clear", default="", metavar="IDS", help="Take the answers about these back.")
@AS_JSON
@click.pass_obj
def label(
    front: Front,
    project: Path,
    study_key: str,
    file: Path | None,
    name: str,
    samples: str,
    skipped: str,
    unlisted: str,
    clear: str,
    as_json: bool,
) -> None:
    """Answer for samples of a study, one by one or from a file with the columns source and class.

    Example: curator rounds label P.curator --as cat --samples 17,25
    """
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        study, done = the_study(p, study_key), []
        if bool(name) != bool(samples):
            raise click.UsageError("Say both --as CLASS and --samples IDS.")
        if file is not None:
            done.append(p.rounds.label_file(study.id, file))
        if samples:
            done.append(p.rounds.label(study.id, ids(samples), name))
        for text, write in ((skipped, p.rounds.skip), (unlisted, p.rounds.unlisted), (clear, p.rounds.clear)):
            if text:
                done.append(write(study.id, ids(text)))
        if not done:
            raise click.UsageError("Say what to answer: --file, --as and --samples, --skip, --unlisted or --clear.")
        tell(as_json, "\n".join(changes.label for changes in done), done)


@rounds.command()
@PROJECT
@STUDY
@AS_JSON
@click.pass_obj
def curve(front: Front, project: Path, study_key: str, as_json: bool) -> None:
    """Show what the labels have bought: accuracy, coverage of classes and calibration after each round."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        study = the_study(p, study_key)
        found = p.rounds.curve(study.id)
    if as_json:
        echo_json([curve_point(r) for r in found])
        return
    click.echo(
        table(
            ("round", "labels", "accuracy", "balanced", "calibration", "classes", "measured by"),
            [
                (r.number, m.spent, m.accuracy, m.balanced, m.error, f"{m.classes} of {len(study.classes)}", r.measured)
                for r in found
                for m in (r.measures,)
            ],
        )
    )


@rounds.command()
@PROJECT
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@STUDY
@click.option("--overwrite", is_flag=True, help="Replace TARGET if it exists.")
@AS_JSON
@click.pass_obj
def export(front: Front, project: Path, target: Path, study_key: str, overwrite: bool, as_json: bool) -> None:
    """Write every pick with its answer to TARGET (.csv), or picks, plan and curve (.json)."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        study = the_study(p, study_key)
        written = p.rounds.export(study.id, target, overwrite)
        tell(as_json, f"Wrote “{study.name}” to {written}", {"study": study.id, "target": written})


@rounds.command("list")
@PROJECT
@AS_JSON
@click.pass_obj
def list_command(front: Front, project: Path, as_json: bool) -> None:
    """List the studies."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        found = [(s, p.rounds.curve(s.id)[-1]) for s in p.rounds.studies()]
    if as_json:
        echo_json([{"id": s.id, "name": s.name, "classes": s.classes, **curve_point(r)} for s, r in found])
        return
    rows = [(s.id, s.name, s.plan.selector, len(s.classes), r.number, r.measures.spent, s.created) for s, r in found]
    click.echo(table(("id", "name", "selector", "classes", "rounds", "labels", "made"), rows))
