"""Instruction records: a table with columns by their format, and the record with the cursor as a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QMenu,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.models.instructions import InstructionModel
from curator.ui.views.conversation import Conversation
from curator.ui.views.fitting import FittingStack
from curator.ui.views.highlight import Highlighter
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.ui.desk import Desk

IN_VIEW = ("pin-in", "pin-out", "pin-clear", "more-like", "highlight-all")
WIDTHS = {
    "Row": 7, "Rank": 7, "Instruction": 44, "Input": 22, "Output": 34, "System": 16, "Turns": 6, "Pictures": 8,
    "Length": 8, "Tokens": 8, "Labels": 14, "Skill": 18, "Gain": 9, "Pin": 5, "Source": 22,
    "Similarity": 10,
}  # fmt: skip
"""In letters of the font."""
TEXTS = ("Instruction", "Input", "Output")
"""Narrower where that shows all of them at once."""
FEWEST = 9
"""Letters that each of them keeps."""
HIDDEN_AT_FIRST = ("Length", "System", "Source")
NOT_RECORDS = noop("These samples are pictures. See them in the gallery.")
NOTHING = noop("Nothing here fits the filter. Clear it to see everything again.")


class InstructionPage(QWidget):
    """States: no records (pictures, or no dataset), nothing found, a faulty record (shown as it is), ready."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._samples = desk.state, desk.samples
        self.setAccessibleName(tr("Instructions"))
        self.model = InstructionModel(desk.samples, desk.state, self)
        self.table = QTableView()
        self.conversation = Conversation(desk.thumbs)
        self._hidden: set[str] = set(HIDDEN_AT_FIRST)
        self._widths: dict[str, int] = {}
        self._sizing = False
        self._set_up_table(desk)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.table)
        self.split.addWidget(self.conversation)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setChildrenCollapsible(False)
        self.words = QLabel()
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.mark(self.words, "faint")
        self.stack = FittingStack()
        self.stack.addWidget(self.words)
        self.stack.addWidget(self.split)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.setFocusProxy(self.table)
        self.model.modelReset.connect(self.refresh)
        self._state.current_changed.connect(self._show_current)
        desk.samples.dataChanged.connect(self._show_current)
        self.refresh()

    def _set_up_table(self, desk: Desk) -> None:
        table = self.table
        table.setAccessibleName(tr("Table of records"))
        table.setModel(self.model)
        self.chosen = QItemSelectionModel(self.model, self)
        table.setSelectionModel(self.chosen)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setWordWrap(False)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setTabKeyNavigation(False)
        table.setCornerButtonEnabled(False)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        table.addActions([desk.actions[a] for a in IN_VIEW])
        vertical = table.verticalHeader()
        vertical.hide()
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        vertical.setDefaultSectionSize(self.fontMetrics().height() + 10)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSectionsMovable(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._choose_columns)
        header.sectionClicked.connect(self.model.sort_by)
        header.sectionResized.connect(self._resized)
        table.viewport().installEventFilter(self)
        self.highlighter = Highlighter(desk.samples, self.chosen, desk.state, self.model)
        self.highlighter.best_first.connect(table.scrollToTop)

    # ---- what is shown ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Choose what fits: words, or the table."""
        dataset = self._state.dataset
        if dataset is None or dataset.kind != "instruction":
            self.words.setText(waiting_words(self._state) if dataset is None else tr(NOT_RECORDS))
            self.stack.setCurrentWidget(self.words)
        elif not self.model.rowCount():
            self.words.setText(waiting_words(self._state) or tr(NOTHING))
            self.stack.setCurrentWidget(self.words)
        else:
            self.stack.setCurrentWidget(self.split)
            self._size_columns()
            self._show_sort()
        self._show_current()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The table has another width."""
        if isinstance(event, QResizeEvent) and event.oldSize().width() != event.size().width():
            self._size_columns()
        return super().eventFilter(watched, event)

    def _size_columns(self) -> None:
        if self._sizing:
            return
        self._sizing = True
        for i, (name, width) in enumerate(self._fitting().items()):
            self.table.setColumnWidth(i, width)
            self.table.setColumnHidden(i, name in self._hidden)
        self._sizing = False

    def _fitting(self) -> dict[str, int]:
        """The width of each column: as it was drawn, else as usual, with less for long texts where room is short."""
        letter = self.fontMetrics().averageCharWidth()
        found = {c: self._widths.get(c, WIDTHS.get(c, 10) * letter + 16) for c in self.model.columns}
        texts = [c for c in TEXTS if c in found and c not in self._hidden]
        before = sum(found[c] for c in ("Row", "Rank", "Similarity") if c in found and c not in self._hidden)
        drawn = sum(found[c] for c in texts if c in self._widths)
        free = [c for c in texts if c not in self._widths]
        share = (self.table.viewport().width() - before - drawn) / max(1, sum(found[c] for c in free))
        if share < 1:
            found |= {c: max(FEWEST * letter + 16, int(found[c] * share)) for c in free}
        return found

    def _resized(self, column: int, _before: int, width: int) -> None:
        if not self._sizing and width > 0 and column < len(self.model.columns):
            self._widths[self.model.columns[column]] = width

    def _show_sort(self) -> None:
        header, query = self.table.horizontalHeader(), self._state.query
        names = [self.model.sort_name(i) for i in range(len(self.model.columns))]
        place = names.index(query.sort) if query.sort in names else -1
        falling = Qt.SortOrder.DescendingOrder if query.descending else Qt.SortOrder.AscendingOrder
        header.setSortIndicatorShown(place >= 0)
        if place >= 0:
            header.setSortIndicator(place, falling)

    def _show_current(self) -> None:
        dataset = self._state.dataset
        item = self._samples.item_of_row(self._state.current)
        self.conversation.show_item(item, dataset.root if dataset else None)

    # ---- columns ---------------------------------------------------------------------------------------------

    def column_menu(self) -> QMenu:
        """A menu with one tick for each column."""
        menu = QMenu(self)
        for name in self.model.columns:
            action = menu.addAction(tr(name))
            action.setCheckable(True)
            action.setChecked(name not in self._hidden)
            action.toggled.connect(lambda on, name=name: self.show_column(name, on))
        return menu

    def show_column(self, name: str, on: bool) -> None:
        """Show or hide a column; one stays."""
        if not on and len(self._hidden | {name}) >= len(self.model.columns):
            return
        self._hidden = self._hidden - {name} if on else self._hidden | {name}
        self._size_columns()

    def _choose_columns(self, place: QPoint) -> None:
        menu = self.column_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.table.horizontalHeader().mapToGlobal(place))
