"""The map as a picture: points binned to pixels with numpy, no widgets.

A million points cost about 40 ms, in slices of a few milliseconds, so that the window never waits. Points come in a
fixed random order, so the first slice is a fair sample of all, and of several points on one pixel the last one seen
gives the colour: nothing is favoured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.types import Floats, Ints

SLICE = 100_000
"""Points binned in one go: 3 to 5 ms."""
FAINTEST = 0.34
"""Opacity of a pixel with one point in a crowd."""
SIZES = ((1_500, 4.6), (5_000, 3.4), (20_000, 2.4), (70_000, 1.6), (250_000, 1.0))
"""Up to so many points in sight, radius of a point in pixels; beyond, one pixel."""
EXTRA = 3
"""Colours after those of the points: ring around the chosen, highlight, ring around the highlight."""


@dataclass(frozen=True)
class Frame:
    """What part of the map is painted, and into how many pixels. ``top`` is the highest y: pixels go down."""

    left: float
    top: float
    scale: float
    """Pixels for one unit of the map."""
    width: int
    height: int

    def covers(self, other: Frame) -> bool:
        """Whether ``other`` lies within, at the same scale."""
        slack = 1.0 / self.scale
        return (
            abs(self.scale / other.scale - 1.0) < 1e-6
            and other.left >= self.left - slack
            and other.top <= self.top + slack
            and other.left + other.width / other.scale <= self.left + self.width / self.scale + slack
            and other.top - other.height / other.scale >= self.top - self.height / self.scale - slack
        )

    def grown(self, share: float) -> Frame:
        """With a margin on each side, in shares of its size; the pixels stay where they are."""
        dx, dy = round(self.width * share), round(self.height * share)
        return Frame(
            self.left - dx / self.scale,
            self.top + dy / self.scale,
            self.scale,
            self.width + 2 * dx,
            self.height + 2 * dy,
        )


@dataclass(frozen=True)
class Points:
    """Points in random order: float32 x, y and uint8 colour of each."""

    x: Floats
    y: Floats
    codes: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.x)

    def part(self, start: int, stop: int) -> Points:
        """Some of them."""
        return Points(self.x[start:stop], self.y[start:stop], self.codes[start:stop])


def shuffled(layout: NDArray[Any], seed: int = 0) -> tuple[Ints, Floats, Floats]:
    """Rows that have a place, in a fixed random order, and their coordinates."""
    rows = np.flatnonzero(np.isfinite(layout[:, 0]) & np.isfinite(layout[:, 1])).astype(np.int32)
    np.random.default_rng(seed).shuffle(rows)
    chosen = np.asarray(layout, np.float32)[rows]
    return rows, np.ascontiguousarray(chosen[:, 0]), np.ascontiguousarray(chosen[:, 1])


def radius(count: int) -> float:
    """How large a point is drawn when so many are in sight."""
    return next((size for most, size in SIZES if count <= most), 0.5)


def disc(size: float) -> list[tuple[int, int, int]]:
    """(dx, dy, opacity) of a disc's pixels, the faint rim first, so that no neighbour's rim covers a middle."""
    reach = int(np.ceil(size))
    found = []
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            cover = min(1.0, max(0.0, size + 0.5 - float(np.hypot(dx, dy))))
            if cover > 0.15 or (dx, dy) == (0, 0):
                found.append((dx, dy, 255 if (dx, dy) == (0, 0) else round(255 * cover)))
    return sorted(found, key=lambda pixel: pixel[2])


class Raster:
    """One picture in the making: add points, then take the :meth:`image`."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        size = frame.width * frame.height
        self._codes = np.zeros(size, np.uint8)
        self._alpha = np.zeros(size, np.uint8)
        self._counts: NDArray[np.int32] | None = None

    def pixels(self, points: Points, margin: int = 0) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
        """Flat pixel and colour of the points inside the frame, ``margin`` pixels from its edge."""
        frame = self.frame
        column = (points.x - np.float32(frame.left)) * np.float32(frame.scale)
        line = (np.float32(frame.top) - points.y) * np.float32(frame.scale)
        inside = (
            (column >= margin) & (column < frame.width - margin) & (line >= margin) & (line < frame.height - margin)
        )
        where = np.flatnonzero(inside)
        flat = line[where].astype(np.intp) * frame.width + column[where].astype(np.intp)
        return flat, points.codes[where]

    def add_crowd(self, points: Points) -> int:
        """One pixel each, the fainter the fewer share it; returns how many were inside."""
        flat, codes = self.pixels(points)
        if self._counts is None:
            self._counts = np.zeros(len(self._codes), np.int32)
        np.add.at(self._counts, flat, np.int32(1))
        self._codes[flat] = codes
        return len(flat)

    def add_discs(self, points: Points, size: float, ring: int | None = None, rim: float = 1.6) -> int:
        """A disc each, with a ring of colour ``ring``, ``rim`` pixels wide; returns how many were inside."""
        outer = disc(size + rim) if ring is not None else []
        inner = disc(size)
        margin = max(max(abs(dx), abs(dy)) for dx, dy, _ in outer or inner)
        flat, codes = self.pixels(points, margin)
        for dx, dy, alpha in outer:
            there = flat + (dy * self.frame.width + dx)
            self._codes[there] = ring or 0
            self._alpha[there] = np.maximum(self._alpha[there], alpha)
        for dx, dy, alpha in inner:
            if ring is None or alpha > 127:
                there = flat + (dy * self.frame.width + dx)
                self._codes[there] = codes
                self._alpha[there] = np.maximum(self._alpha[there], alpha)
        return len(flat)

    def image(self, colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
        """uint32 [height, width], premultiplied ARGB; ``colors`` is uint8 [k, 3]."""
        alpha = self._alpha
        if self._counts is not None:
            alpha = np.maximum(alpha, crowd_alpha(self._counts))
        seen, flat = np.flatnonzero(alpha), np.zeros(len(alpha), np.uint32)  # most pixels of a map are empty
        flat[seen] = palette(colors)[self._codes[seen].astype(np.uint16) * np.uint16(256) + alpha[seen]]
        return flat.reshape(self.frame.height, self.frame.width)


def crowd_alpha(counts: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Opacity by how many points a pixel holds, on a scale that the fullest hundredth saturates."""
    alpha, seen = np.zeros(len(counts), np.uint8), np.flatnonzero(counts)
    some = counts[seen]
    if not len(some):
        return alpha
    full = max(2.0, float(np.percentile(some[:: max(1, len(some) // 50_000)], 99)))
    steps = np.arange(min(int(full), 4096) + 1)
    table = FAINTEST + (1 - FAINTEST) * np.log1p(np.maximum(0, steps - 1)) / np.log1p(full - 1)
    table[0] = 0.0
    levels: NDArray[np.uint8] = np.round(255 * np.minimum(table, 1.0)).astype(np.uint8)
    alpha[seen] = levels[np.minimum(some, len(levels) - 1)]
    return alpha


def palette(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """uint32 [k * 256]: premultiplied ARGB of each colour at each opacity."""
    alpha = np.arange(256, dtype=np.uint32)
    mixed = (colors.astype(np.uint32)[:, None, :] * alpha[None, :, None] + 127) // 255
    table = (alpha[None] << 24) | (mixed[..., 0] << 16) | (mixed[..., 1] << 8) | mixed[..., 2]
    return table.astype(np.uint32).reshape(-1)


def inside(x: Floats, y: Floats, corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie inside a polygon [c, 2], by the even-odd rule; a loop around a hole leaves the hole out."""
    within = np.zeros(len(x), bool)
    if len(corners) < 3:
        return within
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    px, py = x[near].astype(np.float64), y[near].astype(np.float64)
    odd = np.zeros(len(near), bool)
    order = np.argsort(py, kind="stable")
    rising = py[order]
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        # only the points at the height of this edge can cross it
        first, last = np.searchsorted(rising, (min(y0, y1), max(y0, y1)))
        part = order[first:last]
        left = px[part] < x0 + (py[part] - y0) * ((x1 - x0) / (y1 - y0))
        odd[part[left]] ^= True
    within[near] = odd
    return within
