"""``curator export``: write a Subset, or show what would be written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from curator.cli.commands import cli
from curator.cli.ground import AS_JSON, PROJECT, SET, Front, pair
from curator.cli.running import run_job
from curator.cli.text import echo_json, table
from curator.engine.export_options import ExportOptions
from curator.engine.export_preview import Preview
from curator.engine.params import Param, params_of
from curator.engine.project import Project

Command = TypeVar("Command", bound=Callable[..., Any])
LINES_SHOWN = 6


def _shared_options(command: Command) -> Command:
    """One option for each of :class:`ExportOptions`, from its declaration."""
    for spec in reversed(params_of(ExportOptions)):
        command = _option(spec)(command)
    return command


def _option(spec: Param) -> Callable[[Command], Command]:
    flag = "--" + spec.name.replace("_", "-")
    if spec.type is bool:
        return click.option(flag, spec.name, is_flag=True, default=None, help=spec.help)
    kind: Any = click.Choice(spec.choices) if spec.choices else str if spec.type is tuple else spec.type
    shown = str(spec.default) if spec.default not in ((), "", 0) else False
    return click.option(flag, spec.name, type=kind, default=None, help=spec.help, show_default=shown)


@cli.command()
@PROJECT
@click.argument("subset")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--format", "format_", default="", help="Exporter; see: curator plugins. Default: by what it holds.")
@click.option("--overwrite", is_flag=True, help="Replace TARGET if it exists.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show the first records as they would be, and losses.")
@SET
@_shared_options
@AS_JSON
@click.pass_obj
def export(
    front: Front,
    project: Path,
    subset: str,
    target: Path,
    format_: str,
    overwrite: bool,
    dry_run: bool,
    overrides: Sequence[str],
    as_json: bool,
    **shared: Any,
) -> None:
    """Write SUBSET (a name or number) to TARGET, all of it or nothing.

    \b
    Examples:
      curator export P.curator best out --format folder --split train=0.9,test=0.1
      curator export P.curator best data/mine.jsonl --format llama-factory --trainer llama-factory --dry-run
    """
    options = {name: value for name, value in shared.items() if value is not None}
    with Project.open(project, plugins_dir=front.settings.plugins_dir) as p:
        found = p.subset(subset)
        kind = p.dataset(found.dataset_id).kind
        format_ = format_ or {"image": "folder", "instruction": "jsonl"}[kind]
        params = dict(pair(o) for o in overrides)
        if dry_run:
            preview = p.exporting.preview(found.id, format_, target, params, options, limit=0)
            echo_json(preview) if as_json else _print(preview, str(options.get("trainer", "")))
            return
        changes = run_job(
            p, p.submit_export, found.name, target, format_, params, overwrite, options=options, quiet=as_json
        )
        if as_json:
            echo_json({"subset": found, "target": changes.notes[0], "format": format_, "notes": changes.notes[1:]})
            return
        count = min(found.size, int(options.get("first") or found.size))
        told = any(note.endswith("left out.") for note in changes.notes[1:])
        click.echo(f"Wrote {changes.notes[0]}" if told else f"Wrote {count} samples to {changes.notes[0]}")
        for note in changes.notes[1:]:
            click.echo(note)


def _print(preview: Preview, trainer: str) -> None:
    """A preview for people."""
    click.echo(f"{preview.samples} samples would be written; {preview.checked} were checked.")
    if list(preview.splits) != [""]:
        click.echo(table(("split", "samples"), list(preview.splits.items())))
    for name, text in preview.texts.items():
        lines = text.splitlines()
        click.echo(f"--- {name}")
        click.echo("\n".join(line[:300] for line in lines[:LINES_SHOWN]))
    if preview.error:
        click.echo(f"The first samples cannot be written: {preview.error}")
    if preview.losses:
        severe = any(found.severe for found in preview.losses)
        click.echo("Lost by this conversion" + (" (needs --allow-loss)" if severe else ""))
        click.echo(table(("records", "what"), [(x.count, _loss(x.text, x.severe)) for x in preview.losses]))
    if trainer:
        click.echo(f"{trainer}: " + ("what it would do" if preview.findings else "no objection"))
        rows = [(x.count, x.effect, x.rule, x.text, "yes" if x.fixable else "") for x in preview.findings]
        if rows:
            click.echo(table(("records", "effect", "rule", "the first of them", "fixable"), rows))
    if preview.stanza:
        click.echo(f"--- {preview.stanza[0]}\n{preview.stanza[1]}")


def _loss(text: str, severe: bool) -> str:
    return text if severe else f"{text} (no word lost)"
