"""From the views' selection model to :class:`AppState`: which Samples are highlighted, and which has the cursor."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QObject, QTimer, Signal

from curator.ui.commands import MAX_HIGHLIGHT
from curator.ui.models.samples import SampleModel
from curator.ui.state import AppState


class Highlighter(QObject):
    """Looks once for each turn of the event loop, and reads one id more than may be pinned at once."""

    item_changed = Signal(object)
    """The Item with the cursor, or None."""

    def __init__(self, model: SampleModel, chosen: QItemSelectionModel, state: AppState) -> None:
        super().__init__(model)
        self._model, self._chosen, self._state = model, chosen, state
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._look)
        for signal in (chosen.selectionChanged, chosen.currentChanged, model.dataChanged, model.modelReset):
            signal.connect(self._later)

    def _later(self, *_: object) -> None:
        self._soon.start()

    def _look(self) -> None:
        item = self._model.item(self._chosen.currentIndex().row())
        ids: list[int] = []
        parts = self._chosen.selection()
        for part in (parts.at(i) for i in range(parts.size())):
            last = min(part.bottom(), part.top() + MAX_HIGHLIGHT - len(ids))
            ids += [i.sample.id for i in self._model.items(range(part.top(), last + 1))]
        self._state.set_highlight(tuple(ids), item.sample.id if item else None)
        self.item_changed.emit(item)
