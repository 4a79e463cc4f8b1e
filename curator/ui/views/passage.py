"""Text in a cell of the gallery: as many whole lines as fit, and an ellipsis where more would follow."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QTextLayout, QTextOption

if TYPE_CHECKING:
    from PySide6.QtGui import QFont

KEPT = 1000
NARROW = 2
"""Pixels that a letter takes at least: more of a text than would fit by this is not looked at."""
BREAK = "\u2028"
"""What breaks a line in Qt's layouts."""


class Passages:
    """What was fitted last, for one font."""

    def __init__(self, font: QFont) -> None:
        self._font, self._metrics = font, QFontMetrics(font)
        self._kept: OrderedDict[tuple[str, int, int, int], str] = OrderedDict()

    def fit(self, text: str, width: int, lines: int, spare: int = 0) -> str:
        """``text`` broken into at most so many lines of ``width`` pixels; the last leaves ``spare`` pixels free."""
        key = text[: lines * width // NARROW + 1], width, lines, spare
        if (found := self._kept.get(key)) is None:
            found = self._kept[key] = self._fit(key[0], width, lines, spare)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _fit(self, text: str, width: int, lines: int, spare: int) -> str:
        units = text.rstrip().replace("\n", BREAK).encode("utf-16-le", "replace")  # Qt counts in these
        layout = QTextLayout(units.decode("utf-16-le"), self._font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        starts: list[int] = []
        while len(starts) < lines and (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            starts.append(2 * line.textStart())
        layout.endLayout()
        parts = [units[a:b].decode("utf-16-le") for a, b in zip(starts, [*starts[1:], None], strict=True)]
        found = [part.rstrip(BREAK + " ") for part in parts]
        if len(parts) == lines:
            rest = " ".join(found[-1].replace(BREAK, " ").split())
            found[-1] = self._metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width - spare)
        return "\n".join(found)
