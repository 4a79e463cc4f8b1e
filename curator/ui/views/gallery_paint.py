"""How one Sample looks in the gallery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap

from curator.ui import theme
from curator.ui.language import tr
from curator.ui.models.samples import Item
from curator.ui.theme import Colors
from curator.ui.views.stamps import ROUND, Stamps

if TYPE_CHECKING:
    from curator.engine.browse import Group

MAX_ENLARGE = 8.0
"""Pictures of 32 pixels are looked at too; blurred, but of the size asked for."""
MEMBER = 13
"""Pixels of the badge of what is in the newest subset."""
MARGIN = 8
"""Between the edge of a cell and its picture."""


@dataclass(frozen=True)
class Look:
    """What the gallery knows about a cell beside its Item.

    ``beyond`` the budget dial it is no pick any more; ``value``: the number that the cells are sorted by.
    """

    highlighted: bool
    current: bool
    member: bool
    hue: QColor | None = None
    copy: bool = False
    beyond: bool = False
    value: str = ""


def paint_cell(p: QPainter, rect: QRect, item: Item | None, picture: QPixmap | None, look: Look, art: Stamps) -> None:
    """Ground, picture or text, frame, badges."""
    p.drawPixmap(rect.topLeft(), art.get("lit" if look.highlighted else "cell", rect.width()))
    if item is not None:
        if item.sample.pin == "out" or look.beyond:
            p.setOpacity(0.35 if item.sample.pin == "out" else 0.25)
        _paint_content(p, rect, item, picture, look, art)
        p.setOpacity(1.0)
        if look.hue is not None:
            p.fillRect(QRect(rect.left() + 7, rect.bottom() - 4, rect.width() - 14, 4), look.hue)
        _paint_badges(p, rect, item, look, art)
    if look.current or look.highlighted:
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(art.colors.accent, 3 if look.current else 1.5))
        p.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), ROUND, ROUND)


def _paint_content(p: QPainter, rect: QRect, item: Item, picture: QPixmap | None, look: Look, art: Stamps) -> None:
    inner = rect.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
    if item.image is None:
        _paint_text(p, rect, inner, item, look, art)
    elif picture is None:
        return  # it comes in a moment; words would only flicker
    elif picture.isNull():
        p.setPen(art.colors.bad)
        words = tr("cannot be shown\n{name}", name=item.image.name)
        p.drawText(inner, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), words)
    else:
        draw_fitted(p, inner, picture, MAX_ENLARGE)


def _paint_text(p: QPainter, rect: QRect, inner: QRect, item: Item, look: Look, art: Stamps) -> None:
    """Whole lines between the badges above and below; one in the lower right corner only shortens the last line."""
    line = p.fontMetrics().lineSpacing()
    above = line if item.choice is not None or item.sample.pin else 0
    below = _badge_size(rect) - 3 if item.sample.problem or look.copy or look.value else 0
    place = inner.adjusted(0, above, 0, -below)
    lines = max(1, place.height() // line)
    spare = MEMBER if look.member and item.choice is None and not below else 0
    p.setPen(art.colors.text)
    flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextDontClip)
    p.drawText(place, flags, art.passages.fit(item.sample.text, place.width(), lines, spare))


def _badge_size(rect: QRect) -> int:
    return max(16, min(22, rect.width() // 6))


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


def draw_fitted(p: QPainter, place: QRect, picture: QPixmap, enlarge: float) -> QRect:
    """Draw a picture in the middle of ``place``, as large as it may be; returns where it is."""
    size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    if size.width() > picture.width() * enlarge:
        size = picture.size() * enlarge
    target = QRect(0, 0, max(1, size.width()), max(1, size.height()))
    target.moveCenter(place.center())
    p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    p.drawPixmap(target, picture)
    return target


def _paint_badges(p: QPainter, rect: QRect, item: Item, look: Look, art: Stamps) -> None:
    """Rank top left, pin top right, copy, broken and what is sorted by bottom left, membership bottom right.

    Each has a shape of its own, not only a colour.
    """
    if item.choice is not None and not look.beyond:
        _paint_plate(p, rect.left() + 5, rect.top() + 5, f"{item.choice.rank:,}", art)
    size = _badge_size(rect)
    if item.sample.pin:
        p.drawPixmap(rect.right() - size - 4, rect.top() + 5, art.get(item.sample.pin, size))
    left = rect.left() + 5
    if item.sample.problem or look.copy:
        kind = "broken" if item.sample.problem else "copy"
        p.drawPixmap(left, rect.bottom() - size - 5, art.get(kind, size))
        left += size + 4
    if look.value:
        _paint_plate(p, left, rect.bottom() - 7 - art.metrics.height(), look.value, art)
    if look.member and item.choice is None:
        p.drawPixmap(rect.right() - 17, rect.bottom() - 17, art.get("member", MEMBER))


def _paint_plate(p: QPainter, left: int, top: int, text: str, art: Stamps) -> None:
    width, height = art.metrics.horizontalAdvance(text) + 10, art.metrics.height() + 2
    plate = QRectF(left, top, width, height)
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(art.plate)
    p.drawRoundedRect(plate, height / 2, height / 2)
    before = p.font()
    p.setFont(art.small)
    p.setPen(art.colors.text)
    p.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), text)
    p.setFont(before)
