"""What a screen reader says of a view that paints its own cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from curator.ui.language import tr
from curator.ui.models.samples import one_line
from curator.ui.views.gallery_cursor import contains

if TYPE_CHECKING:
    from curator.ui.models.samples import Item, SampleModel
    from curator.ui.state import AppState

LONGEST = 200


class Announcer(QObject):
    """Keeps the description of a view in step with the Sample under the cursor; speaks it while the view is used."""

    def __init__(self, view: QWidget, model: SampleModel, state: AppState) -> None:
        super().__init__(view)
        self._view, self._model, self._state = view, model, state
        state.current_changed.connect(self.tell)
        state.highlight_changed.connect(self.tell)
        model.dataChanged.connect(self.tell)

    def tell(self) -> None:
        """Say where the cursor is, and on what."""
        place = self._model.place(self._state.current)
        item = self._model.item(place) if self._view.isVisible() else None
        words = self._words(item, place) if item is not None else ""
        if words == self._view.accessibleDescription():
            return
        self._view.setAccessibleDescription(words)
        if words and self._view.hasFocus() and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._view, words))

    def _words(self, item: Item, place: int) -> str:
        sample, state = item.sample, self._state
        parts = [
            tr("{place:,} of {count:,}", place=place + 1, count=self._model.count()),
            one_line(sample.text, LONGEST) or sample.source,
            ", ".join(sample.labels),
            tr("highlighted") if contains(state.highlight, self._model.rows[place : place + 1])[0] else "",
            tr("in the subset") if self._model.is_member(sample.row) or item.choice is not None else "",
            {"in": tr("pinned in"), "out": tr("pinned out")}.get(sample.pin, ""),
            tr("cannot be shown") if sample.problem else "",
        ]
        return ", ".join(part for part in parts if part)
