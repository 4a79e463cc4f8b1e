"""A widget that shows one picture as large as there is room for; also the preview that covers the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from curator.engine.boxes import Box, boxes_of
from curator.ui import theme
from curator.ui.language import tr
from curator.ui.views.box_paint import draw_boxes
from curator.ui.views.gallery_paint import draw_fitted

if TYPE_CHECKING:
    from curator.ui.models.samples import Item
    from curator.ui.thumbnails import Thumbnails

ENLARGE = 6.0


def item_boxes(item: Item | None) -> list[Box]:
    """The boxes in the record of an Item."""
    return boxes_of(item.sample.record, item.sample.width, item.sample.height) if item is not None else []


class Picture(QWidget):
    """Loads through the shared thumbnails."""

    def __init__(self, thumbs: Thumbnails, lines: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbs = thumbs
        self._lines = lines
        self._path: Path | None = None
        self._boxes: tuple[Box, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        thumbs.ready.connect(self._came)

    def show_path(self, path: Path | None, boxes: Sequence[Box] = ()) -> None:
        """Another picture, or none, and the boxes to draw over it."""
        self._path, self._boxes = path, tuple(boxes)
        self.setAccessibleName(tr("Picture {name}", name=path.name) if path else tr("No picture"))
        self.update()

    def sizeHint(self) -> QSize:
        """Some lines of text high."""
        side = self.fontMetrics().height() * self._lines
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """Half of that."""
        return self.sizeHint() / 2

    def _came(self, path: str) -> None:
        if self._path is not None and path == str(self._path):
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture, or what is the matter."""
        painter, c = QPainter(self), theme.colors(self.palette())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(c.cell)
        painter.drawRoundedRect(self.rect(), 6, 6)
        if self._path is None:
            return
        place = self.rect().adjusted(6, 6, -6, -6)
        picture = self._thumbs.get(self._path, max(place.width(), place.height()) * self.devicePixelRatioF())
        if picture is not None and not picture.isNull():
            draw_boxes(painter, draw_fitted(painter, place, picture, ENLARGE), self._boxes)
        elif picture is not None:
            painter.setPen(c.bad)
            words = tr("{name} cannot be shown: it is missing or not a picture.", name=self._path.name)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), words)


class Preview(Picture):
    """Covers its parent; Space, Escape or a click take it away, other keys go on to the view below."""

    closed = Signal()

    def __init__(self, thumbs: Thumbnails, parent: QWidget) -> None:
        super().__init__(thumbs, parent=parent)
        self._view: QWidget | None = None
        self.hide()
        parent.installEventFilter(self)

    def open_over(self, view: QWidget, item: Item | None) -> None:
        """Show an Item above ``view``."""
        self._view = view
        self.follow(item)
        parent = self.parentWidget()
        assert parent is not None
        self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        self.setFocus()

    def follow(self, item: Item | None) -> None:
        """The cursor moved."""
        self.show_path(item.image if item else None, item_boxes(item))

    def leave(self) -> None:
        """Take the preview away."""
        if self.isVisible():
            self.hide()
            if self._view is not None:
                self._view.setFocus()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Grow with the parent."""
        parent = self.parentWidget()
        if event.type() == QEvent.Type.Resize and parent is not None:
            self.setGeometry(parent.rect())
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave, or let the view below move."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Escape):
            self.leave()
        elif self._view is not None:
            self._view.keyPressEvent(event)

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """Leave."""
        self.leave()
