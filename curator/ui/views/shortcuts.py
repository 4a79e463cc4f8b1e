"""The F1 sheet, made from the actions table."""

from __future__ import annotations

import html

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from curator.ui.actions import ACTIONS, GALLERY_KEYS, MAP_KEYS, menus
from curator.ui.language import tr


def sheet() -> str:
    """Everything that the keyboard can do, as HTML."""
    parts: list[str] = []
    for menu in menus():
        rows = [(_shown(a.shortcut), _plain(tr(a.text)), tr(a.help)) for a in ACTIONS if a.menu == menu and a.shortcut]
        if rows:
            parts.append(_section(_plain(tr(menu)), rows))
    for place, known in ((tr("In the gallery"), GALLERY_KEYS), (tr("On the map"), MAP_KEYS)):
        parts.append(_section(place, [(tr(keys), tr(what), "") for keys, what in known]))
    return "".join(parts)


def _section(title: str, rows: list[tuple[str, str, str]]) -> str:
    lines = "".join(
        "<tr>"
        + f'<td style="padding:3px 18px 3px 0"><b>{html.escape(keys)}</b></td>'
        + f'<td style="padding:3px 18px 3px 0">{html.escape(name)}</td>'
        + f'<td style="padding:3px 0">{html.escape(words)}</td></tr>'
        for keys, name, words in rows
    )
    return f"<h3>{html.escape(title)}</h3><table>{lines}</table>"


def _plain(text: str) -> str:
    return text.replace("&", "").rstrip("…")


def _shown(shortcut: str) -> str:
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)


class ShortcutSheet(QDialog):
    """Not modal: it may stay open beside the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Shortcuts"))
        text = QTextBrowser()
        text.setAccessibleName(tr("List of shortcuts"))
        text.setHtml(sheet())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addWidget(text)
        column.addWidget(buttons)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(letter * 100, letter * 90)
