"""What handlers of actions share: what is looked at, whom to ask, and how an edit is made and told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from curator.engine.types import Changes
    from curator.ui.messages import Notice
    from curator.ui.state import AppState
    from curator.ui.views.dialogs import Dialogs


class Handlers(QObject):
    """A part of :class:`~curator.ui.commands.Commands`.

    Args:
        write: makes an edit of the Project and lets the views take it in.
        notice: shows a message in the window.
    """

    def __init__(
        self,
        state: AppState,
        dialogs: Dialogs,
        write: Callable[[Callable[[], Changes]], bool],
        notice: Callable[[Notice], None],
    ) -> None:
        super().__init__(state)
        self._state, self._dialogs = state, dialogs
        self._write, self._notice = write, notice
