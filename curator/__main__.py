"""``curator``, ``python -m curator`` and ``python main.py``: no arguments open the window, others the command line."""

from __future__ import annotations

import multiprocessing


def main() -> None:
    """Start Curator."""
    multiprocessing.freeze_support()
    from curator.cli import cli

    cli(prog_name="curator")


if __name__ == "__main__":
    main()
