"""``curator choices``: which score each skill of a subset was gone by."""

from __future__ import annotations

from pathlib import Path

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, PROJECT, Front
from curator.cli.text import echo_json, table
from curator.engine.project import Project
from curator.engine.records import SkillScores

BARS = " ▁▂▃▄▅▆▇█"
WIDE = 25


@cli.command()
@PROJECT
@click.argument("subset")
@click.option("--all", "every", is_flag=True, help="Every score of every skill, not only the ones gone by.")
@AS_JSON
@click.pass_obj
def choices(front: Front, project: Path, subset: str, every: bool, as_json: bool) -> None:
    """Which score each skill of SUBSET was gone by (multi-way), with its entropy and histogram."""
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        run = p.subset(subset).run_id
        found = [c for c in p.score_choices.of_run(run) if every or c.chosen] if run is not None else []
    if as_json:
        echo_json(found)
        return
    if not found:
        click.echo("No score was chosen by skill here; the selector multi-way does that.")
        return
    rows = [(c.name, c.size, c.scorer, f"{c.entropy:.2f}", _range(c), picture(c.counts)) for c in found]
    click.echo(table(("skill", "samples", "score", "bits", "covered", "histogram"), rows))


def _range(c: SkillScores) -> str:
    return "" if c.cut_low is None or c.cut_high is None else f"{c.cut_low:.3g} to {c.cut_high:.3g}"


def picture(counts: tuple[int, ...]) -> str:
    """A histogram in one line, at most :data:`WIDE` signs."""
    step = -(-len(counts) // WIDE)
    sums = [sum(counts[i : i + step]) for i in range(0, len(counts), step)]
    most = max(sums, default=0) or 1
    return "".join(BARS[-(-s * (len(BARS) - 1) // most)] for s in sums)
