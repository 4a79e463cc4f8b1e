"""One thing done behind the back of another: a chunk is stored while the next one is read."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any


class Behind:
    """Does one piece of work at a time in a thread of its own; leaving the ``with`` block waits for it."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, name)
        self._pending: Future[None] | None = None

    def do(self, work: Callable[..., None], *given: Any) -> None:
        """Begin ``work(*given)`` when what was begun before is finished; raises what that failed with."""
        self.wait()
        self._pending = self._pool.submit(work, *given)

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self._pending is not None and not self._pending.done()

    def wait(self) -> None:
        """Wait until nothing is under way; raises what it failed with."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def __enter__(self) -> Behind:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


TURN_S = 0.0005
"""How long one thread may keep Python's lock while another asks for it; the usual 5 ms are longer than a statement."""


@contextmanager
def two_at_work() -> Iterator[None]:
    """While records go through by the thousand, read by one thread and stored by another.

    They take turns often, and garbage in circles is looked for seldom, because no record is any.
    """
    before, turn = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(50_000, *before[1:])
    sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.set_threshold(*before)
