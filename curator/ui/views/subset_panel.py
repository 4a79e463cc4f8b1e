"""One Subset: its budget dial, its note, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.messages import in_words
from curator.ui.reading import PatientReading
from curator.ui.views.dial_chart import DialChart
from curator.ui.views.fitting import FittingStack, ScrolledColumn
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from pathlib import Path

    from curator.engine.dial import Dial, Reading
    from curator.engine.jobs import Job
    from curator.engine.records import Subset
    from curator.ui.desk import Desk

TICKS = 1000
UNITS = (noop("samples"), noop("% of the pile"), noop("tokens (about)"))
MIX_SHOWN = 5
EMPTY = noop("Show a subset to see what fewer samples of it would be worth, and where it comes from.")


class SubsetPanel(ScrolledColumn):
    """States: empty, ready (coverage measured or not), loading (being measured), error. Emits ``keep_asked(int)``."""

    keep_asked = Signal(int)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Subset"))
        self._desk = desk
        self._job: Job | None = None
        self.dial: Dial | None = None
        self._of: tuple[Path, int] | None = None
        self._reading = PatientReading(desk.state, desk.bridge, self._meanwhile, self)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.mark(self.message, "faint")
        self.stack = FittingStack()
        self.stack.addWidget(self.message)
        self.stack.addWidget(self._ready_page())
        self.setWidget(self.stack)
        desk.state.shown_changed.connect(self.refresh)
        desk.state.data_changed.connect(self._data_changed)
        desk.state.keep_changed.connect(self._show_keep)
        desk.bridge.ended.connect(self._ended)
        self.refresh()

    # ---- building --------------------------------------------------------------------------------------------

    def _ready_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.title.setFont(theme.scaled(self.font(), 1.1, bold=True))
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        theme.mark(self.note, "faint")
        self.chart = DialChart()
        self.chart.keep_chosen.connect(self.set_keep)
        column.addWidget(self.title)
        column.addWidget(self.note)
        column.addWidget(self.chart)
        column.addLayout(self._dial_line())
        self.measure = QPushButton(tr("&Measure coverage"))
        self.measure.setToolTip(tr("Measure it at every budget: one pass over the pile, kept for the next time"))
        self.measure.clicked.connect(self.measure_coverage)
        self.keep_button = QPushButton(tr("&Keep this many"))
        self.keep_button.setToolTip(tr("Make a new subset of the first picks (Ctrl+Shift+K)"))
        self.keep_button.clicked.connect(lambda: self.keep_asked.emit(self.keep))
        self.readings = QFormLayout()
        self.readings.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.values = {k: QLabel() for k in ("share", "tokens", "skills", "classes", "mean", "radius", "mix")}
        for key, words in (
            ("share", tr("Of the pile")),
            ("tokens", tr("Tokens, about")),
            ("skills", tr("Skills covered")),
            ("classes", tr("Classes covered")),
            ("mean", tr("Mean similarity")),
            ("radius", tr("Worst covered at")),
            ("mix", tr("Classes")),
        ):
            self.values[key].setWordWrap(True)
            self.values[key].setTextFormat(Qt.TextFormat.PlainText)
            self.readings.addRow(words, self.values[key])
        column.addLayout(self.readings)
        column.addWidget(self.measure)
        column.addWidget(self.keep_button)
        column.addWidget(self._card())
        column.addStretch(1)
        return page

    def _dial_line(self) -> QVBoxLayout:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, TICKS)
        self.slider.setAccessibleName(tr("Budget dial"))
        self.slider.setToolTip(tr("How many of the first picks to keep"))
        self.slider.valueChanged.connect(self._slid)
        self.amount = theme.inset(QSpinBox())
        self.amount.setRange(1, 2_000_000_000)
        self.amount.setGroupSeparatorShown(True)
        self.amount.setKeyboardTracking(False)
        self.amount.setAccessibleName(tr("Budget"))
        self.amount.valueChanged.connect(self._typed)
        self.unit = QComboBox()
        self.unit.addItems([tr(unit) for unit in UNITS])
        self.unit.setAccessibleName(tr("Unit of the budget"))
        self.unit.setToolTip(tr("What the budget is counted in; tokens are characters / 4"))
        self.unit.currentIndexChanged.connect(lambda: self.set_keep(self.keep))
        self.knee = QToolButton()
        self.knee.setText(tr("Knee"))
        self.knee.setToolTip(tr("From here on, more samples add less than on average"))
        self.knee.setAccessibleName(tr("Go to the knee"))
        self.knee.clicked.connect(lambda: self.set_keep(self.dial.knee if self.dial else self.keep))
        above, line, column = QHBoxLayout(), QHBoxLayout(), QVBoxLayout()
        above.addWidget(self.slider, 1)
        above.addWidget(self.knee)
        line.addWidget(self.amount, 1)
        line.addWidget(self.unit, 1)
        column.addLayout(above)
        column.addLayout(line)
        return column

    def _card(self) -> QWidget:
        card = QWidget()
        card.setObjectName("provenance")
        self.facts, self.technical = QLabel(), QLabel()
        for label, name in (
            (self.facts, tr("Where this subset comes from")),
            (self.technical, tr("Versions and fingerprints")),
        ):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAccessibleName(name)
        theme.mark(self.technical, "faint")
        self.technical.hide()
        self.closer = QToolButton()
        self.closer.setText(tr("Details"))
        self.closer.setCheckable(True)
        self.closer.setToolTip(tr("Versions and fingerprints: everything that can change the result"))
        self.closer.toggled.connect(self.technical.setVisible)
        title = QLabel(tr("Where it comes from"))
        title.setFont(theme.scaled(self.font(), 1.0, bold=True))
        self.copy, self.again = QToolButton(), QToolButton()
        for button, key in ((self.copy, "copy-recipe"), (self.again, "run-again")):
            if key in self._desk.actions:
                button.setDefaultAction(self._desk.actions[key])
        line = QHBoxLayout()
        line.addWidget(self.copy)
        line.addWidget(self.again)
        line.addStretch(1)
        above = QHBoxLayout()
        above.addWidget(title, 1)
        above.addWidget(self.closer)
        column = QVBoxLayout(card)
        column.setContentsMargins(0, 8, 0, 0)
        column.addLayout(above)
        column.addWidget(self.facts)
        column.addLayout(line)
        column.addWidget(self.technical)
        return card

    # ---- what is shown ---------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """empty, error, loading or ready."""
        if self.stack.currentIndex() == 0:
            return "error" if self.message.property("bad") else "loading" if self._reading.waiting else "empty"
        return "loading" if self._job is not None or self._reading.waiting else "ready"

    def refresh(self) -> None:
        """Look at the Subset shown."""
        project, subset = self._desk.state.project, self._desk.state.subset
        if project is None or subset is None or not hasattr(project, "dials"):
            self._reading.drop()
            self.dial = self._of = None
            self._say(waiting_words(self._desk.state) or tr(EMPTY))
            return
        if self._of != (project.folder, subset.id):
            self.dial = None
        self._of = project.folder, subset.id
        self._reading.look(
            lambda: project.subsets.at_hand(subset.id),
            lambda: (project.dials.of(subset.id), project.subsets.card(subset.id)),
            lambda found: self._take(subset, found),
        )

    def _take(self, subset: Subset, found: tuple[Dial, dict[str, Any]] | CuratorError) -> None:
        if isinstance(found, CuratorError):
            self.dial = None
            self._say(in_words(found), bad=True)
            return
        self.dial, card = found
        self.title.setText(subset.name + (tr(" (locked)") if subset.locked else ""))
        self.note.setText(subset.note)
        self.note.setVisible(bool(subset.note))
        self.facts.setText("\n".join(facts_of(card)))
        has_recipe = "recipe" in card
        self.technical.setText("\n".join(technical_of(card)))
        self.closer.setVisible(has_recipe)
        self.technical.setVisible(has_recipe and self.closer.isChecked())
        self.copy.setVisible(has_recipe)
        self.again.setVisible(has_recipe)
        self._show_measuring()
        self.chart.show_dial(self.dial, self.keep)
        self.stack.setCurrentIndex(1)
        self._show_keep()

    @property
    def keep(self) -> int:
        """Where the dial stands; 0 without one."""
        state = self._desk.state
        return (state.keep or self.dial.size) if self.dial is not None else 0

    def set_keep(self, keep: int) -> None:
        """Turn the dial to the first ``keep`` samples: everything that shows the Subset follows; nothing is written."""
        if self.dial is not None and self.dial.size:
            self._desk.state.set_keep(keep)
            self._show_keep()

    def _show_keep(self) -> None:
        """Slider, number, chart, figures and mix as the dial stands."""
        dial, keep = self.dial, self.keep
        if dial is None or dial.size == 0:
            return
        with QSignalBlocker(self.slider), QSignalBlocker(self.amount):
            self.slider.setValue(round(TICKS * (keep - 1) / max(dial.size - 1, 1)))
            self.amount.setRange(1, max(1, self._in_unit(dial.size)))
            self.amount.setValue(self._in_unit(keep))
        self.chart.show_keep(keep)
        self.knee.setEnabled(dial.knee > 0)
        self.keep_button.setText(tr("&Keep these {keep:,}", keep=keep))
        self.keep_button.setEnabled(keep < dial.size)
        self._show_reading(dial, dial.at(keep))

    def _show_reading(self, dial: Dial, reading: Reading) -> None:
        mix = ", ".join(f"{name} {count:,}" for name, count in reading.mix[:MIX_SHOWN])
        more = len(reading.mix) - MIX_SHOWN
        texts = {
            "share": f"{reading.share:.1%}",
            "tokens": f"{reading.tokens:,}" if reading.tokens else "",
            "skills": tr("{skills:,} of {skill_count:,}", skills=reading.skills, skill_count=dial.skill_count)
            if dial.skill_count
            else "",
            "classes": tr("{classes:,} of {count:,}", classes=reading.classes, count=len(dial.class_names))
            if dial.class_names
            else "",
            "mean": f"{reading.mean_similarity:.3f}" if dial.measured else "",
            "radius": tr("{radius:.3f} or nearer", radius=reading.radius) if dial.measured else "",
            "mix": mix + (tr(" and {more:,} more", more=more) if more > 0 else ""),
        }
        for key, text in texts.items():
            self.values[key].setText(text)
            self.readings.setRowVisible(self.values[key], bool(text))

    def _meanwhile(self) -> None:
        if self.dial is None:
            self._say(tr("Reading the subset…"))

    def _say(self, text: str, bad: bool = False) -> None:
        self.message.setText(text)
        theme.mark(self.message, "bad", bad)
        theme.mark(self.message, "faint", not bad)
        self.stack.setCurrentIndex(0)

    def _show_measuring(self) -> None:
        busy = self._job is not None
        self.measure.setVisible(self.dial is not None and not self.dial.measured)
        self.measure.setEnabled(not busy)
        self.measure.setText(tr("Measuring…") if busy else tr("&Measure coverage"))

    # ---- the dial --------------------------------------------------------------------------------------------

    def _in_unit(self, keep: int) -> int:
        assert self.dial is not None
        unit = self.unit.currentIndex()
        if unit == 1:
            return max(1, round(100 * keep / max(self.dial.pile, 1)))
        return max(1, int(self.dial.tokens[keep - 1])) if unit == 2 else keep

    def _slid(self, tick: int) -> None:
        if self.dial is not None:
            self.set_keep(1 + round(tick / TICKS * (self.dial.size - 1)))

    def _typed(self, value: int) -> None:
        if self.dial is not None:
            unit = self.unit.currentIndex()
            self.set_keep((value, round(value / 100 * self.dial.pile), self.dial.fits(value))[unit])

    def measure_coverage(self) -> None:
        """Measure every budget in the background."""
        project, subset, desk = self._desk.state.project, self._desk.state.subset, self._desk
        if project is None or subset is None or self._job is not None:
            return

        def submit() -> Job:
            job: Job = project.dials.submit(subset.id, desk.settings.device, listener=desk.bridge.listener)
            self._job = job
            return job

        desk.submit(submit)
        self._show_measuring()

    def _ended(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self.refresh()

    def _data_changed(self, tables: frozenset[str]) -> None:
        if tables & {"subset", "dial", "label", "skill"}:
            self.refresh()


def facts_of(card: dict[str, Any]) -> list[str]:
    """A provenance in lines for people."""
    made = card["summary"].get("made")
    found = [
        tr(
            "{size:,} samples of {dataset}, {when}",
            size=card["size"],
            dataset=card["dataset"]["name"],
            when=card["created"].replace("T", " ")[:16],
        )
    ]
    if made:
        found.append(tr("Made as {made}", made=made))
    if preview := card["summary"].get("preview"):
        found.append(tr("Preview on {part:,} of {pile:,} samples", part=preview[0], pile=preview[1]))
    if "recipe" not in card:
        return found
    name = next((line for line in card["recipe"].splitlines() if line.startswith("name")), "")
    found.append(
        tr(
            "Recipe {name}, seed {seed}, on {device}",
            name=name.partition("=")[2].strip().strip(chr(34)),
            seed=card["seed"],
            device=card["device"],
        )
    )
    if encoder := card["summary"].get("encoder"):
        found.append(tr("Encoder {encoder}", encoder=encoder))
    return found


def technical_of(card: dict[str, Any]) -> list[str]:
    """What of a provenance only matters to whoever makes the Subset again."""
    versions = card.get("versions") or {}
    prints = {"run": card.get("fingerprint", ""), **(card.get("fingerprints") or {})}
    return [
        tr("Versions {versions}", versions=", ".join(f"{k} {v}" for k, v in sorted(versions.items()))),
        tr("Fingerprints {prints}", prints=", ".join(f"{k} {str(v)[:12]}" for k, v in prints.items() if v)),
    ]
