"""``curator``, ``python -m curator`` and ``python main.py``: no arguments open the window, others the command line."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from curator.settings import Settings


def main() -> None:
    """Start Curator."""
    multiprocessing.freeze_support()
    from curator.cli import cli

    cli(prog_name="curator", obj=show_window)


def show_window(project: Path | None, settings: Settings) -> int | None:
    """Open the window and return its exit code; None where there is no display to open it on."""
    from curator.ui.app import has_display, run

    return run(project, settings) if has_display() else None


if __name__ == "__main__":
    main()
