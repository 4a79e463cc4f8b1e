"""``curator simulate`` and ``curator compare``: which selector suits this pile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, PROJECT, SET, Front, focus, pair, the_dataset
from curator.cli.running import run_job
from curator.cli.text import echo_json, table
from curator.engine.project import Project
from curator.engine.trial_tables import ENDINGS, Line, as_json, main_measure
from curator.engine.trials import Kind

SHOWN = (
    "accuracy",
    "loss",
    "mean_similarity",
    "radius",
    "classes",
    "skills",
    "class_balance",
    "calibration",
    "redundancy",
)


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        PROJECT,
        click.option("--dataset", default="", help="Dataset to try on; may be left out when there is only one."),
        click.option("--selectors", default="", help="Names of selectors, separated by commas."),
        click.option("--seeds", default=None, type=int, help="How many repetitions."),
        SET,
        click.option("--name", default="", help="Name of the trial."),
        click.option(
            "--out",
            multiple=True,
            type=click.Path(path_type=Path, dir_okay=False),
            help=f"Also write it to a file, by its ending: {', '.join(ENDINGS)}. May be repeated.",
        ),
        click.option("--overwrite", is_flag=True, help="Replace such a file if it exists."),
        click.option("--device", default=None, help="auto, cpu, cuda or mps."),
        AS_JSON,
        click.pass_obj,
    )[::-1]:
        command = option(command)
    return command


@cli.command()
@click.option("--rounds", default=None, type=int, help="Batches after the first labels.")
@click.option("--batch", default=None, type=int, help="Labels in a round; 0 = as many as classes.")
@_shared
def simulate(front: Front, rounds: int | None, batch: int | None, **options: Any) -> None:
    """Run rounds of labels by themselves on a dataset whose classes are known: accuracy against labels spent.

    Finished curves are kept when it is stopped. Example: curator simulate P.curator --seeds 5 --out curve.svg
    """
    _try(front, "simulate", {"rounds": rounds, "batch": batch}, **options)


@cli.command()
@click.option("--budgets", default=None, help="Sizes of the subsets, separated by commas.")
@_shared
def compare(front: Front, budgets: str | None, **options: Any) -> None:
    """Compare selectors at several budgets: a probe's accuracy, coverage, balance, and what is still alike.

    Example: curator compare P.curator --selectors k-center,random --budgets 100,500 --out table.csv
    """
    _try(front, "compare", {"budgets": budgets}, **options)


def _try(
    front: Front,
    kind: Kind,
    own: dict[str, Any],
    project: Path,
    dataset: str,
    selectors: str,
    seeds: int | None,
    overrides: Sequence[str],
    name: str,
    out: Sequence[Path],
    overwrite: bool,
    device: str | None,
    as_json: bool,
) -> None:
    plan = {k: v for k, v in {**own, "selectors": selectors or None, "seeds": seeds}.items() if v is not None}
    plan |= dict(pair(o) for o in overrides)
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        device = device or front.settings.device
        changes = run_job(p, p.trials.submit, kind, the_dataset(p, dataset), plan, name, device, quiet=as_json)
        trial = p.trials.trial(focus(changes, "trial"))
        written = [p.trials.export(trial.id, target, overwrite) for target in out]
        points, lines = p.trials.points(trial.id), p.trials.lines(trial.id)
    if as_json:
        echo_json({**_as_json(trial, points), "written": written})
        return
    for note in changes.notes:
        click.echo(note)
    click.echo(f"“{trial.name}”, {len({x.seed for x in points})} seeds, mean ± standard deviation")
    click.echo(shown_lines(lines, main_measure(points), kind))
    for target in written:
        click.echo(f"Wrote {target}")


_as_json = as_json


def shown_lines(lines: Sequence[Line], main: str, kind: Kind) -> str:
    """The table: of a simulation only the mean over rounds and the last round of each selector."""
    last = {line.selector: line.size for line in lines}
    if kind == "simulate":
        lines = [line for line in lines if line.size in (0, last[line.selector])]
    names = [m for m in SHOWN if any(m in line.measures and line.measures[m].count for line in lines)]
    rows = []
    for line in lines:
        size = "all rounds" if line.size == 0 else line.size
        cells = [f"{s.mean:.3f} ± {s.deviation:.3f}" for m in names for s in (line.measures[m],)]
        ahead = line.ahead
        words = "" if ahead is None else f"{ahead.difference:+.3f} (p {ahead.p:.2g})"
        rows.append((line.selector, size, *cells, words))
    head = ("selector", "labels" if kind == "simulate" else "budget", *(n.replace("_", " ") for n in names))
    return table((*head, f"{main.replace('_', ' ')} ahead of random"), rows)
