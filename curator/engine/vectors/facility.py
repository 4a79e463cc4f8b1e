"""Facility location: how much better the pile is served by each row, beside those that serve it already."""

from __future__ import annotations

import numpy as np

from curator.engine.types import Floats, Ints, Rows
from curator.engine.vectors.links import Links

UNIT = 1 << 20
"""Similarities are counted in whole steps of 1 / UNIT: sums of them are exact in any order, and so are ties."""


class Facilities:
    """What each row adds to f(S) = sum over rows of the similarity to the closest row of S, as S grows.

    f is monotone and submodular, so greedy picks reach at least 1 - 1/e of the best possible sum (Nemhauser, Wolsey and
    Fisher 1978). A row is served by itself with similarity 1 and by those in its list of neighbours; what is further
    away, or of negative similarity, counts 0. With lists of all other rows f is the dense one. The gain of every row is
    kept exact: a pick changes only those of the neighbours of the rows that it serves better.

    Args:
        index, similarity: int32 and float32 [n, k], the neighbours of each row as :func:`neighbour_graph` finds them;
            -1 for none. Memory beyond them: 40 bytes for each link at most, 16 of them until the end.

    Attributes:
        gains: int64 [n], what each row would add now, in steps of 1 / UNIT; 0 once it is picked.
        best: int64 [n], similarity to the closest pick, in steps.
        unit: a step as a similarity.
    """

    unit = 1 / UNIT

    def __init__(self, index: Ints, similarity: Floats) -> None:
        n, k = index.shape
        fits = (index >= 0) & (similarity > 0)
        self._servers = np.where(fits, index, 0)
        self._steps = np.rint(np.clip(np.where(fits, similarity, 0), 0, 1) * UNIT).astype(np.int32)
        served = np.repeat(np.arange(n, dtype=np.int32), k)[fits.ravel()]
        self._served, order = Links.between(index[fits], served, n)
        self._similar = self._steps[fits][order]
        self.best = np.zeros(n, np.int64)
        sums = np.concatenate([[0], np.cumsum(self._similar, dtype=np.int64)])
        self.gains = np.diff(sums[self._served.starts]) + UNIT

    def served_better(self, row: int) -> tuple[Rows, Rows]:
        """The rows that ``row`` would serve better than all picks do, itself among them, and how well, in steps."""
        part = self._served.of(row)
        rows: Rows = self._served.ends[part].astype(np.int64)
        now: Rows = self._similar[part].astype(np.int64)
        closer = now > self.best[rows]
        rows, now = rows[closer], now[closer]
        if self.best[row] < UNIT:
            rows, now = np.append(rows, row), np.append(now, UNIT)
        return rows, now

    def take(self, row: int) -> Rows:
        """Let ``row`` serve; returns the rows that it serves better than all before it."""
        rows, now = self.served_better(row)
        before = self.best[rows]
        self.best[rows] = now
        steps = self._steps[rows]
        lost = np.maximum(steps - before[:, None], 0) - np.maximum(steps - now[:, None], 0)
        np.subtract.at(self.gains, self._servers[rows].ravel(), lost.ravel())
        np.subtract.at(self.gains, rows, now - before)
        return rows
