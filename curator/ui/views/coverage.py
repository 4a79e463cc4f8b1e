"""What a Subset covers: figures beside random, and a bar for each skill or class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.messages import in_words
from curator.ui.models.coverage import SHARE_ROLE, CountsModel, figures
from curator.ui.reading import PatientReading
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.ui.desk import Desk
    from curator.ui.models.coverage import Count

EMPTY = noop("Show a subset to see what it covers.")
SOON_MS = 60
"""After the dial moved; so that a drag does not count a large subset at every step."""
WORDS = {"skill": noop("By skill"), "class": noop("By class")}


class CoveragePanel(QWidget):
    """Follows the Subset shown. States: empty (no Subset, or nothing imported yet), loading, error, ready."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Coverage"))
        state = self._state = desk.state
        self._reading = PatientReading(state, desk.bridge, self._meanwhile, self)
        self._counts: dict[str, list[Count]] = {}
        self.about = QLabel()
        self.about.setWordWrap(True)
        theme.mark(self.about, "faint")
        self.grid = QGridLayout()
        self.grid.setColumnStretch(0, 1)
        self.by = QComboBox()
        self.by.setAccessibleName(tr("Count by"))
        self.by.setToolTip(tr("What the bars count"))
        self.by.currentIndexChanged.connect(self._show_counts)
        self.model = CountsModel(self)
        self.table = QTableView()
        self.table.setAccessibleName(tr("Counts"))
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(0, _Bar(self.table))
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setCornerButtonEnabled(False)
        self.table.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        column = QVBoxLayout(self)
        column.addWidget(self.about)
        column.addLayout(self.grid)
        column.addWidget(self.by)
        column.addWidget(self.table, 1)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self.refresh)
        state.shown_changed.connect(self.refresh)
        state.keep_changed.connect(self._soon.start)
        state.data_changed.connect(self._data_changed)
        self.refresh()

    def refresh(self) -> None:
        """Look at the Subset shown."""
        project, subset, first = self._state.project, self._state.subset, self._state.keep
        self._show_figures((subset.summary or {}) if subset is not None else {})
        if project is None or subset is None:
            self._reading.drop()
            self._take({})
            return
        self._reading.look(
            lambda: project.subsets.at_hand(subset.id), lambda: project.counts(subset.id, first), self._take
        )

    def _take(self, found: dict[str, list[Count]] | CuratorError) -> None:
        fault = in_words(found) if isinstance(found, CuratorError) else ""
        self._counts = {} if isinstance(found, CuratorError) else {k: c for k, c in found.items() if c}
        by = self.by.currentData()
        self.by.blockSignals(True)
        self.by.clear()
        for key in self._counts:
            self.by.addItem(tr(WORDS.get(key, key)), key)
        self.by.setCurrentIndex(max(0, self.by.findData(by)))
        self.by.blockSignals(False)
        self.by.setVisible(len(self._counts) > 1)
        self.table.setVisible(bool(self._counts))
        self._say(fault or self._words(), bad=bool(fault))
        self._show_counts()

    def _meanwhile(self) -> None:
        self.by.hide()
        self.table.hide()
        self._say(tr("Counting what it covers…"), bad=False)

    def _data_changed(self, tables: frozenset[str]) -> None:
        if tables & {"label", "skill"} and self._state.subset is not None:
            self.refresh()

    def _words(self) -> str:
        subset, first = self._state.subset, self._state.keep
        if subset is None:
            return waiting_words(self._state) or tr(EMPTY)
        if first is None:
            return str((subset.summary or {}).get("stopped") or "")
        return tr(
            "The bars count the first {first:,} picks, as the dial says; the figures are of all {size:,}.",
            first=first,
            size=subset.size,
        )

    def _say(self, words: str, bad: bool) -> None:
        self.about.setText(words)
        self.about.setVisible(bool(words))
        theme.mark(self.about, "bad", bad)
        theme.mark(self.about, "faint", not bad)

    def _show_counts(self, _index: int = 0) -> None:
        self.model.show_counts(self._counts.get(self.by.currentData() or "", []))

    def _show_figures(self, summary: dict[str, object]) -> None:
        while (old := self.grid.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        found = figures(summary)
        if found:
            for column, word in enumerate(("", tr("Subset"), tr("Random"))):
                self._put(word, 0, column, "faint")
        for row, figure in enumerate(found, 1):
            self._put(figure.name, row, 0, "faint")
            self._put(figure.value, row, 1, {True: "good", False: "bad", None: ""}[figure.better])
            self._put(figure.random, row, 2, "faint")

    def _put(self, text: str, row: int, column: int, role: str) -> None:
        label = QLabel(text)
        label.setWordWrap(column == 0)
        if role:
            theme.mark(label, role)
        self.grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag(0))


class _Bar(QStyledItemDelegate):
    """A name above a bar as long as the share that was chosen."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Bar first, words on top."""
        c, rect = theme.colors(option.palette), QRectF(option.rect)
        painter.fillRect(rect.adjusted(2, rect.height() - 5, -4, -2), c.cell)
        width = (rect.width() - 6) * min(1.0, float(index.data(SHARE_ROLE) or 0.0))
        painter.fillRect(QRectF(rect.left() + 2, rect.bottom() - 4, width, 3), c.accent)
        super().paint(painter, option, index)
