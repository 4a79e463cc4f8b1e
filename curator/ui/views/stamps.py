"""Shapes that repeat in every cell of the gallery, painted once and stamped ever after."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from curator.ui import theme
from curator.ui.views.passage import Passages

if TYPE_CHECKING:
    from curator.ui.theme import Colors

ROUND = 6
Points = tuple[tuple[float, float], ...]
CHECK: tuple[Points, ...] = (((0.27, 0.52), (0.44, 0.69), (0.74, 0.33)),)
CROSS: tuple[Points, ...] = (((0.32, 0.32), (0.68, 0.68)), ((0.68, 0.32), (0.32, 0.68)))
ALERT: tuple[Points, ...] = (((0.5, 0.24), (0.5, 0.56)), ((0.5, 0.75), (0.5, 0.76)))


class Stamps:
    """For one set of colours, one font and one ratio of pixels. ``passages``: texts as they fit into cells."""

    def __init__(self, colors: Colors, font: QFont, ratio: float) -> None:
        self.colors, self.font, self.ratio = colors, font, ratio
        self.small = theme.scaled(font, 0.85)
        self.metrics = QFontMetrics(self.small)
        self.plate = theme.mix(colors.ground, colors.text, 0.12)
        self.plate.setAlpha(215)
        self.passages = Passages(font)
        self._made: dict[tuple[str, int], QPixmap] = {}

    def get(self, kind: str, size: int) -> QPixmap:
        """A square stamp: "cell", "lit", "in", "out", "broken", "copy" or "member"."""
        key = (kind, size)
        if key not in self._made:
            self._made[key] = self._make(kind, size)
        return self._made[key]

    def _make(self, kind: str, size: int) -> QPixmap:
        pixmap = QPixmap(QSize(round(size * self.ratio), round(size * self.ratio)))
        pixmap.setDevicePixelRatio(self.ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        makers: dict[str, Callable[[QPainter, QRectF], None]] = {
            "cell": lambda p, r: _fill(p, r, self.colors.cell),
            "lit": lambda p, r: _fill(p, r, theme.mix(self.colors.cell, self.colors.accent, 0.28)),
            "in": lambda p, r: _disc(p, r, self.colors.good, CHECK),
            "out": lambda p, r: _disc(p, r, self.colors.bad, CROSS),
            "broken": lambda p, r: _disc(p, r, self.colors.bad, ALERT),
            "copy": self._copy,
            "member": self._member,
        }
        makers[kind](painter, QRectF(0, 0, size, size))
        painter.end()
        return pixmap

    def _member(self, p: QPainter, place: QRectF) -> None:
        p.setPen(QPen(self.colors.ground, 1.5))
        p.setBrush(self.colors.accent)
        p.drawEllipse(place.adjusted(1, 1, -1, -1))

    def _copy(self, p: QPainter, place: QRectF) -> None:
        """Two sheets, one behind the other."""
        p.setBrush(self.plate)
        p.drawRoundedRect(place, 4, 4)
        p.setPen(QPen(self.colors.text, 1.3))
        side = place.width() * 0.42
        for at in (0.2, 0.38):
            p.drawRect(QRectF(at * place.width(), at * place.height(), side, side))


def _fill(p: QPainter, place: QRectF, color: QColor) -> None:
    p.setBrush(color)
    p.drawRoundedRect(place, ROUND, ROUND)


def _disc(p: QPainter, place: QRectF, color: QColor, strokes: tuple[Points, ...]) -> None:
    p.setBrush(color)
    p.drawEllipse(place)
    pen = QPen(Qt.GlobalColor.white, max(1.6, place.width() / 9))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    p.setPen(pen)
    for points in strokes:
        p.drawPolyline([QPointF(x * place.width(), y * place.height()) for x, y in points])
