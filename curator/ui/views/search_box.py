"""The one search box: words, a filter with completion, or a picture dropped or pasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QStringListModel, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QTextCharFormat,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QListView, QToolButton, QVBoxLayout, QWidget

from curator.engine.completing import Completion, complete
from curator.ui import theme
from curator.ui.finding import EMPTY, ERROR, NOTHING, SEARCHING, Finding, picture_file
from curator.ui.language import noop, tr
from curator.ui.reading import Reading

if TYPE_CHECKING:
    from curator.engine.browse import Field
    from curator.ui.desk import Desk

TYPING_MS = 300
HINT = noop("Search: words, label:dog, score.sharpness<0.2, or drop a picture")
HINT_OF_RECORDS = noop("Search: words, label:summary, text~python, length>2000")


class Proposals(QListView):
    """A list below the line, inside the window; the line keeps the keyboard and hands over the keys that it takes."""

    chosen = Signal(int)

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line)
        self._line = line
        self._options = QStringListModel(self)
        self.setModel(self._options)
        self.setAccessibleName(tr("Proposals"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.clicked.connect(lambda index: self._choose(index.row()))
        self.hide()

    def propose(self, words: list[str]) -> None:
        """Show these, or go away when there are none."""
        self._options.setStringList(words)
        if not words:
            self.hide()
            return
        window = self._line.window()
        if self.parentWidget() is not window:
            self.setParent(window)
        place = self._line.mapTo(window, QPoint(0, self._line.height() + 1))
        height = self.sizeHintForRow(0) * min(len(words), 8) + 2 * self.frameWidth() + 2
        self.setGeometry(place.x(), place.y(), max(self._line.width() * 2 // 3, 240), height)
        self.show()
        self.raise_()

    def words(self) -> list[str]:
        """What is proposed."""
        return self._options.stringList()

    def takes(self, key: int) -> bool:
        """Whether a key is meant for the list, which then acts on it."""
        if not self.isVisible():
            return False
        place, last = self.currentIndex().row(), self._options.rowCount() - 1
        match key:
            case Qt.Key.Key_Down:
                self._go(min(last, place + 1))
            case Qt.Key.Key_Up:
                self._go(max(0, place - 1))
            case Qt.Key.Key_Tab:
                self._choose(max(0, place))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if place >= 0:
                self._choose(place)
            case Qt.Key.Key_Escape:
                self.hide()
            case _:
                return False
        return True

    def _go(self, place: int) -> None:
        self.setCurrentIndex(self._options.index(place))

    def _choose(self, place: int) -> None:
        self.hide()
        self.chosen.emit(place)


class SearchLine(QLineEdit):
    """A line that also takes pictures, and underlines what it does not understand."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._finding = finding
        self.proposals = Proposals(self)
        self.setPlaceholderText(tr(HINT))
        self.setAccessibleName(tr("Search"))
        self.setClearButtonEnabled(True)
        for button in self.findChildren(QToolButton):
            button.setAccessibleName(tr("Clear the search"))
            button.setToolTip(tr("Clear the search"))
        self.setMaxLength(10_000)
        self.setAcceptDrops(True)

    def underline(self, fault: tuple[int, int] | None) -> None:
        """Mark a part of the text as wrong, or nothing."""
        attributes = []
        if fault is not None:
            form = QTextCharFormat()
            form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            form.setUnderlineColor(theme.colors(self.palette()).bad)
            form.setForeground(theme.colors(self.palette()).bad)
            start, end = fault
            kind = QInputMethodEvent.AttributeType.TextFormat
            attributes.append(QInputMethodEvent.Attribute(kind, start - self.cursorPosition(), end - start, form))
        QApplication.sendEvent(self, QInputMethodEvent("", attributes))

    def event(self, event: QEvent) -> bool:
        """Tab takes a proposal rather than the focus away."""
        tab = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab
        if tab and event.type() == QEvent.Type.KeyPress and self.proposals.takes(Qt.Key.Key_Tab):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of the proposals first; Escape shows everything again; a picture may be pasted."""
        if self.proposals.takes(event.key()):
            return
        if event.key() == Qt.Key.Key_Escape and self.text():
            self._finding.clear()
        elif not (event.matches(QKeySequence.StandardKey.Paste) and self._paste_picture()):
            super().keyPressEvent(event)

    def _paste_picture(self) -> bool:
        clipboard = QGuiApplication.clipboard()
        lines = [QUrl(line).toLocalFile() for line in clipboard.text().splitlines() if line.startswith("file:")]
        image = clipboard.image()
        if (file := picture_file(lines)) is not None:
            self._finding.picture(file)
        elif not image.isNull():
            self._finding.image(image)
        return file is not None or not image.isNull()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Proposals go with the cursor."""
        self.proposals.hide()
        super().focusOutEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A picture file, a picture, or text."""
        content = event.mimeData()
        if content.hasImage() or any(u.isLocalFile() for u in content.urls()):
            event.acceptProposedAction()
        else:
            super().dragEnterEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Search for it."""
        content = event.mimeData()
        file = picture_file([u.toLocalFile() for u in content.urls() if u.isLocalFile()])
        if file is not None:
            event.acceptProposedAction()
            self._finding.picture(file)
        elif content.hasImage():
            event.acceptProposedAction()
            self._finding.image(content.imageData())
        else:
            super().dropEvent(event)


class SearchBox(QWidget):
    """States: empty, searching, nothing found, error, ready."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._finding = desk.state, desk.commands.finding
        self._fields: tuple[Field, ...] | None = None
        self._reading = Reading(desk.state, desk.bridge, self)
        self._completion = Completion(0, 0)
        self.line = SearchLine(self._finding)
        self.words = QLabel()
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAccessibleName(tr("Search result"))
        self.exact = QToolButton()
        self.exact.setText(tr("Exact"))
        self.exact.setCheckable(True)
        self.exact.setAutoRaise(True)
        self.exact.setToolTip(tr("Take words as they are written, not by their meaning"))
        self.exact.setAccessibleName(tr("Exact words"))
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(TYPING_MS)
        self.words.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.exact)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 0, 8, 4)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.words)
        self._connect()
        self._refresh()

    def _connect(self) -> None:
        self.line.returnPressed.connect(self._enter)
        self.line.textEdited.connect(self._edited)
        self._soon.timeout.connect(lambda: self._finding.search(self.line.text(), typing=True))
        self.exact.toggled.connect(self._toggle)
        self.line.proposals.chosen.connect(self._take)
        self._finding.changed.connect(self._refresh)
        self._finding.focus_asked.connect(self._focus)
        self._finding.text_changed.connect(self._show_text)
        self._state.shown_changed.connect(self._forget)
        self._state.shown_changed.connect(self._hint)
        self._state.data_changed.connect(self._forget)

    def _hint(self) -> None:
        """Examples that fit what is shown."""
        dataset = self._state.dataset
        records = dataset is not None and dataset.kind == "instruction"
        self.line.setPlaceholderText(tr(HINT_OF_RECORDS if records else HINT))

    def _enter(self) -> None:
        self._soon.stop()
        self.line.proposals.hide()
        self._finding.search(self.line.text())

    def _edited(self, text: str) -> None:
        self.line.underline(None)
        if text:
            self._soon.start()
            self._propose()
        else:
            self._soon.stop()
            self.line.proposals.hide()
            self._finding.search("")

    def _propose(self) -> None:
        project, dataset = self._state.project, self._state.dataset
        if self._fields is None and project is not None and dataset is not None:
            self._fields = project.browse.fields(dataset.id, values=False)
            self._reading.ask(lambda: project.browse.fields(dataset.id), self._know)
        self._completion = complete(self.line.text(), self.line.cursorPosition(), self._fields or ())
        options = self._completion.options
        self.line.proposals.propose([f"{o.text}   {o.words}".rstrip() for o in options])

    def _know(self, fields: object) -> None:
        """Values can be proposed now, too."""
        if isinstance(fields, tuple):
            self._fields = fields
            if self.line.proposals.isVisible() or (self._soon.isActive() and not self._completion.options):
                self._propose()

    def _take(self, place: int) -> None:
        """Write the proposal that was chosen."""
        options = self._completion.options
        if not 0 <= place < len(options):
            return
        text, new = self.line.text(), options[place].text
        closed = not new.endswith((":", "~", "<"))
        self.line.setText(text[: self._completion.start] + new + (" " if closed else "") + text[self._completion.end :])
        self.line.setCursorPosition(self._completion.start + len(new) + closed)
        if closed:
            self._soon.start()
        else:
            QTimer.singleShot(0, self, self._propose)

    def _toggle(self, exact: bool) -> None:
        self._finding.exact = exact
        if self.line.text().strip():
            self._finding.search(self.line.text())

    def _show_text(self, text: str) -> None:
        self.line.proposals.hide()
        self.line.setText(text)

    def _focus(self) -> None:
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def _forget(self, _tables: object = None) -> None:
        self._fields = None
        self._reading.drop()

    def _refresh(self) -> None:
        finding = self._finding
        self.words.setText(finding.words)
        self.words.setToolTip(finding.words)
        self.words.setVisible(bool(finding.words))
        wrong = finding.status in (ERROR, NOTHING)
        theme.mark(self.words, "bad", wrong)
        theme.mark(self.words, "faint", not wrong)
        self.line.underline(finding.fault)
        busy = finding.status == SEARCHING
        self.line.setAccessibleDescription(finding.words if not busy and finding.status != EMPTY else "")
