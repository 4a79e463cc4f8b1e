"""Greedy picks whose worth only falls as others are picked: the best at every turn without looking through all."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from curator.engine.caps import Quota
from curator.engine.picking import PINNED, pinned_first, stopped
from curator.engine.task import Task
from curator.engine.types import Inputs, Ranking, Rows

LAST = -(2**62)
"""The worth of a row that comes after all others, because nothing is known of it."""


def falling_ranking(
    worth: Rows,
    inputs: Inputs,
    budget: int,
    take: Callable[[int], None],
    reason: Callable[[int], str],
    task: Task,
    *,
    unit: float = 1.0,
    nearest: Rows | None = None,
) -> Ranking:
    """Pinned rows, then at every turn the row that is worth most, ties to the lowest row, within the quotas.

    Worth is in whole numbers, so that sums of it are exact in any order of the rows.

    Args:
        worth: int64 [m], of each row of ``inputs.rows``; ``take`` changes it in place, and may only lower it.
        take: told the place (in ``inputs.rows``) of each pick, pinned ones too.
        reason: asked for the sentence of a pick, by its place, before it is taken.
        unit: what a worth of one is as a gain.
        nearest: int64 [m], the row of the earlier pick closest to each row, -1 = none; ``take`` may change it.
    """
    quota = Quota.of(inputs)
    keep = pinned_first(inputs, budget, quota)
    for row in keep.tolist():
        task.check()
        take(int(np.searchsorted(inputs.rows, row)))
    picks = _Heap(worth, np.flatnonzero(~np.isin(inputs.rows, inputs.keep)))
    rows, gains, reasons, near = keep.tolist(), [float("nan")] * len(keep), [PINNED] * len(keep), [-1] * len(keep)
    while len(rows) < budget:
        task.step("Choosing", len(rows), budget)
        place = picks.best()
        if place < 0:
            break
        row = int(inputs.rows[place])
        if not quota.take(row):
            continue  # its group is full, and stays so
        rows.append(row)
        gains.append(int(worth[place]) * unit if worth[place] > LAST // 2 else float("nan"))
        reasons.append(reason(place))
        near.append(-1 if nearest is None else int(nearest[place]))
        take(place)
    return Ranking(
        np.array(rows, np.int64),
        gains=np.array(gains, np.float32),
        nearest=np.array(near, np.int64),
        reasons=reasons,
        stopped=stopped(len(rows), budget, inputs),
    )


class _Heap:
    """What is worth most. An entry that is out of date claims too much, never too little: it is mended at the top."""

    def __init__(self, worth: Rows, places: Rows) -> None:
        self._worth = worth
        self._heap = list(zip((-worth[places]).tolist(), places.tolist(), strict=True))
        heapq.heapify(self._heap)

    def best(self) -> int:
        """Take the place that is worth most out; -1 when none is left."""
        while self._heap:
            claimed, place = self._heap[0]
            true = -int(self._worth[place])
            if claimed == true:
                heapq.heappop(self._heap)
                return place
            heapq.heapreplace(self._heap, (true, place))
        return -1
