"""What the colours of the map mean; a click shows that category alone, another shows everything again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from curator.ui import theme
from curator.ui.language import tr, tr_n

if TYPE_CHECKING:
    from curator.ui.models.hues import Entry

LONGEST, FEWEST = 24, 8
"""Letters of a name that are shown."""
SHARE = 0.4
"""Of the width of a map is for its legend at most."""
BESIDE = 14
"""Letters for the patch, the count and the edges."""


class Legend(QFrame):
    """A small card in a corner of the map."""

    picked = Signal(list)
    """Names of the entries that are pressed; empty when none is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(tr("Legend"))
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setFont(theme.scaled(self.font(), 0.95, bold=True))
        self.buttons: list[QToolButton] = []
        self._entries: tuple[Entry, ...] = ()
        self.more = QLabel()
        """Says how many lines there is no room for."""
        theme.mark(self.more, "faint")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 6, 8, 6)
        self._column.setSpacing(0)
        self._column.addWidget(self.title)
        self._column.addWidget(self.more)

    def show_entries(self, title: str, entries: tuple[Entry, ...], pickable: bool, pressed: frozenset[str]) -> None:
        """Another legend; without entries there is none."""
        for button in self.buttons:
            self._column.removeWidget(button)
            button.deleteLater()
        self.buttons = [self._button(e, pickable and e.name in pressed, pickable and e.filters) for e in entries]
        self._entries = entries
        for place, button in enumerate(self.buttons, 1):
            self._column.insertWidget(place, button)
        self.title.setText(title)
        self.setVisible(bool(entries))
        for widget in (self.title, *self.buttons):
            widget.setVisible(bool(entries))
        self.fit(None, None)

    def fit(self, width: int | None, height: int | None) -> None:
        """Take no more pixels than that, if it can be (None: as many as it likes); what is pressed stays in sight."""
        letters = LONGEST if width is None else width // self.fontMetrics().averageCharWidth() - BESIDE
        for button, entry in zip(self.buttons, self._entries, strict=True):
            button.setText(_words(entry, max(FEWEST, min(LONGEST, letters))))
        around = self._column.contentsMargins().top() + self._column.contentsMargins().bottom()
        line = max((b.sizeHint().height() for b in self.buttons), default=1)
        room = len(self.buttons) if height is None else (height - around - self.title.sizeHint().height()) // line
        if room < len(self.buttons):
            room -= 1  # for the words
        order = sorted(self.buttons, key=lambda b: not b.isChecked())
        shown = set(order[: max(1, room)])
        for button in self.buttons:
            button.setVisible(button in shown)
        left = len(self.buttons) - len(shown)
        self.more.setText(tr_n("{n:,} more line", "{n:,} more lines", left))
        self.more.setVisible(left > 0)
        self._column.activate()
        self.adjustSize()

    def _button(self, entry: Entry, pressed: bool, pickable: bool) -> QToolButton:
        button = QToolButton()
        button.setText(_words(entry, LONGEST))
        button.setIcon(swatch(entry.color))
        button.setIconSize(QSize(11, 11))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setAutoRaise(True)
        button.setAccessibleName(tr_n("{name}, {n:,} sample", "{name}, {n:,} samples", entry.count, name=entry.name))
        button.setProperty("entry", entry.name)
        button.setToolTip(tr("Show only {name}", name=entry.name) if pickable else entry.name)
        button.setCheckable(pickable)
        button.setChecked(pressed)
        if pickable:
            button.clicked.connect(self._pick)
        return button

    def _pick(self) -> None:
        self.picked.emit([str(b.property("entry")) for b in self.buttons if b.isChecked()])


def _words(entry: Entry, letters: int) -> str:
    name = entry.name if len(entry.name) <= letters else entry.name[: letters - 1] + "…"
    return f"{name}   {entry.count:,}".replace("&", "&&")


def swatch(color: QColor) -> QIcon:
    """A round patch of a colour."""
    pixmap = QPixmap(22, 22)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(2, 2, 18, 18)
    painter.end()
    return QIcon(pixmap)
