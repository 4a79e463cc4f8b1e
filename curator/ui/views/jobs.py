"""Jobs: progress, rate, time left, cancel, log, and what was set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.ui import theme
from curator.ui.language import tr
from curator.ui.messages import notice_of_failure
from curator.ui.views.elided import ElidedLabel

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.engine.task import Progress
    from curator.ui.job_bridge import JobBridge

KEPT = 20
SILENT_S = 5.0
SHOWN_LINES = 500
DEVICE = "Device: "
"""How a Run says in its log where it works."""
ALIVE = ("waiting", "running")


class JobCard(QFrame):
    """One Job."""

    cancel_asked = Signal(object)
    stop_asked = Signal(object)
    again_asked = Signal(object)

    def __init__(self, job: Job, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.job = job
        self.title = ElidedLabel()
        self.title.setText(job.title)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of {title}", title=job.title))
        self.status, self.hint = QLabel(), QLabel()
        for label in (self.status, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.mark(self.status, "faint")
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setToolTip(tr("Stop at the next step; finished work is kept"))
        self.cancel.clicked.connect(lambda: self.cancel_asked.emit(self.job))
        self.stop = QPushButton(tr("Stop now"))
        self.stop.setToolTip(tr("It has not been heard of for a while: end it at once; finished work is kept"))
        self.stop.clicked.connect(lambda: self.stop_asked.emit(self.job))
        self.again = QPushButton(tr("Try again"))
        self.again.setToolTip(tr("Start the same job once more; what it finished is used again"))
        self.again.clicked.connect(lambda: self.again_asked.emit(self.job))
        self.more = QToolButton()
        self.more.setText(tr("Details"))
        self.more.setCheckable(True)
        self.more.setToolTip(tr("Log, and the samples that were set aside"))
        self.more.toggled.connect(self.look)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setAccessibleName(tr("Log of {title}", title=job.title))
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(10, 5, 6, 6)
        grid.setVerticalSpacing(2)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self.bar, 0, 1)
        buttons = (self.stop, self.cancel, self.again, self.more)
        for column, button in enumerate(buttons, 2):
            grid.addWidget(button, 0, column)
        for line, widget in enumerate((self.status, self.hint, self.log), 1):
            grid.addWidget(widget, line, 0, 1, 2 + len(buttons))
        for button in buttons:
            button.setMinimumHeight(button.sizeHint().height())
        self.log.setMinimumHeight(self.fontMetrics().height() * 6)
        grid.setColumnStretch(0, 2)
        self.look()

    @property
    def alive(self) -> bool:
        """Whether the Job has not ended."""
        return self.job.state in ALIVE

    def look(self) -> None:
        """Show the Job as it is now."""
        job, progress = self.job, self.job.progress
        self.bar.setVisible(self.alive)
        self._grid.setColumnStretch(1, 1 if self.alive else 0)
        if progress is not None and progress.total:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * min(1.0, progress.done / progress.total)))
        else:
            self.bar.setRange(0, 0 if job.state == "running" else 1)
        self.status.setText(status_of(job))
        hint = hint_of(job)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        failed = job.state == "failed"
        theme.mark(self.status, "bad", failed)
        theme.mark(self, "bad", failed)
        self.again.setVisible(job.state in ("failed", "cancelled"))
        self.cancel.setVisible(self.alive)
        self.cancel.setEnabled(not job.cancel_asked)
        self.stop.setVisible(job.state == "running" and job.silent_s > SILENT_S)
        self.log.setVisible(self.more.isChecked())
        if self.more.isChecked():
            self.log.setPlainText(log_of(job))


def status_of(job: Job) -> str:
    """The state of a Job in one line."""
    words = {"waiting": tr("Waiting"), "running": tr("Starting"), "done": tr("Done"), "cancelled": tr("Cancelled")}
    if job.state == "failed":
        text = notice_of_failure(job.failure).text if job.failure else tr("Failed")
    elif job.state == "running" and job.cancel_asked:
        text = tr("Stopping…")
    elif job.state == "running" and job.progress is not None:
        text = progress_words(job.progress)
    else:
        text = words.get(job.state, job.state)
    if job.changes is not None and job.changes.label:
        text += f": {job.changes.label}"
    device = next((line[len(DEVICE) :].rstrip(".") for line in list(job.log)[:20] if line.startswith(DEVICE)), "")
    text += f" · {device}" if device and job.state == "running" else ""
    return text + (" · " + tr("{count:,} set aside", count=job.problem_count) if job.problem_count else "")


def hint_of(job: Job) -> str:
    """What to do about a failed Job, "" where there is nothing to say."""
    return notice_of_failure(job.failure).hint if job.state == "failed" and job.failure is not None else ""


def progress_words(progress: Progress) -> str:
    """ "Embedding · 1,200 of 3,781 · 310/s · 8 s left"."""
    parts = [
        progress.label,
        tr("{done:,} of {total:,}", done=progress.done, total=progress.total)
        if progress.total
        else f"{progress.done:,}",
    ]
    if progress.rate > 0:
        parts.append(f"{progress.rate:,.0f}/s" if progress.rate >= 10 else f"{progress.rate:.1f}/s")
    if progress.eta >= 1:
        parts.append(tr("{duration} left", duration=duration(progress.eta)))
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """A time in the two largest units."""
    whole = round(seconds)
    if whole < 60:
        return tr("{seconds} s", seconds=whole)
    if whole < 3600:
        return tr("{minutes} min {seconds} s", minutes=whole // 60, seconds=whole % 60)
    return tr("{hours} h {minutes} min", hours=whole // 3600, minutes=whole % 3600 // 60)


def log_of(job: Job) -> str:
    """Why it failed, what was set aside, then log lines; the latest of each."""
    parts = []
    if job.failure is not None and job.failure.kind != "cancelled":
        parts.append([job.failure.text, job.failure.hint, job.failure.traceback])
    if job.problems:
        aside = [f"{p.source}: {p.reason}" for p in list(job.problems)[-SHOWN_LINES:]]
        parts.append([tr("Set aside ({count:,}):", count=job.problem_count), *aside])
    if job.log:
        parts.append([tr("Log:"), *list(job.log)[-SHOWN_LINES:]] if parts else list(job.log)[-SHOWN_LINES:])
    return "\n\n".join("\n".join(line for line in part if line) for part in parts) or tr("Nothing to report.")


class JobsPanel(QScrollArea):
    """The latest Jobs, newest on top."""

    room_asked = Signal()
    """Something long is to be read."""
    cancel_asked = Signal(object)
    stop_asked = Signal(object)
    again_asked = Signal(object)

    def __init__(self, bridge: JobBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setAccessibleName(tr("Jobs"))
        self.cards: list[JobCard] = []
        self._empty = QLabel(tr("No jobs yet. An import, a run or an export shows its progress here."))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.mark(self._empty, "faint")
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(8, 6, 8, 6)
        self._column.setSpacing(5)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self.setWidget(body)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        bridge.changed.connect(self._changed)

    def add(self, job: Job) -> JobCard:
        """Show one more Job."""
        if (card := self._card(job)) is not None:
            return card
        card = JobCard(job)
        card.cancel_asked.connect(self.cancel_asked)
        card.stop_asked.connect(self.stop_asked)
        card.again_asked.connect(self.again_asked)
        card.more.toggled.connect(lambda on: self.room_asked.emit() if on else None)
        self.cards.insert(0, card)
        self._column.insertWidget(0, card)
        for old in [c for c in self.cards[KEPT:] if not c.alive]:
            self.cards.remove(old)
            old.deleteLater()
        self._empty.hide()
        self._clock.start()
        return card

    def clear(self) -> None:
        """Another Project: forget its predecessor's Jobs."""
        for card in self.cards:
            card.hide()
            card.deleteLater()
        self.cards.clear()
        self._empty.show()
        self._clock.stop()

    def _card(self, job: Job) -> JobCard | None:
        return next((c for c in self.cards if c.job is job), None)

    def _changed(self, job: Job) -> None:
        if (card := self._card(job)) is not None:
            card.look()

    def _tick(self) -> None:
        alive = [c for c in self.cards if c.alive]
        for card in alive:
            card.look()
        if not alive:
            self._clock.stop()
