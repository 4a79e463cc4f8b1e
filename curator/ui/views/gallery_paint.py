"""How one Sample looks in the gallery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from curator.ui import theme
from curator.ui.models.samples import Item
from curator.ui.theme import Colors

if TYPE_CHECKING:
    from curator.engine.browse import Group

MAX_ENLARGE = 2.0
MARGIN = 8
"""Between the edge of a cell and its picture."""


@dataclass(frozen=True)
class Look:
    """What the gallery knows about a cell beside its Item."""

    highlighted: bool
    current: bool
    member: bool
    hue: QColor | None = None
    copy: bool = False


def paint_cell(p: QPainter, rect: QRect, item: Item | None, picture: QPixmap | None, look: Look, c: Colors) -> None:
    """Ground, picture or text, frame, badges."""
    ground = QRectF(rect)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.mix(c.cell, c.accent, 0.28) if look.highlighted else c.cell)
    p.drawRoundedRect(ground, 6, 6)
    if item is not None:
        if item.sample.pin == "out":
            p.setOpacity(0.35)
        _paint_content(p, rect, item, picture, c)
        p.setOpacity(1.0)
        if look.hue is not None:
            _paint_stripe(p, rect, look.hue)
        _paint_badges(p, rect, item, look, c)
    if look.current or look.highlighted:
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(c.accent, 3 if look.current else 1.5))
        p.drawRoundedRect(ground.adjusted(1, 1, -1, -1), 6, 6)


def _paint_content(p: QPainter, rect: QRect, item: Item, picture: QPixmap | None, c: Colors) -> None:
    inner = rect.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    if item.image is None:
        p.setPen(c.text)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        p.drawText(inner.adjusted(0, p.fontMetrics().height(), 0, 0), int(flags), item.sample.text[:400])
    elif picture is None:
        p.setPen(c.faint)
        p.drawText(inner, int(Qt.AlignmentFlag.AlignCenter), "…")
    elif picture.isNull():
        p.setPen(c.bad)
        words = f"cannot be shown\n{item.image.name}"
        p.drawText(inner, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), words)
    else:
        draw_fitted(p, inner, picture, MAX_ENLARGE)


def _paint_stripe(p: QPainter, rect: QRect, hue: QColor) -> None:
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(hue)
    p.drawRoundedRect(QRectF(rect.left() + 6, rect.bottom() - 4.5, rect.width() - 12, 4), 2, 2)


def paint_heading(p: QPainter, rect: QRect, group: Group, c: Colors) -> None:
    """Name and size of a group, on a ground that hides what scrolls beneath."""
    ground = QColor(c.ground)
    ground.setAlpha(235)
    p.fillRect(rect, ground)
    p.setPen(QPen(c.line, 1))
    p.drawLine(rect.bottomLeft(), rect.bottomRight())
    before, bold = QFont(p.font()), theme.scaled(p.font(), 1.0, bold=True)
    inner = rect.adjusted(12, 0, -12, 0)
    p.setFont(bold)
    p.setPen(c.text)
    size = f"{group.count:,}"
    room = inner.width() - p.fontMetrics().horizontalAdvance(size) - 24
    name = p.fontMetrics().elidedText(group.name or "none", Qt.TextElideMode.ElideMiddle, max(20, room))
    flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
    p.drawText(inner, flags, name)
    left = p.fontMetrics().horizontalAdvance(name) + 12
    p.setFont(before)
    p.setPen(c.faint)
    p.drawText(inner.adjusted(left, 0, 0, 0), flags, size)


def paint_hint(p: QPainter, words: str, y: int, width: int, c: Colors) -> None:
    """Where one is, beside the scroll bar."""
    metrics = p.fontMetrics()
    plate = QRectF(0, 0, metrics.horizontalAdvance(words) + 24, metrics.height() + 12)
    plate.moveCenter(QPointF(width - plate.width() / 2 - 10, y))
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(theme.mix(c.text, c.ground, 0.12))
    p.drawRoundedRect(plate, plate.height() / 2, plate.height() / 2)
    p.setPen(c.ground)
    p.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), words)


def draw_fitted(p: QPainter, place: QRect, picture: QPixmap, enlarge: float) -> None:
    """Draw a picture in the middle of ``place``, as large as it may be."""
    size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    if size.width() > picture.width() * enlarge:
        size = picture.size() * enlarge
    target = QRect(0, 0, max(1, size.width()), max(1, size.height()))
    target.moveCenter(place.center())
    p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    p.drawPixmap(target, picture)


def _paint_badges(p: QPainter, rect: QRect, item: Item, look: Look, c: Colors) -> None:
    """Rank top left, pin top right, copy and broken bottom left, membership bottom right.

    Each has a shape of its own, not only a colour.
    """
    if item.choice is not None:
        _paint_rank(p, rect, f"{item.choice.rank:,}", c)
    size = max(16, min(22, rect.width() // 6))
    corner = QRectF(rect.right() - size - 4, rect.top() + 5, size, size)
    if item.sample.pin == "in":
        _disc(p, corner, c.good)
        _stroke(p, corner, ((0.27, 0.52), (0.44, 0.69), (0.74, 0.33)))
    elif item.sample.pin == "out":
        _disc(p, corner, c.bad)
        _stroke(p, corner, ((0.32, 0.32), (0.68, 0.68)))
        _stroke(p, corner, ((0.68, 0.32), (0.32, 0.68)))
    low = QRectF(rect.left() + 5, rect.bottom() - size - 5, size, size)
    if item.sample.problem:
        _disc(p, low, c.bad)
        _stroke(p, low, ((0.5, 0.24), (0.5, 0.56)))
        _stroke(p, low, ((0.5, 0.75), (0.5, 0.76)))
    elif look.copy:
        _paint_copy(p, low, c)
    if look.member and item.choice is None:
        p.setPen(QPen(c.ground, 1.5))
        p.setBrush(c.accent)
        p.drawEllipse(QRectF(rect.right() - 15, rect.bottom() - 15, 10, 10))


def _paint_rank(p: QPainter, rect: QRect, text: str, c: Colors) -> None:
    font = theme.scaled(p.font(), 0.85)
    metrics = QFontMetrics(font)
    plate = QRectF(rect.left() + 5, rect.top() + 5, metrics.horizontalAdvance(text) + 10, metrics.height() + 2)
    veil = theme.mix(c.ground, c.text, 0.12)
    veil.setAlpha(215)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(veil)
    p.drawRoundedRect(plate, plate.height() / 2, plate.height() / 2)
    before = QFont(p.font())
    p.setFont(font)
    p.setPen(c.text)
    p.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), text)
    p.setFont(before)


def _paint_copy(p: QPainter, place: QRectF, c: Colors) -> None:
    """Two sheets, one behind the other."""
    plate = theme.mix(c.ground, c.text, 0.12)
    plate.setAlpha(215)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(plate)
    p.drawRoundedRect(place, 4, 4)
    p.setPen(QPen(c.text, 1.3))
    side = place.width() * 0.42
    for x, y in ((0.2, 0.2), (0.38, 0.38)):
        p.setBrush(plate)
        p.drawRect(QRectF(place.x() + x * place.width(), place.y() + y * place.height(), side, side))


def _disc(p: QPainter, place: QRectF, color: QColor) -> None:
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(color)
    p.drawEllipse(place)


def _stroke(p: QPainter, place: QRectF, points: tuple[tuple[float, float], ...]) -> None:
    pen = QPen(Qt.GlobalColor.white, max(1.6, place.width() / 9))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    p.setPen(pen)
    p.drawPolyline([QPointF(place.x() + x * place.width(), place.y() + y * place.height()) for x, y in points])
