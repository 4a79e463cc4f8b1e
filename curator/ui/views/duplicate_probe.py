"""What the duplicate threshold does, while the slider moves: how many would go, and pairs on both sides of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import tr
from curator.ui.messages import in_words
from curator.ui.views.fitting import OneOf

if TYPE_CHECKING:
    from curator.engine.duplicates import Cut, Likeness, PairList
    from curator.engine.jobs import Job
    from curator.engine.recipe import Recipe
    from curator.engine.records import Sample
    from curator.ui.desk import Desk

TICKS = 1000
SHOWN = 2
"""Pairs on each side."""
WAIT_MS = 40
SNIPPET = 160


class DuplicateProbe(QFrame):
    """States: empty (offers to look), loading, error, ready. Emits ``threshold_chosen(float)``."""

    threshold_chosen = Signal(float)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAccessibleName(tr("Near-duplicates"))
        self._desk = desk
        self._recipe: Recipe | None = None
        self._job: Job | None = None
        self.pairs: PairList | None = None
        self.cut: Cut | None = None
        self._threshold = 0.0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(WAIT_MS)
        self._soon.timeout.connect(self.look)
        self._build()
        desk.bridge.ended.connect(self._ended)
        desk.thumbs.ready.connect(self._picture_came)

    def _build(self) -> None:
        self.words = QLabel()
        self.words.setWordWrap(True)
        theme.mark(self.words, "faint")
        self.start = QPushButton(tr("Show what would go"))
        self.start.setToolTip(tr("Look for near-duplicates once; the threshold then moves without a run"))
        self.start.clicked.connect(self._ask)
        empty = QWidget()
        column = QVBoxLayout(empty)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addWidget(self.start)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName(tr("Looking for near-duplicates"))
        self.stack = OneOf(empty, self.busy, self._ready_page())
        QVBoxLayout(self).addWidget(self.stack)

    def _ready_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, TICKS)
        self.slider.setAccessibleName(tr("Duplicate threshold"))
        self.slider.setToolTip(tr("Cosine from which two samples are the same"))
        self.slider.valueChanged.connect(self._slid)
        self.value = QLabel()
        self.value.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.0000"))
        line.addWidget(self.slider, 1)
        line.addWidget(self.value)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.above, self.below = (
            _Pairs(tr("Just alike enough: one of each goes")),
            _Pairs(tr("Just too different: both stay")),
        )
        column.addLayout(line)
        for widget in (self.count, self.above, self.below):
            column.addWidget(widget)
        return page

    @property
    def state(self) -> str:
        """empty, loading, error or ready."""
        if self.stack.currentIndex() == 0:
            return "error" if self.words.property("bad") else "empty"
        return ("empty", "loading", "ready")[self.stack.currentIndex()]

    def show_recipe(self, recipe: Recipe | None) -> None:
        """Follow the redundancy step of a Recipe; hidden where there is none."""
        step = next((s for s in recipe.selectors if s.name == "redundancy"), None) if recipe is not None else None
        self.setVisible(step is not None and hasattr(self._desk.state.project, "duplicates"))
        if step is None or recipe is None or self.isHidden():
            return
        again = self._recipe is None or self._recipe.encoder != recipe.encoder
        self._recipe, self._threshold = recipe, float(step.params.get("threshold", 0.0))
        if again or self.pairs is None:
            self.read()
        else:
            self._soon.start()

    def read(self) -> None:
        """Look whether there is a list of pairs for what is shown."""
        project, dataset = self._desk.state.project, self._desk.state.dataset
        self.pairs = None
        if project is None or dataset is None or self._recipe is None or not hasattr(project, "duplicates"):
            self._tell(tr("Show a dataset to see its near-duplicates."))
            return
        try:
            self.pairs = project.duplicates.of(dataset.name, self._recipe.encoder.name)
        except CuratorError as error:
            self._tell(in_words(error), bad=True)
            return
        if self._job is not None:
            self.stack.setCurrentIndex(1)
        elif self.pairs is None:
            self._tell(tr("How many near-duplicates are there?"))
        else:
            self.stack.setCurrentIndex(2)
            self.look()

    def look(self) -> None:
        """Count and show examples at the threshold."""
        if self.pairs is None:
            return
        self.cut = cut = self.pairs.cut(self._threshold, SHOWN)
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._tick(cut.threshold))
        self.value.setText(f"{cut.threshold:.3f}")
        total = cut.dropped + cut.kept
        share = f" ({cut.dropped / total:.1%})" if total else ""
        suits = (
            ""
            if self._threshold
            else tr(" {threshold:g} is usual for {encoder}.", threshold=cut.threshold, encoder=self.pairs.encoder)
        )
        self.count.setText(
            tr(
                "<b>{dropped:,}</b>{share} would go as near-duplicates, {kept:,} would stay.{suits}",
                dropped=cut.dropped,
                share=share,
                kept=cut.kept,
                suits=suits,
            )
        )
        self._show_pairs()

    def _show_pairs(self) -> None:
        project = self._desk.state.project
        if self.cut is None or project is None or self._desk.state.dataset is None:
            return
        ids = list(dict.fromkeys(i for p in (*self.cut.above, *self.cut.below) for i in (p.a, p.b)))
        samples = {s.id: s for s in project.samples_by_id(ids)}
        for view, pairs in ((self.above, self.cut.above), (self.below, self.cut.below)):
            view.show_pairs(pairs, samples, self._desk)

    def _picture_came(self, _path: str) -> None:
        if self.state == "ready" and self.isVisible() and (self.above.waiting or self.below.waiting):
            self._show_pairs()

    def _tell(self, text: str, bad: bool = False) -> None:
        self.words.setText(text)
        theme.mark(self.words, "bad", bad)
        theme.mark(self.words, "faint", not bad)
        self.stack.setCurrentIndex(0)

    def _ask(self) -> None:
        project, dataset, recipe = self._desk.state.project, self._desk.state.dataset, self._recipe
        if project is None or dataset is None or recipe is None:
            return

        def submit() -> Job:
            job: Job = project.duplicates.submit(
                dataset.name, recipe, self._desk.settings.device, listener=self._desk.bridge.listener
            )
            self._job = job
            return job

        self.stack.setCurrentIndex(1)
        if not self._desk.submit(submit):
            self._job = None
            self.read()

    def _ended(self, job: Job) -> None:
        if job is not self._job:
            return
        self._job = None
        self.read()
        if job.failure is not None and job.failure.kind != "cancelled":
            self._tell(job.failure.text, bad=True)

    def _slid(self, tick: int) -> None:
        if self.pairs is not None:
            floor = self.pairs.floor
            self._threshold = round(floor + (1 - floor) * tick / TICKS, 4)
            self.value.setText(f"{self._threshold:.3f}")
            self._soon.start()
            self.threshold_chosen.emit(self._threshold)

    def _tick(self, threshold: float) -> int:
        floor = self.pairs.floor if self.pairs is not None else 0.0
        return round(TICKS * (threshold - floor) / max(1 - floor, 1e-9))


class _Pairs(QWidget):
    """A title and a few pairs, each as two pictures or two snippets with their cosine between."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.waiting = False
        self.title = QLabel(title)
        self.title.setWordWrap(True)
        theme.mark(self.title, "faint")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6)
        self._cells = [[QLabel() for _ in range(3)] for _ in range(SHOWN)]
        for row, cells in enumerate(self._cells):
            for column, cell in enumerate(cells):
                cell.setAlignment(Qt.AlignmentFlag.AlignCenter)
                cell.setTextFormat(Qt.TextFormat.PlainText)
                cell.setWordWrap(column != 1)
                cell.setSizePolicy(
                    QSizePolicy.Policy.Fixed if column == 1 else QSizePolicy.Policy.Ignored,
                    QSizePolicy.Policy.Preferred,
                )
                self._grid.addWidget(cell, row, column)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(2, 1)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 4, 0, 0)
        column_.addWidget(self.title)
        column_.addLayout(self._grid)

    def show_pairs(self, pairs: tuple[Likeness, ...], samples: dict[int, Sample], desk: Desk) -> None:
        """Show up to :data:`SHOWN`; pictures that are still to come leave their place free."""
        self.waiting = False
        for cells, pair in zip(self._cells, [*pairs, None, None], strict=False):
            for cell in cells:
                cell.setVisible(pair is not None)
            if pair is not None:
                cells[1].setText(f"{pair.similarity:.3f}")
                for cell, sample in ((cells[0], samples.get(pair.a)), (cells[2], samples.get(pair.b))):
                    self._fill(cell, sample, desk)
        self.setVisible(bool(pairs))

    def _fill(self, cell: QLabel, sample: Sample | None, desk: Desk) -> None:
        dataset = desk.state.dataset
        if sample is None or dataset is None:
            cell.setText("–")
            return
        cell.setToolTip(sample.source)
        cell.setAccessibleName(sample.source)
        if dataset.kind != "image" or not sample.images:
            text = " ".join(sample.text.split())
            cell.setText(text if len(text) <= SNIPPET else text[: SNIPPET - 1] + "…")
            return
        edge = self.fontMetrics().height() * 4
        cell.setMinimumSize(QSize(edge, edge))
        pixmap = desk.thumbs.get(dataset.root / sample.images[0], edge * self.devicePixelRatioF())
        self.waiting |= pixmap is None
        if pixmap is None or pixmap.isNull():
            cell.setPixmap(QPixmap())
            return
        shown = pixmap.scaled(
            QSize(edge, edge) * self.devicePixelRatioF(),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown.setDevicePixelRatio(self.devicePixelRatioF())
        cell.setPixmap(shown)
