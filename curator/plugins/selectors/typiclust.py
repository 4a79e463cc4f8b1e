"""The most typical of what has not been asked about (TypiClust)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Inputs, NotReadyError, Ranking, Rows, Task, ordered_ranking, param, selector

AROUND = 20
"""Neighbours inside the cluster that make a sample typical, as published."""
MOST = 500
"""Clusters at most, as published."""


@selector("typiclust", version=1, needs={"vectors"})
@dataclass(frozen=True)
class TypiClust:
    """Ask about the most typical sample of each part of the pile that has no label yet.

    For the very first labels, where uncertainty means nothing: as many clusters as there will be labels, and from each
    the sample with the closest neighbours. Needs no class names and no probabilities.

    Source: Hacohen et al. 2022, "Active learning on a budget: opposite strategies suit high and low budgets".
    """

    space: ClassVar[str] = "embedding"
    """In rounds: whether it looks at the embedding or at the student's features."""
    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Clusters with the fewest pins first, the largest of them before; inside each by typicality.

        The gain is the typicality: 1 / mean distance to the 20 nearest in the cluster.

        Raises:
            NotReadyError: there are no vectors.
        """
        if inputs.vectors is None:
            raise NotReadyError("“typiclust” needs vectors.", "Choose an encoder first.")
        if not len(inputs.rows):
            return ordered_ranking(inputs.rows, inputs, self.budget, str)
        from curator.engine import vectors

        x = vectors.unit_rows(inputs.vectors[inputs.rows])
        k = min(max(self.budget, len(inputs.keep) + 1), MOST, len(x))
        clusters = vectors.k_means(x, k, seed=inputs.seed, task=task, device=inputs.device).labels
        typical = np.zeros(inputs.n)
        pinned = np.isin(inputs.rows, inputs.keep)
        turn = np.zeros(len(x), np.int64)
        sizes = np.bincount(clusters, minlength=k)
        for c in task.track(range(k), "Finding the typical"):
            mine = np.flatnonzero(clusters == c)
            value = _typicality(x[mine], inputs.seed)
            typical[inputs.rows[mine]] = value
            rest = mine[~pinned[mine]]
            best = rest[np.argsort(-value[~pinned[mine]], kind="stable")]
            turn[best] = np.arange(len(best)) + int(pinned[mine].sum())
        free = np.flatnonzero(~pinned)
        order: Rows = inputs.rows[free[np.lexsort((free, clusters[free], -sizes[clusters[free]], turn[free]))]]

        def reason(row: int) -> str:
            c = int(clusters[np.searchsorted(inputs.rows, row)])
            return f"typical of a group of {sizes[c]} with few labels"

        return ordered_ranking(order, inputs, self.budget, reason, typical)


def _typicality(x: np.ndarray, seed: int) -> np.ndarray:
    """1 / mean Euclidean distance to the nearest ``AROUND`` rows, float64 [m], rounded; a lone row has 0."""
    from curator.engine import vectors

    near = min(AROUND, len(x) - 1)
    if near < 1:
        return np.zeros(len(x))
    cosine = vectors.neighbour_graph(x, near, seed=seed)[1].astype(np.float64)
    apart = np.sqrt(np.maximum(2 - 2 * cosine, 0)).mean(axis=1)
    return np.round(1 / (apart + 1e-5), 4)
