"""What an export would write: the first records as they will be, what would be lost, what the trainer says."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import Cancelled, CuratorError
from curator.engine.task import Task
from curator.ui import theme
from curator.ui.language import tr, tr_n
from curator.ui.messages import in_words

if TYPE_CHECKING:
    from curator.engine.export_preview import Preview
    from curator.ui.job_bridge import JobBridge

    Look = Callable[[Task], Preview]

EMPTY, LOADING, ERROR, CANCELLED, READY = "empty", "loading", "error", "cancelled", "ready"
WAIT_MS = 250
CHECKED = 200
FILES_SHOWN = 6


class ExportPreview(QWidget):
    """States: empty (nothing to look at), loading, error, cancelled, ready. Follows the form a moment after it changed.

    Args:
        plan: what to look at as the form is now, None for nothing; called in the window's thread.
        bridge: takes the look itself out of it.
    """

    shown = Signal(object)
    """The Preview that was found."""

    def __init__(self, plan: Callable[[], Look | None], bridge: JobBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan, self._bridge = plan, bridge
        self._stopped = threading.Event()
        self.found: Preview | None = None
        self.state = EMPTY
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(WAIT_MS)
        self._soon.timeout.connect(self.look)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(tr("What will be written"))
        self.button = QPushButton()
        self.button.clicked.connect(lambda: self.stop() if self.state == LOADING else self.later())
        line = QHBoxLayout()
        line.addWidget(self.words, 1)
        line.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.tabs, 1)
        self._tell(EMPTY, tr("There is nothing to look at yet."))

    def later(self) -> None:
        """Look once the form rests."""
        self._stopped.set()
        self._tell(LOADING, tr("Looking…"))
        self._soon.start()

    def look(self) -> None:
        """Look now, beside the window; a look that still runs is stopped."""
        self._soon.stop()
        self._stopped.set()
        self._stopped = stopped = threading.Event()
        try:
            look = self._plan()
        except CuratorError as error:
            self._take(error)
            return
        if look is None:
            self._clear()
            self._tell(EMPTY, tr("There is nothing to look at yet."))
            return

        def work() -> Preview | None:
            try:
                return look(Task(cancelled=stopped.is_set))
            except Cancelled:
                return None

        self._tell(LOADING, tr("Looking…"))
        self._bridge.in_background(work, lambda outcome: None if stopped.is_set() else self._take(outcome))

    def stop(self) -> None:
        """Look no more, until the form changes or the user asks again."""
        self._soon.stop()
        self._stopped.set()
        if self.state == LOADING:
            self._clear()
            self._tell(CANCELLED, tr("Stopped. The export itself is not affected."))

    def _take(self, outcome: Any) -> None:
        self._clear()
        if isinstance(outcome, Exception):
            known = isinstance(outcome, CuratorError)
            words = in_words(outcome) if isinstance(outcome, CuratorError) else str(outcome)
            self._tell(ERROR, words, bad=True)
            if not known:
                raise outcome
            return
        self.found = outcome
        self._show(outcome)

    def _show(self, found: Preview) -> None:
        splits = ", ".join(f"{name} {count:,}" for name, count in found.splits.items() if name)
        words = tr_n("{n:,} sample", "{n:,} samples", found.samples) + (f" ({splits})" if splits else "")
        severe = any(loss.severe for loss in found.losses)
        if found.error:
            words += tr(". The first could not be written: {error}", error=found.error)
        elif severe:
            words += tr(". Content would be lost: allow it, or choose another format.")
        elif found.losses:
            words += tr(". Some details have no place in this format.")
        else:
            words += tr("; nothing is lost.")
        self._tell(READY, words, bad=bool(found.error or severe))
        inside = [name.partition("/")[2] for name in found.files]
        if any(name not in found.texts for name in found.files):
            self.tabs.addTab(_text("\n".join(found.files), tr("Files")), tr("First files"))
        for name in list(found.texts)[:FILES_SHOWN]:
            short = name.partition("/")[2] if all(inside) else name
            self.tabs.addTab(_text(found.texts[name], name), short)
            self.tabs.setTabToolTip(self.tabs.count() - 1, name)
        if found.losses:
            self.tabs.addTab(_page(losses_page(found), tr("What would be lost")), tr("Lost"))
        if found.stanza is not None:
            self.tabs.addTab(_text(found.stanza[1], found.stanza[0]), found.stanza[0])
        self.tabs.setVisible(self.tabs.count() > 0)

        self.shown.emit(found)

    def _tell(self, state: str, text: str, bad: bool = False) -> None:
        self.state = state
        self.words.setText(text)
        self.button.setVisible(state in (LOADING, CANCELLED, ERROR))
        self.button.setText(tr("&Stop") if state == LOADING else tr("&Look again"))
        self.button.setToolTip(tr("Stop looking ahead") if state == LOADING else tr("Look at what would be written"))
        theme.mark(self.words, "bad", bad)
        theme.mark(self.words, "faint", not bad)

    def _clear(self) -> None:
        self.found = None
        while self.tabs.count():
            page = self.tabs.widget(0)
            self.tabs.removeTab(0)
            if page is not None:
                page.deleteLater()


def losses_page(found: Preview) -> str:
    """What would be lost, in HTML."""
    rows = [
        tr(
            "<li>{loss}: {count:,} of {checked:,} looked at{ranks}</li>",
            loss=f"<b>{html.escape(loss.text)}</b>" if loss.severe else html.escape(loss.text),
            count=loss.count,
            checked=found.checked,
            ranks=_ranks(loss.ranks),
        )
        for loss in found.losses
    ]
    return f"<ul>{''.join(rows)}</ul>"


def _ranks(ranks: tuple[int, ...]) -> str:
    return (
        " " + tr("(ranks {ranks})", ranks=", ".join(map(str, ranks[:5])) + ("…" if len(ranks) > 5 else ""))
        if ranks
        else ""
    )


def _text(text: str, name: str) -> QWidget:
    edit = QPlainTextEdit(text)
    edit.setReadOnly(True)
    edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    edit.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    edit.setAccessibleName(name)
    return edit


def _page(text: str, name: str) -> QWidget:
    browser = QTextBrowser()
    browser.setHtml(text)
    browser.setAccessibleName(name)
    return browser


def preview_with(exporting: Any, subset: str, format_: str, target: str, params: dict[str, Any], options: Any) -> Look:
    """A look at what an export would write."""
    return lambda task: exporting.preview(
        subset, format_, target or "export", dict(params), dict(options), limit=CHECKED, task=task
    )
