"""Names on the map: the largest first, and none on top of another."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from curator.ui import theme

if TYPE_CHECKING:
    from curator.ui.theme import Colors
    from curator.ui.views.map_data import Name

LONGEST = 26
RIM = 3
"""Around a name, in pixels."""
KEPT = 200


def free_places(boxes: list[QRectF], view: QRectF, room: tuple[float, float] = (6, 2)) -> list[int]:
    """Which of ``boxes`` can be shown: inside the view, and clear of all earlier ones, with ``room`` between."""
    taken: list[QRectF] = []
    found = []
    for i, box in enumerate(boxes):
        if view.contains(box) and not any(box.intersects(other) for other in taken):
            taken.append(box.adjusted(-room[0], -room[1], room[0], room[1]))
            found.append(i)
    return found


def beside(box: QRectF, view: QRectF, lid: QRectF) -> QRectF:
    """A box whose middle is seen, moved to the side so that all of it is: inside the view, and left of the ``lid``."""
    if not view.contains(box.center()) or lid.contains(box.center()):
        return box
    moved = QRectF(box)
    moved.moveLeft(max(view.left(), min(box.left(), view.right() - box.width())))
    if moved.intersects(lid):
        moved.moveRight(lid.left() - RIM)
    return moved


class NamePainter:
    """Draws names, and remembers what they look like: their rims take long to stroke, and a map pans."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[object, ...], QPixmap] = {}

    def paint(self, p: QPainter, names: list[tuple[Name, QPointF]], view: QRect, c: Colors, lid: QRectF) -> None:
        """Draw the names that find room beside the ``lid``, with a rim in the colour of the ground."""
        if not names:
            return
        font = theme.scaled(p.font(), 0.95, bold=True)
        metrics, ratio = QFontMetricsF(font), p.device().devicePixelRatioF()
        texts = [n.text if len(n.text) <= LONGEST else n.text[: LONGEST - 1] + "…" for n, _ in names]
        boxes = []
        for text, (_, place) in zip(texts, names, strict=True):
            box = QRectF(0, 0, metrics.horizontalAdvance(text), metrics.height())
            box.moveCenter(place)
            boxes.append(beside(box, QRectF(view), lid))
        if len(self._drawn) > KEPT:
            self._drawn.clear()
        for i in free_places(boxes, QRectF(view)):
            key = (texts[i], font.key(), ratio, c.text.rgba(), c.ground.rgba())
            if key not in self._drawn:
                self._drawn[key] = _draw(texts[i], font, ratio, c)
            corner = boxes[i].topLeft() - QPointF(RIM, RIM)
            p.drawPixmap(
                QPointF(round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio), self._drawn[key]
            )


def _draw(text: str, font: QFont, ratio: float, c: Colors) -> QPixmap:
    metrics, rim = QFontMetricsF(font), QColor(c.ground)
    rim.setAlpha(225)
    width, height = metrics.horizontalAdvance(text) + 2 * RIM, metrics.height() + 2 * RIM
    made = QPixmap(ceil(width * ratio), ceil(height * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    p, path = QPainter(made), QPainterPath()
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    path.addText(RIM, RIM + metrics.ascent(), font, text)
    p.strokePath(path, QPen(rim, 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    p.fillPath(path, c.text)
    p.end()
    return made
