"""One sample after another, with one key for each class."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from curator.ui import theme
from curator.ui.language import tr
from curator.ui.views.picture import Picture

if TYPE_CHECKING:
    from curator.engine.records import Sample
    from curator.engine.study import Pick
    from curator.ui.thumbnails import Thumbnails

KEYS = "1234567890QWERTYIOPADFGHJKLZXCVB"
"""One for each class, in the order of the keyboard; S, N, U and M have meanings of their own."""
SKIP, UNLISTED, BACK = "S", "N", "U"
COLUMNS = 5


class Asking(QWidget):
    """Shows the open picks of a batch, largest first in rank, and says which key was pressed.

    Answers are signals; whoever listens writes them and calls :meth:`show_batch` again.
    """

    labelled = Signal(int, str)
    skipped = Signal(int)
    unlisted = Signal(int)
    undone = Signal()

    def __init__(self, thumbs: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Sample to label"))
        self.classes: tuple[str, ...] = ()
        self.pick: Pick | None = None
        self._answers: list[QPushButton] = []
        self._columns = 0
        self.picture = Picture(thumbs, lines=18)
        self.picture.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.text.setAccessibleName(tr("Text of the sample"))
        self.content = QStackedWidget()
        self.content.addWidget(self.picture)
        self.content.addWidget(self.text)
        self.name = QLabel()
        self.why = QLabel()
        for label in (self.name, self.why):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        theme.mark(self.why, "faint")
        self.progress = QProgressBar()
        theme.mark(self.progress, "spoken")
        self.progress.setFormat(tr("%v of %m answered"))
        self.progress.setAccessibleName(tr("Progress in this round"))
        self.buttons = QWidget()
        self.buttons.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._grid = QGridLayout(self.buttons)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.choices = _Choices(self.buttons)
        self._rest = QHBoxLayout()
        self.skip = _plain(tr("Skip  [{key}]", key=SKIP), tr("Give no answer; it is not asked about again"))
        self.other = _plain(tr("Not in the list  [{key}]", key=UNLISTED), tr("It is none of the classes"))
        self.back = _plain(tr("Undo  [{key}]", key=BACK), tr("Take back the latest change"))
        self.skip.clicked.connect(lambda: self.answer(SKIP))
        self.other.clicked.connect(lambda: self.answer(UNLISTED))
        self.back.clicked.connect(self.undone)
        for button in (self.skip, self.other, self.back):
            self._rest.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.progress)
        column.addWidget(self.content, 1)
        column.addWidget(self.name)
        column.addWidget(self.why)
        column.addWidget(self.choices)
        column.addLayout(self._rest)

    def show_classes(self, classes: tuple[str, ...]) -> None:
        """Another list of classes."""
        if classes == self.classes:
            return
        self.classes = classes
        for button in self._answers:
            button.hide()
            button.deleteLater()
        self._answers = []
        for place, name in enumerate(classes[: len(KEYS)]):
            button = _plain(f"{name}  [{KEYS[place]}]", tr("It is “{name}”", name=name))
            button.clicked.connect(lambda _checked=False, key=KEYS[place]: self.answer(key))
            self._answers.append(button)
        self._columns = 0
        self._arrange()

    def _arrange(self) -> None:
        """The buttons in as many columns as there is room for."""
        widest = max([1, *(button.sizeHint().width() for button in self._answers)]) + self._grid.spacing()
        columns = max(1, min(COLUMNS, (self.width() - 16) // widest))
        if columns == self._columns:
            return
        self._columns = columns
        while self._grid.takeAt(0) is not None:
            pass
        for place, button in enumerate(self._answers):
            self._grid.addWidget(button, place // columns, place % columns)
        self.choices.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Room for more columns, or for fewer."""
        super().resizeEvent(event)
        self._arrange()

    def show_batch(self, batch: list[Pick]) -> None:
        """The first open pick of a batch, and how far along it is."""
        answered = sum(1 for p in batch if p.state)
        self.progress.setRange(0, max(1, len(batch)))
        self.progress.setValue(answered)
        self.pick = next((p for p in batch if not p.state), None)
        for button in (*self._answers, self.skip, self.other):
            button.setEnabled(self.pick is not None)

    def show_sample(self, sample: Sample | None, path: Path | None) -> None:
        """Content of the pick; None when all of the batch is answered."""
        self.picture.show_path(path)
        self.text.setPlainText(sample.text if sample else "")
        self.content.setCurrentWidget(self.text if sample is not None and path is None else self.picture)
        if self.pick is None:
            self.name.setText(tr("All of this batch is answered. Press Next round."))
            self.why.setText("")
            return
        # The folder often is the class; whoever labels should not read the answer.
        self.name.setText(f"{self.pick.rank}. {PurePosixPath(self.pick.source).name}")
        self.why.setText(tr("Why: {reason}", reason=self.pick.reason))

    def answer(self, key: str) -> None:
        """What a key means for the pick shown; nothing for other keys or without a pick."""
        if key == BACK:
            self.undone.emit()
        elif self.pick is None:
            return
        elif key == SKIP:
            self.skipped.emit(self.pick.sample_id)
        elif key == UNLISTED:
            self.unlisted.emit(self.pick.sample_id)
        elif key in KEYS and KEYS.index(key) < len(self.classes):
            self.labelled.emit(self.pick.sample_id, self.classes[KEYS.index(key)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """One key, one answer."""
        key = BACK if event.key() == Qt.Key.Key_Backspace else event.text().upper()
        held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if key and not held and (key in (SKIP, UNLISTED, BACK) or key in KEYS):
            self.answer(key)
            return
        super().keyPressEvent(event)


class _Choices(QScrollArea):
    """As high as the buttons inside, until a small window leaves less: then they scroll."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setWidget(inside)
        self._inside = inside

    def sizeHint(self) -> QSize:
        """All of the buttons."""
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Two lines of them."""
        hint = self.sizeHint().height()
        return QSize(0, min(hint, self.fontMetrics().height() * 5))


def _plain(words: str, tip: str) -> QPushButton:
    button = QPushButton(words.replace("&", "&&"))
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
