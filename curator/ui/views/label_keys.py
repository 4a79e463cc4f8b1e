"""Which number key gives which class: a line below the gallery and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from curator.ui import theme
from curator.ui.labelling import NUMBERED

if TYPE_CHECKING:
    from curator.ui.desk import Desk

LONGEST = 18


class LabelKeys(QLabel):
    """There while something is highlighted in a Dataset with classes."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._wanted = False
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setContentsMargins(10, 3, 10, 3)
        self.setMinimumWidth(1)
        theme.mark(self, "faint")
        desk.state.highlight_changed.connect(self._show)
        desk.state.data_changed.connect(lambda _tables: self._show())
        self.hide()

    def refresh(self, wanted: bool) -> None:
        """Another page is shown; ``wanted`` on those where labels are given."""
        self._wanted = wanted
        self._show()

    def _show(self) -> None:
        count = len(self._desk.state.highlight)
        names = self._desk.commands.labels.classes()[:NUMBERED] if self._wanted and count else ()
        self.setVisible(bool(names))
        keys = [f"{i} {n if len(n) <= LONGEST else n[: LONGEST - 1] + '…'}" for i, n in enumerate(names, 1)]
        self.setText("Label:  " + "    ".join([*keys, "0 none", "L other"]))
