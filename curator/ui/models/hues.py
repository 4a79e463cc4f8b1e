"""One colour for each Sample, by the column that :class:`AppState` names: the same on the map and in the gallery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from curator.engine.errors import CuratorError
from curator.ui.language import tr, tr_n
from curator.ui.models.columns import SIMILARITY, column_of
from curator.ui.reading import Reading
from curator.ui.state import IMPORTING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.browse import Column
    from curator.engine.types import Ints
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState

CATEGORIES = (
    "#4c78d8", "#f28e2b", "#2fa36b", "#d64f57", "#8e6bd1", "#00a3b4", "#c9a400", "#e377b8", "#8a5a3c", "#6ba82f",
    "#b0478f", "#3a8fb7",
)  # fmt: skip
"""Told apart by hue and by lightness, on light and on dark."""
OTHER, NONE = "#8d929a", "#8d929a"
SCALE = ("#3b3f8f", "#2f6ea8", "#1f9a94", "#57b86a", "#b4cc3f", "#f6d746")
"""From low to high, by rising lightness."""
STEPS = 24
TABLES = frozenset({"label", "subset", "subset_sample", "score", "clustering", "skill", "run", "omission", "embedding"})


@dataclass(frozen=True)
class Entry:
    """One line of the legend. ``code`` is what :attr:`Hues.codes` holds for it; ``filters``: whether its name can be
    a value in a filter."""

    name: str
    color: QColor
    count: int
    code: int
    filters: bool = False


class Hues(QObject):
    """Follows ``state.colour``.

    Attributes:
        codes: uint8 [n], 0 = no colour, else an index into :attr:`colors`.
        colors: uint8 [k, 3], red, green and blue of each code.
        entries: the legend, largest first; for numbers the two ends of the scale and the missing.
        column: what is coloured by, None for nothing.
        problem: why it cannot be, "" when it can.
    """

    changed = Signal()

    def __init__(self, state: AppState, bridge: JobBridge) -> None:
        super().__init__(state)
        self._state, self._reading = state, Reading(state, bridge)
        self._clear()
        state.colour_changed.connect(self.read)
        state.shown_changed.connect(self._grown)
        state.query_changed.connect(lambda: self._read_later() if state.colour == SIMILARITY else None)
        state.data_changed.connect(self._data_changed)

    def _clear(self) -> None:
        self.codes: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self.colors: NDArray[np.uint8] = np.array([_rgb(NONE)], np.uint8)
        self.entries: tuple[Entry, ...] = ()
        self.column: Column | None = None
        self.problem = ""

    def _grown(self) -> None:
        size = self._state.dataset.size if self._state.dataset else 0
        if self._state.colour and size != len(self.codes):
            self.read()

    def _data_changed(self, tables: frozenset[str]) -> None:
        """The colours of before stay until the new ones have been read beside the window."""
        if self._state.colour and tables & TABLES:
            self._read_later()

    def _read_later(self) -> None:
        name, project, query = self._state.colour, self._state.project, self._state.query
        if project is not None and self._state.dataset is not None:
            self._reading.ask(lambda: column_of(project, query, name), lambda _outcome: self.read())

    def read(self) -> None:
        """Look at the column anew."""
        self._reading.drop()
        self._clear()
        state = self._state
        if (
            state.colour
            and state.project is not None
            and state.dataset is not None
            and state.dataset.status != IMPORTING
        ):
            try:
                self.column = column_of(state.project, state.query, state.colour)
            except CuratorError as error:
                self.problem = error.text
            else:
                self._paint(self.column)
        self.changed.emit()

    def _paint(self, column: Column) -> None:
        if column.kind == "category":
            self.codes, self.colors, self.entries = by_category(np.asarray(column.values), tuple(column.names))
        else:
            self.codes, self.colors, self.entries = by_number(np.asarray(column.values, np.float64))

    def of(self, rows: Ints) -> list[QColor | None]:
        """The colour of each row, None where it has none."""
        if not len(self.codes):
            return [None] * len(rows)
        codes = np.where(rows < len(self.codes), self.codes[np.minimum(rows, len(self.codes) - 1)], 0)
        return [QColor(*map(int, self.colors[c])) if c else None for c in codes]


Painted = tuple["NDArray[np.uint8]", "NDArray[np.uint8]", tuple[Entry, ...]]


def by_category(values: NDArray[np.integer], names: tuple[str, ...]) -> Painted:
    """The most frequent categories get a colour each, the rest share one; -1 has none. Ties go to the lower number."""
    counts = np.bincount(values[values >= 0].astype(np.int64), minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    top = [int(i) for i in order[: len(CATEGORIES)] if counts[i]]
    rest = [int(i) for i in order[len(top) :] if counts[i]]
    code_of = np.zeros(len(names) + 1, np.uint8)
    for code, i in enumerate(top, 1):
        code_of[i] = code
    code_of[rest] = len(top) + 1
    colors = [NONE, *CATEGORIES[: len(top)], OTHER]
    entries = [Entry(names[i], QColor(colors[code]), int(counts[i]), code, True) for code, i in enumerate(top, 1)]
    if rest:
        entries.append(
            Entry(tr_n("{n:,} other", "{n:,} others", len(rest)), QColor(OTHER), int(counts[rest].sum()), len(top) + 1)
        )
    missing = int((values < 0).sum())
    if missing:
        entries.append(Entry(tr("none"), QColor(NONE), missing, 0))
    return code_of[values], np.array([_rgb(c) for c in colors], np.uint8), tuple(entries)


def by_number(values: NDArray[np.float64]) -> Painted:
    """A scale from the 1st to the 99th hundredth of the values, so that outliers do not flatten it; NaN has none."""
    fine = np.isfinite(values)
    colors = np.vstack([[_rgb(NONE)], scale(STEPS)]).astype(np.uint8)
    if not fine.any():
        return np.zeros(len(values), np.uint8), colors, (Entry(tr("none"), QColor(NONE), len(values), 0),)
    sample = values[fine][:: max(1, int(fine.sum()) // 200_000)]
    low, high = np.percentile(sample, (1, 99))
    span = max(high - low, 1e-12)
    level = np.clip((np.where(fine, values, low) - low) / span, 0.0, 1.0)
    codes = np.where(fine, 1 + np.minimum(STEPS - 1, (level * STEPS).astype(np.int64)), 0).astype(np.uint8)
    entries = [
        Entry(tr("{low:.4g} and below", low=low), QColor(*map(int, colors[1])), int((codes == 1).sum()), 1),
        Entry(
            tr("{high:.4g} and above", high=high), QColor(*map(int, colors[STEPS])), int((codes == STEPS).sum()), STEPS
        ),
    ]
    if not fine.all():
        entries.append(Entry(tr("none"), QColor(NONE), int((~fine).sum()), 0))
    return codes, colors, tuple(entries)


def scale(steps: int) -> NDArray[np.uint8]:
    """uint8 [steps, 3]: colours from low to high."""
    ends = np.array([_rgb(c) for c in SCALE], np.float64)
    at = np.linspace(0, len(ends) - 1, steps)
    mixed = [np.interp(at, np.arange(len(ends)), ends[:, channel]) for channel in range(3)]
    return np.round(np.stack(mixed, axis=1)).astype(np.uint8)


def _rgb(name: str) -> tuple[int, int, int]:
    color = QColor(name)
    return color.red(), color.green(), color.blue()
