"""A pass over all records of a pile, in order, resumable, several records at a time."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import Any, Protocol

import numpy as np

from curator.engine.device import cores, restore_threads
from curator.engine.embedding import start_single
from curator.engine.errors import Cancelled
from curator.engine.language.passes import Pass
from curator.engine.task import Task
from curator.engine.types import Floats, SampleReader

CPU_ROWS, GPU_ROWS = 8, 512
"""Records handed to a thread at a time."""
SHORT = 8
"""How many times as many where short records share batches on the CPU."""
LOOK_S = 0.1
LABEL = "Reading with the language model"


class Rows(Protocol):
    """Where finished rows go: an :class:`~curator.engine.arrays.ArrayWriter`, or memory."""

    done: int

    def write(self, first: int, block: Any) -> None:
        """Rows arrive in order."""
        ...


class Memory:
    """Rows in memory, for those who have no Project."""

    def __init__(self, n: int, columns: int) -> None:
        self.done, self.rows = 0, np.full((n, columns), np.nan, np.float32)

    def write(self, first: int, block: Any) -> None:
        """Put a block at its place."""
        self.rows[first : first + len(block)] = block


def read_all(
    work: Pass, reader: SampleReader, n: int, outs: Sequence[tuple[Rows, slice]], task: Task, *, threads: int = 0
) -> None:
    """Write columns of a pass over rows ``done .. n - 1`` to each of ``outs`` (rows, which columns).

    Records are read in the calling thread; on the CPU as many threads as torch would use compute one record each. A
    cancel ends them at the next record; what is written is kept.
    """
    start = min((out.done for out, _ in outs), default=0)
    on_cpu = work.model.device == "cpu"
    size = (CPU_ROWS * SHORT if work.together else CPU_ROWS) if on_cpu else GPU_ROWS
    runners = threads or (_threads() if on_cpu else 1)
    over = threading.Event()

    def check() -> None:
        if over.is_set():
            raise Cancelled

    task.step(LABEL, start, n)
    with _pool(runners) as pool:
        blocks = _blocks(reader, start, n, size)
        waiting: deque[tuple[int, Future[Floats]]] = deque()
        try:
            while True:
                for first, records, texts in islice(blocks, runners + 1 - len(waiting)):
                    waiting.append((first, pool.submit(work, records, texts, check)))
                if not waiting:
                    break
                first, future = waiting.popleft()
                while not future.done():
                    wait([future], LOOK_S)
                    task.step(LABEL, first, n)
                found = future.result()
                for out, columns in outs:
                    skip = max(0, out.done - first)
                    if skip < len(found):
                        out.write(first + skip, found[skip:, columns])
        finally:
            over.set()
    task.step(LABEL, n, n)


def _blocks(reader: SampleReader, start: int, n: int, size: int) -> Iterator[tuple[int, list[str], list[str]]]:
    rows = np.arange(start, n, dtype=np.int64)
    both = zip(reader.records(rows), reader.texts(rows), strict=True)
    for first in range(start, n, size):
        part = list(islice(both, size))
        yield first, [record for record, _ in part], [text for _, text in part]


def _threads() -> int:
    torch = sys.modules.get("torch")
    return int(torch.get_num_threads()) if torch is not None else cores()


@contextmanager
def _pool(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads in which torch splits no operation, so that the bits are the same for any number of them."""
    import torch

    before = torch.get_num_threads()
    with ThreadPoolExecutor(count, "language") as pool:
        try:
            start_single(pool, count)
        finally:
            restore_threads(before)
        yield pool
