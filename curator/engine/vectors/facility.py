"""Facility location: picks such that every row has one that is like it, greedily over the neighbour graph."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.caps import Quota
from curator.engine.types import Floats, Ints, Rows

UNIT = 1 << 20
"""Similarities are counted in whole steps of 1 / UNIT: sums of them are exact in any order, and so are ties."""
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
    Fisher 1978); gains only ever fall, so one that is out of date is a bound and few have to be computed again (lazy
    greedy, Minoux 1978). A row is served by itself with similarity 1 and by those in its list of neighbours; what is
    further away, or of negative similarity, counts 0. With lists of all other rows f is the dense one.

    Args:
        index, similarity: int32 and float32 [n, k], the neighbours of each row as :func:`neighbour_graph` finds them;
            -1 for none. A row without a single neighbour can be picked, but serves nobody else.
        budget: how many to pick.
        seen: int64, rows that count as picked already; they are not returned.
        groups, caps: int32 [n] and int64 [g]: at most ``caps[g]`` picks of group g; -1 is not limited.
        task: reports "Choosing" and cancels; may be None.

    Returns:
        min(budget, rows that the quotas leave) picks. Ties go to the lowest row. Memory beyond the graph: 16 bytes for
        each link.
    """
    served_by = _Served(index, similarity)
    quota = Quota(groups, caps)
    taken = np.zeros(len(index), bool)
    for row in [] if seen is None else np.asarray(seen, np.int64).tolist():
        served_by.pick(row)
        taken[row] = True
    heap = [(-gain, row) for row, gain in enumerate(served_by.gains().tolist()) if not taken[row]]
    heapq.heapify(heap)
    picks: list[tuple[int, int, int, int]] = []
    while heap and len(picks) < budget:
        if task is not None:
            task.step(LABEL, len(picks), budget)
        row = heap[0][1]
        gain = served_by.gain(row)
        # Of equal gains the lowest row goes first, and one that may still have as much is looked at before.
        if (-gain, row) > min(heap[1:3], default=(-gain, row)):
            heapq.heapreplace(heap, (-gain, row))
            continue
        heapq.heappop(heap)
        if quota.take(row):
            near = int(served_by.by[row])
            picks.append((row, gain, near, served_by.pick(row)))
    found = np.array(picks, np.int64).reshape(-1, 4)
    return FacilityLocation(found[:, 0], (found[:, 1] / UNIT).astype(np.float32), found[:, 2], found[:, 3])


class _Served:
    """Who serves whom, and how well each row is served so far.

    Attributes:
        best: int64 [n], similarity to the closest pick, in steps.
        by: int64 [n], that pick, -1 while there is none.
    """

    def __init__(self, index: Ints, similarity: Floats) -> None:
        from scipy.sparse import csr_matrix

        n = len(index)
        fits = (index >= 0) & (similarity > 0)
        steps = np.rint(np.minimum(similarity[fits], 1) * UNIT).astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(fits.sum(axis=1))])
        lists = csr_matrix((steps, index[fits], starts), shape=(n, n)).tocsc()
        self._starts, self._rows, self._steps = lists.indptr, lists.indices, lists.data
        self.best, self.by = np.zeros(n, np.int64), np.full(n, -1, np.int64)

    def gains(self) -> NDArray[np.int64]:
        """What each row would add now, int64 [n], in steps."""
        more = np.maximum(self._steps - self.best[self._rows], 0)
        sums = np.concatenate([[0], np.cumsum(more, dtype=np.int64)])
        return np.asarray(np.diff(sums[self._starts]) + (UNIT - self.best))

    def gain(self, row: int) -> int:
        """What ``row`` would add now, in steps."""
        part = slice(self._starts[row], self._starts[row + 1])
        more = self._steps[part] - self.best[self._rows[part]]
        return int(more[more > 0].sum()) + UNIT - int(self.best[row])

    def pick(self, row: int) -> int:
        """Let ``row`` serve; returns how many rows it is closer to than all before it."""
        part = slice(self._starts[row], self._starts[row + 1])
        rows, steps = self._rows[part], self._steps[part]
        closer = steps > self.best[rows]
        self.best[rows[closer]], self.by[rows[closer]] = steps[closer], row
        own = bool(self.best[row] < UNIT)
        if own:
            self.best[row], self.by[row] = UNIT, row
        return int(closer.sum()) + own
