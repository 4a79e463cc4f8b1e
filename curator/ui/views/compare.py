"""Two Subsets side by side: what only one has, what both have, how they cover; and new Subsets from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.messages import in_words
from curator.ui.models.balance import SHARES_ROLE, BalanceModel
from curator.ui.views.compare_parts import Parts
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.engine.subsets import Comparison
    from curator.ui.desk import Desk

FIGURES = (
    ("skills", noop("Skills covered")),
    ("classes", noop("Classes covered")),
    ("mean_similarity", noop("Mean similarity")),
    ("radius", noop("Worst covered at")),
)
MAKES = (
    ("union", noop("Either"), noop("All of A, then what only B has")),
    ("intersect", noop("Both"), noop("What both have, in the order of A")),
    ("subtract", noop("Only A"), noop("What only A has")),
    ("subtract-b", noop("Only B"), noop("What only B has")),
)
EMPTY = noop("There are no two subsets of this dataset yet.\nRun a recipe, or make one of what is highlighted.")


class CompareDialog(QDialog):
    """Not modal. States: empty (fewer than two Subsets), error (of different Datasets), ready."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Compare subsets"))
        self._desk = desk
        self.found: Comparison | None = None
        self.message = QLabel()
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.message)
        self.stack.addWidget(self._ready_page())
        self.a, self.b = QComboBox(), QComboBox()
        line = QHBoxLayout()
        for letter, box in (("A", self.a), ("B", self.b)):
            label = QLabel(f"&{letter}")
            label.setBuddy(box)
            box.setAccessibleName(tr("Subset {letter}", letter=letter))
            box.setToolTip(tr("The subset shown as {letter}", letter=letter))
            box.currentIndexChanged.connect(self.compare)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            line.addWidget(label)
            line.addWidget(box, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addLayout(line)
        column.addWidget(self.stack, 1)
        column.addWidget(buttons)
        letter_width = self.fontMetrics().averageCharWidth()
        self.resize(letter_width * 110, letter_width * 90)
        desk.state.data_changed.connect(self._data_changed)
        self._fill()

    def _ready_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self.venn = Overlap()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.grid = QGridLayout()
        self.grid.setColumnStretch(0, 1)
        self.tabs = QTabWidget()
        self.parts = Parts(self._desk)
        self.tabs.addTab(self.parts, tr("Samples"))
        self.models: dict[str, BalanceModel] = {}
        for key, title in (("skills", tr("By skill")), ("classes", tr("By class"))):
            self.models[key] = BalanceModel(self)
            self.tabs.addTab(_table(self.models[key], title), title)
        self.makes: dict[str, QPushButton] = {}
        line = QHBoxLayout()
        line.addWidget(QLabel(tr("New subset of")))
        for key, text, tip in MAKES:
            self.makes[key] = button = QPushButton(tr(text))
            button.setToolTip(tr(tip))
            button.setAccessibleName(tr("New subset: {tip}", tip=tr(tip)))
            button.clicked.connect(lambda _=False, key=key: self.make(key))
            line.addWidget(button)
        line.addStretch(1)
        column.addWidget(self.venn)
        column.addWidget(self.words)
        column.addLayout(self.grid)
        column.addWidget(self.tabs, 1)
        column.addLayout(line)
        return page

    @property
    def state(self) -> str:
        """empty, error or ready."""
        if self.stack.currentIndex() == 1:
            return "ready"
        return "error" if self.message.property("bad") else "empty"

    def _fill(self) -> None:
        state = self._desk.state
        try:
            subsets = state.project.contents().subsets if state.project is not None else []
        except CuratorError as error:
            self._say(in_words(error), bad=True)
            return
        here = [s for s in subsets if state.dataset is None or s.dataset_id == state.dataset.id]
        wanted = [self.a.currentData(), self.b.currentData()]
        shown = state.subset.id if state.subset is not None else None
        others = [s.id for s in reversed(here) if s.id != (wanted[0] or shown)]
        defaults = [shown or (here[-1].id if here else None), others[0] if others else None]
        for box, now, default in zip((self.a, self.b), wanted, defaults, strict=True):
            box.blockSignals(True)
            box.clear()
            for subset in here:
                box.addItem(f"{subset.name}  ({subset.size:,})", subset.id)
            place = box.findData(now) if now is not None else -1
            box.setCurrentIndex(place if place >= 0 else max(0, box.findData(default)))
            box.blockSignals(False)
        self.compare()

    def compare(self, _index: int = 0) -> None:
        """Compare what is chosen."""
        project, a, b = self._desk.state.project, self.a.currentData(), self.b.currentData()
        self.found = None
        if project is None or self.a.count() < 2 or a is None or b is None:
            self._say(waiting_words(self._desk.state) or tr(EMPTY))
            return
        try:
            self.found = project.subsets.compare(a, b)
        except CuratorError as error:
            self._say(in_words(error), bad=True)
            return
        self._show(self.found)

    def _say(self, text: str, bad: bool = False) -> None:
        self.message.setText(text)
        theme.mark(self.message, "bad", bad)
        theme.mark(self.message, "faint", not bad)
        self.stack.setCurrentIndex(0)

    def _show(self, found: Comparison) -> None:
        self.stack.setCurrentIndex(1)
        sizes = len(found.only_a), len(found.both), len(found.only_b)
        self.venn.show_sizes(*sizes)
        self.words.setText(
            tr(
                "<b>{only_a:,}</b> only in A, <b>{both:,}</b> in both, <b>{only_b:,}</b> only in B.",
                only_a=sizes[0],
                both=sizes[1],
                only_b=sizes[2],
            )
            + (tr(" They share {overlap:.0%}.", overlap=found.overlap) if found.overlap == found.overlap else "")
        )
        self._show_figures(found)
        self.parts.show_comparison(found)
        for place, (key, rows) in enumerate((("skills", found.skills), ("classes", found.classes)), 1):
            self.models[key].show_balances(rows)
            self.tabs.setTabVisible(place, bool(rows))
        for key, count in (("union", 1), ("intersect", sizes[1]), ("subtract", sizes[0]), ("subtract-b", sizes[2])):
            self.makes[key].setEnabled(bool(count))

    def _show_figures(self, found: Comparison) -> None:
        while (old := self.grid.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        rows = [(tr(w), *found.figures[k]) for k, w in FIGURES if any(v is not None for v in found.figures[k])]
        for row, cells in enumerate([("", "A", "B"), *rows] if rows else []):
            for place, cell in enumerate(cells):
                label = QLabel(_figure(cell))
                if row == 0 or place == 0:
                    theme.mark(label, "faint")
                self.grid.addWidget(label, row, place, Qt.AlignmentFlag.AlignRight if place else Qt.AlignmentFlag(0))

    def make(self, how: str) -> None:
        """A new Subset from the two."""
        project, a, b = self._desk.state.project, self.a.currentData(), self.b.currentData()
        if project is None:
            return
        subsets = project.subsets
        acts = {
            "union": lambda: subsets.union(a, b),
            "intersect": lambda: subsets.intersect(a, b),
            "subtract": lambda: subsets.subtract(a, b),
            "subtract-b": lambda: subsets.subtract(b, a),
        }
        self._desk.write(acts[how])

    def _data_changed(self, tables: frozenset[str]) -> None:
        if tables & {"subset", "label"}:
            self._fill()


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return tr("{part:,} of {whole:,}", part=value[0], whole=value[1])
    return value if isinstance(value, str) else f"{value:.3f}"


def _table(model: BalanceModel, title: str) -> QTableView:
    table = QTableView()
    table.setAccessibleName(title)
    table.setModel(model)
    table.setItemDelegateForColumn(0, _TwoBars(table))
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setCornerButtonEnabled(False)
    table.setSelectionMode(QTableView.SelectionMode.NoSelection)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(round(table.fontMetrics().height() * 2.1))
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    return table


class _TwoBars(QStyledItemDelegate):
    """A name above two bars: A, and B beneath it."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Bars first, words on top."""
        c, rect = theme.colors(option.palette), QRectF(option.rect)
        for place, (share, colour) in enumerate(zip(index.data(SHARES_ROLE) or (), (c.accent, c.good), strict=False)):
            bar = QRectF(rect.left() + 2, rect.bottom() - 9 + place * 4, (rect.width() - 6) * share, 3)
            painter.fillRect(bar, colour)
        option.displayAlignment = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        super().paint(painter, option, index)


class Overlap(QWidget):
    """One bar in three parts: only A, both, only B."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._sizes = (0, 0, 0)

    def sizeHint(self) -> QSize:
        """A line high."""
        return QSize(200, self.fontMetrics().height())

    def show_sizes(self, only_a: int, both: int, only_b: int) -> None:
        """Show these."""
        self._sizes = (only_a, both, only_b)
        self.setAccessibleName(
            tr("{only_a} only in A, {both} in both, {only_b} only in B", only_a=only_a, both=both, only_b=only_b)
        )
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Three parts, as long as they are many."""
        painter, c = QPainter(self), theme.colors(self.palette())
        total, left = max(1, sum(self._sizes)), 0.0
        for size, colour in zip(self._sizes, (c.accent, theme.mix(c.accent, c.good, 0.5), c.good), strict=True):
            width = self.width() * size / total
            painter.fillRect(QRectF(left, 2, max(0.0, width - 1), self.height() - 4), colour)
            left += width
