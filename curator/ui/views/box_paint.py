"""Boxes with their classes over a picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from curator.engine.boxes import Box

NAMED = 40
"""With more boxes than this the names would only hide the picture."""


def colour_of(name: str) -> QColor:
    """The same colour for the same class, wherever it is drawn."""
    return QColor.fromHsv(sum(name.encode()) * 47 % 360, 210, 235)


def draw_boxes(p: QPainter, target: QRect, boxes: Sequence[Box]) -> None:
    """Draw boxes over a picture that fills ``target``; the names of classes stand inside the upper left corners."""
    p.save()
    p.setClipRect(target)
    for box in boxes:
        place = QRectF(
            target.left() + box.left * target.width(),
            target.top() + box.top * target.height(),
            box.width * target.width(),
            box.height * target.height(),
        )
        colour = colour_of(box.name)
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(QColor(0, 0, 0, 150), 4))
        p.drawRect(place)
        p.setPen(QPen(colour, 2))
        p.drawRect(place)
        if box.name and len(boxes) <= NAMED:
            _draw_name(p, place, box.name, colour)
    p.restore()


def _draw_name(p: QPainter, place: QRectF, name: str, colour: QColor) -> None:
    metrics = p.fontMetrics()
    words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, max(40, int(place.width()) - 4))
    tag = QRectF(place.left(), place.top(), metrics.horizontalAdvance(words) + 8, metrics.height() + 2)
    p.fillRect(tag, colour)
    p.setPen(QColor("black"))
    p.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), words)
