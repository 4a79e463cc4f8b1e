"""``curator subset``: Subsets beside one another, and small edits of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, PROJECT, CuratorGroup, Front, focus, tell
from curator.cli.text import echo_json, table
from curator.engine.project import Project
from curator.engine.subsets import Comparison
from curator.engine.types import Changes

NAME = click.option("--name", default="", help="Name of the new subset; a taken one gets a number.")
SHOWN = 20
LIST_OF_IDS = re.compile(r"[\d, ]*\d[\d, ]*")


@cli.group(cls=CuratorGroup)
def subset() -> None:
    """Compare, combine, trim, correct, rename, lock, note and remove subsets. Undo takes any of it back."""


def _open(front: Front, project: Path) -> Project:
    return Project.open(project, plugins_dir=front.settings.plugins_dir)


def _made(p: Project, changes: Changes, as_json: bool) -> None:
    found = p.subset(focus(changes, "subset"))
    tell(as_json, f"“{found.name}”: {found.size} samples (subset {found.id})", found)


@subset.command()
@PROJECT
@click.argument("a")
@click.argument("b")
@AS_JSON
@click.pass_obj
def compare(front: Front, project: Path, a: str, b: str, as_json: bool) -> None:
    """What only A has, only B has, and both have; skills, classes and coverage side by side."""
    with _open(front, project) as p:
        found = p.subsets.compare(a, b)
    if as_json:
        echo_json(found)
        return
    click.echo(f"Only in “{found.a.name}”: {len(found.only_a)}")
    click.echo(f"Only in “{found.b.name}”: {len(found.only_b)}")
    click.echo(f"In both: {len(found.both)} ({found.overlap:.0%} of either)")
    _show_tables(found)


def _show_tables(found: Comparison) -> None:
    measured = [(m.replace("_", " "), _word(x), _word(y)) for m, (x, y) in found.figures.items() if x or y]
    if measured:
        click.echo(table(("coverage", "A", "B"), measured))
    for title, balances in (("skill", found.skills), ("class", found.classes)):
        if balances:
            click.echo(table((title, "A", "B", "pile"), [(b.name, b.a, b.b, b.pile) for b in balances[:SHOWN]]))


def _word(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value[0]} of {value[1]}" if isinstance(value, list) else f"{value:.4f}"


COMBINED = {
    "union": "A new subset: A in its order, then what only B has.",
    "intersect": "A new subset: what both A and B have, in the order of A.",
    "subtract": "A new subset: what A has and B has not, in the order of A.",
}


def _combining(how: str, help_: str) -> None:
    """Add one of the commands that make a subset of two."""

    @subset.command(how, help=help_)
    @PROJECT
    @click.argument("a")
    @click.argument("b")
    @NAME
    @AS_JSON
    @click.pass_obj
    def combine(front: Front, project: Path, a: str, b: str, name: str, as_json: bool) -> None:
        with _open(front, project) as p:
            make: Callable[[str, str, str], Changes] = getattr(p.subsets, how)
            _made(p, make(a, b, name), as_json)


for _how, _help in COMBINED.items():
    _combining(_how, _help)


@subset.command()
@PROJECT
@click.argument("name_or_id")
@click.argument("keep", type=click.IntRange(1))
@NAME
@AS_JSON
@click.pass_obj
def trim(front: Front, project: Path, name_or_id: str, keep: int, name: str, as_json: bool) -> None:
    """A new subset of the first KEEP picks."""
    with _open(front, project) as p:
        _made(p, p.subsets.trim(name_or_id, keep, name), as_json)


@subset.command()
@PROJECT
@click.argument("name_or_id")
@click.option("--add", multiple=True, metavar="SAMPLE", help="Put it at the end of the subset; may be repeated.")
@click.option("--remove", multiple=True, metavar="SAMPLE", help="Take it out of the subset; may be repeated.")
@AS_JSON
@click.pass_obj
def correct(
    front: Front, project: Path, name_or_id: str, add: Sequence[str], remove: Sequence[str], as_json: bool
) -> None:
    """Correct a subset by hand, as P and X do in the window; later runs obey too.

    A SAMPLE is its source or its id, or ids separated by commas: curator search shows both. A new version stands in the
    place of the subset, under its name; one undo takes all of it back.

    Example: curator subset correct P.curator "diverse 500" --add dogs/7.jpg --remove 391,402
    """
    if not (add or remove):
        raise click.UsageError("Say which samples: --add or --remove.")
    with _open(front, project) as p:
        changes = p.subsets.correct(name_or_id, _names(add), _names(remove))
        if not as_json:
            click.echo(" ".join(changes.notes))
        _made(p, changes, as_json)


def _names(given: Sequence[str]) -> list[str]:
    """Samples as they were named: a list of ids is one for each."""
    lists = (text.replace(",", " ").split() if LIST_OF_IDS.fullmatch(text) else [text] for text in given)
    return [name for names in lists for name in names]


@subset.command()
@PROJECT
@click.argument("name_or_id")
@click.argument("new_name")
@AS_JSON
@click.pass_obj
def rename(front: Front, project: Path, name_or_id: str, new_name: str, as_json: bool) -> None:
    """Give a subset another name."""
    with _open(front, project) as p:
        _made(p, p.subsets.rename(name_or_id, new_name), as_json)


@subset.command()
@PROJECT
@click.argument("name_or_id")
@click.option("--off", is_flag=True, help="Let it be changed again.")
@AS_JSON
@click.pass_obj
def lock(front: Front, project: Path, name_or_id: str, off: bool, as_json: bool) -> None:
    """Protect a subset from being renamed, noted or removed."""
    with _open(front, project) as p:
        _made(p, p.subsets.lock(name_or_id, not off), as_json)


@subset.command()
@PROJECT
@click.argument("name_or_id")
@click.argument("text")
@AS_JSON
@click.pass_obj
def note(front: Front, project: Path, name_or_id: str, text: str, as_json: bool) -> None:
    """Write a note beside a subset."""
    with _open(front, project) as p:
        _made(p, p.subsets.note(name_or_id, text), as_json)


@subset.command()
@PROJECT
@click.argument("name_or_id")
@AS_JSON
@click.pass_obj
def remove(front: Front, project: Path, name_or_id: str, as_json: bool) -> None:
    """Take a subset out of sight; undo brings it back."""
    with _open(front, project) as p:
        found = p.subset(name_or_id)
        p.subsets.remove(name_or_id)
        tell(as_json, f"Removed “{found.name}”.", {"removed": found})
