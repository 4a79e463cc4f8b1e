"""Which Samples are copies, and of what: read when there is time, for the badges of the gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from curator.engine.errors import CuratorError

if TYPE_CHECKING:
    from curator.engine.browse import Column
    from curator.ui.state import AppState

TABLES = frozenset({"omission", "subset", "run"})


class Marks(QObject):
    """Follows the Dataset shown."""

    changed = Signal()

    def __init__(self, state: AppState) -> None:
        super().__init__(state)
        self._state = state
        self._copies: Column | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._read)
        state.shown_changed.connect(self._soon.start)
        state.data_changed.connect(lambda tables: self._soon.start() if tables & TABLES else None)

    def copy_of(self, row: int) -> str:
        """What a row is a copy of, as the latest runs found, "" for nothing."""
        column = self._copies
        if column is None or row >= len(column.values) or column.values[row] < 0:
            return ""
        return column.names[column.values[row]]

    def _read(self) -> None:
        state = self._state
        self._copies = None
        if state.ready and state.project is not None and state.dataset is not None:
            try:
                self._copies = state.project.browse.column(state.dataset.id, "duplicate")
            except CuratorError:
                self._copies = None
        self.changed.emit()
