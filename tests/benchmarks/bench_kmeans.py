"""k-means against faiss.Kmeans: time and inertia."""

from __future__ import annotations

import click
import numpy as np
from synthetic import Peak, classes, report, timed

from curator.engine.vectors import k_means


@click.command()
@click.option("--n", default=100_000)
@click.option("--width", default=512)
@click.option("--k", default=100)
@click.option("--seed", default=0)
@click.option("--runs", default=3)
def main(n: int, width: int, k: int, seed: int, runs: int) -> None:
    """Print one JSON line; the peer's time includes its own assignment of all rows."""
    try:
        import faiss
    except ImportError:
        raise click.ClickException("This benchmark needs the peer: pip install faiss-cpu") from None
    x = classes(n, width, seed)

    def theirs() -> float:
        peer = faiss.Kmeans(width, k, niter=25, seed=seed + 1)
        peer.train(x)
        return float(peer.index.search(x, 1)[0].sum(dtype=np.float64))

    with Peak() as peak:
        ours, seconds = timed(lambda: k_means(x, k, seed=seed), runs)
    inertia, peer_seconds = timed(theirs, runs)
    report(
        benchmark="k-means", n=n, width=width, k=k, seconds=seconds, peer="faiss.Kmeans", peer_seconds=peer_seconds,
        ratio=seconds / peer_seconds, inertia=ours.inertia / n, peer_inertia=inertia / n, peak_mb=peak.mb,
    )  # fmt: skip


if __name__ == "__main__":
    main()
