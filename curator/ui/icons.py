"""Icons: line drawings in ``resources/icons``, named after actions and drawn in the colour of the text around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from curator.engine.resources import resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

SIZES = (16, 24, 32, 48)
"""Pixels; larger ones are for screens with many dots."""


def icon(name: str, palette: QPalette) -> QIcon:
    """The icon of that name in a palette's colours; empty when there is none."""
    file = resource("icons") / f"{name}.svg"
    if not file.is_file():
        return QIcon()
    drawing, made = file.read_text(encoding="utf-8"), QIcon()
    group, role = QPalette.ColorGroup, QPalette.ColorRole.ButtonText
    for mode, of in ((QIcon.Mode.Normal, group.Active), (QIcon.Mode.Disabled, group.Disabled)):
        for size in SIZES:
            made.addPixmap(_drawn(drawing, palette.color(of, role), size), mode)
    return made


def _drawn(drawing: str, colour: QColor, size: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour.name()).encode()))
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def dress(actions: Mapping[str, QAction], palette: QPalette) -> None:
    """Give each action its icon, where there is one."""
    for key, action in actions.items():
        if not (drawn := icon(key, palette)).isNull():
            action.setIcon(drawn)
