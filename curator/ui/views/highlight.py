"""Between the table's selection model and :class:`AppState`, which says what is highlighted everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QAbstractItemModel, QItemSelection, QItemSelectionModel, QObject, QTimer, Signal

if TYPE_CHECKING:
    from curator.engine.types import Ints
    from curator.ui.models.samples import SampleModel
    from curator.ui.state import AppState

MOST_RANGES = 2000
"""A selection model slows down with its ranges; beyond these the table shows none rather than stall."""
Flag = QItemSelectionModel.SelectionFlag


class Highlighter(QObject):
    """What is done in the table goes to the state, what is done elsewhere comes to the table."""

    best_first = Signal()
    """Another search has put its best at the top, where the table should go; the cursor stays on what it was on."""
    item_changed = Signal(object)
    """The Item with the cursor, or None; at most once for each turn of the event loop."""

    def __init__(
        self,
        model: SampleModel,
        chosen: QItemSelectionModel,
        state: AppState,
        table: QAbstractItemModel | None = None,
    ) -> None:
        super().__init__(model)
        self._model, self._chosen, self._state = model, chosen, state
        self._table = table or model
        """The model that ``chosen`` speaks of; its places are those of ``model``."""
        self._busy = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._tell)
        chosen.selectionChanged.connect(self._from_table)
        chosen.currentChanged.connect(self._cursor_from_table)
        state.highlight_changed.connect(self._to_table)
        state.current_changed.connect(self._cursor_to_table)
        model.modelReset.connect(self._drop_hidden)
        model.modelReset.connect(self._to_table)
        model.modelReset.connect(self._cursor_to_table)
        model.modelReset.connect(lambda: self.best_first.emit() if model.ranked_anew else None)
        model.dataChanged.connect(self._soon.start)

    def _drop_hidden(self) -> None:
        """What a filter hides is not highlighted any more: nobody pins or labels what is out of sight."""
        if self._model.query.where.strip() and len(self._state.highlight):
            shown = self._model.places(self._state.highlight)
            self._state.set_highlight(np.sort(self._model.rows[shown]))

    def place(self) -> int:
        """Of the cursor, -1 where it is on nothing that is listed."""
        return self._model.place(self._state.current)

    def go_on(self, place: int) -> None:
        """What was at ``place`` has left the list: on to what came in its place."""
        if place >= 0 and self.place() < 0 and len(self._model.rows):
            row = int(self._model.rows[min(place, len(self._model.rows) - 1)])
            self._state.set_current(row)
            self._state.set_highlight([row])

    def _from_table(self, *_: object) -> None:
        if self._busy:
            return
        parts, selection = [np.empty(0, np.int32)], self._chosen.selection()
        for part in (selection.at(i) for i in range(selection.size())):
            parts.append(self._model.rows[part.top() : part.bottom() + 1])
        self._busy = True
        self._state.set_highlight(np.unique(np.concatenate(parts)))
        self._busy = False

    def _cursor_from_table(self, *_: object) -> None:
        place = self._chosen.currentIndex().row()
        if not self._busy and place >= 0:
            self._state.set_current(int(self._model.rows[place]))

    def _to_table(self) -> None:
        if self._busy:
            return
        selection = QItemSelection()
        for low, high in ranges(self._model.places(self._state.highlight)):
            selection.select(self._table.index(low, 0), self._table.index(high, 0))
        self._busy = True
        self._chosen.select(selection, Flag.ClearAndSelect | Flag.Rows)
        self._busy = False

    def _cursor_to_table(self) -> None:
        place = self._model.place(self._state.current)
        if place >= 0 and place != self._chosen.currentIndex().row():
            self._busy = True
            self._chosen.setCurrentIndex(self._table.index(place, 0), Flag.NoUpdate)
            self._busy = False
        self._soon.start()

    def _tell(self) -> None:
        self.item_changed.emit(self._model.item_of_row(self._state.current))


def ranges(places: Ints) -> list[tuple[int, int]]:
    """Ascending places as ranges (first, last); none at all when they are more than a selection model bears."""
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) != 1)
    if len(breaks) >= MOST_RANGES:
        return []
    first = places[np.concatenate([[0], breaks + 1])]
    last = places[np.concatenate([breaks, [len(places) - 1]])]
    return list(zip(first.tolist(), last.tolist(), strict=True))
