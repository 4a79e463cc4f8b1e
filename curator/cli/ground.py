"""What all commands stand on: shared options, messages and exit codes, small readers of arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from curator.cli.text import echo_json
from curator.engine.errors import Cancelled, CuratorError, InputError
from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.engine.registry import registry
from curator.engine.types import Changes
from curator.settings import Settings

PROJECT = click.argument("project", type=click.Path(path_type=Path, file_okay=False))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, and nothing else.")
SET = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one value; may be repeated.")
MAP = click.option("--map", "mapped", multiple=True, metavar="COLUMN=ROLE", help="What a column is; may be repeated.")

ShowWindow = Callable[[Path | None, Settings], int | None]
"""Shows the window and returns its exit code, or None where there is no display."""


@dataclass(frozen=True)
class Front:
    """What every command is handed: the settings, and the way to the window (the command line knows no Qt)."""

    settings: Settings
    show_window: ShowWindow


class Message(click.ClickException):
    """A CuratorError on its way to the terminal: exit code 1."""

    def __init__(self, error: CuratorError) -> None:
        super().__init__(error.text)
        self.hint = error.hint

    def show(self, file: Any = None) -> None:
        """Print the message and what to do about it on stderr."""
        click.echo(f"Error: {self.message}", file=file, err=True)
        if self.hint:
            click.echo(f"  {self.hint}", file=file, err=True)


class CuratorGroup(click.Group):
    """Turns the engine's errors into messages and exit codes: 0 ok, 1 a message, 2 usage, 130 cancelled."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except CuratorError as error:
            raise Message(error) from error
        except (Cancelled, KeyboardInterrupt):
            click.echo("Cancelled. Everything finished before is kept; run it again to go on.", err=True)
            ctx.exit(130)


def no_window(_project: Path | None, _settings: Settings) -> int | None:
    """Stands in for the window where none was handed in."""
    return None


def open_window(front: Front, project: Path | None, *, must: bool, as_json: bool = False) -> None:
    """Show the window; without a display, say so (an error only when it was asked for by name)."""
    code = front.show_window(project, front.settings)
    if code is not None:
        if as_json:
            echo_json({"project": project, "code": code})
        raise SystemExit(code)
    if must:
        raise InputError("There is no display to open a window on.", "See curator --help for the command line.")
    click.echo(f"No display here, so no window. Open it later with: curator open {project}")


def tell(as_json: bool, words: str, value: Any) -> None:
    """Print a sentence, or the same as JSON."""
    if as_json:
        echo_json(value)
    else:
        click.echo(words)


def the_dataset(p: Project, name: str) -> str:
    """The dataset asked for, or the only one; raises :class:`InputError`."""
    names = [d.name for d in p.contents().datasets]
    if name or len(names) == 1:
        return p.dataset(name or names[0]).name
    if not names:
        raise InputError("This project has no dataset yet.", "Import one with: curator import PROJECT PATH")
    raise InputError("Which dataset?", f"Add --dataset NAME, one of: {', '.join(names)}.")


def with_overrides(described: Recipe, overrides: Sequence[str]) -> Recipe:
    """Apply ``--set`` options in order."""
    for override in overrides:
        described = described.override(*pair(override), registry())
    return described


def pair(text: str) -> tuple[str, str]:
    """Split KEY=VALUE; raises a usage error."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f"--set takes KEY=VALUE, not {text!r}.")
    return key.strip(), value.strip()


def parameters(overrides: Sequence[str], mapped: Sequence[str]) -> dict[str, str]:
    """Parameters of an importer from ``--set`` and ``--map``."""
    params = dict(pair(o) for o in overrides)
    if mapped:
        params["map"] = ", ".join(mapped)
    return params


def ids(text: str) -> list[int]:
    """Sample ids from text; raises a usage error."""
    try:
        return [int(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise click.UsageError(f"Sample ids are whole numbers separated by commas, not {text!r}.") from None


def focus(changes: Changes, table_name: str) -> int:
    """The id that a Job's outcome points at."""
    if changes.focus is None or changes.focus[0] != table_name:
        raise InputError(f"The job made no {table_name}.")
    return changes.focus[1]
