"""From centres to a membership matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.task import Task
from curator.engine.types import Floats

SAMPLE = 4096


def centre_membership(x: NDArray[Any], centres: Floats, temperature: float, task: Task) -> Floats:
    """softmax(-squared distance / temperature) over the centres: float32 [n, k], NaN rows stay NaN.

    A temperature of 0 stands for half the mean gap between the nearest and the second nearest centre (on up to 4,096
    evenly spaced rows), so that a typical row is e^2 times as much of its own skill as of the next.
    """
    from curator.engine import vectors

    if temperature <= 0:
        temperature = _typical_gap(x, centres) / 2
    return vectors.soft_membership(x, centres, temperature, task=task)


def _typical_gap(x: NDArray[Any], centres: Floats) -> float:
    if len(centres) < 2 or not len(x):
        return 1.0
    rows = np.unique(np.linspace(0, len(x) - 1, min(len(x), SAMPLE)).astype(np.int64))
    block = np.asarray(x[rows], np.float64)
    block = block[np.isfinite(block).all(axis=1)]
    if not len(block):
        return 1.0
    keys = np.asarray(centres, np.float64)
    apart = np.einsum("ij,ij->i", keys, keys) - 2 * block @ keys.T
    two = np.partition(apart, 1, axis=1)[:, :2]
    return max(float((two[:, 1] - two[:, 0]).mean()), 1e-6)
