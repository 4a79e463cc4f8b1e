"""Exact near-duplicate pairs against faiss range search; memory of the greedy rule on a big pile."""

from __future__ import annotations

import click
import numpy as np
from synthetic import Peak, classes, report, timed

from curator.engine.vectors import greedy_duplicates, near_duplicate_pairs


def faiss_pairs(x: np.ndarray, threshold: float) -> set[tuple[int, int]]:
    """Pairs at or above the threshold by a flat index, all rows against all."""
    try:
        import faiss
    except ImportError:
        raise click.ClickException("This benchmark needs the peer: pip install faiss-cpu") from None
    index = faiss.IndexFlatIP(x.shape[1])
    index.add(x)
    limits, _, found = index.range_search(x, threshold)
    left = np.repeat(np.arange(len(x)), np.diff(limits).astype(np.int64))
    upper = left < found
    return set(zip(left[upper].tolist(), found[upper].tolist(), strict=True))


@click.command()
@click.option("--n", default=10_000)
@click.option("--width", default=512)
@click.option("--threshold", default=0.98)
@click.option("--seed", default=0)
@click.option("--greedy", is_flag=True, help="Measure the greedy rule alone (time and memory), without a peer.")
@click.option("--runs", default=3)
def main(n: int, width: int, threshold: float, seed: int, greedy: bool, runs: int) -> None:
    """Print one JSON line."""
    x = classes(n, width, seed, copies=0.05)
    if greedy:
        with Peak() as peak:
            found, seconds = timed(lambda: greedy_duplicates(x, np.arange(n), threshold))
        dropped = int((found.representative != np.arange(n)).sum())
        report(
            benchmark="greedy-duplicates", n=n, width=width, seconds=seconds, dropped=dropped, peak_mb=peak.mb,
            matrix_mb=x.nbytes / 1e6,
        )  # fmt: skip
        return
    with Peak() as peak:
        pairs, seconds = timed(lambda: near_duplicate_pairs(x, threshold), runs)
    theirs, peer = timed(lambda: faiss_pairs(x, threshold), runs)
    ours = set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    report(
        benchmark="duplicate-pairs", n=n, width=width, seconds=seconds, peer="faiss range search", peer_seconds=peer,
        ratio=peer / seconds, pairs=len(ours), same_pairs=ours == theirs, peak_mb=peak.mb,
    )  # fmt: skip


if __name__ == "__main__":
    main()
