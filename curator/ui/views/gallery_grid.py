"""Where things are in a gallery. Plain arithmetic, no widgets."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect


@dataclass(frozen=True)
class Grid:
    """``count`` square cells in as many columns as fit into ``width``."""

    count: int
    width: int
    cell: int
    gap: int = 8

    @property
    def step(self) -> int:
        """From one cell to the next."""
        return self.cell + self.gap

    @property
    def columns(self) -> int:
        """At least one."""
        return max(1, (self.width - self.gap) // self.step)

    @property
    def rows(self) -> int:
        """Lines of cells."""
        return -(-self.count // self.columns)

    @property
    def height(self) -> int:
        """Of everything."""
        return self.rows * self.step + self.gap if self.count else 0

    @property
    def left(self) -> int:
        """Where the first column begins: the cells stand in the middle."""
        return max(self.gap, (self.width - self.columns * self.step + self.gap) // 2)

    def rect(self, place: int) -> QRect:
        """The cell of a place, in coordinates of the whole content."""
        row, column = divmod(place, self.columns)
        return QRect(self.left + column * self.step, self.gap + row * self.step, self.cell, self.cell)

    def at(self, point: QPoint) -> int:
        """The place under a point of the content, -1 for none."""
        x, y = point.x() - self.left, point.y() - self.gap
        column, row = x // self.step, y // self.step
        inside = 0 <= column < self.columns and y >= 0 and x % self.step < self.cell and y % self.step < self.cell
        place = row * self.columns + column
        return place if inside and place < self.count else -1

    def visible(self, top: int, height: int) -> range:
        """The places that a window of this height sees."""
        first = max(0, (top - self.gap) // self.step) * self.columns
        last = (max(0, top + height - self.gap) // self.step + 1) * self.columns
        return range(min(first, self.count), min(last, self.count))
