"""Finding samples: filters, words, likeness and columns of a large Dataset, the first time and after."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
import numpy as np
from synthetic import Peak, classes, report

from curator.engine.arrays import save_array
from curator.engine.browse import Browse, Query
from curator.engine.store import Store
from curator.engine.types import Draft

WORDS = ("python", "bread", "street", "night", "river", "sort", "list", "code", "car", "tree", "blue", "house")
QUERIES = {
    "label": Query(1, where="label:class_7"),
    "words": Query(1, where='text~"python bread"'),
    "text and label": Query(1, where="-label:class_7 (text~street OR text~river*)"),
    "sort": Query(1, sort="name", descending=True),
    "group": Query(1, group="class"),
    "near": Query(1, where="near:17", sort="similarity", descending=True),
    "source": Query(1, where="source:99"),
}


def fill(store: Store, n: int, width: int, seed: int) -> None:
    """A Dataset of texts of twelve words with one class each, and an Embedding."""
    rng = np.random.default_rng(seed)
    found = store.begin_dataset("pile", "instruction", Path("/nowhere"), "alpaca", "instructions")
    for first in range(0, n, 5000):
        count = min(5000, n - first)
        words = rng.integers(0, len(WORDS), (count, 12))
        texts = (" ".join(WORDS[w] for w in row) for row in words.tolist())
        names = range(first, first + count)
        store.add_samples(
            found.id,
            [
                Draft(f"pile.jsonl#{i}", f"d{i}", t, labels=(f"class_{i % 50}",))
                for i, t in zip(names, texts, strict=True)
            ],
        )
    store.finish_import(found.id, "Import")
    save_array(store.arrays / "embedding-1.npy", classes(n, width, seed))
    store.add_embedding(
        dataset_id=found.id, encoder="lsa", params={}, fingerprint="e", file="embedding-1.npy", rows=n, dims=width,
        device="cpu", seconds=0.0,
    )  # fmt: skip


@click.command()
@click.option("--n", default=100_000)
@click.option("--width", default=256)
@click.option("--seed", default=0)
def main(n: int, width: int, seed: int) -> None:
    """Print one JSON line for each query: seconds of the first time, and the worst of five after a write."""
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "p.curator") as store:
        fill(store, n, width, seed)
        browse = Browse(store)
        for name, query in QUERIES.items():
            with Peak() as peak:
                started = time.perf_counter()
                found = browse.find(query)
                first = time.perf_counter() - started
                after = []
                for i in range(5):
                    store.set_pins([i + 1], "in", "Pin")  # so that no answer is remembered
                    started = time.perf_counter()
                    browse.find(query)
                    after.append(time.perf_counter() - started)
            report(
                benchmark="find", query=name, n=n, found=len(found.rows), first_seconds=first, seconds=max(after),
                peak_mb=peak.mb,
            )  # fmt: skip


if __name__ == "__main__":
    main()
