"""Progress and cancel in one call: the handle that long work reports through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from curator.engine.errors import Cancelled

Item = TypeVar("Item")

REPORT_EVERY_S = 0.1
"""At most ten progress reports a second leave a Task."""


@dataclass(frozen=True)
class Progress:
    """One report. ``total`` is 0 while unknown; ``rate`` is in items per second, ``eta`` in seconds (-1 unknown)."""

    label: str
    done: int
    total: int
    rate: float = 0.0
    eta: float = -1.0


@dataclass(frozen=True)
class Problem:
    """One sample that was set aside, and why."""

    source: str
    reason: str


class Task:
    """Handle passed to every long function.

    A bare ``Task()`` reports nowhere and is never cancelled, which suits tests and scripts.

    Args:
        on_progress: called with a :class:`Progress`, at most ten times a second and once at the end of each label.
        on_log: called with one line of text worth keeping in the Job's log.
        on_problem: called with a :class:`Problem`, once for each sample set aside.
        cancelled: asked before each item; ``True`` makes the next call raise :class:`Cancelled`.
    """

    def __init__(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        on_log: Callable[[str], None] | None = None,
        on_problem: Callable[[Problem], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._on_progress = on_progress
        self._on_log = on_log
        self._on_problem = on_problem
        self._cancelled = cancelled
        self._label = ""
        self._started = 0.0
        self._first = 0
        self._reported = 0.0
        self.problems = 0

    def check(self) -> None:
        """Raise :class:`Cancelled` if the user asked to stop."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled

    def step(self, label: str, done: int, total: int = 0) -> None:
        """Report that ``done`` of ``total`` items of ``label`` are finished; raises :class:`Cancelled` when asked."""
        self.check()
        now = time.monotonic()
        if label != self._label:
            self._label, self._started, self._first, self._reported = label, now, done, 0.0
        if self._on_progress is None or (done != total and now - self._reported < REPORT_EVERY_S):
            return
        self._reported = now
        elapsed = now - self._started
        rate = (done - self._first) / elapsed if elapsed > 0 else 0.0
        eta = (total - done) / rate if rate > 0 and total else -1.0
        self._on_progress(Progress(label, done, total, rate, eta))

    def track(self, items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
        """Yield ``items``, reporting progress; raises :class:`Cancelled` between two items when asked."""
        if total is None:
            total = len(items) if hasattr(items, "__len__") else 0  # type: ignore[arg-type]
        done = 0
        for item in items:
            self.step(label, done, total)
            yield item
            done += 1
        self.step(label, done, total or done)

    def log(self, text: str) -> None:
        """Keep one line in the Job's log."""
        if self._on_log is not None:
            self._on_log(text)

    def problem(self, source: str, reason: str) -> None:
        """Record that one sample was set aside."""
        self.problems += 1
        if self._on_problem is not None:
            self._on_problem(Problem(source, reason))
