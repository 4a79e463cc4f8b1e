"""The curve of a budget dial: what each number of samples is worth, the knee, and where the dial stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from curator.ui import theme
from curator.ui.language import tr

if TYPE_CHECKING:
    from curator.engine.dial import Dial

POINTS = 300


class DialChart(QWidget):
    """Emits ``keep_chosen(int)`` when it is clicked, dragged or moved with the arrow keys."""

    keep_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Coverage by budget"))
        self.setToolTip(tr("Click or drag to choose a budget; the ring marks the knee"))
        self._dial: Dial | None = None
        self._keep = 0
        self._x = self._y = np.empty(0)

    def sizeHint(self) -> QSize:
        """Eight lines of text high."""
        line = self.fontMetrics().height()
        return QSize(line * 12, line * 7)

    def minimumSizeHint(self) -> QSize:
        """Half as wide."""
        return QSize(self.sizeHint().width() // 2, self.sizeHint().height())

    def show_dial(self, dial: Dial | None, keep: int) -> None:
        """Draw another dial."""
        self._dial, self._keep = dial, keep
        self._x = self._y = np.empty(0)
        if dial is not None and dial.size:
            if dial.measured:
                self._x, self._y = dial.stops.astype(float), np.asarray(dial.mean, float)
            elif dial.skill_count:
                self._x = np.unique(np.linspace(1, dial.size, POINTS).round())
                self._y = dial.skills[self._x.astype(int) - 1].astype(float)
        self.update()

    def show_keep(self, keep: int) -> None:
        """Move the mark."""
        self._keep = keep
        self.update()

    @property
    def title(self) -> str:
        """What the height means."""
        measured = self._dial is not None and self._dial.measured
        return tr("Mean similarity to the closest pick") if measured else tr("Skills covered")

    def _frame(self) -> QRectF:
        line = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(6, line + 6, -8, -line - 6)

    def _at(self, x: float, y: float) -> QPointF:
        frame, dial = self._frame(), self._dial
        assert dial is not None
        across = (x - 1) / max(dial.size - 1, 1)
        low, high = float(self._y[0]), float(self._y.max())
        up = (y - low) / (high - low) if high > low else 1.0
        return QPointF(frame.left() + across * frame.width(), frame.bottom() - up * frame.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Axis, curve, knee, mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c, frame = theme.colors(self.palette()), self._frame()
        painter.setPen(QPen(c.line, 1))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())
        if self._dial is None or not len(self._x):
            painter.setPen(c.faint)
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, tr("Nothing measured yet"))
            return
        points = [self._at(x, y) for x, y in zip(self._x.tolist(), self._y.tolist(), strict=True)]
        under = QPolygonF([QPointF(points[0].x(), frame.bottom()), *points, QPointF(points[-1].x(), frame.bottom())])
        fill = QColor(c.accent)
        fill.setAlphaF(0.14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(under)
        painter.setPen(QPen(c.accent, 2))
        painter.drawPolyline(QPolygonF(points))
        self._paint_marks(painter, c, frame)

    def _paint_marks(self, painter: QPainter, c: theme.Colors, frame: QRectF) -> None:
        assert self._dial is not None
        knee, line = self._dial.knee, self.fontMetrics().height()
        here = self._at(self._keep, float(np.interp(self._keep, self._x, self._y)))
        painter.setPen(QPen(c.text, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(here.x(), frame.top()), QPointF(here.x(), frame.bottom()))
        painter.setPen(c.faint)
        painter.drawText(QRectF(frame.left(), 0, frame.width(), line), Qt.AlignmentFlag.AlignLeft, self.title)
        below = QRectF(frame.left(), frame.bottom() + 4, frame.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "1")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._dial.size:,}")
        if knee:
            spot = self._at(knee, float(np.interp(knee, self._x, self._y)))
            painter.setBrush(c.ground)
            painter.setPen(QPen(c.good, 2))
            painter.drawEllipse(spot, 5, 5)
            painter.setPen(c.good)
            words = tr("knee {place:,}", place=knee)
            width = self.fontMetrics().horizontalAdvance(words)
            left = min(max(frame.left() + 14, spot.x() - width / 2), frame.right() - width - 4 - line * 4)
            painter.drawText(QRectF(left, below.top(), width + 4, line), Qt.AlignmentFlag.AlignLeft, words)

    def _choose(self, x: float) -> None:
        if self._dial is not None and self._dial.size and len(self._x):
            frame = self._frame()
            share = (x - frame.left()) / max(frame.width(), 1)
            keep = 1 + round(share * (self._dial.size - 1))
            self.keep_chosen.emit(min(max(1, keep), self._dial.size))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A step of one hundredth."""
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if by and self._dial is not None and self._dial.size:
            step = max(1, self._dial.size // 100)
            self.keep_chosen.emit(min(max(1, self._keep + by * step), self._dial.size))
        else:
            super().keyPressEvent(event)
