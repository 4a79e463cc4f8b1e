"""One round of active learning over arrays: a batch by a selector, and how good the probabilities are.

Nothing here knows a Project, so that rounds with a person, simulations and scripts run the very same steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.errors import InputError
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Floats, Inputs, Ints, Ranking, Rows, SampleReader
from curator.engine.unit import unit_rows

BINS = 15
"""Bins of equal width for the calibration error (Guo et al. 2017)."""
SAMPLE = 50_000
ROUND_STEP = 7919
"""Between the seeds of two rounds, so that neighbouring study seeds share none."""


@dataclass(frozen=True)
class Labelled:
    """Labels so far: ``rows`` int64 [m] ascending and ``classes`` int32 [m]."""

    rows: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    classes: Ints = field(default_factory=lambda: np.empty(0, np.int32))

    @classmethod
    def of(cls, answers: Mapping[int, int]) -> Labelled:
        """From row -> class."""
        rows = np.array(sorted(answers), np.int64)
        return cls(rows, np.array([answers[r] for r in rows.tolist()], np.int32))

    def join(self, rows: Rows, classes: Ints) -> Labelled:
        """With more labels."""
        every, order = np.concatenate([self.rows, rows]), np.concatenate([self.classes, classes])
        place = np.argsort(every, kind="stable")
        return Labelled(every[place], order[place].astype(np.int32))


def prepared(x: NDArray[Any], rows: Rows | None = None) -> Floats:
    """``x`` centred and brought to coordinates of mean square 1 by one common factor: float32 [n, d].

    Mean and factor come from at most 50,000 evenly spaced ``rows`` (of all when None), in float64. Directions keep
    their relative lengths, unlike under a factor for each coordinate, so noise is not blown up. Peak memory: the
    result, the sample and one block in float64.
    """
    rows = np.arange(len(x)) if rows is None else rows
    base = np.asarray(x[rows[:: len(rows) // SAMPLE + 1]], np.float64)
    found = np.array(x, np.float32)
    if not len(base):
        return found
    mean = base.mean(axis=0)
    size = float(np.sqrt(np.mean((base - mean) ** 2))) or 1.0
    for first in range(0, len(x), SAMPLE):
        found[first : first + SAMPLE] = (np.asarray(x[first : first + SAMPLE], np.float64) - mean) / size
    return found


def choose_batch(
    selector: str,
    count: int,
    *,
    probabilities: Floats,
    vectors: NDArray[Any],
    labelled: Labelled,
    pool: Rows,
    names: tuple[str, ...],
    seed: int,
    round: int = 1,
    params: Mapping[str, Any] | None = None,
    samples: SampleReader | None = None,
    device: str = "cpu",
    task: Task | None = None,
) -> Ranking:
    """The next batch: what the Selector plugin ``selector`` picks beyond the labelled rows.

    Labelled rows are handed over as pinned ones: for ``pcoreset`` and ``k-center`` they are what picks are to be far
    from, by their predicted probabilities, not by their labels.

    Args:
        selector: name of a Selector plugin.
        count: picks wanted; fewer come back when the pool is smaller.
        probabilities: float32 [n, k], rows sum to 1.
        vectors: [n, d], unit rows.
        labelled: labels so far.
        pool: int64, rows that may be asked about.
        names: k class names.
        seed, round: of the study, and the number of the round.
        params: further parameters of the selector.
        samples, device, task: as in :class:`Inputs`.

    Returns:
        A Ranking of the new picks only. ``stopped`` says why there are fewer, and how many add nothing.

    Raises:
        InputError: the selector takes no budget. NotReadyError: it needs what rounds do not have, such as scores.
    """
    spec = registry().get("selector", selector)
    if "budget" not in {p.name for p in spec.params}:
        raise InputError(f"The selector “{selector}” picks no fixed number of samples.", "Choose another for rounds.")
    n, labels = len(probabilities), np.full(len(probabilities), -1, np.int32)
    labels[labelled.rows] = labelled.classes
    inputs = Inputs(
        n,
        np.union1d(pool, labelled.rows).astype(np.int64),
        keep=labelled.rows,
        vectors=vectors,
        membership=probabilities,
        skills=probabilities.argmax(axis=1).astype(np.int32),
        skill_names=names,
        labels=labels,
        label_names=names,
        seed=seed + ROUND_STEP * round,
        device=device,
        samples=samples,
    )
    from curator.engine.running import check_ranking

    have = len(labelled.rows)
    if not count or not len(np.setdiff1d(pool, labelled.rows)):
        return Ranking(np.empty(0, np.int64), np.empty(0, np.float32), reasons=(), stopped="The pool is empty.")
    ranking = spec.make({**(params or {}), "budget": have + count}).select(inputs, task or Task())
    check_ranking(spec, ranking, inputs)
    return Ranking(
        ranking.rows[have:],
        ranking.gains[have:],
        nearest=None if ranking.nearest is None else ranking.nearest[have:],
        reasons=tuple(ranking.reasons[have:]),
        stopped=ranking.stopped,
    )


def selector_vectors(features: NDArray[Any], vectors: NDArray[Any]) -> Floats:
    """Unit rows for selectors: the student's features, or ``vectors`` where those are zero."""
    found = unit_rows(np.asarray(features, np.float32))
    empty = ~np.any(found, axis=1)
    if empty.any() and found.shape[1] == vectors.shape[1]:
        found[empty] = unit_rows(np.asarray(vectors[empty], np.float32))
    return found


@dataclass(frozen=True)
class Measures:
    """How good the probabilities are. ``accuracy`` and ``error`` are shares, NaN where nothing could be compared.

    Attributes:
        spent: labels used.
        accuracy: share of right first guesses.
        balanced: the mean of the classes' own accuracies, over the classes that were compared.
        error: expected calibration error.
        compared: samples compared.
        classes: classes that have a label.
        spread: standard deviation of the number of labels a class.
    """

    spent: int
    accuracy: float
    balanced: float
    error: float
    compared: int
    classes: int
    spread: float


def measure(probabilities: NDArray[Any], truth: Ints, labelled: Ints, k: int) -> Measures:
    """Compare ``probabilities`` [t, k] with ``truth`` int32 [t]; ``labelled`` int32 [m]: the classes of all labels."""
    counts = np.bincount(labelled, minlength=k) if len(labelled) else np.zeros(k, np.int64)
    coverage = (int((counts > 0).sum()), float(counts.std()))
    if not len(truth):
        return Measures(len(labelled), float("nan"), float("nan"), float("nan"), 0, *coverage)
    right = probabilities.argmax(axis=1) == truth
    each = [float(right[truth == c].mean()) for c in np.unique(truth)]
    error = calibration_error(probabilities, truth)
    return Measures(len(labelled), float(right.mean()), float(np.mean(each)), error, len(truth), *coverage)


def calibration_error(probabilities: NDArray[Any], truth: Ints, bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017), 0 to 1.

    The sum over bins of confidence, (0, 1/bins], ..., of the share of rows in a bin times the difference between its
    accuracy and its mean confidence.
    """
    p = np.asarray(probabilities, np.float64)
    sure, right = p.max(axis=1), p.argmax(axis=1) == truth
    place = np.clip(np.ceil(np.round(sure * bins, 6)).astype(int) - 1, 0, bins - 1)
    total = np.bincount(place, minlength=bins)
    apart = np.bincount(place, right, bins) - np.bincount(place, sure, bins)
    return float(np.abs(apart).sum() / max(1, total.sum()))
