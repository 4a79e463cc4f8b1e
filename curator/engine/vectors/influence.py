"""How far rows reach through a graph of neighbours: cascades, drawn backwards from random rows.

A row that is reached passes on along each of its links with the chance of that link, once (the independent cascade).
The expected number of rows that a set S reaches is m times the chance that S has a row in a *reverse set*: all rows
that would have reached one random row (Borgs et al. 2014, "Maximizing social influence in nearly optimal time").
Reverse sets are drawn once, thousands at a time, and serve every S; nothing is simulated for each candidate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curator.engine.types import Floats, Ints, Rows
from curator.engine.vectors.links import Links, by_key, cosines

TOGETHER = 8192
"""Reverse sets drawn at once."""
MEMBERS = 2**18
"""Rows that the sets drawn at once should have in all: their table then stays in the cache of the processor."""
LARGEST = 10_000
"""A set this large grows no more; it may be larger by the last step it took."""
LOOKS = 2**21
"""Links looked at in one piece."""
LEAST = 1e-6
"""Smallest cosine that counts, so that chances are never negative."""
ODD = np.uint64(0x9E3779B97F4A7C15)


def passing_chances(x: NDArray[Any], lists: Ints, task: Any = None) -> NDArray[np.float64]:
    """Chance of each link of ``lists`` (int32 [m, k], -1 = none): its cosine by the sum of its row's, 0 for none.

    float64 [m, k]; the links of a row add up to 1.
    """
    begins = np.repeat(np.arange(len(lists)), lists.shape[1])
    cosine = np.maximum(cosines(x, begins, np.maximum(lists, 0).ravel(), task), LEAST).reshape(lists.shape)
    cosine[lists < 0] = 0
    return cosine / np.maximum(cosine.sum(axis=1, keepdims=True), LEAST)


class ReverseSets:
    """Reverse sets of a graph, as many as are asked for; the same generator gives the same sets.

    Args:
        lists: int32 [m, k], the rows that each row may pass on to, -1 = none.
        chances: float64 [m, k], of each of these links.

    Attributes:
        cut: how many sets reached :data:`LARGEST`.
    """

    def __init__(self, lists: Ints, chances: NDArray[np.float64], rng: np.random.Generator) -> None:
        begins = np.repeat(np.arange(len(lists), dtype=np.int32), lists.shape[1])
        fine = np.flatnonzero(lists.ravel() >= 0)
        self._into, order = Links.between(lists.ravel()[fine], begins[fine], len(lists))
        self._chance: Floats = chances.ravel()[fine][order].astype(np.float32)
        self._m, self._rng = len(lists), rng
        self._members: list[Ints] = []
        self._sizes: list[Rows] = []
        self.cut = 0
        self.drawn = 0
        self.held = 0

    def draw(self, until: int, task: Any = None) -> None:
        """Draw more sets, until there are so many (none where there are no rows)."""
        if not self._m:
            return
        while self.drawn < until:
            if task is not None:
                task.step("Following links", self.drawn, until)
            mean = max(1.0, self.held / max(1, self.drawn))
            count = min(until - self.drawn, int(np.clip(MEMBERS / mean, 64, TOGETHER)))
            keys = self._grow(count, task)
            of = keys // self._m
            self._members.append((keys % self._m)[by_key(of, count)].astype(np.int32))
            self._sizes.append(np.bincount(of, minlength=count))
            self.drawn += count
            self.held += len(keys)

    def _grow(self, count: int, task: Any) -> Rows:
        """``count`` new sets: int64 keys, number of the set times m plus a member, each once."""
        keys = np.arange(count) * self._m + self._rng.integers(self._m, size=count)
        seen = _Seen()
        found = [seen.add(keys)]
        size = np.ones(count, np.int64)
        while len(keys):
            if task is not None:
                task.check()
            keys = seen.add(self._back(keys))
            found.append(keys)
            of = keys // self._m
            size += np.bincount(of, minlength=count)
            keys = keys[size[of] < LARGEST]
        self.cut += int((size >= LARGEST).sum())
        return np.concatenate(found)

    def _back(self, keys: Rows) -> Rows:
        """The members that the links into some members let through, in their sets; some of them more than once."""
        rows = keys % self._m
        ends = np.cumsum(self._into.starts[rows + 1] - self._into.starts[rows])
        found, first = [], 0
        while first < len(rows):
            before = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + LOOKS, "right")))
            links = self._into.of_all(rows[first:last])
            through = np.flatnonzero(self._rng.random(len(links), np.float32) < self._chance[links])
            origin = first + np.searchsorted(ends[first:last] - before, through, "right")
            found.append(keys[origin] - rows[origin] + self._into.ends[links[through]])
            first = last
        return np.concatenate(found) if found else keys

    def part(self, first: int, last: int) -> Links:
        """Some sets, each as the list of its members."""
        sizes = np.concatenate([np.zeros(0, np.int64), *self._sizes])
        members = np.concatenate([np.zeros(0, np.int32), *self._members])
        starts = np.concatenate([[0], np.cumsum(sizes)])
        inside = slice(int(starts[first]), int(starts[last]))
        return Links(starts[first : last + 1] - starts[first], members[inside])


class _Seen:
    """Keys that have been there, in a table with open addressing that many keys enter at once."""

    def __init__(self) -> None:
        self._clear(18)

    def _clear(self, bits: int) -> None:
        self._bits, self._count = bits, 0
        self._table = np.full(1 << bits, -1, np.int64)
        self._claims = np.zeros(1 << bits, np.int32)

    def add(self, keys: Rows) -> Rows:
        """Those of ``keys`` that are new, each once."""
        if 2 * (self._count + len(keys)) > len(self._table):
            held = self._table[self._table >= 0]
            self._clear(int(np.ceil(np.log2(4 * (self._count + len(keys))))))
            self._enter(held)
        return keys[self._enter(keys)]

    def _enter(self, keys: Rows) -> NDArray[np.bool_]:
        fresh = np.zeros(len(keys), bool)
        slots = ((keys.astype(np.uint64) * ODD) >> np.uint64(64 - self._bits)).astype(np.int64)
        left = np.arange(len(keys), dtype=np.int32)
        while len(left):
            empty = self._table[slots] < 0
            self._table[slots[empty]] = keys[empty]  # several may want a slot: one of them gets it
            mine = self._table[slots] == keys
            new = np.flatnonzero(empty & mine)
            self._claims[slots[new]] = left[new]  # of equal keys one is the new one
            fresh[left[new]] = self._claims[slots[new]] == left[new]
            rest = np.flatnonzero(~mine)
            keys, left = keys[rest], left[rest]
            slots = (slots[rest] + 1) & (len(self._table) - 1)
        self._count += int(fresh.sum())
        return fresh


class Cover:
    """Sets that still hold none of the rows taken.

    Attributes:
        left: int64 [m], how many such sets each row is in.
        taken: how many sets hold a row that was taken.
    """

    def __init__(self, sets: Links, m: int) -> None:
        self._sets = sets
        number = np.repeat(np.arange(len(sets.starts) - 1, dtype=np.int32), np.diff(sets.starts))
        self._holders = Links.between(sets.ends, number, m)[0]
        self._open = np.ones(len(sets.starts) - 1, bool)
        self.left = np.diff(self._holders.starts)
        self.taken = 0

    def take(self, row: int) -> None:
        """Close the sets that hold ``row``."""
        holders = self._holders.ends[self._holders.of(row)]
        fresh = holders[self._open[holders]]
        self._open[fresh] = False
        np.subtract.at(self.left, self._sets.ends[self._sets.of_all(fresh)], 1)
        self.taken += len(fresh)


def share_reached(sets: Links, rows: Rows, m: int) -> float:
    """Share of the sets that hold one of ``rows``, which is the share of all rows that these reach."""
    if len(sets.starts) < 2:
        return 0.0
    chosen = np.zeros(m, bool)
    chosen[rows] = True
    return float(np.logical_or.reduceat(chosen[sets.ends], sets.starts[:-1]).mean())
