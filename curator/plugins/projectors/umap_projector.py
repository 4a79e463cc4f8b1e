"""A map that keeps neighbours together."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from curator.engine.api import Floats, Inputs, Rows, Task, param, projector


@projector("umap", version=1, needs={"vectors"})
@dataclass(frozen=True)
class Umap:
    """A map on which what is alike lies together and groups stand apart.

    Distances between groups mean little; neighbourhoods mean much. Slower than pca: minutes above 100,000 samples. Big
    piles are laid out by a sample, and the rest is placed among it.

    Source: UMAP (McInnes, Healy and Melville 2018), the umap-learn package.
    """

    neighbours: int = param(15, low=2, high=200, help="How far to look: small shows fine detail, large the whole")
    min_dist: float = param(0.1, low=0.0, high=0.99, help="How tightly points may be packed")
    landmarks: int = param(100_000, low=100, help="Samples the map is fitted on", unit="samples", advanced=True)

    def project(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n, 2], NaN for unreadable rows; a pile of fewer than five is laid out by pca."""
        from curator.engine import vectors

        assert inputs.vectors is not None
        layout = np.full((inputs.n, 2), np.nan, np.float32)
        rows = inputs.rows
        if len(rows) < 5:
            layout[rows] = vectors.pca(inputs.vectors, 2).projected[rows]
            return layout
        chosen = rows
        if len(rows) > self.landmarks:
            chosen = np.sort(inputs.rng.choice(rows, self.landmarks, replace=False))
        task.step("Laying out the map", 0, 2)
        x = np.ascontiguousarray(inputs.vectors[chosen], np.float32)
        k = min(self.neighbours, len(chosen) - 1)
        index, similarity = vectors.neighbour_graph(x, max(1, k - 1), seed=inputs.seed, task=task, device=inputs.device)
        task.step("Laying out the map", 0)  # it says nothing on its way
        model = self._model(k, inputs.seed, _with_self(index, similarity))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # umap warns of its own choices (one job for a seed, small graphs)
            layout[chosen] = model.fit_transform(x)
        task.step("Laying out the map", 1, 2)
        self._place(np.setdiff1d(rows, chosen), x, layout, chosen, inputs, task)
        task.step("Laying out the map", 2, 2)
        return layout

    def _place(self, rest: Rows, x: Floats, layout: Floats, chosen: Rows, inputs: Inputs, task: Task) -> None:
        """Put each row that the map was not fitted on between its closest landmarks, by similarity."""
        from curator.engine import vectors

        assert inputs.vectors is not None
        for first in range(0, len(rest), 20_000):
            part = rest[first : first + 20_000]
            queries = np.ascontiguousarray(inputs.vectors[part], np.float32)
            index, similarity = vectors.nearest(queries, x, 5, task=task, device=inputs.device)
            weights = np.where(index < 0, 0.0, np.exp(20.0 * (similarity - similarity[:, :1]).astype(np.float64)))
            weights /= weights.sum(axis=1, keepdims=True)
            layout[part] = (weights[:, :, None] * layout[chosen[index]]).sum(axis=1)

    def _model(self, k: int, seed: int, graph: tuple[np.ndarray, np.ndarray]):  # type: ignore[no-untyped-def]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import umap

        return umap.UMAP(
            n_neighbors=max(2, k), min_dist=self.min_dist, metric="cosine", random_state=seed, n_jobs=1,
            precomputed_knn=graph if k >= 3 else (None, None, None), init="pca", force_approximation_algorithm=True,
        )  # fmt: skip


def _with_self(index: np.ndarray, similarity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The graph as umap wants it: each row first in its own list, distances for similarities, no gaps."""
    n = len(index)
    own = np.arange(n)[:, None]
    places = np.where(index < 0, own, index)
    apart = np.where(index < 0, 2.0, 1.0 - similarity).astype(np.float32)
    return np.hstack([own, places]), np.hstack([np.zeros((n, 1), np.float32), np.maximum(apart, 0)])
