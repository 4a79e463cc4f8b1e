"""The offer of a finer layout where it is not made unasked, because it would keep the worker busy for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from curator.ui.language import noop, tr
from curator.ui.models.layouts import FINE

if TYPE_CHECKING:
    from curator.ui.models.layouts import Layouts

HELP = noop("Lay the samples out so that what is alike lies together; work goes on meanwhile, and it can be stopped")


class FinerOffer(QToolButton):
    """Seen while there is only the quick layout and nothing is being made; says what the finer one will cost.

    Args:
        cost: words for the time that a projector will take, with a space before them, or "".
    """

    def __init__(self, layouts: Layouts, cost: Callable[[str], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layouts, self._cost = layouts, cost
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setToolTip(tr(HELP))
        self.setAccessibleDescription(tr(HELP))
        self.clicked.connect(lambda: layouts.make(FINE))
        layouts.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the offer, or take it back."""
        wanted = self._layouts.can_be_finer
        if wanted:
            self.setText(tr("Make a finer map{cost}", cost=self._cost(FINE)))
            self.setAccessibleName(self.text())
        self.setVisible(wanted)
