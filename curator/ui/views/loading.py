"""What is seen while the first import has nothing to show yet: that it runs, and the first pictures it will bring."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.views.gallery_paint import MARGIN, MAX_ENLARGE, draw_fitted

if TYPE_CHECKING:
    from curator.ui.thumbnails import Thumbnails

WORDS = noop("Reading what you brought…")


class FirstPictures(QWidget):
    """Pictures straight from their files, in cells as large as those of the gallery, which then has them at once.

    Attributes:
        paths: what is to be seen, () for nothing.
        painted: pictures painted by the latest paint event.
    """

    def __init__(self, thumbs: Thumbnails, cell: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("First pictures"))
        self._thumbs, self._cell = thumbs, cell
        self.paths: tuple[Path, ...] = ()
        self.painted = 0
        thumbs.ready.connect(lambda _path: self.update() if self.paths else None)

    def show_paths(self, paths: Sequence[Path]) -> None:
        """These, as many as there is room for."""
        self.paths, self.painted = tuple(paths), 0
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Those that have been decoded; the others come in a moment."""
        painter, self.painted = QPainter(self), 0
        columns = max(1, self.width() // self._cell)
        left = (self.width() - columns * self._cell) // 2
        room = columns * max(1, self.height() // self._cell)
        for i, path in enumerate(self.paths[:room]):
            picture = self._thumbs.get(path, (self._cell - 2 * MARGIN) * self.devicePixelRatioF())
            if picture is not None and not picture.isNull():
                place = QRect(left + i % columns * self._cell, i // columns * self._cell, self._cell, self._cell)
                draw_fitted(painter, place.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN), picture, MAX_ENLARGE)
                self.painted += 1
        painter.end()


class LoadingPage(QWidget):
    """Words, a bar that moves, and :class:`FirstPictures`."""

    def __init__(self, thumbs: Thumbnails, cell: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Loading"))
        label, bar = QLabel(tr(WORDS)), QProgressBar()
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.mark(label, "faint")
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(tr(WORDS))
        self.pictures = FirstPictures(thumbs, cell)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 24, 0, 0)
        column.setSpacing(12)
        column.addWidget(label)
        column.addWidget(bar, 0, Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.pictures, 1)
