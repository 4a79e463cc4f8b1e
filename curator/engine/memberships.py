"""How samples stand to the skills: membership from centres, and cosine to the own middle."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.task import Task
from curator.engine.types import Floats, Inputs

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


def cosine_to_own_skill(inputs: Inputs, task: Task) -> Floats:
    """Cosine of each row that is alive to the mean of its skill: float32 [n], NaN elsewhere.

    Rows in no skill share one mean; without a clusterer the pile as a whole is the skill. A mean of length zero gives
    cosines of 0.
    """
    assert inputs.vectors is not None
    values = np.full(inputs.n, np.nan, np.float32)
    skills = np.zeros(inputs.n, np.int32) if inputs.skills is None else np.asarray(inputs.skills)
    alive = skills[inputs.rows]
    for skill in task.track(np.unique(alive).tolist(), "Comparing with skills"):
        rows = inputs.rows[alive == skill]
        block = np.asarray(inputs.vectors[rows], np.float64)
        mean = block.mean(axis=0)
        length = float(np.linalg.norm(mean))
        values[rows] = block @ (mean / length) if length > 1e-12 else 0.0
    return values


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
