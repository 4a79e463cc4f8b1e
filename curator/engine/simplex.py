"""The probability space drawn flat, and what the teacher leans to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Floats

RARE = 0.1
"""A class is "hardly ever" predicted below this share of an even part."""


def corners(k: int) -> NDArray[np.float64]:
    """The places of k classes on a circle of radius 1, the first at the top, clockwise: float64 [k, 2].

    Three make a triangle, two a line, more a star.
    """
    angle = np.pi / 2 - 2 * np.pi * np.arange(k) / max(1, k)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def flattened(probabilities: Floats, chosen: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Where each row lies between the corners: the mean of the corners weighted by its probabilities, float64 [m, 2].

    ``chosen`` are the columns that get a corner (all when None): the rest of each row is left out and what remains is
    brought to sum 1, so with three columns the triangle is exact for the question "which of the three". A row with
    nothing on the chosen columns lies in the middle.
    """
    p = np.asarray(probabilities, np.float64)
    p = p if chosen is None else p[:, chosen]
    total = p.sum(axis=1, keepdims=True)
    p = np.where(total > 1e-12, p / np.maximum(total, 1e-12), 1 / max(1, p.shape[1]))
    return p @ corners(p.shape[1])


@dataclass(frozen=True)
class Leaning:
    """What a model says before any label.

    Attributes:
        shares: float64 [k], share of rows whose first guess is this class.
        never: classes that are no row's first guess, ascending.
        rarely: those with less than a tenth of an even share, ascending.
        confused: (class, other class, overlap), the most overlapping pairs first.
    """

    shares: NDArray[np.float64]
    never: tuple[int, ...]
    rarely: tuple[int, ...]
    confused: tuple[tuple[int, int, float], ...]


def leaning(probabilities: Floats, pairs: int = 5) -> Leaning:
    """The bias of ``probabilities`` float32 [m, k].

    The overlap of two classes is the Dice coefficient of their columns, 2 <a, b> / (<a, a> + <b, b>): 1 = always
    equally
    likely, 0 = never both possible. A class that is always a little likely does not overlap with a likely one.
    """
    p = np.asarray(probabilities, np.float64)
    m, k = p.shape
    shares = np.bincount(p.argmax(axis=1), minlength=k) / m if m else np.zeros(k)
    never = tuple(np.flatnonzero(shares == 0).tolist())
    rarely = tuple(np.flatnonzero((shares > 0) & (shares < RARE / k)).tolist())
    squared = (p * p).sum(axis=0)
    overlap = 2 * (p.T @ p) / np.maximum(np.add.outer(squared, squared), 1e-300)
    first, second = np.triu_indices(k, 1)
    order = np.argsort(-np.round(overlap[first, second], 12), kind="stable")[:pairs]
    found = [(int(first[i]), int(second[i]), float(overlap[first[i], second[i]])) for i in order]
    return Leaning(shares, never, rarely, tuple(f for f in found if f[2] > 0.05))


def hole(probabilities: Floats, labelled: NDArray[np.int64]) -> int:
    """The row farthest from every labelled row in the whole space, -1 when nothing is labelled: the largest hole."""
    if not len(labelled) or not len(probabilities):
        return -1
    p = np.asarray(probabilities, np.float64)
    norm = (p * p).sum(axis=1)
    nearest = np.full(len(p), np.inf)
    for row in labelled:
        nearest = np.minimum(nearest, norm + norm[row] - 2 * (p @ p[row]))
    return int(np.argmax(np.round(nearest, 9)))
