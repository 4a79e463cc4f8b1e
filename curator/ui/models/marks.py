"""What the gallery marks beside a Sample: what it is a copy of, and the number that it is sorted by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from curator.engine.browse import Column
from curator.ui.models.columns import SIMILARITY, column_of
from curator.ui.models.samples import number
from curator.ui.reading import Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.browse import Query
    from curator.engine.project import Project
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState

    Doubles = NDArray[np.float64]

TABLES = frozenset({"omission", "subset", "run"})
SCORED = frozenset({"score", "clustering", "embedding"})
SORTS = frozenset({"entropy", "gain", "width", "height", "length", "images", SIMILARITY})
"""Orders whose numbers are worth seeing, beside those of the scores."""
LATER_MS = 150
"""After the first paint, which it would slow down."""


class Marks(QObject):
    """Follows the Dataset shown."""

    changed = Signal()

    def __init__(self, state: AppState, bridge: JobBridge) -> None:
        super().__init__(state)
        self._state, self._reading = state, Reading(state, bridge)
        self._sorting = Reading(state, bridge)
        self._copies: Column | None = None
        self._values: Doubles | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(LATER_MS)
        self._soon.timeout.connect(self._read)
        state.shown_changed.connect(self._shown)
        state.query_changed.connect(self._arranged)
        state.data_changed.connect(self._data_changed)

    def _data_changed(self, tables: frozenset[str]) -> None:
        if tables & TABLES:
            self._soon.start()
        if tables & SCORED:
            self._arranged()

    def _shown(self) -> None:
        self._copies = None
        self._soon.start()

    def copy_of(self, row: int) -> str:
        """What a row is a copy of, as the latest runs found, "" for nothing."""
        column = self._copies
        if column is None or row >= len(column.values) or column.values[row] < 0:
            return ""
        return column.names[column.values[row]]

    def _read(self) -> None:
        project, dataset = self._state.project, self._state.dataset
        if not self._state.ready or project is None or dataset is None:
            self._reading.drop()
            self._take(None)
        else:
            self._reading.ask(lambda: project.browse.column(dataset.id, "duplicate"), self._take)

    def _take(self, found: object) -> None:
        self._copies = found if isinstance(found, Column) else None
        self.changed.emit()

    # ---- what is sorted by -----------------------------------------------------------------------------------

    def value_of(self, row: int) -> str:
        """The number by which a row stands where it does, "" where the order is not one of numbers."""
        values, sort = self._values, self._state.query.sort
        if values is None or row >= len(values) or not np.isfinite(values[row]):
            return ""
        if sort == SIMILARITY:
            return f"{values[row]:.2f}"
        whole = float(values[row]).is_integer()
        return f"{values[row]:,.0f}" if whole else number(float(values[row]))

    def _arranged(self) -> None:
        project, query = self._state.project, self._state.query
        self._values = None
        if project is None or not (query.sort in SORTS or query.sort.startswith("score.")):
            self._sorting.drop()
        else:
            self._sorting.ask(lambda: _sorted_by(project, query), self._take_values)

    def _take_values(self, found: object) -> None:
        self._values = found if isinstance(found, np.ndarray) else None
        self.changed.emit()


def _sorted_by(project: Project, query: Query) -> Doubles:
    """float64 [n]: what a Query sorts the rows of its Dataset by; the views have just had it read."""
    of_subset = query.sort == "gain" and query.subset_id is not None
    return column_of(project, query, f"gain:{query.subset_id}" if of_subset else query.sort).values
