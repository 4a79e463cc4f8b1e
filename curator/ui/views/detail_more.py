"""More about one Sample: its class, its scores among all others, what is near it, its copies, its record."""

from __future__ import annotations

import html
import json
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.messages import in_words
from curator.ui.models.sample_facts import FactFinder
from curator.ui.models.samples import number, one_line
from curator.ui.reading import Reading
from curator.ui.state import IMPORTING
from curator.ui.views.compare_samples import Compare
from curator.ui.views.detail_standing import StandingView
from curator.ui.views.near_grid import NearGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.browse import Neighbour
    from curator.engine.project import Project
    from curator.engine.records import Dataset, Sample
    from curator.ui.desk import Desk
    from curator.ui.models.sample_facts import Facts, Standing
    from curator.ui.models.samples import Item

    Nearest: TypeAlias = tuple[tuple[Neighbour, ...], list[Sample]]

NEAR = 6
REST_MS = 120
MOST_NODES = 2000
LOOKING = noop("Looking for what is near…")
NO_NEIGHBOURS = noop("Run a recipe, or make a map, to see what is near.")


class Histogram(QWidget):
    """How a Score is spread over the Dataset, and where one Sample stands in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: NDArray[Any] = np.zeros(1)
        self._place = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_value(self, counts: NDArray[Any], place: float) -> None:
        """``counts`` [b]; ``place`` from 0 to 1 along them."""
        self._counts, self._place = counts, place
        self.update()

    def sizeHint(self) -> QSize:
        """One line high."""
        return QSize(60, self.fontMetrics().height() + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bars, and a line for the Sample."""
        painter, c = QPainter(self), theme.colors(self.palette())
        bar = QColor(c.faint)
        bar.setAlphaF(0.45)
        top = max(1.0, float(self._counts.max(initial=1)))
        width, height = self.width() / len(self._counts), float(self.height())
        for i, count in enumerate(self._counts.tolist()):
            tall = height * (count / top) ** 0.5
            painter.fillRect(QRectF(i * width, height - tall, max(1.0, width - 1), tall), bar)
        painter.fillRect(QRectF(self._place * (self.width() - 2), 0, 2, height), c.accent)


class DetailMore(QWidget):
    """Follows :meth:`show_item`; what costs time is looked up when the cursor rests."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._state = desk, desk.state
        self._item: Item | None = None
        self._facts, self._nearest = (Reading(desk.state, desk.bridge, self) for _ in range(2))
        self._finder = FactFinder()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.label = QComboBox()
        self._make_labels(column)
        self.scores = QWidget()
        self._grid = QGridLayout(self.scores)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self.scores.hide()
        column.addWidget(self.scores)
        self.copies = QWidget()
        self._make_copies(column)
        self.standing = StandingView(desk)
        column.addWidget(self.standing)
        self.near_title = _title(tr("Nearest"))
        self.near = NearGrid(desk)
        column.addWidget(self.near_title)
        column.addLayout(self.near)
        self.near_words = QLabel()
        self.near_words.setWordWrap(True)
        theme.mark(self.near_words, "faint")
        column.addWidget(self.near_words)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([tr("Field"), tr("Value")])
        self.tree.setAccessibleName(tr("Record as a tree"))
        self.tree.setMinimumHeight(self.fontMetrics().height() * 8)
        column.addWidget(self.tree)
        self._state.data_changed.connect(lambda _tables: self._finder.forget())
        self.show_item(None)

    def _make_labels(self, column: QVBoxLayout) -> None:
        self.label.setEditable(True)
        self.label.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.label.setAccessibleName(tr("Label"))
        self.label.setToolTip(tr("Type a class and press Enter"))
        self.unlabel = QToolButton()
        self.unlabel.setText(tr("Remove"))
        self.unlabel.setToolTip(tr("Take your label away; a given one counts again"))
        self.unlabel.clicked.connect(lambda: self._set_label(None))
        line_edit = self.label.lineEdit()
        assert line_edit is not None
        line_edit.setPlaceholderText(tr("Label…"))
        line_edit.returnPressed.connect(lambda: self._set_label(self.label.currentText().strip() or None))
        line = QHBoxLayout()
        line.addWidget(self.label, 1)
        line.addWidget(self.unlabel)
        column.addLayout(line)

    def _make_copies(self, column: QVBoxLayout) -> None:
        line = QHBoxLayout(self.copies)
        line.setContentsMargins(0, 0, 0, 0)
        self.copies_words = QLabel()
        self.copies_words.setWordWrap(True)
        self.compare = QPushButton(tr("&Compare…"))
        self.compare.setToolTip(tr("See both side by side, with the difference marked"))
        self.compare.clicked.connect(self._compare)
        self._other: int | None = None
        line.addWidget(self.copies_words, 1)
        line.addWidget(self.compare)
        column.addWidget(self.copies)

    # ---- what is shown ---------------------------------------------------------------------------------------

    def show_item(self, item: Item | None) -> None:
        """Another Sample, or none."""
        self._item, self._other = item, None
        self.copies.hide()
        self._facts.drop()
        self._nearest.drop()
        self.setVisible(item is not None)
        self.standing.show_row(None)
        if item is None:
            self._rest.stop()
            return
        self._show_labels(item.sample)
        self._show_record(item.sample)
        self._rest.start()

    def _where(self) -> tuple[Project, Dataset] | None:
        project, dataset = self._state.project, self._state.dataset
        ready = project is not None and dataset is not None and dataset.status != IMPORTING
        return (project, dataset) if ready and project is not None and dataset is not None else None

    def _look(self) -> None:
        """What takes a moment: scores, copies, neighbours."""
        place, item = self._where(), self._item
        if place is None or item is None:
            return
        project, dataset = place
        row, finder = item.sample.row, self._finder
        self.standing.show_row(row)
        self.near_words.setText(tr(LOOKING))
        self.near_words.show()
        self._facts.ask(lambda: finder.facts(project, dataset.id, row), self._take_facts)
        self._nearest.ask(lambda: _nearest(project, dataset.id, row), partial(self._take, dataset))

    def _take_facts(self, found: Facts | CuratorError) -> None:
        if isinstance(found, CuratorError):  # undone a moment ago, or a run is being swept
            self._show_scores(())
            return
        self._show_names(found.labels)
        self._show_scores(found.standings)
        self._show_copies(found)

    def _show_labels(self, sample: Sample) -> None:
        """Of the Sample; the names to choose from are those of the Sample before until they are known."""
        with QSignalBlocker(self.label):
            self.label.setEditText(sample.labels[0] if sample.labels else "")

    def _show_names(self, names: tuple[str, ...]) -> None:
        if names != tuple(self.label.itemText(i) for i in range(self.label.count())):
            text = self.label.currentText()
            with QSignalBlocker(self.label):
                self.label.clear()
                self.label.addItems(list(names))
                self.label.setEditText(text)

    def _set_label(self, name: str | None) -> None:
        project, item = self._state.project, self._item
        if project is not None and item is not None:
            self._desk.write(lambda: project.set_label([item.sample.id], name))

    # ---- scores ----------------------------------------------------------------------------------------------

    def _show_scores(self, standings: tuple[Standing, ...]) -> None:
        while (old := self._grid.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.scores.setVisible(bool(standings))
        for line, standing in enumerate(standings):
            name, share = standing.name, standing.share
            title = QLabel(name.removeprefix("score."))
            theme.mark(title, "faint")
            self._grid.addWidget(title, line, 0)
            chart = Histogram()
            chart.show_value(standing.counts, standing.place)
            words = number(standing.value)
            words += tr(", above {share:.0%} of all", share=share) if share is not None else ""
            chart.setAccessibleName(f"{name} {words}")
            chart.setToolTip(f"{name}: {words}")
            self._grid.addWidget(chart, line, 1)
            self._grid.addWidget(QLabel(number(standing.value)), line, 2, Qt.AlignmentFlag.AlignRight)

    # ---- copies and neighbours -------------------------------------------------------------------------------

    def _show_copies(self, found: Facts) -> None:
        others = found.others
        self.copies.setVisible(bool(others))
        self._other = others[0] if others else None
        if not others:
            return
        if found.copies.kept is not None:
            self.copies_words.setText(tr("A copy or near-copy; {name} stands for it.", name=found.copy))
        else:
            more = tr(" and {count} more", count=len(others) - 1) if len(others) > 1 else ""
            self.copies_words.setText(tr("Stands for {name}{more}.", name=found.copy, more=more))

    def _compare(self) -> None:
        place, item = self._where(), self._item
        if place is None or item is None or self._other is None:
            return
        project, dataset = place
        other = project.browse.samples(dataset.id, [self._other])
        if other:
            dialog = Compare(item.sample, other[0], dataset, self.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _take(self, dataset: Dataset, found: Nearest | CuratorError) -> None:
        near, samples = ((), []) if isinstance(found, CuratorError) else found
        words = "" if near else tr(NO_NEIGHBOURS)
        if isinstance(found, CuratorError):
            words = tr("The nearest could not be found: {fault}", fault=in_words(found))
        self.near_words.setText(words)
        self.near_words.setVisible(bool(words))
        self.near.show_near(dataset, samples, near)

    # ---- the record ------------------------------------------------------------------------------------------

    def _show_record(self, sample: Sample) -> None:
        self.tree.clear()
        try:
            value = json.loads(sample.record) if sample.record else None
            self.tree.setVisible(value is not None)
            left = [MOST_NODES]
            if isinstance(value, dict):
                for key, inside in value.items():
                    _grow(self.tree.invisibleRootItem(), str(key), inside, left)
        except (ValueError, RecursionError):
            self.tree.setVisible(False)
        self.tree.expandToDepth(0)


def _nearest(project: Project, dataset_id: int, row: int) -> Nearest:
    near = project.browse.neighbours(dataset_id, row, NEAR)
    return near, project.browse.samples(dataset_id, [n.row for n in near])


def _grow(parent: QTreeWidgetItem, name: str, value: Any, left: list[int]) -> None:
    """One field with what is in it, as long as there are nodes ``left``."""
    if left[0] <= 0:
        return
    left[0] -= 1
    if isinstance(value, dict | list):
        node = QTreeWidgetItem(parent, [name, f"{len(value)} {'fields' if isinstance(value, dict) else 'items'}"])
        pairs = value.items() if isinstance(value, dict) else enumerate(value, 1)
        for key, inside in pairs:
            _grow(node, str(key), inside, left)
        return
    words = value if isinstance(value, str) else json.dumps(value)
    node = QTreeWidgetItem(parent, [name, one_line(words, 200)])
    node.setToolTip(1, html.escape(words[:2000]))


def _title(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(theme.scaled(label.font(), 1.0, bold=True))
    return label
