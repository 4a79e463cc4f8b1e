"""The window's heartbeat while HDBSCAN fits in the worker process: the worst pause."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
from window_pile import FitRequest, Heartbeat, open_window, pile, report, wait_for

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from PySide6.QtWidgets import QApplication


@click.command()
@click.option("--n", default=12_000, help="Rows that HDBSCAN fits.")
@click.option("--seed", default=0, help="Accepted for symmetry; the data is always the same.")
def main(n: int, seed: int) -> None:
    """Print one JSON line."""
    app = QApplication([])
    project = pile(2000)
    with tempfile.TemporaryDirectory() as scratch:
        window = open_window(Path(scratch), project)
        wait_for(app, lambda: window.center.gallery.painted > 0 and not window.thumbs._running)
        open_project = window.state.project
        job = open_project._submit(FitRequest(n), window.bridge.listener)
        window.commands.submitted.emit(job)
        beat = Heartbeat()
        seconds = wait_for(app, lambda: job.state in ("done", "failed"), 300)
        report(
            benchmark="window-stall", n=n, fit_s=seconds, state=job.state, worst_gap_ms=1000 * beat.worst, goal_ms=50
        )
        window.close()


if __name__ == "__main__":
    main()
