"""Rounds of labels: what to label now, what it has bought so far, and the space it is chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from curator.engine.simplex import hole, leaning
from curator.ui.language import noop, tr, tr_n
from curator.ui.views.fitting import FittingStack
from curator.ui.views.rounds.asking import Asking
from curator.ui.views.rounds.one_of import OneOfSeveral
from curator.ui.views.rounds.plots import CurvePlot, SpacePlot
from curator.ui.views.rounds.starting import StartForm
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.engine.project import Project
    from curator.engine.study import RoundRecord, Space, Study
    from curator.ui.desk import Desk

SHOWN_PAIRS = 5
QUICK_ROWS = 10_000
"""Rows up to which the space is drawn again after every answer."""


class RoundsPage(OneOfSeveral):
    """States: the form (no study yet, or a new one), busy (a batch is being chosen), asking, error."""

    tables = frozenset({"study", "study_round", "study_pick", "label"})
    new = noop("New study…")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, tr("Study"), parent)
        self.space: Space | None = None
        self._curve: list[RoundRecord] = []
        self._space_of: tuple[object, int, int] | None = None
        self.next = QPushButton(tr("Next round"))
        self.next.setObjectName("primary")
        self.next.setToolTip(tr("Fit the student to the labels so far and choose the next batch"))
        self.form = StartForm()
        self.asking = Asking(desk.thumbs)
        self.curve, self.space_plot = CurvePlot(), SpacePlot()
        self.leaning = QLabel()
        self.stack = FittingStack()
        self._build()
        self._connect()
        self._follow()

    @property
    def study(self) -> Study | None:
        """The Study shown."""
        found: Study | None = self.one
        return found

    # ---- building --------------------------------------------------------------------------------------------

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(10, 6, 10, 6)
        line.setSpacing(12)
        line.addWidget(self.chosen)
        self.words.setWordWrap(True)
        line.addWidget(self.words, 1)
        line.addWidget(self.next)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.curve, tr("Curve"))
        self.tabs.addTab(self._space_tab(), tr("Probability space"))
        sides = QSplitter(Qt.Orientation.Horizontal)
        sides.addWidget(self.asking)
        sides.addWidget(self.tabs)
        letter = self.fontMetrics().averageCharWidth()
        self.asking.setMinimumWidth(letter * 36)  # long names of classes do not make the window wider than a screen
        self.tabs.setMinimumWidth(letter * 24)
        sides.setStretchFactor(0, 3)
        sides.setStretchFactor(1, 2)
        sides.setChildrenCollapsible(False)
        sides.setSizes([600, 400])
        self.stack.addWidget(self.form)
        self.stack.addWidget(sides)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self.stack, 1)

    def _space_tab(self) -> QWidget:
        tab = QWidget()
        self.corners = [QComboBox() for _ in range(3)]
        for number, box in enumerate(self.corners, 1):
            box.setAccessibleName(tr("Corner {number}", number=number))
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
            box.currentIndexChanged.connect(self._draw_space)
        self.as_teacher = QCheckBox(tr("As the teacher sees it"))
        self.as_teacher.toggled.connect(self._draw_space)
        line = QHBoxLayout()
        line.addWidget(QLabel(tr("Corners")))
        for box in self.corners:
            line.addWidget(box, 1)
        self.leaning.setWordWrap(True)
        self.leaning.setTextFormat(Qt.TextFormat.PlainText)
        self.leaning.setAccessibleName(tr("What the teacher leans to"))
        column = QVBoxLayout(tab)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(line)
        column.addWidget(self.as_teacher)
        column.addWidget(self.space_plot, 1)
        column.addWidget(self.leaning)
        return tab

    def _connect(self) -> None:
        self.next.clicked.connect(self.next_round)
        self.form.asked.connect(self._start)
        self.asking.labelled.connect(self._label)
        self.asking.skipped.connect(lambda key: self._write("skip", key))
        self.asking.unlisted.connect(lambda key: self._write("unlisted", key))
        self.asking.undone.connect(self._desk.commands.undo)

    # ---- what is shown ---------------------------------------------------------------------------------------

    def _all(self, project: Project, dataset_id: int) -> Sequence[Study]:
        return project.rounds.studies(dataset_id)

    def _get(self, project: Project, key: int) -> Study:
        return project.rounds.study(key)

    def _show(self) -> None:
        project = self._desk.state.project
        self.stack.setCurrentIndex(0 if self.study is None else 1)
        self._curve = project.rounds.curve(self.study.id) if project and self.study else []
        if project is None or self.study is None:
            dataset = self._desk.state.dataset
            if project is not None and dataset is not None and not self.fault and self.form.wants(dataset.id):
                self.form.propose(dataset.id, project.rounds.known_classes(dataset.id))
            return
        self.asking.show_classes(self.study.classes)
        self.curve.show_curve(self._curve, len(self.study.classes))
        self._look_at_space()
        self._show_pick()

    def _show_pick(self) -> None:
        project, dataset = self._desk.state.project, self._desk.state.dataset
        assert project is not None and self.study is not None
        batch = project.rounds.batch(self.study.id)
        self.asking.show_batch(batch)
        pick = self.asking.pick
        sample = next(iter(project.samples_by_id([pick.sample_id])), None) if pick else None
        path = dataset.root / sample.images[0] if dataset and sample and sample.images else None
        self.asking.show_sample(sample, Path(path) if path else None)

    def _tell(self) -> None:
        busy = self._job is not None
        self.next.setEnabled(not busy and self.study is not None)
        self.next.setVisible(self.study is not None)
        self.asking.setEnabled(not busy)
        self.form.start.setEnabled(not busy and self._desk.state.ready)
        if busy:
            progress = self._job.progress if self._job else None
            self.words.setText(f"{progress.label}…" if progress else tr("Starting…"))
        elif self._curve and self.study is not None:
            m = self._curve[-1].measures
            last, k = self._curve[-1], len(self.study.classes)
            labels = tr_n("{n} label", "{n} labels", m.spent)
            of_classes = tr("{met} of {count} classes", met=m.classes, count=k)
            text = "  ·  ".join([tr("Round {number}", number=last.number), labels, of_classes])
            if last.measured:
                text += "  ·  " + tr("{accuracy:.0%} right ({measured})", accuracy=m.accuracy, measured=last.measured)
            self.words.setText(text)
        else:
            self.words.setText(self.fault or waiting_words(self._desk.state))

    # ---- the space -------------------------------------------------------------------------------------------

    def _look_at_space(self) -> None:
        """Read the space again: for every answer while that takes no time, else once a round."""
        project = self._desk.state.project
        assert project is not None and self.study is not None
        sign = (project, self.study.id, self._curve[-1].id)
        if sign == self._space_of and self.space is not None and len(self.space.rows) > QUICK_ROWS:
            return
        space = project.rounds.space(self.study.id)
        if space is None or self.space is None or space.names != self.space.names:
            self._fill_corners(space)
        self.space, self._space_of = space, sign
        self._draw_space()

    def _fill_corners(self, space: Space | None) -> None:
        for box in self.corners:
            box.blockSignals(True)
            box.clear()
            box.addItem(tr("all classes"))
            box.addItems(list(space.names) if space else [])
            box.blockSignals(False)

    def _draw_space(self) -> None:
        if self.space is None:
            self.space_plot.show_space(None, ())
            self.leaning.setText(
                tr("The probabilities of this round were tidied away; the next round makes them anew.")
            )
            return
        picked = sorted({box.currentIndex() - 1 for box in self.corners if box.currentIndex() > 0})
        columns = picked if len(picked) >= 2 else range(len(self.space.names))
        self.as_teacher.setVisible(self.space.teacher is not None)
        self.space_plot.show_space(self.space, list(columns), self.as_teacher.isChecked())
        self.leaning.setText(leaning_words(self.space))

    # ---- what the user does ----------------------------------------------------------------------------------

    def next_round(self) -> None:
        """Ask for the next batch."""
        project, study = self._desk.state.project, self.study
        if project is not None and study is not None and self._job is None:
            device = self._desk.settings.device
            self._submit(lambda: project.rounds.next(study.id, device, listener=self._desk.bridge.listener))

    def _start(self, plan: dict[str, object], name: str) -> None:
        project, dataset = self._desk.state.project, self._desk.state.dataset
        if project is not None and dataset is not None and self._job is None:
            device, listener = self._desk.settings.device, self._desk.bridge.listener
            self._submit(lambda: project.rounds.start(dataset.name, plan, name, device, listener=listener))

    def _label(self, sample_id: int, name: str) -> None:
        project, study = self._desk.state.project, self.study
        if project is not None and study is not None:
            self._desk.write(lambda: project.rounds.label(study.id, [sample_id], name))

    def _write(self, verb: str, sample_id: int) -> None:
        project, study = self._desk.state.project, self.study
        if project is not None and study is not None:
            self._desk.write(lambda: getattr(project.rounds, verb)(study.id, [sample_id]))

    def _job_ended(self, job: Job) -> None:
        mine = self._is_mine(job)
        super()._job_ended(job)
        if mine:
            self.asking.setFocus()


def leaning_words(space: Space) -> str:
    """The teacher's bias and the largest hole, in words."""
    p = space.teacher if space.teacher is not None else space.probabilities
    found = leaning(p, SHOWN_PAIRS)
    who = tr("The teacher") if space.teacher is not None else tr("The student")
    words = []
    if found.never:
        words.append(tr("{who} never says {names}.", who=who, names=_names(space, found.never)))
    if found.rarely:
        words.append(tr("{who} hardly ever says {names}.", who=who, names=_names(space, found.rarely)))
    if found.confused:
        pairs = ", ".join(f"{space.names[a]} / {space.names[b]} ({overlap:.2f})" for a, b, overlap in found.confused)
        words.append(tr("Confused most (1 = always equally likely): {pairs}.", pairs=pairs))
    if (row := hole(space.probabilities, space.labelled)) >= 0:
        p = space.probabilities[row]
        first, second = p.argsort()[::-1][:2]
        mix = f"{space.names[first]} {p[first]:.0%}, {space.names[second]} {p[second]:.0%}"
        words.append(tr("The largest hole among the labels lies at {mix}.", mix=mix))
    return " ".join(words) or tr("{who} leans to no class.", who=who)


def _names(space: Space, numbers: tuple[int, ...]) -> str:
    return ", ".join(space.names[n] for n in numbers)
