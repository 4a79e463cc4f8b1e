"""``curator demo``: the main job on the bundled piles, from nothing to an export."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from curator.cli.running import run_job
from curator.cli.text import coverage_lines, echo_json
from curator.engine.demo import unpack_demo
from curator.engine.project import Project
from curator.engine.recipe import load_recipe
from curator.engine.registry import registry
from curator.settings import Settings

PLAN = (
    ("emoji", "pcoreset", "folder", "emoji-subset"),
    ("instructions", "balanced", "jsonl", "instructions-subset.jsonl"),
)
"""Dataset, built-in recipe, export format, export name."""


def run_demo(folder: Path, settings: Settings, budget: int, as_json: bool) -> Path:
    """Unpack, import, run, export and print; returns the Project's folder.

    Every step looks first whether it is done already, so the demo goes on where an interrupted one stopped.
    """
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    images, instructions = unpack_demo(folder / "piles")
    sources = {"emoji": images, "instructions": instructions}
    place = folder / "demo.curator"
    maker = Project.open if (place / "project.sqlite").is_file() else Project.create
    outcomes: list[dict[str, Any]] = []
    with maker(place, plugins_dir=settings.plugins_dir) as project:
        for dataset, recipe, format_, export in PLAN:
            _say(as_json, f"\n{dataset}: importing {sources[dataset].name}")
            run_job(project, project.submit_import, [sources[dataset]], dataset, quiet=as_json)
            _say(as_json, f"{dataset}: running the recipe “{recipe}”, budget {budget}")
            described = load_recipe(recipe).override("selector.budget", str(budget), registry())
            changes = run_job(project, project.submit_run, dataset, described, "", settings.device, quiet=as_json)
            assert changes.focus is not None
            subset = project.subset(changes.focus[1])
            target = folder / export
            run_job(project, project.submit_export, subset.name, target, format_, None, True, quiet=as_json)
            outcomes.append(
                {"dataset": dataset, "subset": subset, "export": target, "left_out": project.count_omissions(subset.id)}
            )
    if as_json:
        echo_json({"project": place, "seconds": time.monotonic() - started, "outcomes": outcomes})
        return place
    for outcome in outcomes:
        _print(outcome)
    click.echo(f"\nDone in {time.monotonic() - started:.0f} s. Project: {place}")
    click.echo(f"Look closer with: curator show {place}")
    return place


def _print(outcome: dict[str, Any]) -> None:
    subset = outcome["subset"]
    pile = subset.summary.get("pile", "?")
    click.echo(f"\n“{subset.name}”: {subset.size} of {pile} {outcome['dataset']}")
    click.echo(f"  {outcome['left_out']} left out as near-duplicates, each with the sample that stands for it")
    for line in coverage_lines(subset.summary):
        click.echo("  " + line)
    click.echo(f"  exported to {outcome['export']}")


def _say(quiet: bool, text: str) -> None:
    if not quiet:
        click.echo(text, err=True)
