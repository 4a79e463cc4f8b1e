"""The HDBSCAN tree on a graph in full dimension against the usual recipe: 16 principal axes, then hdbscan."""

from __future__ import annotations

import click
import numpy as np
from sklearn.metrics import adjusted_rand_score
from synthetic import Peak, labelled, report, timed

from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.vectors import pca


@click.command()
@click.option("--n", default=10_000)
@click.option("--width", default=512)
@click.option("--seed", default=0)
def main(n: int, width: int, seed: int) -> None:
    """Print one JSON line."""
    import hdbscan

    registry().discover()
    x, truth = labelled(n, width, seed)
    plugin = registry().get("clusterer", "hdbscan").make({"min_cluster_size": 25})
    with Peak() as peak:
        ours, seconds = timed(lambda: plugin.cluster(Inputs(n, np.arange(n), vectors=x), Task()))
    theirs, peer = timed(lambda: hdbscan.HDBSCAN(25).fit(pca(x, 16).projected).labels_)
    report(
        benchmark="hdbscan", n=n, width=width, seconds=seconds, ari=adjusted_rand_score(truth, ours.labels),
        skills=int(ours.labels.max()) + 1, noise=float((ours.labels < 0).mean()), peer="PCA-16 + hdbscan",
        peer_seconds=peer, peer_ari=adjusted_rand_score(truth, theirs), peer_skills=int(theirs.max()) + 1,
        peak_mb=peak.mb,
    )  # fmt: skip


if __name__ == "__main__":
    main()
