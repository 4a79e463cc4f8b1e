"""Names on the map: the largest first, and none on top of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from curator.ui import theme

if TYPE_CHECKING:
    from curator.ui.theme import Colors
    from curator.ui.views.map_data import Name

LONGEST = 26


def free_places(boxes: list[QRectF], view: QRectF, room: tuple[float, float] = (6, 2)) -> list[int]:
    """Which of ``boxes`` can be shown: inside the view, and clear of all earlier ones, with ``room`` between."""
    taken: list[QRectF] = []
    found = []
    for i, box in enumerate(boxes):
        if view.contains(box) and not any(box.intersects(other) for other in taken):
            taken.append(box.adjusted(-room[0], -room[1], room[0], room[1]))
            found.append(i)
    return found


def paint_names(p: QPainter, names: list[tuple[Name, QPointF]], view: QRect, c: Colors) -> None:
    """Draw the names that find room, with a rim in the colour of the ground."""
    if not names:
        return
    p.setFont(theme.scaled(p.font(), 0.95, bold=True))
    metrics = p.fontMetrics()
    texts = [n.text if len(n.text) <= LONGEST else n.text[: LONGEST - 1] + "…" for n, _ in names]
    boxes = []
    for text, (_, place) in zip(texts, names, strict=True):
        box = QRectF(0, 0, metrics.horizontalAdvance(text), metrics.height())
        box.moveCenter(place)
        boxes.append(box)
    rim = QColor(c.ground)
    rim.setAlpha(225)
    for i in free_places(boxes, QRectF(view)):
        path = QPainterPath()
        path.addText(boxes[i].left(), boxes[i].bottom() - metrics.descent(), p.font(), texts[i])
        p.strokePath(path, QPen(rim, 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        p.fillPath(path, c.text)
