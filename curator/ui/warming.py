"""What the first paint of the window does not need: done after it, one step for each turn of the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from curator.engine.registry import Registry


class Warming(QObject):
    """Takes the steps of an iterator when nothing else is to do; whoever needs one sooner asks for it as ever."""

    finished = Signal()

    def __init__(self, steps: Iterator[None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps = steps
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._step)
        self._begun = False

    def start(self) -> None:
        """Begin, the first time."""
        if not self._begun:
            self._begun = True
            self._timer.start()

    def stop(self) -> None:
        """Leave the rest undone."""
        self._begun = True
        self._timer.stop()

    def finish(self) -> None:
        """Take all steps now."""
        for _ in self._steps:
            pass
        self._end()

    def _step(self) -> None:
        if next(self._steps, self) is self:
            self._end()

    def _end(self) -> None:
        self.stop()
        self.finished.emit()


def plugins(registry: Registry) -> Iterator[None]:
    """Loads those that are expected, one at each step: all at once would hold up the window."""
    while registry.load_one():
        yield
