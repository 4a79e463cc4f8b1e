"""Farthest-first against one matrix-vector product a pick, the loop that repositories ship."""

from __future__ import annotations

import click
import numpy as np
import torch
from synthetic import Peak, classes, report, timed

from curator.engine.vectors import farthest_first


def loop(x: np.ndarray, budget: int, start: int) -> np.ndarray:
    """One float32 product over all rows for each pick."""
    t = torch.from_numpy(x)
    norm = (t * t).sum(1)
    value = torch.full((len(t),), torch.inf)
    picks = [start]
    for _ in range(budget - 1):
        apart = norm + norm[picks[-1]] - 2 * (t @ t[picks[-1]])
        value = torch.minimum(value, apart.clamp_(min=0))
        value[picks[-1]] = -1
        picks.append(int(value.argmax()))
    return np.array(picks)


def probabilities(n: int, width: int, seed: int) -> np.ndarray:
    """Rows of a Dirichlet(10 / width): what a teacher that knows a handful of classes at a time believes."""
    return np.random.default_rng(seed).dirichlet(np.full(width, 10 / width), n).astype(np.float32)


def sphere(n: int, width: int, seed: int) -> np.ndarray:
    """Rows spread evenly over the unit sphere: nothing to prune by."""
    x = np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@click.command()
@click.option("--n", default=100_000)
@click.option("--width", default=512)
@click.option("--picks", default=1000)
@click.option("--seed", default=0)
@click.option("--simplex", is_flag=True, help="Rows of probabilities (PCoreSet) instead of unit vectors.")
@click.option("--uniform", is_flag=True, help="Unit vectors without any clusters.")
@click.option("--runs", default=3)
def main(n: int, width: int, picks: int, seed: int, simplex: bool, uniform: bool, runs: int) -> None:
    """Print one JSON line."""
    x = probabilities(n, width, seed) if simplex else sphere(n, width, seed) if uniform else classes(n, width, seed)
    with Peak() as peak:
        ours, seconds = timed(lambda: farthest_first(x, picks), runs)
    theirs, peer = timed(lambda: loop(x, picks, int(ours.rows[0])))
    report(
        benchmark="pcoreset" if simplex else "farthest-first, no clusters" if uniform else "farthest-first",
        n=n, width=width, picks=picks, seconds=seconds, peer="one product a pick", peer_seconds=peer,
        ratio=peer / seconds, same_picks=bool((ours.rows == theirs).all()),
        same_until=int(np.append(np.flatnonzero(ours.rows != theirs), picks)[0]), peak_mb=peak.mb,
    )  # fmt: skip


if __name__ == "__main__":
    main()
