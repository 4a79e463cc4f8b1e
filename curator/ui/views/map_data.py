"""What the map draws: a layout, what of it is hidden, chosen and highlighted, and the names at the centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curator.ui.views.map_raster import EXTRA, Points, shuffled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.browse import Column
    from curator.engine.types import Floats, Ints

MOST_NAMES = 60
SAMPLE = 60_000
"""Points that the centres are found from."""
SEVERAL = 3
CROWD, FAR_FLUNG, MUCH_SMALLER = 50, 0.001, 0.75
"""Points that are a bulk; the share that may be left out of view on each side; how much smaller it must become."""
ROOM, ROOM_INSIDE = 0.04, 0.08
"""Beside the points, as a share of their breadth; more where some of them are left out."""
Color = tuple[int, int, int]


@dataclass(frozen=True)
class Name:
    """A name at the centre of what it stands for, with the number of points."""

    text: str
    x: float
    y: float
    count: int


class MapData:
    """Plain arrays; ``rows[i]`` is the row of the i-th point, in random order."""

    def __init__(self, layout: Floats) -> None:
        self.n = len(layout)
        self.rows, self.x, self.y = shuffled(layout)
        self._place = np.full(self.n, -1, np.int32)
        self._place[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        self.shown = np.ones(len(self.rows), bool)
        self.codes = np.zeros(len(self.rows), np.uint8)
        self.base = Points(self.x, self.y, self.codes)
        self.base_rows = self.rows
        self.chosen = self.lit = self.base.part(0, 0)
        self.chosen_rows: Ints = np.zeros(0, np.int32)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, right, low and high of the bulk of the points, with some room."""
        if not len(self.x):
            return (-1.0, 1.0, -1.0, 1.0)
        some = slice(0, 200_000)
        (left, right), (low, high) = bulk(self.x[some]), bulk(self.y[some])
        return left, right, low, high

    def show(self, rows: Ints | None) -> None:
        """Hide all but ``rows`` (None: hide nothing)."""
        self.shown = np.ones(len(self.rows), bool)
        if rows is not None:
            wanted = np.zeros(self.n, bool)
            wanted[rows[rows < self.n]] = True
            self.shown = wanted[self.rows]
        self._gather()

    def paint(self, codes: NDArray[np.uint8]) -> None:
        """Colour by row; an empty array gives none a colour."""
        self.codes = codes[self.rows] if len(codes) == self.n else np.zeros(len(self.rows), np.uint8)
        self._gather()

    def _gather(self) -> None:
        if self.shown.all():
            self.base, self.base_rows = Points(self.x, self.y, self.codes), self.rows
        else:
            keep = np.flatnonzero(self.shown)
            self.base = Points(self.x[keep], self.y[keep], self.codes[keep])
            self.base_rows = self.rows[keep]

    def choose(self, rows: Ints) -> None:
        """Draw these above the others, in their own colour with a ring."""
        places = self._places(rows)
        self.chosen_rows = self.rows[places]
        self.chosen = Points(self.x[places], self.y[places], self.codes[places])

    def light(self, rows: Ints, code: int) -> None:
        """Draw these above all, in the colour of the highlight."""
        places = self._places(rows)
        self.lit = Points(self.x[places], self.y[places], np.full(len(places), code, np.uint8))

    def _places(self, rows: Ints) -> Ints:
        places = self._place[rows[rows < self.n]]
        places = places[places >= 0]
        kept: Ints = places[self.shown[places]]
        return kept

    def place_of(self, row: int | None) -> tuple[float, float] | None:
        """Where a row is, None where it has no place."""
        if row is None or row >= self.n or self._place[row] < 0:
            return None
        place = self._place[row]
        return float(self.x[place]), float(self.y[place])

    def nearest(self, x: float, y: float, reach: float) -> int | None:
        """The row closest to a point of the map among those shown, None when all are farther than ``reach``."""
        base = self.base
        near = np.flatnonzero((np.abs(base.x - np.float32(x)) <= reach) & (np.abs(base.y - np.float32(y)) <= reach))
        if not len(near):
            return None
        apart = (base.x[near] - x) ** 2 + (base.y[near] - y) ** 2
        best = int(np.argmin(apart))
        return int(self.base_rows[near[best]]) if apart[best] <= reach**2 else None

    def names(self, column: Column) -> list[Name]:
        """The largest categories, each at its median point, largest first."""
        part = slice(0, SAMPLE)
        rows = self.base_rows[part]
        rows = rows[rows < len(column.values)]
        codes, x, y = np.asarray(column.values)[rows], self.base.x[: len(rows)], self.base.y[: len(rows)]
        counts = np.bincount(codes[codes >= 0], minlength=len(column.names))
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(column.names) + 1))
        found = []
        for i in np.argsort(-counts, kind="stable")[:MOST_NAMES].tolist():
            members = order[ends[i] : ends[i + 1]]
            if len(members) >= min(SEVERAL, max(1, len(rows) // 50)):
                middle = float(np.median(x[members])), float(np.median(y[members]))
                found.append(Name(column.names[i], *middle, int(counts[i])))
        return found


def bulk(values: Floats) -> tuple[float, float]:
    """Where a view of ``values`` [n] begins and ends: at the outermost, or, where a few far-flung ones would shrink all
    others, beside the outermost thousandth on each side (one at least, of fewer than :data:`CROWD` none)."""
    ends = [float(values.min()), float(values.max())]
    room = ROOM
    if len(values) >= CROWD:
        cut = max(1, round(len(values) * FAR_FLUNG))
        ordered = np.partition(values, (cut, len(values) - 1 - cut))
        inner = [float(ordered[cut]), float(ordered[-1 - cut])]
        if inner[1] - inner[0] < MUCH_SMALLER * (ends[1] - ends[0]):
            ends, room = inner, ROOM_INSIDE
    room = max((ends[1] - ends[0]) * room, 1e-6)
    return ends[0] - room, ends[1] + room


def with_extra(
    colors: NDArray[np.uint8], ring: tuple[int, int, int], accent: tuple[int, int, int]
) -> NDArray[np.uint8]:
    """The colours of the points, then: ring of the chosen, highlight, ring of the highlight."""
    extra = np.array([ring, accent, ring], np.uint8)
    assert len(extra) == EXTRA
    return np.vstack([colors, extra])
