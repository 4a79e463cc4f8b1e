"""Cursor and highlight of the gallery: what a file manager does with Shift, Ctrl and the arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.types import Ints
    from curator.ui.models.samples import SampleModel
    from curator.ui.state import AppState

NO_KEYS = Qt.KeyboardModifier.NoModifier


class Cursor:
    """Places in, rows out: everything goes to :class:`AppState`, so that all views follow."""

    def __init__(self, model: SampleModel, state: AppState) -> None:
        self._model, self._state = model, state
        self._anchor: int | None = None

    @property
    def place(self) -> int:
        """Where the cursor is, -1 where it is not shown."""
        return self._model.place(self._state.current)

    def go(self, place: int, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Move the cursor: alone, with a range behind it (Shift), or without changing the highlight (Ctrl)."""
        rows = self._model.rows
        if not len(rows):
            return
        place = min(len(rows) - 1, max(0, place))
        row = int(rows[place])
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            anchor = self._model.place(self._anchor)
            low, high = sorted((place if anchor < 0 else anchor, place))
            self._state.set_highlight(np.sort(rows[low : high + 1]))
        else:
            self._anchor = row
            if not modifiers & Qt.KeyboardModifier.ControlModifier:
                self._state.set_highlight([row])
        self._state.set_current(row)

    def toggle(self, place: int) -> None:
        """Highlight a place, or not; the others stay."""
        row = int(self._model.rows[place])
        self._anchor = row
        before = self._state.highlight
        self._state.set_highlight(np.setxor1d(before, np.array([row], np.int32)))
        self._state.set_current(row)

    def all(self) -> None:
        """Highlight everything that is shown."""
        self._state.set_highlight(np.sort(self._model.rows))

    def add_places(self, start: int, count: int) -> None:
        """Highlight a run of places and nothing else."""
        self._state.set_highlight(np.sort(self._model.rows[start : start + count]))

    def none(self) -> None:
        """Highlight nothing."""
        self._state.set_highlight(np.empty(0, np.int32))

    def highlighted(self, rows: Ints) -> NDArray[np.bool_]:
        """bool, as long as ``rows``: which of them are highlighted."""
        return contains(self._state.highlight, rows)


def contains(ascending: Ints, rows: Ints) -> NDArray[np.bool_]:
    """bool, as long as ``rows``: which of them are in ``ascending``."""
    if not len(ascending):
        return np.zeros(len(rows), bool)
    found = np.searchsorted(ascending, rows)
    found[found == len(ascending)] = 0
    same: NDArray[np.bool_] = ascending[found] == rows
    return same
