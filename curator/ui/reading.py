"""Asking the Project for what takes a while beside the window: columns of a large Dataset, rows in another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from curator.engine.errors import CuratorError

if TYPE_CHECKING:
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState


class Reading(QObject):
    """One question at a time: a newer one, or another Project, makes the answer to an older one void."""

    def __init__(self, state: AppState, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent or state)
        self._state, self._bridge = state, bridge
        self._turn = 0

    def ask(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """``then(what work returns or the CuratorError it raises)``, in the window's thread; a bug is raised there."""
        self._turn += 1
        turn, project = self._turn, self._state.project

        def take(outcome: Any) -> None:
            if turn != self._turn or project is not self._state.project:
                return
            if isinstance(outcome, Exception) and not isinstance(outcome, CuratorError):
                raise outcome
            then(outcome)

        self._bridge.in_background(work, take)

    def drop(self) -> None:
        """The answer is not wanted any more."""
        self._turn += 1
