"""How good a subset is, whoever chose it: a probe's accuracy, coverage, balance and what is still alike in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curator.engine.task import Task
from curator.engine.types import Floats, Inputs, Ints, Rows

if TYPE_CHECKING:
    from curator.engine.language.last_layer import LastLayer

BLOCK = 65_536


@dataclass(frozen=True)
class Quality:
    """Measures of one subset; NaN where the pile lacks what they need.

    Attributes:
        accuracy: of a linear probe fitted to the subset's labels, on rows kept for measuring.
        radius: the largest Euclidean distance of a readable row to its closest pick, unit rows.
        mean_similarity: mean cosine of readable rows to their closest pick.
        skills, classes: share of the skills and classes of the pile that are met.
        skill_balance, class_balance: entropy of the counts over its greatest value for as many skills or classes, 0..1.
        redundancy: share of picks that have another pick closer than the encoder's threshold for near-duplicates.
        loss: of a language model's last layer fitted to the subset, on rows kept for measuring; nats a token.
    """

    accuracy: float
    radius: float
    mean_similarity: float
    skills: float
    classes: float
    skill_balance: float
    class_balance: float
    redundancy: float
    loss: float = float("nan")


def quality(
    inputs: Inputs, picks: Rows, test: Rows, x: Floats | None, task: Task, last: LastLayer | None = None
) -> Quality:
    """Measure ``picks`` int64 [b] of ``inputs``; the probe reads ``x`` [n, d] and is tried on rows ``test``."""
    mean, radius, redundancy = _closeness(inputs, picks, task)
    return Quality(
        _probe(inputs, picks, test, x),
        radius,
        mean,
        _met(inputs.skills, picks, inputs.rows),
        _met(inputs.labels, picks, inputs.rows),
        _balance(inputs.skills, picks, inputs.rows),
        _balance(inputs.labels, picks, inputs.rows),
        redundancy,
        last.loss(picks, test, inputs.seed) if last is not None else float("nan"),
    )


def _probe(inputs: Inputs, picks: Rows, test: Rows, x: Floats | None) -> float:
    test = test if inputs.labels is None else test[inputs.labels[test] >= 0]
    if x is None or inputs.labels is None or not len(test):
        return float("nan")
    known = picks[inputs.labels[picks] >= 0]
    if not len(known):
        return float("nan")
    from curator.engine.probing import probe_logits

    both = np.concatenate([known, test])
    logits = probe_logits(x[both], np.arange(len(known)), inputs.labels[known], len(inputs.label_names))
    return float((logits[len(known) :].argmax(axis=1) == inputs.labels[test]).mean())


def _closeness(inputs: Inputs, picks: Rows, task: Task) -> tuple[float, float, float]:
    if inputs.vectors is None or not len(picks):
        return float("nan"), float("nan"), float("nan")
    from curator.engine.vectors import nearest

    keys = np.ascontiguousarray(inputs.vectors[picks], np.float32)
    total, lowest = 0.0, 1.0
    for first in range(0, len(inputs.rows), BLOCK):
        task.step("Measuring coverage", first, len(inputs.rows))
        queries = np.asarray(inputs.vectors[inputs.rows[first : first + BLOCK]], np.float32)
        similarity = nearest(queries, keys, 1, task=task, device=inputs.device)[1][:, 0]
        total += float(similarity.sum(dtype=np.float64))
        lowest = min(lowest, float(similarity.min()))
    alike = 0.0
    if len(picks) > 1:
        alike = float(
            (nearest(keys, keys, 1, same=True, device=inputs.device)[1][:, 0] >= inputs.duplicate_threshold).mean()
        )
    return total / len(inputs.rows), float(np.sqrt(max(0.0, 2.0 - 2.0 * lowest))), alike


def _met(codes: Ints | None, picks: Rows, pile: Rows) -> float:
    if codes is None:
        return float("nan")
    there = np.unique(codes[pile])
    there = there[there >= 0]
    return float(np.isin(there, codes[picks]).mean()) if len(there) else float("nan")


def _balance(codes: Ints | None, picks: Rows, pile: Rows) -> float:
    """Entropy of the counts of the picks over the logarithm of the number of groups in the pile."""
    if codes is None or not len(picks):
        return float("nan")
    groups = len(np.setdiff1d(np.unique(codes[pile]), [-1]))
    counts = np.bincount(codes[picks][codes[picks] >= 0])
    if groups < 2 or not counts.sum():
        return float("nan")
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log(p)).sum() / np.log(groups))
