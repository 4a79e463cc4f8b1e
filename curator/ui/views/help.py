"""Help inside the window: pages of ``resources/help``, with a search over all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from curator.engine.resources import resource
from curator.ui import theme
from curator.ui.language import tr

ORDER = (
    "getting-started", "choosing-a-recipe", "the-map", "labels", "subsets", "skills", "lifelong", "exporting",
    "glossary",
)  # fmt: skip


@dataclass(frozen=True)
class HelpPage:
    """One page of Markdown; its first line is its title."""

    key: str
    title: str
    text: str


def help_pages() -> list[HelpPage]:
    """All pages, in reading order."""
    found = {p.stem: p.read_text(encoding="utf-8") for p in resource("help").glob("*.md")}
    keys = [k for k in ORDER if k in found] + sorted(set(found) - set(ORDER))
    return [HelpPage(k, found[k].splitlines()[0].lstrip("# ").strip(), found[k]) for k in keys]


def matches(page: HelpPage, words: str) -> bool:
    """Whether every word is somewhere on the page."""
    text = page.text.casefold()
    return all(word in text for word in words.casefold().split())


class HelpDialog(QDialog):
    """Not modal: it may stay open beside the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Help"))
        self.pages = {p.key: p for p in help_pages()}
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search the help"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(tr("Search the help"))
        self.search.textChanged.connect(self._filter)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Pages"))
        self.list.currentItemChanged.connect(self._chosen)
        self.nothing = QLabel(tr("No page has these words."))
        self.nothing.setWordWrap(True)
        theme.mark(self.nothing, "faint")
        self.nothing.hide()
        self.text = QTextBrowser()
        self.text.setAccessibleName(tr("Help page"))
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._follow)
        self.text.document().setDocumentMargin(self.fontMetrics().height())
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.search, self.nothing, self.list):
            column.addWidget(part)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(self.text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        outer = QVBoxLayout(self)
        outer.addWidget(split, 1)
        outer.addWidget(buttons)
        letter = self.fontMetrics().averageCharWidth()
        self.resize(letter * 130, letter * 100)
        split.setSizes([letter * 34, letter * 96])
        self._filter("")

    def show_page(self, key: str | None) -> None:
        """Go to a page, if it is listed."""
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == key:
                self.list.setCurrentRow(row)

    def _filter(self, words: str) -> None:
        now = self.list.currentItem().data(Qt.ItemDataRole.UserRole) if self.list.currentItem() else None
        self.list.clear()
        for page in self.pages.values():
            if matches(page, words):
                item = QListWidgetItem(page.title)
                item.setData(Qt.ItemDataRole.UserRole, page.key)
                self.list.addItem(item)
        self.nothing.setVisible(not self.list.count())
        self.show_page(now)
        if self.list.currentRow() < 0 and self.list.count():
            self.list.setCurrentRow(0)
        first = words.split()[0] if words.split() else ""
        if first:
            self.text.find(first, QTextDocument.FindFlag(0))

    def _chosen(self, item: QListWidgetItem | None, _before: object = None) -> None:
        if item is not None:
            self.text.setMarkdown(self.pages[item.data(Qt.ItemDataRole.UserRole)].text)

    def _follow(self, url: QUrl) -> None:
        key = re.sub(r"\.md$", "", url.fileName())
        if key in self.pages:
            self.search.clear()
            self.show_page(key)
