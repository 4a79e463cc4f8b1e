"""Where things are in a gallery. Plain arithmetic, no widgets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QRect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.browse import Group


@dataclass(frozen=True)
class Grid:
    """``count`` square cells in as many columns as fit into ``width``; each of ``groups`` begins below a heading.

    Groups follow each other without gaps and cover all places; without any, there are no headings.
    """

    count: int
    width: int
    cell: int
    groups: tuple[Group, ...] = ()
    heading: int = 0
    gap: int = 8

    @property
    def step(self) -> int:
        """From one cell to the next."""
        return self.cell + self.gap

    @cached_property
    def columns(self) -> int:
        """At least one."""
        return max(1, (self.width - self.gap) // self.step)

    @cached_property
    def left(self) -> int:
        """Where the first column begins: the cells stand in the middle."""
        return max(self.gap, (self.width - self.columns * self.step + self.gap) // 2)

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """int64 [g]: the first place of each section."""
        return np.array([g.start for g in self.groups] or [0], np.int64)

    @cached_property
    def _lines(self) -> NDArray[np.int64]:
        ends = np.append(self.starts[1:], self.count)
        return -(-(ends - self.starts) // self.columns)

    @cached_property
    def tops(self) -> NDArray[np.int64]:
        """int64 [g + 1]: where the heading of each section begins, and the end of all."""
        heights = self._lines * self.step + (self.heading if self.groups else 0)
        return np.concatenate([[self.gap], self.gap + np.cumsum(heights)])

    @property
    def height(self) -> int:
        """Of everything."""
        return int(self.tops[-1]) if self.count else 0

    def section(self, place: int) -> int:
        """The number of the section that holds a place."""
        return int(np.searchsorted(self.starts, place, side="right")) - 1 if self.groups else 0

    def section_at(self, y: int) -> int:
        """The number of the section at a height of the content."""
        return min(len(self.starts) - 1, max(0, int(np.searchsorted(self.tops, y, side="right")) - 1))

    def _body(self, section: int) -> int:
        if not self.groups:
            return self.gap
        return int(self.tops[section]) + self.heading

    def _end(self, section: int) -> int:
        return int(self.starts[section + 1]) if section + 1 < len(self.starts) else self.count

    def rect(self, place: int) -> QRect:
        """The cell of a place, in coordinates of the whole content."""
        section = self.section(place)
        first = int(self.starts[section]) if section else 0
        line, column = divmod(place - first, self.columns)
        return QRect(self.left + column * self.step, self._body(section) + line * self.step, self.cell, self.cell)

    def heading_rect(self, section: int) -> QRect:
        """Where the heading of a section is, in coordinates of the whole content."""
        return QRect(0, int(self.tops[section]) - self.gap // 2, self.width, self.heading)

    def at(self, point: QPoint) -> int:
        """The place under a point of the content, -1 for none."""
        section = self.section_at(point.y())
        x, y = point.x() - self.left, point.y() - self._body(section)
        column, line = x // self.step, y // self.step
        inside = 0 <= column < self.columns and y >= 0 and x % self.step < self.cell and y % self.step < self.cell
        place = int(self.starts[section]) + line * self.columns + column
        return place if inside and place < self._end(section) else -1

    def below(self, place: int, lines: int) -> int:
        """The place so many lines further down (up when negative) in the same column, as far as there is one."""
        section = self.section(place)
        line, column = divmod(place - int(self.starts[section]), self.columns)
        line += lines
        while line < 0 and section > 0:
            section -= 1
            line += int(self._lines[section])
        while line >= self._lines[section] and section + 1 < len(self.starts):
            line -= int(self._lines[section])
            section += 1
        if line < 0:
            return place if lines == -1 else 0
        if line >= self._lines[section]:
            return place if lines == 1 else self.count - 1
        return min(self._end(section) - 1, int(self.starts[section]) + line * self.columns + column)

    def visible(self, top: int, height: int) -> range:
        """The places that a window of this height sees."""
        if not self.count:
            return range(0)
        first, last = self.section_at(top), self.section_at(top + height)
        above = max(0, top - self._body(first)) // self.step * self.columns
        below = (max(0, top + height - self._body(last)) // self.step + 1) * self.columns
        start = min(int(self.starts[first]) + above, self._end(first))
        return range(min(start, self.count), min(int(self.starts[last]) + below, self._end(last)))

    def headings(self, top: int, height: int) -> range:
        """The sections whose headings or cells a window of this height sees; none without groups."""
        return range(self.section_at(top), self.section_at(top + height) + 1) if self.groups else range(0)
