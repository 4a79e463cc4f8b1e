"""Facility location: picks such that every row has one that is like it, greedily over the neighbour graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curator.engine.caps import Quota
from curator.engine.types import Floats, Ints, Rows

UNIT = 1 << 20
"""Similarities are counted in whole steps of 1 / UNIT: sums of them are exact in any order, and so are ties."""
OUT = -1
"""The gain of a row that may not be picked any more; it may fall further."""
LABEL = "Choosing"


@dataclass(frozen=True)
class FacilityLocation:
    """Picks in order.

    Attributes:
        rows: int64 [b].
        gains: float32 [b], by how much each pick raised the sum, over all rows, of the similarity to the closest pick.
        nearest: int64 [b], the earlier pick (or row of ``seen``) that covered the pick best, -1 for none.
        served: int64 [b], how many rows each pick was closer to than all before it.
    """

    rows: Rows
    gains: Floats
    nearest: Rows
    served: Rows


def facility_location(
    index: Ints,
    similarity: Floats,
    budget: int,
    *,
    seen: Rows | None = None,
    groups: Ints | None = None,
    caps: Rows | None = None,
    task: Any = None,
) -> FacilityLocation:
    """Pick rows one after another, each the one that adds most to f(S) = sum over rows of the best similarity in S.

    f is monotone and submodular, so the picks reach at least 1 - 1/e of the best possible sum (Nemhauser, Wolsey and
    Fisher 1978). A row is served by itself with similarity 1 and by those in its list of neighbours; what is further
    away, or of negative similarity, counts 0. With lists of all other rows f is the dense one. The gain of every row
    is kept exact: a pick changes only those of the neighbours of the rows that it serves better.

    Args:
        index, similarity: int32 and float32 [n, k], the neighbours of each row as :func:`neighbour_graph` finds them;
            -1 for none. A row without a single neighbour can be picked, but serves nobody else.
        budget: how many to pick.
        seen: int64, rows that count as picked already; they are not returned.
        groups, caps: int32 [n] and int64 [g]: at most ``caps[g]`` picks of group g; -1 is not limited.
        task: reports "Choosing" and cancels; may be None.

    Returns:
        min(budget, rows that the quotas leave) picks. Ties go to the lowest row. Memory beyond the graph: 25 bytes for
        each link at most, 16 of them until the end.
    """
    served = _Served(index, similarity)
    quota = Quota(groups, caps)
    for row in [] if seen is None else np.asarray(seen, np.int64).tolist():
        served.pick(row)
    picks: list[tuple[int, int, int, int]] = []
    while len(picks) < budget and len(index):
        if task is not None:
            task.step(LABEL, len(picks), budget)
        row = int(served.gains.argmax())
        gain = int(served.gains[row])
        if gain < 0:
            break
        if quota.take(row):
            near = int(served.by[row])
            picks.append((row, gain, near, served.pick(row)))
        else:
            served.gains[row] = OUT
    found = np.array(picks, np.int64).reshape(-1, 4)
    return FacilityLocation(found[:, 0], (found[:, 1] / UNIT).astype(np.float32), found[:, 2], found[:, 3])


class _Served:
    """Who serves whom, and how well each row is served so far.

    Attributes:
        best: int64 [n], similarity to the closest pick, in steps.
        by: int64 [n], that pick, -1 while there is none.
        gains: int64 [n], what each row would add now, in steps; :data:`OUT` once it is picked.
    """

    def __init__(self, index: Ints, similarity: Floats) -> None:
        from scipy.sparse import csr_matrix

        n, k = index.shape
        fits = (index >= 0) & (similarity > 0)
        self._servers = np.where(fits, index, 0)
        self._steps = np.rint(np.clip(np.where(fits, similarity, 0), 0, 1) * UNIT).astype(np.int32)
        # Links of no similarity stay in, so that the lists need no further copy.
        starts = np.arange(n + 1, dtype=np.int64) * k
        served = csr_matrix((self._steps.ravel(), self._servers.ravel(), starts), shape=(n, n)).tocsc()
        self._starts, self._rows, self._similar = served.indptr, served.indices, served.data
        self.best, self.by = np.zeros(n, np.int64), np.full(n, -1, np.int64)
        sums = np.concatenate([[0], np.cumsum(self._similar, dtype=np.int64)])
        self.gains = np.diff(sums[self._starts]) + UNIT

    def pick(self, row: int) -> int:
        """Let ``row`` serve; returns how many rows it is closer to than all before it."""
        part = slice(self._starts[row], self._starts[row + 1])
        rows, similar = self._rows[part], self._similar[part]
        closer = similar > self.best[rows]
        rows, now = rows[closer], similar[closer].astype(np.int64)
        if self.best[row] < UNIT:
            mine = rows != row
            rows, now = np.append(rows[mine], row), np.append(now[mine], UNIT)
        before = self.best[rows]
        self.best[rows], self.by[rows] = now, row
        steps = self._steps[rows]
        lost = np.maximum(steps - before[:, None], 0) - np.maximum(steps - now[:, None], 0)
        np.subtract.at(self.gains, self._servers[rows].ravel(), lost.ravel())
        np.subtract.at(self.gains, rows, now - before)
        self.gains[row] = OUT
        return len(rows)
