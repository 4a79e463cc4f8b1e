"""A folder of many pictures dropped on the window: how long until the first is seen, and how the window bears it."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click
from window_pile import Answers, Heartbeat, make_pictures, open_window, report, wait_for

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from PySide6.QtWidgets import QApplication


@click.command()
@click.option("--n", default=10_000)
@click.option("--seed", default=0, help="Accepted for symmetry; the pictures are always the same.")
def main(n: int, seed: int) -> None:
    """Print one JSON line."""
    app = QApplication([])
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        make_pictures(place / "pictures", n, (240, 180))
        window = open_window(place, answers=Answers(place / "new.curator"))
        wait_for(app, lambda: window.warming._begun and not window.warming._timer.isActive())
        window.bridge.close()  # what is loaded then
        seen: list[float] = []
        window.thumbs.ready.connect(lambda _: seen.append(time.perf_counter()))
        beat = Heartbeat()
        start = time.perf_counter()
        window.opening.bring([place / "pictures"])
        pictures = window.center.loading.pictures
        wait_for(app, lambda: pictures.painted > 0 or (bool(seen) and window.center.gallery.painted > 0))
        first = time.perf_counter() - start
        wait_for(app, lambda: window.center.gallery.painted > 0)
        rows, at_first = time.perf_counter() - start, window.samples.rowCount()
        wait_for(app, lambda: window.state.ready, 300)
        report(
            benchmark="window-import", n=n, first_picture_s=first, goal_s=2, first_rows_s=rows, rows_at_first=at_first,
            import_s=time.perf_counter() - start, worst_gap_ms=1000 * beat.worst,
        )  # fmt: skip
        window.close()


if __name__ == "__main__":
    main()
