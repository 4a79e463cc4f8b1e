"""Plugins and Subsets, for a terminal and as plain values."""

from __future__ import annotations

from typing import Any

import click

from curator.cli.text import bars, coverage_lines, table
from curator.engine.params import Param
from curator.engine.project import Project
from curator.engine.registry import PluginSpec


def limits(spec: Param) -> str:
    """The range of a parameter in words."""
    if spec.choices:
        return " | ".join(spec.choices)
    low = "" if spec.low is None else f"{spec.low:g}"
    high = "" if spec.high is None else f"{spec.high:g}"
    return f"{low}..{high}" if low or high else ""


def described_plugin(spec: PluginSpec) -> dict[str, Any]:
    """A plugin as plain values."""
    params = [
        {
            "name": p.name,
            "type": p.type.__name__,
            "default": p.default,
            "low": p.low,
            "high": p.high,
            "choices": p.choices,
            "unit": p.unit,
            "help": p.help,
        }
        for p in spec.params
    ]
    return {
        "role": spec.role,
        "name": spec.name,
        "version": spec.version,
        "help": spec.help,
        "needs": sorted(spec.needs),
        "uses": sorted(spec.uses),
        "kinds": sorted(spec.kinds),
        "params": params,
    }


def shown_subset(p: Project, subset_id: int, rows: int) -> dict[str, Any]:
    """A Subset as plain values: itself, its run, counts and first rows."""
    found = p.subset(subset_id)
    return {
        "subset": found,
        "dataset": p.dataset(found.dataset_id),
        "run": None if found.run_id is None else p.run(found.run_id),
        "counts": p.counts(subset_id),
        "rows": p.subset_rows(subset_id, 1, rows) if rows else [],
    }


def print_subset(p: Project, subset_id: int, rows: int) -> None:
    """A Subset in words: size, coverage, counts and first picks with reasons."""
    found = p.subset(subset_id)
    dataset = p.dataset(found.dataset_id)
    click.echo(f"“{found.name}”: {found.size} of {dataset.size} samples of “{dataset.name}” (subset {found.id})")
    for line in coverage_lines(found.summary):
        click.echo("  " + line)
    for what, counts in p.counts(subset_id).items():
        if counts:
            click.echo(f"By {what}")
            click.echo(bars(counts))
    if rows:
        click.echo("First picks")
        shown = [(r.rank, r.source, r.gain, r.skill, r.reason) for r in p.subset_rows(subset_id, 1, rows)]
        click.echo(table(("rank", "sample", "gain", "skill", "why"), shown))
