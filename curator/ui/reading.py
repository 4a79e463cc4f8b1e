"""Asking the Project for what takes a while beside the window: columns of a large Dataset, rows in another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from curator.engine.errors import CuratorError, StoreError

if TYPE_CHECKING:
    from curator.engine.project import Project
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState

PATIENCE_MS = 200
"""What was shown before stays for so long; an answer that comes sooner changes nothing but what it is about."""


class Reading(QObject):
    """One question at a time: a newer one, or another Project, makes the answer to an older one void.

    ``state`` None: what is asked is of no Project. A view has one for each thing that it asks: of two questions through
    the same Reading only the later would be answered.
    """

    def __init__(self, state: AppState | None, bridge: JobBridge, parent: QObject | None = None) -> None:
        super().__init__(parent or state)
        self._state, self._bridge = state, bridge
        self._turn = 0

    def ask(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """``then(what work returns or the CuratorError it raises)``, in the window's thread; a bug is raised there.

        What the disk refuses is no bug: an OSError is handed over as a StoreError with the same words.
        """
        self._turn += 1
        turn, project = self._turn, self._project()

        def take(outcome: Any) -> None:
            if turn != self._turn or project is not self._project():
                return
            if isinstance(outcome, OSError):
                outcome = StoreError(str(outcome), "")
            if isinstance(outcome, Exception) and not isinstance(outcome, CuratorError):
                raise outcome
            then(outcome)

        self._bridge.in_background(work, take)

    def _project(self) -> Project | None:
        return self._state.project if self._state is not None else None

    def drop(self) -> None:
        """The answer is not wanted any more."""
        self._turn += 1


class PatientReading(Reading):
    """For what is mostly at hand: that is answered at once; else ``meanwhile()`` is called if it takes a while."""

    def __init__(
        self, state: AppState, bridge: JobBridge, meanwhile: Callable[[], None], parent: QObject | None = None
    ) -> None:
        super().__init__(state, bridge, parent)
        self.waiting = False
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(meanwhile)
        self._begin: Callable[[], None] = lambda: None
        self._soon = QTimer(self)
        """What the window itself is about to read comes first: both would wait for the same file."""
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(lambda: self._begin())

    def look(self, at_hand: Callable[[], bool], work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """``then(what work returns or the CuratorError that it, or ``at_hand``, raises)``: now where it is at hand."""
        try:
            outcome = work() if at_hand() else self
        except CuratorError as error:
            outcome = error
        if outcome is not self:
            self.drop()
            then(outcome)
            return
        super().drop()  # what was asked before
        if not self.waiting:
            self._patience.start()
        self.waiting = True
        self._begin = lambda: self.ask(work, lambda found: self._take(found, then))
        self._soon.start()

    def _take(self, outcome: Any, then: Callable[[Any], None]) -> None:
        self._patience.stop()
        self.waiting = False
        then(outcome)

    def drop(self) -> None:
        """Nothing is waited for any more."""
        super().drop()
        self._soon.stop()
        self._patience.stop()
        self.waiting = False
