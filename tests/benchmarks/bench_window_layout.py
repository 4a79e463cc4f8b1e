"""A pile with vectors but no map: how long from opening the map to the quick layout, and to the finer one."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import click
import numpy as np
from synthetic import classes
from window_pile import Heartbeat, open_window, pile, report, wait_for

from curator.engine.store import Store

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from PySide6.QtWidgets import QApplication


def with_vectors(n: int, width: int, place: Path) -> Path:
    """A copy of the pile of ``n`` samples that has an Embedding instead of a map."""
    project = place / "pile.curator"
    shutil.copytree(pile(n), project)
    with Store.open(project) as store:
        store.db.execute("delete from projection")
        dataset = store.dataset("pile")
        np.save(store.arrays / "embedding-bench.npy", classes(n, width, 0))
        store.add_embedding(
            dataset_id=dataset.id, encoder="tiny-clip", params={}, fingerprint="bench", file="embedding-bench.npy",
            rows=n, dims=width, device="cpu", seconds=0.0,
        )  # fmt: skip
    return project


@click.command()
@click.option("--n", default=100_000)
@click.option("--width", default=256)
@click.option("--finer", is_flag=True, help="Ask for the finer layout too, where it is not made unasked.")
@click.option("--seed", default=0, help="Accepted for symmetry; the data is always the same.")
def main(n: int, width: int, finer: bool, seed: int) -> None:
    """Print one JSON line for each layout."""
    app = QApplication([])
    with tempfile.TemporaryDirectory() as scratch:
        window = open_window(Path(scratch), with_vectors(n, width, Path(scratch)))
        wait_for(app, lambda: window.center.gallery.painted > 0 and not window.thumbs._running)
        beat, start = Heartbeat(), time.perf_counter()
        window.commands.show_map()
        page = window.center.view
        wait_for(app, lambda: page.canvas is not None and page.canvas._complete)
        figures = {"n": n, "width": width, "estimated_s": page._cost("umap").strip()}
        report(
            benchmark="window-layout-pca",
            **figures,
            seconds=time.perf_counter() - start,
            offered=page.finer.isVisible(),
        )
        if finer:
            start = time.perf_counter()
            page.layouts.make("umap")
            wait_for(app, lambda: page.which.text().endswith("umap") or page.layouts.condition == "error", 3600)
            report(
                benchmark="window-layout-umap", **figures, seconds=time.perf_counter() - start,
                worst_gap_ms=1000 * beat.worst, goal_ms=50,
            )  # fmt: skip
        window.close()


if __name__ == "__main__":
    main()
