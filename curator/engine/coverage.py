"""How well a Subset covers its pile, beside a random subset of the same size."""

from __future__ import annotations

from typing import Any

import numpy as np

from curator.engine.task import Task
from curator.engine.types import Inputs, Ints, Rows

QUERIES = 2**25
"""Values compared with the picks at a time."""


def summarise(inputs: Inputs, picks: Rows, task: Task) -> dict[str, Any]:
    """Figures for the Subset's summary, plain values only.

    ``mean_similarity`` and ``radius`` compare every readable row with its closest pick (cosine; Euclidean distance
    of unit rows), ``random_...`` the same for one random subset of equal size drawn with the Run's seed. ``skills``
    and ``classes`` are pairs (covered, in the pile).
    """
    summary: dict[str, Any] = {"size": len(picks), "pile": len(inputs.rows)}
    rivals = {"": picks, "random_": np.sort(inputs.rng.choice(inputs.rows, min(len(picks), len(inputs.rows)), False))}
    for prefix, chosen in rivals.items():
        if inputs.vectors is not None and len(chosen):
            mean, radius = _closeness(inputs, chosen, task)
            summary[f"{prefix}mean_similarity"], summary[f"{prefix}radius"] = mean, radius
        for name, codes in (("skills", inputs.skills), ("classes", inputs.labels)):
            if codes is not None and (codes[inputs.rows] >= 0).any():
                summary[f"{prefix}{name}"] = [_distinct(codes, chosen), _distinct(codes, inputs.rows)]
    return summary


def _closeness(inputs: Inputs, picks: Rows, task: Task) -> tuple[float, float]:
    from curator.engine.vectors import nearest

    assert inputs.vectors is not None
    keys = np.ascontiguousarray(inputs.vectors[picks], np.float32)
    total, lowest = 0.0, 1.0
    step = max(2048, QUERIES // inputs.vectors.shape[1] // 2048 * 2048)
    for first in range(0, len(inputs.rows), step):
        queries = np.asarray(inputs.vectors[inputs.rows[first : first + step]], np.float32)
        task.step("Measuring coverage", first, len(inputs.rows))
        similarity = nearest(queries, keys, 1, task=task, device=inputs.device)[1][:, 0]
        total += float(similarity.sum(dtype=np.float64))
        lowest = min(lowest, float(similarity.min()))
    return total / len(inputs.rows), float(np.sqrt(max(0.0, 2.0 - 2.0 * lowest)))


def _distinct(codes: Ints, rows: Rows) -> int:
    found = np.unique(codes[rows])
    return int((found >= 0).sum())
