"""Which number key gives which class: a line below the gallery and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from curator.ui import theme
from curator.ui.labelling import NUMBERED
from curator.ui.language import tr
from curator.ui.reading import Reading
from curator.ui.views.elided import ElidedLabel

if TYPE_CHECKING:
    from curator.ui.desk import Desk

LONGEST = 18


class LabelKeys(ElidedLabel):
    """There while something is highlighted in a Dataset with classes."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._reading = Reading(desk.state, desk.bridge, self)
        self._wanted, self._known = False, False
        self._names: tuple[str, ...] = ()
        self.setContentsMargins(10, 3, 10, 3)
        theme.mark(self, "faint")
        desk.state.highlight_changed.connect(self._show)
        desk.state.shown_changed.connect(self._forget)
        desk.state.data_changed.connect(self._forget)
        self.hide()

    def refresh(self, wanted: bool) -> None:
        """Another page is shown; ``wanted`` on those where labels are given."""
        self._wanted = wanted
        self._show()

    def _forget(self, _tables: object = None) -> None:
        """Other classes, maybe; those of before stay until they are read, which a large pile takes a while for."""
        self._known = False
        self._show()

    def _take(self, names: object) -> None:
        self._names = names if isinstance(names, tuple) else ()
        self._show()

    def _show(self) -> None:
        wanted = self._wanted and len(self._desk.state.highlight) > 0
        if wanted and not self._known:
            self._known = True
            self._reading.ask(self._desk.commands.labels.classes, self._take)
        names = self._names[:NUMBERED] if wanted else ()
        self.setVisible(bool(names))
        keys = [f"{i} {n if len(n) <= LONGEST else n[: LONGEST - 1] + '…'}" for i, n in enumerate(names, 1)]
        self.setText(tr("Label:") + "  " + "    ".join([*keys, tr("0 none"), tr("L other")]))
