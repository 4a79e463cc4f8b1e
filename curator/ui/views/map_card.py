"""What is under the mouse on the map: a small picture or the beginning of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from curator.ui import theme
from curator.ui.language import tr
from curator.ui.models.samples import one_line
from curator.ui.views.picture import Picture

if TYPE_CHECKING:
    from curator.ui.models.samples import Item
    from curator.ui.thumbnails import Thumbnails

LETTERS, LINES = 30, 9
APART = 16
TEXT = 240


class HoverCard(QFrame):
    """Beside the mouse, inside its parent, never under the mouse."""

    def __init__(self, thumbs: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(tr("Sample under the mouse"))
        self.picture = Picture(thumbs, LINES)
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        theme.mark(self.text, "faint")
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.picture, 1)
        column.addWidget(self.text)
        self.hide()

    def show_item(self, item: Item | None, point: QPoint) -> None:
        """Show a Sample beside ``point`` of the parent, or nothing."""
        if item is None:
            self.hide()
            return
        sample = item.sample
        words = [one_line(sample.text, TEXT)] if sample.text else []
        words += [", ".join(sample.labels)] if sample.labels else []
        words += [] if sample.text else [sample.source.rpartition("/")[2]]
        self.text.setText("\n".join(words))
        self.picture.setVisible(item.image is not None)
        self.picture.show_path(item.image)
        self.setFixedWidth(self.fontMetrics().averageCharWidth() * LETTERS)
        self.adjustSize()
        self._place(point)
        self.show()
        self.raise_()

    def _place(self, point: QPoint) -> None:
        parent = self.parentWidget()
        assert parent is not None
        x, y = point.x() + APART, point.y() + APART
        if x + self.width() > parent.width():
            x = max(0, point.x() - APART - self.width())
        if y + self.height() > parent.height():
            y = max(0, point.y() - APART - self.height())
        self.move(x, y)
