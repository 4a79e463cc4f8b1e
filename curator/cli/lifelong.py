"""``curator lifelong``: a pile that keeps growing, step by step."""

from __future__ import annotations

from pathlib import Path

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, PROJECT, SET, CuratorGroup, Front, tell, the_dataset, with_overrides
from curator.cli.running import run_job
from curator.cli.text import echo_json, table
from curator.engine.lifelong import LifelongRequest
from curator.engine.project import Project
from curator.engine.recipe import load_recipe

NAMES = 3


@cli.group(cls=CuratorGroup)
def lifelong() -> None:
    """Take in new samples, choose what to train on, and prune the pool, step after step (Adapt-∞)."""


@lifelong.command()
@PROJECT
@click.option(
    "--dataset", default="", help="The dataset that grows; a new name begins one. Needed if there are several."
)
@click.option(
    "--add", "paths", multiple=True, type=click.Path(path_type=Path), help="What came in; may be repeated, or left out."
)
@click.option("--train-budget", type=click.IntRange(1), required=True, help="How many samples to choose for training.")
@click.option("--pool-budget", type=click.IntRange(0), default=0, help="How many samples the pool may hold; 0 = any.")
@click.option("--recipe", default="adapt-infinity", show_default=True, help="A built-in recipe, or a TOML file.")
@SET
@AS_JSON
@click.pass_obj
def step(
    front: Front,
    project: Path,
    dataset: str,
    paths: tuple[Path, ...],
    train_budget: int,
    pool_budget: int,
    recipe: str,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """One step: import, cluster old and new together, choose, prune. One undo takes all of it back.

    What is pruned is hidden, not deleted. An interrupted step goes on when it is run again.
    """
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        described = with_overrides(load_recipe(recipe), overrides)
        known = [d.name for d in p.contents().datasets]
        name = dataset if dataset and (dataset in known or paths) else the_dataset(p, dataset)
        request = LifelongRequest(
            name,
            described.to_toml(),
            train_budget,
            pool_budget,
            tuple(str(path.absolute()) for path in paths),
            front.settings.device,
        )
        run_job(p, p.lifelong.submit_step, request, quiet=as_json)
        found = p.lifelong.timeline(p.dataset(name).id)[-1]
        words = (
            f"Step {found['number']}: {found['came_in']} came in, {found['chosen']} chosen, {found['pruned']} pruned;"
            f" the pool holds {found['pool_after']}. Train on “{p.subset(found['subset_id']).name}”."
        )
        tell(as_json, words, found)


@lifelong.command()
@PROJECT
@click.option("--dataset", default="", help="Only the steps of this dataset.")
@AS_JSON
@click.pass_obj
def timeline(front: Front, project: Path, dataset: str, as_json: bool) -> None:
    """What came in, was chosen and was pruned in each step, and which skills were gained or starved."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        found = p.lifelong.timeline(p.dataset(dataset).id if dataset else None)
    if as_json:
        echo_json(found)
        return
    if not found:
        click.echo("No lifelong step has been taken yet. Take one with: curator lifelong step PROJECT --add PATH")
        return
    heads = ("step", "came in", "chosen", "pruned", "pool", "skills", "gained", "starved")
    click.echo(
        table(
            heads,
            [
                (s["number"], s["came_in"], s["chosen"], s["pruned"], s["pool_after"], s["skills"],
                 _few(s["gained_skills"]), _few(s["starved_skills"]))
                for s in found
            ],
        )
    )  # fmt: skip


def _few(names: list[str]) -> str:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more if names else "-"
