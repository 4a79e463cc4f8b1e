"""Trials: which selector suits this pile, as a plot and a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from curator.engine.trial_tables import main_measure
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.views.rounds.one_of import OneOfSeveral
from curator.ui.views.rounds.plots import TrialPlot
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.engine.project import Project
    from curator.engine.trial import Trial
    from curator.engine.trial_tables import Line
    from curator.ui.desk import Desk

KINDS = ((noop("Simulate rounds of labels"), "simulate"), (noop("Compare subsets"), "compare"))
DEFAULTS = {
    "simulate": ("pcoreset, random, entropy, margin, k-center", "15"),
    "compare": ("pcoreset, random, k-center, skill-quota", "50, 100, 200"),
}
SIZES = {"simulate": noop("Rounds"), "compare": noop("Budgets")}
AXIS = {"simulate": noop("labels spent"), "compare": noop("samples chosen")}
EMPTY = noop("No trial yet. A simulation needs a dataset whose classes are known; a comparison works on any.")


class TrialsPage(OneOfSeveral):
    """States: nothing tried yet, busy, a trial with its plot and table, error."""

    tables = frozenset({"trial"})

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, tr("Trial"), parent)
        self._lines: list[Line] = []
        self._main = ""
        self.kind, self.measure = QComboBox(), QComboBox()
        for words, value in KINDS:
            self.kind.addItem(tr(words), value)
        for box, name in ((self.kind, tr("Kind of trial")), (self.measure, tr("Measure"))):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.selectors, self.sizes, self.seeds = QLineEdit(), QLineEdit(), theme.inset(QSpinBox())
        self.selectors.setAccessibleName(tr("Selectors"))
        self.seeds.setRange(1, 100)
        self.seeds.setValue(3)
        self.seeds.setAccessibleName(tr("Repetitions"))
        self.sizes_words = QLabel()
        self.with_loss = QCheckBox(tr("Loss of a language model"))
        self.with_loss.setToolTip(
            tr("Fit the last layer of SmolLM2 to each subset and measure held-out records: minutes")
        )
        self.start, self.export = QPushButton(tr("Start")), QPushButton(tr("Save…"))
        self.start.setObjectName("primary")
        self.words.setWordWrap(True)
        self.plot, self.table = TrialPlot(), QTableWidget()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.setAccessibleName(tr("Results"))
        self._build()
        self._connect()
        self._kind_changed()
        self._follow()

    @property
    def trial(self) -> Trial | None:
        """The Trial shown."""
        found: Trial | None = self.one
        return found

    def _build(self) -> None:
        top, names = QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.kind)
        top.addStretch(1)
        top.addWidget(self.start)
        for widget, stretch in (
            (QLabel(tr("Selectors")), 0), (self.selectors, 3), (self.sizes_words, 0), (self.sizes, 1),
            (QLabel(tr("Repetitions")), 0), (self.seeds, 0),
        ):  # fmt: skip
            names.addWidget(widget, stretch)
        second = QHBoxLayout()
        second.addWidget(self.chosen)
        second.addWidget(self.measure)
        second.addWidget(self.words, 1)
        second.addWidget(self.with_loss)
        second.addWidget(self.export)
        sides = QSplitter(Qt.Orientation.Vertical)
        sides.addWidget(self.plot)
        sides.addWidget(self.table)
        sides.setStretchFactor(0, 3)
        sides.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.addLayout(top)
        column.addLayout(names)
        column.addLayout(second)
        column.addWidget(sides, 1)
        self.sides = sides
        column.addStretch(0)

    def _connect(self) -> None:
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.measure.activated.connect(self._draw)
        self.start.clicked.connect(self.run)
        self.export.clicked.connect(self._ask_file)

    def _kind_changed(self) -> None:
        kind = self.kind.currentData()
        selectors, sizes = DEFAULTS[kind]
        self.selectors.setText(selectors)
        self.selectors.setCursorPosition(0)
        self.sizes.setText(sizes)
        self.sizes_words.setText(tr(SIZES[kind]))
        self.sizes.setAccessibleName(tr(SIZES[kind]))
        self._offer_loss()

    def _offer_loss(self) -> None:
        """A language model measures subsets of instruction records only."""
        dataset = self._desk.state.dataset
        instructions = dataset is not None and dataset.kind == "instruction"
        self.with_loss.setVisible(instructions and self.kind.currentData() == "compare")

    def plan(self) -> dict[str, Any]:
        """What is asked for."""
        sizes = {"simulate": "rounds", "compare": "budgets"}[self.kind.currentData()]
        plan = {"selectors": self.selectors.text(), sizes: self.sizes.text(), "seeds": self.seeds.value()}
        asked = not self.with_loss.isHidden() and self.with_loss.isChecked()
        return {**plan, "language_model": "default"} if asked else plan

    def run(self) -> None:
        """Start a trial."""
        project, dataset = self._desk.state.project, self._desk.state.dataset
        if project is None or dataset is None or self._job is not None:
            return

        self._submit(
            lambda: project.trials.submit(
                self.kind.currentData(), dataset.name, self.plan(), "", self._desk.settings.device,
                listener=self._desk.bridge.listener,
            )
        )  # fmt: skip

    def _all(self, project: Project, dataset_id: int) -> Sequence[Trial]:
        return project.trials.trials(dataset_id)

    def _get(self, project: Project, key: int) -> Trial:
        return project.trials.trial(key)

    def _show(self) -> None:
        self._offer_loss()
        project = self._desk.state.project
        there = project is not None and self.trial is not None
        for widget in (self.chosen, self.measure, self.export, self.sides):
            widget.setVisible(there)
        self._lines = []
        if project is not None and self.trial is not None:
            self._lines = project.trials.lines(self.trial.id)
            names = list(self._lines[0].measures) if self._lines else []
            names = [n for n in names if any(line.measures[n].count for line in self._lines)]
            main = self._main = main_measure(project.trials.points(self.trial.id))
            self.measure.clear()
            for name in names:
                self.measure.addItem(name.replace("_", " "), name)
            self.measure.setCurrentIndex(max(0, self.measure.findData(main)))
            self._draw()

    def _draw(self) -> None:
        if self.trial is None or self.measure.currentData() is None:
            return
        measure, kind = self.measure.currentData(), self.trial.kind
        self.plot.show_lines(self._lines, measure, tr(AXIS[kind]))
        head = [
            tr("Selector"),
            tr("Labels") if kind == "simulate" else tr("Budget"),
            tr("Mean"),
            tr("± deviation"),
            tr("{measure} ahead of random", measure=self._main.replace("_", " ").capitalize()),
            "p",
        ]
        self.table.setColumnCount(len(head))
        self.table.setHorizontalHeaderLabels(head)
        self.table.setRowCount(len(self._lines))
        for row, line in enumerate(self._lines):
            found, ahead = line.measures[measure], line.ahead
            cells = [
                line.selector,
                tr("all rounds") if line.size == 0 else f"{line.size:,}",
                f"{found.mean:.3f}",
                f"{found.deviation:.3f}",
                "" if ahead is None else f"{ahead.difference:+.3f} [{ahead.low:+.3f}, {ahead.high:+.3f}]",
                "" if ahead is None else f"{ahead.p:.2g}",
            ]
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def _tell(self) -> None:
        self.start.setEnabled(self._job is None and self._desk.state.ready)
        if self._job is not None:
            progress = self._job.progress
            self.words.setText(
                tr("{label} {done} of {total}…", label=progress.label, done=progress.done, total=progress.total)
                if progress
                else tr("Starting…")
            )
        else:
            self.words.setText(
                self.fault or ("" if self.trial is not None else waiting_words(self._desk.state) or tr(EMPTY))
            )

    def _ask_file(self) -> None:
        if self.trial is None:
            return
        kinds = tr("Table (*.csv);;Everything (*.json);;Picture (*.png);;Drawing (*.svg)")
        name, _ = QFileDialog.getSaveFileName(self, tr("Save the trial"), f"{self.trial.name}.csv", kinds)
        if name:
            self.save(Path(name))

    def save(self, target: Path) -> None:
        """Write the trial shown to a file."""
        from curator.engine.errors import CuratorError
        from curator.ui.messages import Notice, notice_of_error

        project = self._desk.state.project
        if project is None or self.trial is None:
            return
        try:
            written = project.trials.export(self.trial.id, target, overwrite=True)
        except CuratorError as error:
            self._desk.commands.noticed.emit(notice_of_error(error))
            return
        self._desk.commands.noticed.emit(Notice(tr("Wrote {written}", written=written), good=True))
