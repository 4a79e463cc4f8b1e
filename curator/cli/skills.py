"""``curator skills``: the Skills of a Dataset, and what a user makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, PROJECT, CuratorGroup, Front, tell, the_dataset
from curator.cli.running import run_job
from curator.cli.text import echo_json, table
from curator.engine.errors import InputError
from curator.engine.project import Project
from curator.engine.skills import Skill

DATASET = click.option("--dataset", default="", help="Dataset; may be left out when there is only one.")


@cli.group(cls=CuratorGroup)
def skills() -> None:
    """List, rename, merge, split and hide skills, cap how many of each a run may pick, or say how many it shall.

    Undo takes any of it back.

    A SKILL is its name or its number.
    """


def _open(front: Front, project: Path) -> Project:
    return Project.open(project, plugins_dir=front.settings.plugins_dir)


def _find(p: Project, dataset_id: int, names: Sequence[str]) -> list[int]:
    known = p.skillset.all(dataset_id)
    found = []
    for name in names:
        exact = [s.number for s in known if s.name == name] or [s.number for s in known if str(s.number) == name]
        if not exact:
            some = ", ".join(s.name for s in known[:12])
            raise InputError(f"There is no skill “{name}”.", f"Known: {some}." if some else "There is none yet.")
        found.append(exact[0])
    return found


def _print(found: Sequence[Skill], as_json: bool) -> None:
    if as_json:
        echo_json(found)
    elif not found:
        click.echo("No skills yet. Run a recipe with a clusterer first.")
    else:
        rows = [
            (
                s.number,
                s.name,
                s.size,
                s.chosen,
                _or_blank(s.quota),
                _or_blank(s.budget),
                s.fate,
                "hidden" if s.hidden else "",
            )
            for s in sorted(found, key=lambda s: (-s.size, s.number))
        ]
        click.echo(table(["number", "skill", "size", "chosen", "quota", "budget", "", ""], rows))


def _or_blank(value: int | None) -> str:
    return "" if value is None else str(value)


@skills.command("list")
@PROJECT
@DATASET
@click.option("--subset", default="", help="Count what this subset chose; the newest when left out.")
@AS_JSON
@click.pass_obj
def list_command(front: Front, project: Path, dataset: str, subset: str, as_json: bool) -> None:
    """List the skills of PROJECT: size, how many of each were chosen, quota."""
    with _open(front, project) as p:
        found = p.dataset(the_dataset(p, dataset))
        subsets = [s for s in p.contents().subsets if s.dataset_id == found.id]
        chosen = p.subset(subset) if subset else (subsets[-1] if subsets else None)
        _print(p.skillset.all(found.id, chosen.id if chosen else None), as_json)


@skills.command()
@PROJECT
@click.argument("skill")
@click.argument("name")
@DATASET
@AS_JSON
@click.pass_obj
def rename(front: Front, project: Path, skill: str, name: str, dataset: str, as_json: bool) -> None:
    """Give SKILL another NAME."""
    with _open(front, project) as p:
        found = p.dataset(the_dataset(p, dataset)).id
        changes = p.skillset.rename(found, _find(p, found, [skill])[0], name)
        tell(as_json, changes.label, p.skillset.all(found))


@skills.command()
@PROJECT
@click.argument("names", nargs=-1, required=True, metavar="SKILL...")
@DATASET
@AS_JSON
@click.pass_obj
def merge(front: Front, project: Path, names: Sequence[str], dataset: str, as_json: bool) -> None:
    """Make one of several skills; it has the name of the largest."""
    with _open(front, project) as p:
        found = p.dataset(the_dataset(p, dataset)).id
        changes = run_job(p, p.skillset.submit_merge, found, _find(p, found, names), quiet=as_json)
        tell(as_json, changes.label, p.skillset.all(found))


@skills.command()
@PROJECT
@click.argument("skill")
@click.option("--parts", default=2, show_default=True, help="How many.")
@DATASET
@AS_JSON
@click.pass_obj
def split(front: Front, project: Path, skill: str, parts: int, dataset: str, as_json: bool) -> None:
    """Divide SKILL into parts by what its samples are like."""
    with _open(front, project) as p:
        found = p.dataset(the_dataset(p, dataset)).id
        changes = run_job(p, p.skillset.submit_split, found, _find(p, found, [skill])[0], parts, quiet=as_json)
        tell(as_json, changes.label, p.skillset.all(found))


@skills.command()
@PROJECT
@click.argument("names", nargs=-1, required=True, metavar="SKILL...")
@click.option("--off", is_flag=True, help="Show them again.")
@DATASET
@AS_JSON
@click.pass_obj
def hide(front: Front, project: Path, names: Sequence[str], off: bool, dataset: str, as_json: bool) -> None:
    """Leave skills out of the list in the window."""
    with _open(front, project) as p:
        found = p.dataset(the_dataset(p, dataset)).id
        changes = p.skillset.hide(found, _find(p, found, names), not off)
        tell(as_json, changes.label, p.skillset.all(found))


@skills.command()
@PROJECT
@click.argument("quota", type=click.IntRange(min=-1))
@click.argument("names", nargs=-1, required=True, metavar="SKILL...")
@DATASET
@AS_JSON
@click.pass_obj
def quota(front: Front, project: Path, quota: int, names: Sequence[str], dataset: str, as_json: bool) -> None:
    """Let later runs pick at most QUOTA samples of each skill; -1 lifts the cap."""
    with _open(front, project) as p:
        found = p.dataset(the_dataset(p, dataset)).id
        changes = p.skillset.set_quota(found, _find(p, found, names), None if quota < 0 else quota)
        tell(as_json, changes.label, p.skillset.all(found))


@skills.command()
@PROJECT
@click.argument("budget", type=click.IntRange(min=-1))
@click.argument("names", nargs=-1, required=True, metavar="SKILL...")
@DATASET
@AS_JSON
@click.pass_obj
def budget(front: Front, project: Path, budget: int, names: Sequence[str], dataset: str, as_json: bool) -> None:
    """Let later runs pick BUDGET samples of each skill, where their selector shares over skills; -1 lifts it."""
    with _open(front, project) as p:
        found = p.dataset(the_dataset(p, dataset)).id
        changes = p.skillset.set_budget(found, _find(p, found, names), None if budget < 0 else budget)
        tell(as_json, changes.label, p.skillset.all(found))
