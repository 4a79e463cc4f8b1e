"""The start page: what to do first, and what was done lately. Also where nothing has been imported yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from curator.ui import theme
from curator.ui.language import tr

OFFERED = ("open-images", "open-instructions", "open-project", "demo")


class StartPage(QWidget):
    """Buttons, a place to drop things on, and recent Projects."""

    recent_chosen = Signal(Path)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Start"))
        self.drop = QFrame()
        self.drop.setObjectName("drop")
        self._inside = QVBoxLayout(self.drop)
        self._inside.setContentsMargins(40, 32, 40, 32)
        self._inside.setSpacing(12)
        title = QLabel("Curator")
        title.setFont(theme.scaled(self.font(), 2.4, bold=True))
        claim = QLabel(tr("Choose the training data worth keeping."))
        claim.setFont(theme.scaled(self.font(), 1.2))
        self._say = QLabel()
        self._say.setWordWrap(True)
        theme.mark(self._say, "faint")
        self.buttons = {key: _button(actions[key], first=key == "open-images") for key in OFFERED}
        self._recent_title = QLabel(tr("Recent projects"))
        self._recent_title.setFont(theme.scaled(self.font(), 1.0, bold=True))
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._lay_out(title, claim)
        self.tell(False)

    def _lay_out(self, title: QLabel, claim: QLabel) -> None:
        grid = QGridLayout()
        grid.setSpacing(10)
        for i, button in enumerate(self.buttons.values()):
            grid.addWidget(button, i // 2, i % 2)
        for widget in (title, claim):
            self._inside.addWidget(widget)
        self._inside.addSpacing(8)
        self._inside.addLayout(grid)
        self._inside.addWidget(self._say)
        self._inside.addSpacing(8)
        self._inside.addWidget(self._recent_title)
        self._inside.addLayout(self._recent)
        outer = QGridLayout(self)
        outer.addWidget(self.drop, 1, 1)
        for edge in (0, 2):
            outer.setRowStretch(edge, 1)
            outer.setColumnStretch(edge, 1)

    def tell(self, project_open: bool) -> None:
        """Words for an empty Project, or for none."""
        self._say.setText(
            tr("This project is empty. Drop a folder of pictures or a file of records here to fill it.")
            if project_open
            else tr(
                "Or drop a folder of pictures, a file of records (JSON, JSON Lines) or a project here.\n"
                "Originals are read where they are and never changed."
            )
        )

    def show_recent(self, folders: Sequence[Path]) -> None:
        """List Projects opened lately."""
        while (old := self._recent.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.deleteLater()
        for folder in folders:
            link = QToolButton()
            link.setText(f"{folder.stem}   —   {folder.parent}")
            link.setToolTip(tr("Open {folder}", folder=folder))
            link.setAccessibleName(tr("Open recent project {stem}", stem=folder.stem))
            link.setAutoRaise(True)
            link.setCursor(Qt.CursorShape.PointingHandCursor)
            link.clicked.connect(lambda _=False, f=folder: self.recent_chosen.emit(f))
            self._recent.addWidget(link)
        self._recent_title.setVisible(bool(folders))

    def hover(self, over: bool) -> None:
        """Something is dragged over the window."""
        theme.mark(self.drop, "over", over)


def _button(action: QAction, first: bool) -> QPushButton:
    button = QPushButton(action.text())
    button.setToolTip(action.toolTip())
    button.setAccessibleDescription(action.statusTip())
    button.clicked.connect(action.trigger)
    button.setMinimumHeight(button.fontMetrics().height() * 2)
    if first:
        button.setObjectName("primary")
    return button
