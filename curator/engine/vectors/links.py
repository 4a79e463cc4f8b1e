"""Neighbours as links in one flat list, so that a greedy rule finds the two ends of each at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Ints, Rows
from curator.engine.vectors.neighbours import neighbour_graph

SPARE = 8
"""Neighbours looked at beyond those asked for, to settle near-ties."""
SLACK = 4e-6
"""Two float32 cosines closer than this may stand in the wrong order."""
PIECE = 2**21
"""Values brought to float64 at a time."""
DIGITS = 9
WORD = 2**16


@dataclass(frozen=True)
class Links:
    """Links by where they begin: those of row i are ``ends[starts[i] : starts[i + 1]]``.

    Attributes:
        starts: int64 [m + 1].
        ends: int32 [e].
    """

    starts: Rows
    ends: Ints

    @classmethod
    def between(cls, begins: NDArray[Any], ends: NDArray[Any], m: int) -> tuple[Links, Rows]:
        """Links from ``begins`` [e] to ``ends`` [e] among ``m`` rows, and the place each had there, int64 [e]."""
        order = by_key(begins, m)
        starts = np.concatenate([[0], np.cumsum(np.bincount(begins, minlength=m))])
        return cls(starts, np.asarray(ends, np.int32)[order]), order

    @classmethod
    def backwards(cls, lists: Ints) -> Links:
        """From each row to those that list it (int32 [m, k], -1 = none), a column at a time, to need little memory."""
        m = len(lists)
        counts = np.zeros(m, np.int64)
        for column in lists.T:
            counts += np.bincount(column[column >= 0], minlength=m)
        starts = np.concatenate([[0], np.cumsum(counts)])
        ends, cursor = np.empty(starts[-1], np.int32), starts[:-1].copy()
        for column in lists.T:
            rows = np.flatnonzero(column >= 0)
            rows = rows[by_key(column[rows], m)]
            keys = column[rows]
            ends[cursor[keys] + np.arange(len(keys)) - np.searchsorted(keys, keys)] = rows
            cursor += np.bincount(keys, minlength=m)
        return cls(starts, ends)

    def of(self, row: int) -> slice:
        """Where the links of one row stand."""
        return slice(int(self.starts[row]), int(self.starts[row + 1]))

    def of_all(self, rows: NDArray[Any]) -> Rows:
        """The places of the links of several rows, one after another: int64."""
        first = self.starts[rows]
        count = self.starts[rows + 1] - first
        return np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())


def by_key(keys: NDArray[Any], m: int) -> Rows:
    """The stable order of ``keys`` (whole numbers below ``m``), sorted 16 bits at a time, which is the fastest."""
    if m <= WORD:
        return np.argsort(keys.astype(np.uint16), kind="stable")
    return np.lexsort(((keys % WORD).astype(np.uint16), (keys // WORD).astype(np.uint16)))


def neighbour_lists(x: NDArray[Any], k: int, *, seed: int = 0, task: Any = None, device: str = "cpu") -> Ints:
    """The ``k`` nearest other rows of each unit row, int32 [m, k], -1 where there are fewer.

    As :func:`neighbour_graph`, except that what is nearly as close as the last of a list is compared in float64 (up to
    eight such rows), so that the lists do not depend on the number of threads. Ties go to the lowest row.
    """
    index, cosine = neighbour_graph(x, k + SPARE, seed=seed, task=task, device=device)
    if k < 1:
        return index[:, :0]
    beyond = cosine[:, k]
    unsure = np.flatnonzero(np.isfinite(beyond) & (cosine[:, k - 1] <= beyond + SLACK))
    step = max(1, PIECE // (x.shape[1] * index.shape[1]))
    for first in range(0, len(unsure), step):
        if task is not None:
            task.check()
        rows = unsure[first : first + step]
        known = index[rows] >= 0
        exact = cosines(x, np.repeat(rows, index.shape[1]), np.maximum(index[rows], 0).ravel()).reshape(known.shape)
        order = np.lexsort((index[rows], np.where(known, -exact, np.inf)))
        index[rows] = np.take_along_axis(index[rows], order, axis=1)
    return index[:, :k]


def pairs_of(index: Ints) -> tuple[Rows, Rows]:
    """Every pair of rows of which at least one lists the other, once: int64 [e] and [e], the lower row first."""
    begins = np.repeat(np.arange(len(index)), index.shape[1])
    ends = index.ravel().astype(np.int64)
    begins, ends = begins[ends >= 0], ends[ends >= 0]
    keys = np.unique(np.minimum(begins, ends) * len(index) + np.maximum(begins, ends))
    return keys // max(1, len(index)), keys % max(1, len(index))


def cosines(x: NDArray[Any], a: Rows, b: Rows, task: Any = None) -> NDArray[np.float64]:
    """Inner products of rows ``a`` [e] with rows ``b`` [e] in float64, rounded to 9 digits."""
    out = np.empty(len(a))
    for part in _parts(x, len(a), task):
        out[part] = np.einsum("ij,ij->i", np.asarray(x[a[part]], np.float64), np.asarray(x[b[part]], np.float64))
    return np.round(out, DIGITS)


def distances(x: NDArray[Any], a: Rows, b: Rows, task: Any = None) -> NDArray[np.float64]:
    """Euclidean distances between rows ``a`` [e] and rows ``b`` [e] in float64, rounded to 9 digits."""
    out = np.empty(len(a))
    for part in _parts(x, len(a), task):
        apart = np.asarray(x[a[part]], np.float64) - np.asarray(x[b[part]], np.float64)
        out[part] = np.sqrt(np.einsum("ij,ij->i", apart, apart))
    return np.round(out, DIGITS)


def _parts(x: NDArray[Any], count: int, task: Any) -> Any:
    step = max(1, PIECE // x.shape[1])
    for first in range(0, count, step):
        if task is not None:
            task.step("Measuring links", first, count)
        yield slice(first, first + step)
