"""Torch kernels that the plugins share: numpy in, numpy out. Loads torch, so import it inside functions.

The rule of the house: large float32 products narrow down, float64 decides, ties go to the lowest row. So the same input
gives the same picks with any number of threads.
"""

from curator.engine.unit import unit_rows
from curator.engine.vectors.blocks import Part
from curator.engine.vectors.curves import closeness_curve
from curator.engine.vectors.duplicates import Duplicates, Pairs, greedy_duplicates, near_duplicate_pairs
from curator.engine.vectors.farthest import FarthestFirst, farthest_first
from curator.engine.vectors.kmeans import KMeans, assign, k_means, soft_membership, softmax_products
from curator.engine.vectors.neighbours import nearest, neighbour_graph
from curator.engine.vectors.projection import Principal, pca

__all__ = [
    "Duplicates",
    "FarthestFirst",
    "KMeans",
    "Pairs",
    "Part",
    "Principal",
    "assign",
    "closeness_curve",
    "farthest_first",
    "greedy_duplicates",
    "k_means",
    "near_duplicate_pairs",
    "nearest",
    "neighbour_graph",
    "pca",
    "soft_membership",
    "softmax_products",
    "unit_rows",
]
