"""Density clusters in full dimension."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curator.engine.api import (
    Clustering,
    Inputs,
    PluginError,
    Task,
    centre_membership,
    clusterer,
    param,
    skill_names,
    unit_rows,
)

GRAPH = 16
"""Fewest neighbours in the graph, so that clusters hang together."""
APART = 10.0
"""Length of the links between parts of the graph that no edge joins; unit rows are at most 2 apart."""
FLOOR = 1e-9
"""Added to every length, because a sparse graph takes zero for no edge."""


@clusterer("hdbscan", version=1, needs={"vectors"})
@dataclass(frozen=True)
class Hdbscan:
    """Find dense groups of any size and leave the rest as noise.

    The number of skills comes out of the data. Unlike the usual recipe (16 principal axes, then HDBSCAN), the tree is
    built on a nearest-neighbour graph in full dimension, where classes that share their main axes still stand apart.
    Noise belongs to no skill but keeps a membership, so every selector can work with it.

    Source: Campello, Moulavi and Sander 2013; the tree is cut by the hdbscan package (McInnes et al. 2017).
    """

    min_cluster_size: int = param(25, low=2, help="Smallest group that counts as a skill", unit="samples")
    min_samples: int = param(
        10, low=1, high=200, help="How many close neighbours make a place dense; higher = more noise", advanced=True
    )
    selection: str = param("eom", choices=("eom", "leaf"), help="Stable groups, or the finest ones", advanced=True)

    def cluster(self, inputs: Inputs, task: Task) -> Clustering:
        """Labels int32 [n], largest skill first, -1 = noise; membership by distance to the skills' means.

        Raises:
            PluginError: the installed hdbscan package has other internals than this was written for.
        """
        assert inputs.vectors is not None
        rows = inputs.rows
        labels = np.full(inputs.n, -1, np.int32)
        if len(rows) > max(self.min_cluster_size, 2):
            x = inputs.vectors if len(rows) == inputs.n else np.ascontiguousarray(inputs.vectors[rows])
            tree = _spanning_tree(x, self.min_samples, inputs, task)
            labels[rows] = _by_size(_cut(tree, self.min_cluster_size, self.selection))
        k = int(labels.max(initial=-1)) + 1
        if k == 0:
            task.log(f"hdbscan found no group of {self.min_cluster_size} or more; lower min_cluster_size.")
            return Clustering(labels)
        means = [np.asarray(inputs.vectors[labels == s], np.float64).mean(axis=0) for s in range(k)]
        membership = centre_membership(inputs.vectors, unit_rows(np.stack(means)), 0.0, task)
        return Clustering(labels, membership, skill_names(labels, k, inputs, task))


def _spanning_tree(x: NDArray, min_samples: int, inputs: Inputs, task: Task) -> NDArray[np.float64]:
    """Minimum spanning tree of mutual reachability on the neighbour graph: [n - 1, 3] of (a, b, length), rising."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    from curator.engine import vectors

    n = len(x)
    k = min(max(min_samples, GRAPH), n - 1)
    index, similarity = vectors.neighbour_graph(x, k, seed=inputs.seed, task=task, device=inputs.device)
    apart = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * similarity.astype(np.float64)))
    core = apart[:, min(min_samples, k) - 1]
    source = np.repeat(np.arange(n), k)
    target = index.ravel().astype(np.int64)
    known = target >= 0
    source, target, length = source[known], target[known], apart.ravel()[known]
    reach = np.maximum.reduce([length, core[source], core[target]]) + FLOOR
    task.check()
    # An edge found from both ends is one edge: a < b, and the first of the equal ones.
    low, high = np.minimum(source, target), np.maximum(source, target)
    _, first = np.unique(low * n + high, return_index=True)
    graph = csr_matrix((reach[first], (low[first], high[first])), shape=(n, n))
    parts, of = connected_components(graph, directed=False)
    found = minimum_spanning_tree(graph).tocoo()
    heads = np.array([np.flatnonzero(of == part)[0] for part in range(parts)])
    edges = np.column_stack([found.row, found.col, found.data - FLOOR])
    joins = np.column_stack([heads[:-1], heads[1:], np.full(parts - 1, APART)])
    edges = np.vstack([edges, joins]).astype(np.float64)
    task.check()
    return edges[np.lexsort((edges[:, 1], edges[:, 0], edges[:, 2]))]


def _cut(tree: NDArray[np.float64], min_cluster_size: int, selection: str) -> NDArray[np.int64]:
    """Labels from the hdbscan package's own condensed tree."""
    try:
        from hdbscan._hdbscan_linkage import label
        from hdbscan.hdbscan_ import _tree_to_labels

        linkage = label(tree)
        return np.asarray(_tree_to_labels(None, linkage, min_cluster_size, selection)[0], np.int64)
    except (ImportError, TypeError, AttributeError) as error:
        raise PluginError(
            f"The clusterer “hdbscan” does not fit the installed hdbscan package ({error}).",
            "Install a version from 0.8.40 to below 0.9, or use kmeans.",
        ) from error


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int32]:
    """The same clusters, numbered by falling size, then by first row; noise stays -1."""
    names, first, counts = np.unique(labels, return_index=True, return_counts=True)
    real = names >= 0
    order = np.lexsort((first[real], -counts[real]))
    place = {int(name): i for i, name in enumerate(names[real][order])}
    return np.array([place.get(int(v), -1) for v in labels], np.int32)
