"""Which Samples are copies, and of what: read when there is time, for the badges of the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from curator.engine.browse import Column
from curator.ui.reading import Reading

if TYPE_CHECKING:
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState

TABLES = frozenset({"omission", "subset", "run"})
LATER_MS = 150
"""After the first paint, which it would slow down."""


class Marks(QObject):
    """Follows the Dataset shown."""

    changed = Signal()

    def __init__(self, state: AppState, bridge: JobBridge) -> None:
        super().__init__(state)
        self._state, self._reading = state, Reading(state, bridge)
        self._copies: Column | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(LATER_MS)
        self._soon.timeout.connect(self._read)
        state.shown_changed.connect(self._shown)
        state.data_changed.connect(lambda tables: self._soon.start() if tables & TABLES else None)

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
