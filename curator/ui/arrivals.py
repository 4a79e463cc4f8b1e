"""An import under way is worth looking at: what it has stored so far is shown, and grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from curator.engine.requests import ImportRequest

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState

FIRST_MS, LOOK_MS = 60, 400


class Arrivals(QObject):
    """Looks at most a few times a second, and only while an import speaks."""

    def __init__(self, state: AppState, bridge: JobBridge) -> None:
        super().__init__(state)
        self._state = state
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._look)
        bridge.changed.connect(self._changed)
        bridge.ended.connect(self._ended)

    def _changed(self, job: Job) -> None:
        if isinstance(job.request, ImportRequest) and not self._state.ready and not self._soon.isActive():
            self._soon.start(FIRST_MS if self._state.dataset is None else LOOK_MS)

    def _ended(self, job: Job) -> None:
        """One that was cancelled or failed leaves nothing to look at."""
        if isinstance(job.request, ImportRequest):
            self._soon.stop()
            if job.changes is None and not self._state.ready:
                self._state.refresh()

    def _look(self) -> None:
        self._state.show_arriving()
