"""Commands about sources: look before an import, follow what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, MAP, PROJECT, SET, Front, parameters
from curator.cli.running import run_job
from curator.cli.text import echo_json, table
from curator.engine.errors import InputError
from curator.engine.import_preview import Preview, preview
from curator.engine.import_run import expand
from curator.engine.project import Project
from curator.engine.registry import registry


@cli.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--importer", default="", help="Importer to use instead of the one found by looking.")
@MAP
@SET
@AS_JSON
@click.pass_obj
def inspect(
    front: Front, path: Path, importer: str, mapped: Sequence[str], overrides: Sequence[str], as_json: bool
) -> None:
    """Show what PATH would give, without importing anything.

    Prints the importers that recognise it with their confidence, what each column is taken for, the first 20 samples
    and what could not be read.
    """
    look(front, [path], importer, parameters(overrides, mapped), as_json)


def look(front: Front, paths: Sequence[Path], importer: str, params: Mapping[str, Any], as_json: bool) -> None:
    """Print what each path would give: as JSON a value each, in a list when there is not just one."""
    registry().discover(front.settings.plugins_dir)
    found = [preview(Path(path), importer, params) for path in expand(map(str, paths))]
    if as_json:
        echo_json(found[0] if len(found) == 1 else found)
    for seen in () if as_json else found:
        _show(seen)
    for seen in found:
        if seen.error:
            raise InputError(seen.error, seen.hint)


def _show(seen: Preview) -> None:
    for candidate in seen.candidates:
        mark = "*" if candidate.name == seen.importer else " "
        click.echo(f"{mark} {candidate.confidence:4.0%}  {candidate.name}: {candidate.summary}")
    if seen.error:
        return
    shape = f" in the format {seen.format}" if seen.format else ""
    click.echo(f"\n“{seen.name}”: {seen.kind} samples{shape}{', with pairs of answers' if seen.has_pairs else ''}.")
    if seen.fields:
        click.echo("\nColumns:")
        click.echo(
            table(["column", "is", "example"], [[f.name, f.role or "record", f.example[:60]] for f in seen.fields])
        )
    click.echo("\nFirst samples:")
    cells = [[r.source, ", ".join(r.labels), r.split, " ".join(r.text.split())[:60]] for r in seen.rows]
    click.echo(table(["source", "label", "split", "text"], cells))
    for problem in seen.problems:
        click.echo(f"  set aside: {problem.source} {problem.reason}")
    for line in seen.log:
        click.echo(f"  {line}")


@cli.command()
@PROJECT
@click.argument("dataset")
@click.argument("folder", type=click.Path(path_type=Path))
@AS_JSON
@click.pass_obj
def repoint(front: Front, project: Path, dataset: str, folder: Path, as_json: bool) -> None:
    """Say where the files of DATASET lie now: FOLDER.

    Ids, labels and subsets stay. Files that are not found are shown as missing. Undo points back.
    """
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        p.importing.repoint(dataset, folder)
        changes = run_job(p, p.importing.submit_check, dataset, quiet=as_json)
        found = p.dataset(dataset)
        if as_json:
            echo_json({"dataset": found, "notes": changes.notes})
        else:
            click.echo(f"“{found.name}” lies in {found.root}. {' '.join(changes.notes)}")


@cli.command()
@PROJECT
@click.argument("dataset")
@click.option("--copy", is_flag=True, help="Copy the files into the project, which then needs the source no more.")
@AS_JSON
@click.pass_obj
def files(front: Front, project: Path, dataset: str, copy: bool, as_json: bool) -> None:
    """Look whether the files of DATASET are there; the missing ones are marked, not dropped."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        changes = run_job(p, p.importing.submit_check, dataset, copy=copy, quiet=as_json)
        reports = p.importing.reports(dataset)
        if as_json:
            echo_json({"dataset": p.dataset(dataset), "notes": changes.notes, "imports": reports})
            return
        click.echo(" ".join(changes.notes))
        for report in reports[:5]:
            click.echo(f"  import of {report.created}: {report.words}")
