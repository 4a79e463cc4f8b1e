"""One thing done behind the back of another: a chunk is stored while the next one is read."""

from __future__ import annotations

import gc
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


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for garbage in circles seldom, for as long as records go through by the thousand and none of them is any."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
