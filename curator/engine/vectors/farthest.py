"""Farthest-first traversal (k-center greedy), exact and in a handful of passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from curator.engine.types import Floats, Ints, Rows
from curator.engine.vectors.blocks import BLOCK, double, readable, tensor

SMALL = 2_000_000
"""Values (rows x width) below which one float64 product per pick beats batching."""
TIE = 2.0**40
"""Squared distances are compared as multiples of 1 / TIE, so that rounding in the last bits cannot break a tie."""
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
    pool: int = 1024,
) -> FarthestFirst:
    """Pick rows one after another, each the farthest from all before it (ties: the lowest row).

    Sener & Savarese 2018 in feature space; PCoreSet (arXiv 2506.00910) on rows of probabilities. Instead of one
    pass over the data per pick, the ``pool`` farthest rows are taken aside and picked from in float64 for as long as
    the best of them is provably farther than anything outside (values only ever shrink); all those picks are then
    applied in one float32 product. Peak memory: one float32 copy of the candidate rows unless all rows of a
    contiguous float32 ``x`` are candidates, plus 64 MB for one block of products, plus 16 bytes a row.

    Args:
        x: float32 or float16 [n, d]; rows with NaN are never picked.
        budget: how many to pick.
        rows: int64, candidates; None = all.
        seen: int64, rows that count as picked already; they are not returned.
        groups, caps: int32 [n] and int64 [g]: at most ``caps[g]`` picks of group g; -1 is not limited.
        start: first pick when nothing is seen; None = the candidate closest to the mean of the candidates.
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
    elif search.budget:
        search.apply(earlier)
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
            self.t = tensor(self.view, self.device)
            self.norm = torch.einsum("ij,ij->i", self.t, self.t)
            self.value = torch.full((m,), torch.inf, device=self.device)
            self.value[torch.from_numpy(self.out).to(self.device)] = -1
            self.closest = torch.full((m,), -1, dtype=torch.int64, device=self.device)
            # |error| of |a|^2 + |b|^2 - 2ab in float32, by the bound for inner products: (d + 4) u each, four of them.
            largest = float(self.norm.max()) if m else 0.0
            self.eps = 4 * (self.view.shape[1] + 4) * 2.0**-24 * max(largest, 1e-30) * 2

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
            self.value[torch.from_numpy(positions).to(self.device)] = -1

    def step(self) -> None:
        if self.task is not None:
            self.task.step(LABEL, len(self.picks), self.budget)

    def begin(self, start: int | None) -> None:
        """First pick: ``start``, or the candidate closest to the mean of all."""
        if start is not None and start in self.candidates:
            position = int(np.searchsorted(self.candidates, start))
        else:
            position = self._most_central()
        if self.out[position]:
            return
        self.take(position, np.inf, -1)
        self.apply(self.candidates[[position]])

    def _most_central(self) -> int:
        """Position of the candidate closest to the mean; float32 finds the few that float64 has to look at."""
        mean = np.zeros(self.view.shape[1])
        for first in range(0, len(self.view), BLOCK):
            mean += np.sum(self.view[first : first + BLOCK], axis=0, dtype=np.float64)
        mean /= len(self.view)
        if self.small:
            close = np.arange(len(self.view))
        else:
            rough = (self.norm - 2 * (self.t @ torch.from_numpy(mean.astype(np.float32)).to(self.device))).cpu().numpy()
            rough[self.out] = np.inf
            close = np.flatnonzero(rough <= rough.min() + 4 * self.eps)
        apart = double(self.view, close) - mean
        squared = np.einsum("ij,ij->i", apart, apart)
        squared[self.out[close]] = np.inf
        return int(close[np.argmin(_key(squared))])

    def apply(self, refs: Rows) -> None:
        """Bring every value up to date with these rows of ``x`` in one product per block."""
        if self.small:
            return
        for first in range(0, len(refs), 1024):
            self._apply(np.asarray(refs[first : first + 1024]))

    def _apply(self, refs: Rows) -> None:
        keys = tensor(self.x[refs], self.device)
        lengths = torch.einsum("ij,ij->i", keys, keys)
        names = torch.from_numpy(refs).to(self.device)
        room = torch.empty((BLOCK, len(refs)), device=self.device)
        for first in range(0, len(self.t), BLOCK):
            if self.task is not None:
                self.task.check()
            part = slice(first, first + BLOCK)
            rows = self.t[part]
            apart = torch.addmm(lengths[None, :], rows, keys.T, alpha=-2, out=room[: len(rows)])
            best, which = apart.min(dim=1)
            best.add_(self.norm[part]).clamp_(min=0)
            closer = best < self.value[part]
            self.value[part] = torch.where(closer, best, self.value[part])
            self.closest[part] = torch.where(closer, names[which], self.closest[part])

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

    # ---- large data: pools and passes ------------------------------------------------------------------------

    def run_large(self) -> None:
        """Pick from pools until the budget is met."""
        while len(self.picks) < self.budget and not self.out.all():
            self.step()
            picked = self._from_pool()
            if picked is None:
                self._rest_are_copies()
                break
            self.apply(picked)
        self.step()

    def _from_pool(self) -> Rows | None:
        """Certain picks from one pool; at least one, or None when all that is left lies on earlier picks."""
        size = min(self.pool, len(self.value))
        top = torch.topk(self.value, min(size + 1, len(self.value)))
        outside = float(top.values[-1]) if len(self.value) > size else -1.0
        positions = np.sort(top.indices[:size].cpu().numpy())
        inside = _Pool(self, positions[~self.out[positions]])
        picked: list[int] = []
        while len(self.picks) < self.budget and len(inside.positions):
            best = inside.best()
            if best < 0 or (outside >= 0 and inside.value[best] <= outside + self.eps):
                break
            picked.append(self._pick(inside, best))
            if len(picked) % 64 == 0:
                self.step()
        return np.array(picked, np.int64) if picked else self._from_plateau()

    def _from_plateau(self) -> Rows | None:
        """One pick when too many rows are equally far for the pool to tell them apart: look at all of them."""
        highest = float(self.value.max())
        level = torch.nonzero(self.value >= highest - 2 * self.eps).flatten().cpu().numpy()
        best_key, best, best_pool = -1.0, -1, None
        for first in range(0, len(level), 4096):
            inside = _Pool(self, level[first : first + 4096])
            place = inside.best()
            key = float(_key(inside.value[place]))
            if key > best_key:
                best_key, best, best_pool = key, place, inside
        if best_pool is None or (best_key == 0 and highest <= self.eps):
            return None
        return np.array([self._pick(best_pool, best)], np.int64)

    def _pick(self, inside: _Pool, best: int) -> int:
        position = int(inside.positions[best])
        self.take(position, _clean(inside.value[best]), int(inside.closest[best]))
        inside.update(best, self.out)
        return int(self.candidates[position])

    def _rest_are_copies(self) -> None:
        """All remaining values are zero: take rows in order."""
        for position in range(len(self.out)):
            if len(self.picks) == self.budget:
                break
            if not self.out[position]:
                self.take(position, 0.0, int(self.closest[position]))


class _Pool:
    """Some rows with exact float64 values to the picks that float32 found closest."""

    def __init__(self, search: _Search, positions: NDArray[Any]) -> None:
        self.positions = positions
        self.eps = search.eps
        self.data = double(search.view, positions)
        self.norm = np.einsum("ij,ij->i", self.data, self.data)
        index = torch.from_numpy(positions).to(search.device)
        self.closest = search.closest[index].cpu().numpy()
        apart = self.data - double(search.x, self.closest)
        self.value = np.einsum("ij,ij->i", apart, apart)
        self.rows = search.candidates[positions]
        self._rough: NDArray[np.float32] | None = None

    def best(self) -> int:
        """Place of the largest value, lowest row first; -1 when nothing is left or all is zero."""
        place = int(np.argmax(_key(self.value))) if len(self.value) else -1
        return place if place >= 0 and self.value[place] >= 0 and _key(self.value[place]) > 0 else -1

    def update(self, best: int, out: NDArray[np.bool_]) -> None:
        """Shrink values by the pick at ``best``, and drop what is out.

        One float32 table of the pool says which rows the pick could be closer to; only those are computed in float64.
        """
        if self._rough is None:
            data, norm = self.data.astype(np.float32), self.norm.astype(np.float32)
            self._rough = norm[:, None] + norm[None, :] - 2 * (data @ data.T)
        near = np.flatnonzero(self._rough[best] - self.eps < self.value)
        squared = np.maximum(self.norm[near] + self.norm[best] - 2 * (self.data[near] @ self.data[best]), 0)
        closer = squared < self.value[near]
        self.value[near[closer]] = squared[closer]
        self.closest[near[closer]] = self.rows[best]
        self.value[out[self.positions]] = -1


def _key(squared: Any) -> Any:
    """What is compared: squared distance in multiples of 1 / TIE."""
    return np.round(np.asarray(squared) * TIE)


def _clean(squared: float) -> float:
    """Zero for what lies on an earlier pick up to rounding."""
    return float(squared) if _key(squared) > 0 else 0.0
