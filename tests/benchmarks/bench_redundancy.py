"""The redundancy selector on a big pile: seconds and memory, everywhere against neighbouring skills."""

from __future__ import annotations

import click
import numpy as np
from synthetic import Peak, classes, report, timed

from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.vectors import k_means


@click.command()
@click.option("--n", default=100_000)
@click.option("--width", default=512)
@click.option("--threshold", default=0.98)
@click.option("--seed", default=0)
def main(n: int, width: int, threshold: float, seed: int) -> None:
    """Print one JSON line."""
    registry().discover()
    x = classes(n, width, seed, copies=0.05)
    skills = k_means(x, int(np.clip(n**0.5 / 2, 10, 256)), spherical=True, seed=seed).labels
    inputs = Inputs(n, np.arange(n), vectors=x, skills=skills)
    figures = {}
    for reach in ("everywhere", "neighbouring skills"):
        plugin = registry().get("selector", "redundancy").make({"threshold": threshold, "reach": reach})
        with Peak() as peak:
            found, seconds = timed(lambda plugin=plugin: plugin.select(inputs, Task()))
        figures[reach] = (set(found.dropped.tolist()), seconds, peak.mb)
    (exact, seconds, peak_mb), (near, peer, peer_mb) = figures["everywhere"], figures["neighbouring skills"]
    report(
        benchmark="redundancy", n=n, width=width, seconds=seconds, peak_mb=peak_mb, matrix_mb=x.nbytes / 1e6,
        dropped=len(exact), peer="neighbouring skills", peer_seconds=peer, peer_peak_mb=peer_mb,
        peer_dropped=len(near), recall=len(exact & near) / max(1, len(exact)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
