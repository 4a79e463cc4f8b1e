"""Moving the map of a large pile: time for each frame of a pan and a zoom, and until all points are painted."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click
from window_pile import Frames, open_window, pile, report, resident_mb, wait_for

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from PySide6.QtWidgets import QApplication


@click.command()
@click.option("--n", default=1_000_000)
@click.option("--steps", default=300)
@click.option("--seed", default=0, help="Accepted for symmetry; nothing here is random.")
def main(n: int, steps: int, seed: int) -> None:
    """Print JSON lines."""
    app = QApplication([])
    project = pile(n)
    with tempfile.TemporaryDirectory() as scratch:
        window = open_window(Path(scratch), project)
        window.state.set_colour("class")
        start = time.perf_counter()
        window.commands.show_map()
        page = window.center.view
        wait_for(app, lambda: page.canvas is not None and page.canvas._complete)
        opened = time.perf_counter() - start
        canvas = page.canvas
        wide = canvas.box.viewRect().width()
        moves = {
            "pan": lambda i: canvas.box.translateBy(x=(0.01 if i % 200 < 100 else -0.01) * wide),
            "zoom": lambda i: canvas.zoom(1 if i % 16 < 8 else -1),
        }
        for how, move in moves.items():
            frames = Frames()
            for i in range(steps):
                frames.add(lambda i=i, move=move: (move(i), app.processEvents()))
            report(benchmark=f"window-map-{how}", n=n, **frames.figures, goal_p95_ms=33)
        start = time.perf_counter()
        canvas.fit()
        canvas.repaint_points()
        wait_for(app, lambda: canvas._complete)
        report(
            benchmark="window-map-paint", n=n, open_s=opened, paint_all_ms=1000 * (time.perf_counter() - start),
            resident_mb=resident_mb(),
        )  # fmt: skip
        window.close()


if __name__ == "__main__":
    main()
