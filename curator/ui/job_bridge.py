"""From the queue's thread to the window: the only module of the window that knows about threads.

A Job speaks up to ten times a second and more when samples are set aside; the window looks once for each turn of its
event loop. Between two looks, news about the same Job are one piece of news.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

if TYPE_CHECKING:
    from curator.engine.jobs import Job, Message

ENDED = ("done", "failed", "cancelled")


class JobBridge(QObject):
    """Hand :meth:`listener` to ``submit_...``; the signals come out in the window's thread."""

    changed = Signal(object)
    """A Job made progress, logged something or set a sample aside."""
    ended = Signal(object)
    """A Job is done, failed or cancelled; once for each Job."""
    _poke = Signal()
    _call = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._news: dict[int, Job] = {}
        self._over: set[int] = set()
        self._threads: list[threading.Thread] = []
        self._poke.connect(self._look, Qt.ConnectionType.QueuedConnection)
        self._call.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def listener(self, job: Job, _message: Message) -> None:
        """Called from any thread, after the Job noted the message."""
        with self._lock:
            asleep = not self._news
            self._news[job.id] = job
        if asleep:
            self._poke.emit()

    def in_background(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Run ``work`` beside the window, then ``then(result or error)`` in it.

        Of the Project it may ask only what can be asked from several threads, as ``project.browse`` can.
        """

        def body() -> None:
            try:
                outcome = work()
            except Exception as error:
                outcome = error
            self._call.emit(then, outcome)

        thread = threading.Thread(target=body, name="curator-window-helper", daemon=True)
        self._threads = [t for t in self._threads if t.is_alive()]
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """Wait for what :meth:`in_background` started."""
        for thread in self._threads:
            thread.join()

    @Slot()
    def _look(self) -> None:
        with self._lock:
            news, self._news = self._news, {}
        for job in news.values():
            self.changed.emit(job)
            if job.state in ENDED and job.id not in self._over:
                self._over.add(job.id)
                self.ended.emit(job)

    @Slot(object, object)
    def _deliver(self, then: Callable[[Any], None], outcome: Any) -> None:
        then(outcome)
