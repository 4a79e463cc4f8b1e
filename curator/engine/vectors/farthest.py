"""Farthest-first traversal (k-center greedy), exact, without a pass over the data per pick."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from curator.engine.types import Floats, Ints, Rows
from curator.engine.vectors.blocks import BLOCK, double, readable
from curator.engine.vectors.bounds import TIE, Bounds

SMALL = 2_000_000
"""Values (rows x width) below which one float64 product per pick beats batching."""
SAMPLE = 32
"""One row in so many is kept up to date, to guess how far the ``pool`` farthest rows are."""
LABEL = "Choosing"


@dataclass(frozen=True)
class FarthestFirst:
    """Picks in order.

    Attributes:
        rows: int64 [b].
        gaps: float32 [b], Euclidean distance to the closest earlier pick when chosen; inf for a first pick.
        nearest: int64 [b], that earlier pick (or row of ``seen``), -1 for none.
        stopped: why fewer than the budget came out, "" when they did not.
    """

    rows: Rows
    gaps: Floats
    nearest: Rows
    stopped: str


def farthest_first(
    x: NDArray[Any],
    budget: int,
    *,
    rows: Rows | None = None,
    seen: Rows | None = None,
    groups: Ints | None = None,
    caps: Rows | None = None,
    start: int | None = None,
    task: Any = None,
    device: str = "cpu",
    pool: int = 512,
) -> FarthestFirst:
    """Pick rows one after another, each the farthest from all before it (ties: the lowest row).

    Sener & Savarese 2018 in feature space; PCoreSet (arXiv 2506.00910) on rows of probabilities. Instead of one
    pass over the data per pick, about ``pool`` of the farthest rows are taken aside and picked from in float64 for as
    long as the best of them is provably farther than anything outside. Values only ever shrink, so one that does not
    know the latest picks is still a bound, and most rows never have to learn of most picks (:class:`Bounds`). Peak
    memory: one float32 copy of the candidate rows unless all rows of a contiguous float32 ``x`` are candidates, plus
    about 160 MB for blocks of rows, products and a pool (at 512 columns), plus 28 bytes a row.

    Args:
        x: float32 or float16 [n, d]; rows with NaN are never picked.
        budget: how many to pick.
        rows: int64, candidates; None = all.
        seen: int64, rows that count as picked already; they are not returned.
        groups, caps: int32 [n] and int64 [g]: at most ``caps[g]`` picks of group g; -1 is not limited.
        start: first pick when nothing is seen; None, or one that may not be picked = the candidate closest to the mean.
        task: reports "Choosing" and cancels; may be None.
        pool: rows looked at closely between two passes. Does not change the picks.
    """
    candidates = np.arange(len(x), dtype=np.int64) if rows is None else np.unique(np.asarray(rows, np.int64))
    earlier = np.empty(0, np.int64) if seen is None else np.asarray(seen, np.int64)
    candidates = np.setdiff1d(candidates, earlier, assume_unique=True)
    whole = len(candidates) == len(x)
    view = x if whole else x[candidates]
    fine = readable(view)
    if not fine.all():
        candidates, view = candidates[fine], view[fine]
    search = _Search(
        x, view, candidates, groups, caps, task, device, max(1, pool), max(0, min(budget, len(candidates)))
    )
    if search.budget and not len(earlier):
        search.begin(start)
    elif search.budget and not search.small:
        search.bounds.add(earlier)
    if view.size < SMALL:
        search.run_small(earlier)
    else:
        search.run_large()
    chosen = search.result()
    stopped = ""
    if len(chosen.rows) < budget:
        full = len(chosen.rows) < len(candidates)
        stopped = "The quotas are full." if full else f"Only {len(candidates)} samples to choose from."
    return FarthestFirst(chosen.rows, chosen.gaps, chosen.nearest, stopped)


@dataclass
class _Search:
    """The state of one traversal. Positions index ``candidates``; ``value`` is the squared distance to the closest
    pick (float32, on the device), -1 for rows that are out; ``closest`` that pick's row in ``x``."""

    x: NDArray[Any]
    view: NDArray[Any]
    candidates: Rows
    groups: Ints | None
    caps: Rows | None
    task: Any
    device: str
    pool: int
    budget: int
    picks: list[int] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    near: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        m = len(self.candidates)
        self.out = np.zeros(m, bool)
        self.small = self.view.size < SMALL
        limited = self.groups is not None and self.caps is not None
        self.left = np.array(self.caps, np.int64) if limited else None
        self.group = np.asarray(self.groups)[self.candidates] if limited else None
        if self.group is not None and self.left is not None:
            empty = np.flatnonzero(self.left <= 0)
            self.out |= np.isin(self.group, empty)
        if not self.small:
            self.bounds = Bounds(self.x, self.view, self.device, self.task)
            self.bounds.drop(np.flatnonzero(self.out))

    # ---- shared ----------------------------------------------------------------------------------------------

    def take(self, position: int, squared: float, near: int) -> None:
        """Record a pick and close its group when that is full."""
        self.picks.append(position)
        self.gaps.append(float(np.sqrt(squared)))
        self.near.append(near)
        self._remove(np.array([position]))
        if self.group is not None and self.left is not None and self.group[position] >= 0:
            group = self.group[position]
            self.left[group] -= 1
            if self.left[group] <= 0:
                self._remove(np.flatnonzero(self.group == group))

    def _remove(self, positions: NDArray[Any]) -> None:
        self.out[positions] = True
        if not self.small:
            self.bounds.drop(positions)

    def step(self) -> None:
        if self.task is not None:
            self.task.step(LABEL, len(self.picks), self.budget)

    def begin(self, start: int | None) -> None:
        """First pick: ``start``, or the candidate closest to the mean of all."""
        position = (
            int(np.searchsorted(self.candidates, start)) if start is not None and start in self.candidates else -1
        )
        if position < 0 or self.out[position]:
            position = self._most_central()
        if self.out[position]:
            return
        self.take(position, np.inf, -1)
        if not self.small:
            self.bounds.add(self.candidates[[position]])

    def _most_central(self) -> int:
        """Position of the candidate closest to the mean; float32 finds the few that float64 has to look at."""
        mean = np.zeros(self.view.shape[1])
        for first in range(0, len(self.view), BLOCK):
            mean += np.sum(self.view[first : first + BLOCK], axis=0, dtype=np.float64)
        mean /= len(self.view)
        if self.small:
            close = np.arange(len(self.view))
        else:
            bounds = self.bounds
            middle = torch.from_numpy(mean.astype(np.float32)).to(self.device)
            rough = (bounds.norm - 2 * (bounds.t @ middle)).cpu().numpy()
            rough[self.out] = np.inf
            close = np.flatnonzero(rough <= rough.min() + 4 * bounds.eps)
        apart = double(self.view, close) - mean
        squared = np.einsum("ij,ij->i", apart, apart)
        squared[self.out[close]] = np.inf
        return int(close[np.argmin(_key(squared))])

    def result(self) -> FarthestFirst:
        return FarthestFirst(
            self.candidates[np.array(self.picks, np.int64)],
            np.array(self.gaps, np.float32),
            np.array(self.near, np.int64),
            "",
        )

    # ---- small data: float64 throughout ----------------------------------------------------------------------

    def run_small(self, earlier: Rows) -> None:
        """One float64 product per pick."""
        data = np.asarray(self.view, np.float64)
        norm = np.einsum("ij,ij->i", data, data)
        value = np.full(len(data), np.inf)
        closest = np.full(len(data), -1, np.int64)

        def update(row: int, vector: NDArray[np.float64]) -> None:
            squared = np.maximum(norm + vector @ vector - 2 * (data @ vector), 0)
            closer = squared < value
            value[closer], closest[closer] = squared[closer], row

        for row in earlier:
            update(int(row), double(self.x, row))
        for position in self.picks:
            update(int(self.candidates[position]), data[position])
        while len(self.picks) < self.budget and not self.out.all():
            self.step()
            best = int(np.argmax(np.where(self.out, -1, _key(value))))
            self.take(best, _clean(value[best]), int(closest[best]))
            update(int(self.candidates[best]), data[best])
        self.step()

    # ---- large data: pools and bounds ------------------------------------------------------------------------

    def run_large(self) -> None:
        """Pick from pools until the budget is met."""
        few = torch.arange(0, len(self.candidates), SAMPLE, device=self.device)
        while len(self.picks) < self.budget and not self.out.all():
            self.step()
            self.bounds.refresh(-0.5, few)
            picked = self._from_pool(self._line(few)) or self._from_plateau()
            if not picked:
                self._rest_are_copies()
                break
            self.bounds.add(self.candidates[picked])
        self.step()

    def _line(self, few: torch.Tensor) -> float:
        """A squared distance that about ``pool`` rows reach, by the sample."""
        values = torch.sort(self.bounds.value[few], descending=True).values
        return float(values[min(self.pool // SAMPLE, len(values) - 1)])

    def _from_pool(self, line: float) -> list[int]:
        """Certain picks from the rows that reach the line: none when the best of them is not certain."""
        bounds = self.bounds
        bounds.refresh(line)
        far = torch.nonzero(bounds.value >= max(line, 0)).flatten()
        if not len(far):
            return []
        if len(far) > 2 * self.pool:
            far = far[torch.topk(bounds.value[far], self.pool, sorted=False).indices].sort().values
        others = bounds.value.index_fill(0, far, -1)
        inside = _Pool(self, far.cpu().numpy(), float(others.max()))
        picked: list[int] = []
        while len(self.picks) < self.budget and (best := inside.best()) >= 0:
            picked.append(self._pick(inside, best))
            if len(picked) % 64 == 0:
                self.step()
        return picked

    def _from_plateau(self) -> list[int]:
        """Picks when too many rows are equally far for a pool to tell them apart: look at all of them."""
        bounds = self.bounds
        bounds.refresh(0)
        highest = float(bounds.value.max())
        level = torch.nonzero(bounds.value >= highest - 2 * bounds.eps).flatten().cpu().numpy()
        keys = np.concatenate([_key(bounds.exact(part)[1]) for part in np.split(level, range(4096, len(level), 4096))])
        best = float(keys.max())
        if best == 0 and highest <= bounds.eps:
            return []
        inside = _Pool(self, level[keys == best][: max(1, self.pool)], -1.0)
        picked: list[int] = []
        # All that is not in the pool is nearer, or as far and in a later row.
        while len(self.picks) < self.budget and (place := inside.best()) >= 0 and _key(inside.value[place]) == best:
            picked.append(self._pick(inside, place))
        return picked

    def _pick(self, inside: _Pool, best: int) -> int:
        position = int(inside.positions[best])
        self.take(position, _clean(inside.value[best]), int(inside.closest[best]))
        inside.update(best, self.out)
        return position

    def _rest_are_copies(self) -> None:
        """All remaining values are zero: take rows in order."""
        for position in range(len(self.out)):
            if len(self.picks) == self.budget:
                break
            if not self.out[position]:
                self.take(position, 0.0, int(self.bounds.closest[position]))


class _Pool:
    """Some rows with exact float64 values. ``outside``: no other row is farther; one that is no farther than that (up
    to the error of float32) can never be picked from here, and is forgotten."""

    def __init__(self, search: _Search, positions: Rows, outside: float) -> None:
        self.positions = positions
        self.eps = search.bounds.eps
        self.least = outside + self.eps if outside >= 0 else -0.5
        self.data, self.value, self.closest = search.bounds.exact(positions)
        self.rows = search.candidates[positions]
        self.norm = np.einsum("ij,ij->i", self.data, self.data)
        self.rough, self.rough_norm = self.data.astype(np.float32), self.norm.astype(np.float32)
        self._age = 0

    def best(self) -> int:
        """Place of the largest value, lowest row first; -1 when it is not certain, or all is zero."""
        place = int(np.argmax(_key(self.value))) if len(self.value) else -1
        return place if place >= 0 and self.value[place] > self.least and _key(self.value[place]) > 0 else -1

    def update(self, best: int, out: NDArray[np.bool_]) -> None:
        """Shrink values by the pick at ``best``, and drop what is out.

        float32 says which rows the pick could be closer to; only those are computed in float64.
        """
        rough = self.rough_norm + (self.rough_norm[best] - 2 * (self.rough @ self.rough[best]))
        near = np.flatnonzero(rough - self.eps < self.value)
        squared = np.maximum(self.norm[near] + self.norm[best] - 2 * (self.data[near] @ self.data[best]), 0)
        closer = squared < self.value[near]
        self.value[near[closer]] = squared[closer]
        self.closest[near[closer]] = self.rows[best]
        self.value[out[self.positions]] = -1
        self._age += 1
        if self._age % 16 == 0:
            self._forget()

    def _forget(self) -> None:
        keep = np.flatnonzero(self.value > self.least)
        if len(keep) < 0.8 * len(self.value):
            for name in ("positions", "data", "value", "closest", "rows", "norm", "rough", "rough_norm"):
                setattr(self, name, getattr(self, name)[keep])


def _key(squared: Any) -> Any:
    """What is compared: squared distance in multiples of 1 / TIE."""
    return np.round(np.asarray(squared) * TIE)


def _clean(squared: float) -> float:
    """Zero for what lies on an earlier pick up to rounding."""
    return float(squared) if _key(squared) > 0 else 0.0
