"""Scrolling the gallery of a large pile: time for each frame, and the memory of the window at the end."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click
import numpy as np
from window_pile import Frames, open_window, pile, report, resident_mb, wait_for

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from PySide6.QtWidgets import QApplication


@click.command()
@click.option("--n", default=1_000_000)
@click.option("--steps", default=400)
@click.option("--seed", default=0)
def main(n: int, steps: int, seed: int) -> None:
    """Print one JSON line for each way to scroll: by wheel, by page, by the scroll bar to anywhere."""
    app = QApplication([])
    project = pile(n)
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as scratch:
        window = open_window(Path(scratch), project)
        gallery = window.center.gallery
        wait_for(app, lambda: gallery.painted > 0)
        bar = gallery.verticalScrollBar()
        high = gallery.viewport().height()
        moves = {
            "wheel": lambda _: bar.value() + gallery.grid.step // 2,
            "page": lambda _: bar.value() + high,
            "anywhere": lambda _: int(rng.integers(0, bar.maximum())),
        }
        for how, move in moves.items():
            bar.setValue(bar.maximum() // 3)
            wait_for(app, lambda: not gallery._thumbs._running)
            frames = Frames()
            for i in range(steps):
                frames.add(lambda i=i, move=move: (bar.setValue(move(i)), app.processEvents()))
            report(benchmark="window-scroll", how=how, n=n, cells=gallery.painted, **frames.figures, goal_p95_ms=33)
        report(benchmark="window-memory", n=n, resident_mb=resident_mb(), goal_mb=700)
        window.close()


if __name__ == "__main__":
    main()
