"""Facility location on the neighbour graph against lazy greedy on the dense matrix, and by apricot and submodlib."""

from __future__ import annotations

import heapq
from typing import Any

import click
import numpy as np
from synthetic import Peak, classes, report, timed

from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs


def dense(x: np.ndarray, budget: int) -> list[int]:
    """Lazy greedy over all cosines, in the memory of n x n."""
    similarity = np.maximum(x @ x.T, 0)
    best = np.zeros(len(x), np.float32)
    heap = [(-gain, row) for row, gain in enumerate(similarity.sum(axis=1, dtype=np.float64).tolist())]
    heapq.heapify(heap)
    picks: list[int] = []
    while len(picks) < budget:
        row = heap[0][1]
        gain = float(np.maximum(similarity[row] - best, 0).sum(dtype=np.float64))
        if (-gain, row) > min(heap[1:3]):
            heapq.heapreplace(heap, (-gain, row))
            continue
        heapq.heappop(heap)
        picks.append(row)
        np.maximum(best, similarity[row], out=best)
    return picks


def apricot(x: np.ndarray, budget: int) -> list[int]:
    """The package apricot, lazy, on the same dense cosines (its own "cosine" is the square of it)."""
    from apricot import FacilityLocationSelection

    made = FacilityLocationSelection(budget, metric="precomputed", optimizer="lazy")
    ranking: list[int] = made.fit(np.maximum(x @ x.T, 0).astype(np.float64)).ranking.tolist()
    return ranking


def submodlib(x: np.ndarray, budget: int) -> list[int]:
    """The package submodlib, lazy, which makes its dense matrix by itself."""
    from submodlib import FacilityLocationFunction

    made = FacilityLocationFunction(n=len(x), mode="dense", data=x, metric="cosine")
    return [row for row, _ in made.maximize(budget=budget, optimizer="LazyGreedy", show_progress=False)]


PEERS = {"dense": dense, "apricot": apricot, "submodlib": submodlib}


def represented(x: np.ndarray, picks: np.ndarray) -> float:
    """Mean cosine of all rows to the closest pick."""
    chosen = np.ascontiguousarray(x[picks].T)
    return float(np.mean([np.maximum(x[i : i + 4096] @ chosen, 0).max(axis=1).mean() for i in range(0, len(x), 4096)]))


@click.command()
@click.option("--n", default=10_000)
@click.option("--width", default=512)
@click.option("--budget", default=1000)
@click.option("--seed", default=0)
@click.option("--peer", type=click.Choice([*PEERS, "none"]), default="dense", help="They take 4 n n bytes and more.")
def main(n: int, width: int, budget: int, seed: int, peer: str) -> None:
    """Print one JSON line."""
    registry().discover()
    x = classes(n, width, seed)
    plugin = registry().get("selector", "facility-location").make({"budget": budget})
    plugin.select(Inputs(100, np.arange(100), vectors=x[:100]), Task())
    with Peak() as peak:
        ours, seconds = timed(lambda: plugin.select(Inputs(n, np.arange(n), vectors=x), Task()))
    random = np.random.default_rng(seed).choice(n, budget, replace=False)
    figures: dict[str, Any] = {"represented": represented(x, ours.rows), "random_represented": represented(x, random)}
    if peer in PEERS:
        PEERS[peer](x[:200], 5)
        with Peak() as peer_peak:
            theirs, peer_seconds = timed(lambda: PEERS[peer](x, budget))
        figures |= {"peer": peer, "peer_seconds": peer_seconds, "peer_peak_mb": peer_peak.mb}
        figures |= {"peer_represented": represented(x, np.array(theirs)), "ratio": peer_seconds / seconds}
    report(benchmark="facility-location", n=n, width=width, budget=budget, seconds=seconds, peak_mb=peak.mb, **figures)


if __name__ == "__main__":
    main()
