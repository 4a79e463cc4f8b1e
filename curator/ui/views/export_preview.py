"""What an export would write: the first records as they will be, what would be lost, what the trainer says."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QTabWidget, QTextBrowser, QVBoxLayout, QWidget

from curator.engine.errors import CuratorError
from curator.ui import theme

if TYPE_CHECKING:
    from curator.engine.export_preview import Preview

WAIT_MS = 250
CHECKED = 200
FILES_SHOWN = 6
EFFECTS = {"stop": "stops at", "skip": "skips", "cut": "cuts", "change": "changes"}


class ExportPreview(QWidget):
    """States: empty (no way to look ahead), loading, error, ready. Follows the form a moment after it changed."""

    def __init__(self, look: Callable[[], Preview | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.found: Preview | None = None
        self.state = "empty"
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(WAIT_MS)
        self._soon.timeout.connect(self.look)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("What will be written")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addWidget(self.tabs, 1)

    def later(self) -> None:
        """Look once the form rests."""
        self.state = "loading"
        self._say("Looking…")
        self._soon.start()

    def look(self) -> None:
        """Look now."""
        self._soon.stop()
        try:
            self.found = self._look()
        except CuratorError as error:
            self.found, self.state = None, "error"
            self._say(f"{error.text} {error.hint}".strip(), bad=True)
            self._clear()
            return
        self._clear()
        if self.found is None:
            self.state = "empty"
            self._say("There is nothing to look at yet.")
            return
        self.state = "ready"
        self._show(self.found)

    def _show(self, found: Preview) -> None:
        splits = ", ".join(f"{name} {count:,}" for name, count in found.splits.items() if name)
        words = f"{found.samples:,} samples" + (f" ({splits})" if splits else "")
        severe = any(loss.severe for loss in found.losses)
        if found.error:
            words += f". The first could not be written: {found.error}"
        elif severe:
            words += ". Content would be lost: allow it, or choose another format."
        elif found.losses:
            words += ". Some details have no place in this format."
        else:
            words += "; nothing is lost."
        self._say(words, bad=bool(found.error or severe))
        for name in list(found.texts)[:FILES_SHOWN]:
            self.tabs.addTab(_text(found.texts[name], name), name)
        if not found.texts and found.files:
            self.tabs.addTab(_text("\n".join(found.files), "Files"), "Files")
        if found.losses:
            self.tabs.addTab(_page(losses_page(found), "What would be lost"), "Lost")
        if found.findings or found.mended:
            self.tabs.addTab(_page(findings_page(found), "What the trainer would do"), "Trainer")
        if found.stanza is not None:
            self.tabs.addTab(_text(found.stanza[1], found.stanza[0]), found.stanza[0])
        self.tabs.setVisible(self.tabs.count() > 0)

    def _say(self, text: str, bad: bool = False) -> None:
        self.words.setText(text)
        theme.mark(self.words, "bad", bad)
        theme.mark(self.words, "faint", not bad)

    def _clear(self) -> None:
        while self.tabs.count():
            page = self.tabs.widget(0)
            self.tabs.removeTab(0)
            if page is not None:
                page.deleteLater()


def losses_page(found: Preview) -> str:
    """What would be lost, in HTML."""
    rows = [
        f"<li>{'<b>' if loss.severe else ''}{html.escape(loss.text)}{'</b>' if loss.severe else ''}:"
        f" {loss.count:,} of {found.checked:,} looked at{_ranks(loss.ranks)}</li>"
        for loss in found.losses
    ]
    return f"<ul>{''.join(rows)}</ul>"


def findings_page(found: Preview) -> str:
    """What the trainer would do, in HTML."""
    rows = []
    for one in found.findings:
        tokens = f", {one.tokens:,} tokens" if one.tokens else ""
        mend = " It can be mended." if one.fixable else ""
        rows.append(
            f"<li>It {EFFECTS.get(one.effect, one.effect)} <b>{one.count:,}</b>{tokens}: {html.escape(one.text)}"
            f"{_ranks(one.ranks)}.{mend}</li>"
        )
    rows += [f"<li>{count:,} would be mended: {html.escape(rule)}</li>" for rule, count in found.mended.items()]
    if found.dropped or found.replaced:
        rows.append(f"<li>{found.dropped:,} left out, {found.replaced:,} next in rank in their place</li>")
    return f"<p>Of {found.checked:,} samples looked at:</p><ul>{''.join(rows)}</ul>"


def _ranks(ranks: tuple[int, ...]) -> str:
    return f" (ranks {', '.join(map(str, ranks[:5]))}{'…' if len(ranks) > 5 else ''})" if ranks else ""


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


def preview_with(exporting: Any, subset: str, format_: str, target: str, params: dict[str, Any], options: Any) -> Any:
    """Ask a Project what an export would write."""
    return exporting.preview(subset, format_, target or "export", params, options, limit=CHECKED)
