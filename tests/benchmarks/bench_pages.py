"""Small edits on a large pile, with SQLite's pages of 4 KB and of 16 KB: one label, one pin, and undo of each."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import numpy as np
from synthetic import report

from curator.engine.project import Project
from curator.engine.schema import FILE
from curator.engine.types import Draft

EDITS = 60
"""Of each kind, on samples spread over the whole pile."""


def make(folder: Path, n: int) -> None:
    """A Project with n records of about 400 bytes, a fifth of them with a class."""
    with Project.create(folder) as project:
        store = project._store
        dataset = store.begin_dataset("bench", "instruction", folder, "alpaca", "bench")
        for first in range(0, n, 5000):
            drafts = []
            for number in range(first, min(first + 5000, n)):
                asked = f"Question {number} " + "why " * 30
                record = json.dumps({"instruction": asked, "input": "", "output": f"{number} " * 16})
                labels = (f"c{number % 10}",) if number % 5 == 0 else ()
                drafts.append(Draft(f"x.jsonl#{number}", f"{number:064x}", asked, record, labels=labels))
            store.add_samples(dataset.id, drafts)
        store.finish_import(dataset.id, "import")


def repaged(folder: Path, target: Path, size: int) -> None:
    """A copy with pages of ``size`` bytes."""
    shutil.copytree(folder, target)
    with closing(sqlite3.connect(target / FILE, isolation_level=None)) as db:
        db.execute("pragma journal_mode = delete")
        db.execute(f"pragma page_size = {size}")
        db.execute("vacuum")
        db.execute("pragma journal_mode = wal")


def median_ms(work: Callable[[Any], Any], over: list[Any]) -> float:
    """Of one call each."""
    taken = []
    for one in over:
        began = time.perf_counter()
        work(one)
        taken.append(time.perf_counter() - began)
    return float(np.median(taken)) * 1000


def measure(folder: Path, n: int, size: int) -> None:
    """One JSON line."""
    with Project.open(folder) as project:
        assert project._store.one("pragma page_size") == size
        rng = np.random.default_rng(size)
        places = rng.choice(n, 2 * EDITS, replace=False).tolist()
        labelled, pinned = ([place + 1 for place in part] for part in (places[:EDITS], places[EDITS:]))
        figures = {
            "label_ms": median_ms(lambda i: project.set_label([i], "checked"), labelled),
            "undo_label_ms": median_ms(lambda _: project.undo(), labelled),
            "pin_ms": median_ms(lambda i: project.pin([i], "in"), pinned),
            "undo_pin_ms": median_ms(lambda _: project.undo(), pinned),
        }
    megabytes = (folder / FILE).stat().st_size / 1e6
    report(benchmark="pages", n=n, page=size, edits=EDITS, file_mb=megabytes, **figures)


@click.command()
@click.option("--n", default=1_000_000)
@click.option("--place", type=click.Path(path_type=Path), default=None, help="Where the Projects are kept.")
def main(n: int, place: Path | None) -> None:
    """Print one JSON line for each size of pages."""
    with tempfile.TemporaryDirectory() as folder:
        where = place or Path(folder)
        for size in (4096, 16384):
            copy = where / f"{size}.curator"
            if not copy.is_dir():
                if not (where / "made.curator").is_dir():
                    make(where / "made.curator", n)
                repaged(where / "made.curator", copy, size)
            measure(copy, n, size)


if __name__ == "__main__":
    main()
