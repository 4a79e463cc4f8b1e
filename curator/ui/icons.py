"""Icons: line drawings in ``resources/icons``, named after actions and drawn in the colour of the text around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from curator.engine.resources import resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

SIZES = (16, 32, 48)
"""Pixels; larger ones are for screens with many dots."""


def icon(name: str, palette: QPalette) -> QIcon:
    """The icon of that name in a palette's colours; empty when there is none."""
    file = resource("icons") / f"{name}.svg"
    if not file.is_file():
        return QIcon()
    drawing, made = file.read_text(encoding="utf-8"), QIcon()
    group, role = QPalette.ColorGroup, QPalette.ColorRole.ButtonText
    for mode, of in ((QIcon.Mode.Normal, group.Active), (QIcon.Mode.Disabled, group.Disabled)):
        colour = palette.color(of, role).name()
        renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
        for size in SIZES:
            made.addPixmap(_drawn(renderer, size), mode)
    return made


def _drawn(renderer: QSvgRenderer, size: int) -> QPixmap:
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
