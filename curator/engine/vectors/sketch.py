"""Short rows whose products are never below those of the long ones: a scan for alike rows at a fraction of the cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Floats, Rows
from curator.engine.unit import unit_rows

SAMPLE = 1024
"""Rows that the directions are found on; half against half they say how many pairs a sketch would raise in vain."""
WIDTHS = (31, 63, 127, 255)
"""Directions that are tried; with the length of the rest, a multiple of eight."""
RAISED = 1e5
"""A raised pair costs a product in float64 of two gathered rows: as much as this many more columns of one pair."""
ROUNDING = 1e-6
"""Added to the square of the rest's length, which float32 can put too low by as much."""


@dataclass(frozen=True)
class Sketch:
    """Directions p (orthonormal) that unit rows a are told by: (a.p_1, ..., a.p_w, length of the rest).

    By Cauchy-Schwarz the product of two rests is at most that of their lengths, so the product of two sketches is
    never below that of the rows. The better the directions, the closer: they are the main axes of the pile.

    Attributes:
        directions: float32 [d, w].
    """

    directions: Floats

    @property
    def width(self) -> int:
        """Columns of a sketch."""
        return self.directions.shape[1] + 1

    def __call__(self, unit: Floats) -> Floats:
        """float32 [n, w + 1] of unit rows [n, d]."""
        out = np.empty((len(unit), self.width), np.float32)
        main = out[:, :-1]
        np.matmul(unit, self.directions, out=main)
        rest = np.maximum(1 - np.einsum("ij,ij->i", main, main), 0)
        out[:, -1] = np.sqrt(rest + ROUNDING)
        return out


def best_sketch(x: NDArray[Any], rows: Rows, threshold: float) -> Sketch | None:
    """The sketch with which a scan of ``rows`` for cosines >= ``threshold`` costs least; None for the rows as they are.

    Directions by a step of subspace iteration on a sample (Halko, Martinsson & Tropp 2011, algorithm 4.4). Whatever
    comes out is right: chance decides only how many pairs are raised in vain.
    """
    d = x.shape[1]
    widths = [w for w in WIDTHS if 2 * w < d]
    if not widths or len(rows) < 4 * SAMPLE:
        return None
    rng = np.random.default_rng(0)
    sample = unit_rows(np.asarray(x[np.sort(rng.choice(rows, SAMPLE, replace=False))], np.float32))
    axes = _axes(sample, max(widths), rng)
    left, right = sample[::2], sample[1::2]
    wanted = int((left @ right.T >= threshold).sum())
    best, least = None, float(d)
    for width in widths:
        sketch = Sketch(np.ascontiguousarray(axes[:, :width]))
        vain = int((sketch(left) @ sketch(right).T >= threshold).sum()) - wanted
        cost = width + 1 + RAISED * vain / (len(left) * len(right))
        if cost < least:
            best, least = sketch, cost
    return best


def _axes(sample: Floats, count: int, rng: np.random.Generator) -> Floats:
    """The main directions of a sample, the strongest first: float32 [d, count], orthonormal."""
    start = rng.normal(size=(sample.shape[1], count)).astype(np.float32)
    basis = np.linalg.qr(sample.T @ (sample @ start))[0]
    told = sample @ basis
    strength, turn = np.linalg.eigh((told.T @ told).astype(np.float64))
    return basis @ turn[:, np.argsort(-strength)].astype(np.float32)
