"""The timeline of a lifelong pile: what came in, was chosen and was pruned, and how each skill fared in a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QSplitter,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.messages import in_words
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from curator.engine.records import LifelongStep, SkillScores
    from curator.ui.state import AppState

EMPTY = noop(
    "No lifelong step has been taken in this dataset yet.\n"
    "For a pile that grows: each step brings new samples in, chooses what to train on,\n"
    "and drops what adds nothing, so that the pile stays as large as you can afford."
)
HEADS = (noop("Skill"), noop("Samples"), noop("Came in"), noop("Chosen"), noop("Pruned"), "", noop("Went by"))
BAR, GAP, ROOM = 22, 34, 34


class LifelongPage(QWidget):
    """Follows the Dataset shown; a click on a step shows its skills, a row of the table the histogram behind it."""

    def __init__(self, state: AppState, add: QAction | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Lifelong timeline"))
        self._state = state
        self._steps: list[LifelongStep] = []
        self._scores: dict[int, SkillScores] = {}
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.about.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
        theme.mark(self.about, "faint")
        self.chart = Timeline()
        self.title = QLabel()
        self.model = QStandardItemModel(0, len(HEADS), self)
        self.table = QTableView()
        self.table.setAccessibleName(tr("Skills of the step"))
        self.table.setModel(self.model)
        self.table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.verticalHeader().hide()
        self.histogram = HistogramView()
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(8, 4, 8, 8)
        for widget, stretch in ((self.title, 0), (self.table, 1), (self.histogram, 0)):
            column.addWidget(widget, stretch)
        self.parts = QSplitter(Qt.Orientation.Vertical)
        self.parts.addWidget(self.chart)
        self.parts.addWidget(below)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.about, 1)
        self.add = QToolButton()
        if add is not None:
            self.add.setDefaultAction(add)
            line = QHBoxLayout()
            line.setContentsMargins(8, 6, 8, 6)
            line.addStretch(1)
            line.addWidget(self.add)
            line.addStretch(1)
            outer.addLayout(line)
        self.rest = QWidget()
        outer.addWidget(self.rest, 1)
        outer.addWidget(self.parts, 1)
        self.chart.chosen.connect(self._show_step)
        self.table.selectionModel().currentRowChanged.connect(lambda now, _: self._show_skill(now.row()))
        state.shown_changed.connect(self.refresh)
        state.data_changed.connect(self._tables_changed)
        self.refresh()

    def _tables_changed(self, tables: frozenset[str]) -> None:
        if {"lifelong_step", "history"} & tables:
            self.refresh()

    def refresh(self) -> None:
        """Look at the steps of the Dataset shown, and show the latest."""
        project, dataset = self._state.project, self._state.dataset
        fault = ""
        try:
            self._steps = project.lifelong.steps(dataset.id) if project is not None and dataset is not None else []
        except CuratorError as error:
            self._steps, fault = [], in_words(error)
        self.about.setText(fault or waiting_words(self._state) or tr(EMPTY))
        theme.mark(self.about, "bad", bool(fault))
        self.about.setVisible(not self._steps)
        self.rest.setVisible(not self._steps)
        self.parts.setVisible(bool(self._steps))
        self.chart.show_steps(self._steps)
        if self._steps:
            self._show_step(len(self._steps) - 1)

    def _show_step(self, place: int) -> None:
        project = self._state.project
        if project is None:
            return
        step = self._steps[place]
        self.chart.mark(place)
        words = tr(
            "Step {number}: {skills} skills, {gained} gained, {starved} starved",
            number=step.number,
            skills=step.skills,
            gained=step.gained,
            starved=step.starved,
        )
        self.title.setText(words)
        self._scores = {s.skill: s for s in project.score_choices.of_run(step.run_id) if s.chosen}
        self.model.clear()
        self.model.setHorizontalHeaderLabels([tr(head) if head else "" for head in HEADS])
        for skill in project.lifelong.skills(step.id):
            marks = ", ".join(word for word, on in (("gained", skill.gained), ("starved", skill.starved)) if on)
            score = self._scores.get(skill.skill)
            name = QStandardItem(skill.name)
            name.setData(skill.skill, Qt.ItemDataRole.UserRole)
            numbers = [_number(n) for n in (skill.size, skill.came_in, skill.chosen, skill.pruned)]
            self.model.appendRow([name, *numbers, QStandardItem(marks), QStandardItem(score.scorer if score else "")])
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.histogram.setVisible(bool(self._scores))
        if self.model.rowCount():
            self.table.selectRow(0)

    def _show_skill(self, row: int) -> None:
        item = self.model.item(row, 0)
        found = self._scores.get(item.data(Qt.ItemDataRole.UserRole)) if item is not None else None
        self.histogram.show_score(found)


def _edge(value: float) -> str:
    """An end of the axis, without powers of ten where plain digits do."""
    return f"{value:,.0f}" if 100 <= abs(value) < 1e9 else f"{value:.3g}"


def _number(value: int) -> QStandardItem:
    item = QStandardItem(f"{value:,}")
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


class Timeline(QWidget):
    """Three bars for each step (came in, chosen, pruned) under a line of what the pool holds."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: list[LifelongStep] = []
        self._marked = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Steps"))
        self.setMinimumHeight(170)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Room for a dozen steps."""
        return QSize(12 * (3 * BAR + GAP), 240)

    def show_steps(self, steps: list[LifelongStep]) -> None:
        """Draw these."""
        self._steps = steps
        self.update()

    def mark(self, place: int) -> None:
        """Mark the step whose skills are shown."""
        self._marked = place
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the step under the cursor."""
        place = int((event.position().x() - GAP / 2) // self._width())
        if 0 <= place < len(self._steps):
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go from step to step."""
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if move and 0 <= self._marked + move < len(self._steps):
            self.chosen.emit(self._marked + move)
        else:
            super().keyPressEvent(event)

    def _width(self) -> float:
        """Of one step: as much as fits, between a third and one of the usual."""
        usual = 3 * BAR + GAP
        return min(usual, max(usual / 3, (self.width() - GAP) / max(1, len(self._steps))))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bars, the line of the pool, numbers of steps, and the legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c = theme.colors(self.palette())
        painter.fillRect(self.rect(), c.ground)
        most = max((max(s.came_in, s.chosen, s.pruned, s.pool_before) for s in self._steps), default=1) or 1
        low, high = self.height() - ROOM, ROOM
        width, bar = self._width(), self._width() * BAR / (3 * BAR + GAP)

        def top(value: int) -> float:
            return low - (low - high) * value / most

        for place, step in enumerate(self._steps):
            left = GAP / 2 + place * width
            if place == self._marked:
                painter.fillRect(QRectF(left, high - 8, width, self.height() - high + 8), c.cell)
            for i, (value, colour) in enumerate(
                ((step.came_in, c.faint), (step.chosen, c.accent), (step.pruned, c.bad))
            ):
                x = left + (width - 3 * bar) / 2 + i * bar
                painter.fillRect(QRectF(x + 1, top(value), bar - 2, low - top(value)), colour)
            painter.setPen(c.text)
            painter.drawText(QRectF(left, low + 4, width, ROOM), Qt.AlignmentFlag.AlignHCenter, str(step.number))
        painter.setPen(QPen(c.good, 2))
        dots = [QPointF(GAP / 2 + (i + 0.5) * width, top(s.pool_after)) for i, s in enumerate(self._steps)]
        painter.drawPolyline(dots)
        painter.setBrush(c.good)
        for dot in dots:
            painter.drawEllipse(dot, 3, 3)
        self._legend(painter, c)

    def _legend(self, painter: QPainter, c: theme.Colors) -> None:
        x = GAP / 2
        for word, colour in (
            (tr("came in"), c.faint),
            (tr("chosen"), c.accent),
            (tr("pruned"), c.bad),
            (tr("pool"), c.good),
        ):
            painter.fillRect(QRectF(x, 9, 10, 10), colour)
            painter.setPen(c.text)
            wide = painter.fontMetrics().horizontalAdvance(word)
            painter.drawText(QPointF(x + 14, 18), word)
            x += wide + 30


class HistogramView(QWidget):
    """How one score is spread in one skill, and the range that was covered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._score: SkillScores | None = None
        self.setAccessibleName(tr("Histogram of the score gone by"))
        self.setFixedHeight(130)

    def show_score(self, score: SkillScores | None) -> None:
        """Draw this, or nothing."""
        self._score = score
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bars, faint outside the range that was covered; edges and entropy in words."""
        score = self._score
        if score is None or not score.counts or score.low is None or score.high is None:
            return
        painter = QPainter(self)
        c = theme.colors(self.palette())
        high, low, left = 22.0, self.height() - 20.0, 8.0
        wide = (self.width() - 2 * left) / len(score.counts)
        most, span = max(score.counts) or 1, score.high - score.low
        for i, count in enumerate(score.counts):
            middle = score.low + (i + 0.5) * span / len(score.counts)
            inside = score.cut_low is None or score.cut_high is None or score.cut_low <= middle <= score.cut_high
            top = low - (low - high) * count / most
            painter.fillRect(
                QRectF(left + i * wide, top, max(1.0, wide - 1), low - top), c.accent if inside else c.faint
            )
        painter.setPen(c.line)
        painter.drawLine(QPointF(left, low), QPointF(self.width() - left, low))
        painter.setPen(c.text)
        words = tr(
            "{scorer} in “{name}”: {entropy:.2f} bits", scorer=score.scorer, name=score.name, entropy=score.entropy
        )
        painter.drawText(QPointF(left, 15), words)
        painter.setPen(c.faint)
        edges = QRectF(left, low + 2, self.width() - 2 * left, 18)
        painter.drawText(edges, Qt.AlignmentFlag.AlignLeft, _edge(score.low))
        painter.drawText(edges, Qt.AlignmentFlag.AlignRight, _edge(score.high))
