"""Samples in a small grid, each with how alike it is and a button that goes to it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy

from curator.ui import theme
from curator.ui.language import tr
from curator.ui.models.samples import one_line
from curator.ui.views.picture import Picture

if TYPE_CHECKING:
    from curator.engine.browse import Neighbour
    from curator.engine.records import Dataset, Sample
    from curator.ui.desk import Desk

ACROSS = 3
CLOSE = 0.95


class NearGrid(QGridLayout):
    """Three pictures beside one another, or one line for each text."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        for column in range(ACROSS):
            self.setColumnStretch(column, 1)

    def show_near(self, dataset: Dataset, samples: Sequence[Sample], near: Sequence[Neighbour]) -> None:
        """Show these instead of what was there."""
        self.clear()
        for i, (sample, beside) in enumerate(zip(samples, near, strict=True)):
            self._put(i, sample, beside, dataset)

    def clear(self) -> None:
        """Show nothing."""
        while (old := self.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _put(self, i: int, sample: Sample, near: Neighbour, dataset: Dataset) -> None:
        alike = "" if near.similarity != near.similarity else shown(near.similarity)
        button = QPushButton(tr("{alike} alike", alike=alike) if alike else tr("Go to"))
        self._dress(button, sample, near.row, alike)
        if not sample.images:
            button = _LineButton(f"{alike}  {one_line(sample.text or sample.source, 160)}".strip())
            self._dress(button, sample, near.row, alike)
            self.addWidget(button, i, 0, 1, ACROSS)
            return
        picture = Picture(self._desk.thumbs, lines=4)
        picture.show_path(Path(dataset.root) / sample.images[0])
        self.addWidget(picture, i // ACROSS * 2, i % ACROSS)
        self.addWidget(button, i // ACROSS * 2 + 1, i % ACROSS)

    def _dress(self, button: QPushButton, sample: Sample, row: int, alike: str) -> None:
        button.setFlat(True)
        theme.mark(button, "tight")
        tip = tr("cosine {alike}; 1 is the same", alike=alike) if alike else tr("not measured")
        button.setToolTip(html.escape(f"{sample.source}: {tip}"))
        button.setAccessibleName(tr("Go to {source}", source=sample.source))
        button.clicked.connect(lambda _on=False: self._desk.state.set_current(row))


def shown(similarity: float) -> str:
    """A cosine in two places, in three where copies are told apart."""
    return f"{similarity:.3f}" if similarity >= CLOSE else f"{similarity:.2f}"


class _LineButton(QPushButton):
    """One line of text from the left, with an ellipsis where it does not fit."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self._words = words
        self.setStyleSheet("text-align: left")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Room for an ellipsis."""
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut to the new width."""
        super().resizeEvent(event)
        around = (
            self.sizeHint().width() - self.fontMetrics().size(int(Qt.TextFlag.TextShowMnemonic), self.text()).width()
        )
        room = self.width() - around
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room).replace("&", "&&"))
