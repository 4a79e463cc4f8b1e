"""Torch kernels that the plugins share: numpy in, numpy out. They load torch, so import them inside functions.

The rule of the house: large float32 products narrow down, float64 decides, ties go to the lowest row. So the same input
gives the same picks with any number of threads.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curator.engine.unit import unit_rows
    from curator.engine.vectors.blocks import Centred, Part
    from curator.engine.vectors.curves import closeness_curve
    from curator.engine.vectors.duplicates import Duplicates, Pairs, greedy_duplicates, near_duplicate_pairs
    from curator.engine.vectors.facility import Facilities
    from curator.engine.vectors.farthest import FarthestFirst, farthest_first
    from curator.engine.vectors.influence import Cover, ReverseSets, passing_chances, share_reached
    from curator.engine.vectors.kmeans import KMeans, assign, k_means, soft_membership, softmax_products
    from curator.engine.vectors.links import Links, cosines, distances, neighbour_lists, pairs_of
    from curator.engine.vectors.neighbours import nearest, neighbour_graph
    from curator.engine.vectors.projection import Principal, pca

__all__ = [
    "Centred",
    "Cover",
    "Duplicates",
    "Facilities",
    "FarthestFirst",
    "KMeans",
    "Links",
    "Pairs",
    "Part",
    "Principal",
    "ReverseSets",
    "assign",
    "closeness_curve",
    "cosines",
    "distances",
    "farthest_first",
    "greedy_duplicates",
    "k_means",
    "near_duplicate_pairs",
    "nearest",
    "neighbour_graph",
    "neighbour_lists",
    "pairs_of",
    "passing_chances",
    "pca",
    "share_reached",
    "soft_membership",
    "softmax_products",
    "unit_rows",
]

_HOMES = {
    "Centred": "curator.engine.vectors.blocks",
    "Cover": "curator.engine.vectors.influence",
    "Duplicates": "curator.engine.vectors.duplicates",
    "Facilities": "curator.engine.vectors.facility",
    "FarthestFirst": "curator.engine.vectors.farthest",
    "KMeans": "curator.engine.vectors.kmeans",
    "Links": "curator.engine.vectors.links",
    "Pairs": "curator.engine.vectors.duplicates",
    "Part": "curator.engine.vectors.blocks",
    "Principal": "curator.engine.vectors.projection",
    "ReverseSets": "curator.engine.vectors.influence",
    "assign": "curator.engine.vectors.kmeans",
    "closeness_curve": "curator.engine.vectors.curves",
    "cosines": "curator.engine.vectors.links",
    "distances": "curator.engine.vectors.links",
    "farthest_first": "curator.engine.vectors.farthest",
    "greedy_duplicates": "curator.engine.vectors.duplicates",
    "k_means": "curator.engine.vectors.kmeans",
    "near_duplicate_pairs": "curator.engine.vectors.duplicates",
    "nearest": "curator.engine.vectors.neighbours",
    "neighbour_graph": "curator.engine.vectors.neighbours",
    "neighbour_lists": "curator.engine.vectors.links",
    "pairs_of": "curator.engine.vectors.links",
    "passing_chances": "curator.engine.vectors.influence",
    "pca": "curator.engine.vectors.projection",
    "share_reached": "curator.engine.vectors.influence",
    "soft_membership": "curator.engine.vectors.kmeans",
    "softmax_products": "curator.engine.vectors.kmeans",
    "unit_rows": "curator.engine.unit",
}


def __getattr__(name: str) -> Any:
    """Load the module of what is asked for: the principal axes, for one, do without torch, which takes seconds."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_HOMES[name]), name)
    return found
