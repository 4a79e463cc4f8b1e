"""Write the reference pages from the program itself; a test fails when they are stale.

Run from the root of a checkout: ``python docs/generate.py``.
"""

from __future__ import annotations

import dataclasses
import inspect
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import click

from curator.cli import cli
from curator.engine.params import Param
from curator.engine.project import Project
from curator.engine.registry import ROLES, registry
from curator.settings import Settings

HERE = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py; change the program, not this page. -->\n\n"


def cli_page() -> str:
    """Every command with its help, as click prints it."""
    parts = ["# Command line\n"]
    shape: dict[str, Any] = {**cli.context_settings, "max_content_width": 100, "terminal_width": 100}
    context = click.Context(cli, info_name="curator", **shape)
    parts.append(f"```\n{cli.get_help(context)}\n```\n")
    for name in sorted(cli.commands):
        command = cli.commands[name]
        inner = click.Context(command, info_name=name, parent=context, **shape)
        parts.append(f"## curator {name}\n\n```\n{command.get_help(inner)}\n```\n")
        for sub in sorted(getattr(command, "commands", {})):
            below = click.Context(command.commands[sub], info_name=sub, parent=inner, **shape)
            parts.append(f"### curator {name} {sub}\n\n```\n{below.command.get_help(below)}\n```\n")
    parts.append("Exit codes: 0 ok, 1 a message for you, 2 a usage error, 130 cancelled with nothing lost.\n")
    return NOTE + "\n".join(parts)


def plugins_page() -> str:
    """Every built-in plugin with its help and parameters."""
    parts = ["# Plugins\n"]
    for role in ROLES:
        parts.append(f"## {role.capitalize()}s\n")
        for name in registry().names(role):
            spec = registry().get(role, name)
            if not spec.cls.__module__.startswith("curator.plugins."):
                continue
            parts.append(f"### {name}\n\n{spec.help}\n")
            needs = ", ".join(sorted(spec.needs)) or "nothing"
            needs += f"; uses {', '.join(sorted(spec.uses))} where there are any" if spec.uses else ""
            parts.append(f"Version {spec.version}; needs {needs}; reads {', '.join(sorted(spec.kinds))}.\n")
            if spec.params:
                parts.append(_parameters(spec.params))
    return NOTE + "\n".join(parts)


def _parameters(params: tuple[Param, ...]) -> str:
    lines = ["| parameter | type | default | range | what it does |", "|---|---|---|---|---|"]
    for p in params:
        low = "" if p.low is None else f"{p.low:g}"
        high = "" if p.high is None else f"{p.high:g}"
        limits = ", ".join(p.choices) or (f"{low} to {high}" if low and high else (low and f"from {low}") or high)
        unit = f" ({p.unit})" if p.unit else ""
        lines.append(f"| {p.name} | {p.type.__name__} | `{p.default!r}` | {limits} | {p.help}{unit} |")
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Every setting, its environment variable and its meaning."""
    described = inspect.getdoc(Settings) or ""
    lines = ["# Settings\n", "| setting | environment | type |", "|---|---|---|"]
    for field in dataclasses.fields(Settings):
        lines.append(f"| {field.name} | `CURATOR_{field.name.upper()}` | {field.type} |")
    return NOTE + "\n".join(lines) + f"\n\n```\n{described}\n```\n"


def schema_page() -> str:
    """The tables of a Project, as SQLite has them."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "empty.curator"
        Project.create(place).close()
        db = sqlite3.connect(place / "project.sqlite")
        found = db.execute(
            "select type, name, sql from sqlite_master where sql is not null and name not like 'sqlite_%'"
            " and name not like '%_fts_%' order by type, name"
        ).fetchall()
        db.close()
    parts = [
        "# Schema\n",
        "A Project is an ordinary SQLite file, `NAME.curator/project.sqlite`. The view `chosen` is "
        "the quickest way in:\n",
        "```\nselect rank, source, gain, weight, reason, skill from chosen "
        "where subset = 'diverse 1000' order by rank;\n```\n",
    ]
    for kind in ("view", "table", "index", "trigger"):
        entries = [sql for k, _, sql in found if k == kind]
        if entries:
            parts.append(f"## {kind.capitalize()}s\n\n```sql\n" + ";\n\n".join(entries) + ";\n```\n")
    return NOTE + "\n".join(parts)


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    registry().discover()
    return {
        "cli.md": cli_page(),
        "plugins.md": plugins_page(),
        "settings.md": settings_page(),
        "schema.md": schema_page(),
    }


def main() -> None:
    """Write all pages."""
    HERE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
