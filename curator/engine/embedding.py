"""From samples to vectors: decoding ahead of inference, in blocks, the same bits every time.

What makes the bits the same for any ``batch``, any number of threads and after a resume:

- inference sees blocks of a fixed number of rows that begin at multiples of that number, so a row always stands at
  the same place of the same block, and short blocks are filled up by the session;
- on the CPU no operation is split over threads; instead several blocks are computed side by side, one thread each;
- a sample that cannot be read leaves its place to a blank picture, so that the others stay where they are.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.device import cores, keep_single, restore_threads
from curator.engine.errors import CuratorError, InputError, NotReadyError
from curator.engine.pictures import load_rgb
from curator.engine.registry import Registry
from curator.engine.task import Task
from curator.engine.types import EncoderSession, Floats, Kind, SampleReader
from curator.engine.unit import unit_rows

LABEL = "Embedding"
MICRO = 32
"""Rows of a block for a session that does not name its own number (attribute ``micro``)."""
DECODE = 8
"""Images decoded by one call in a decode thread."""
LOOK_S = 0.1
"""How often cancel is asked for while a block is computed."""
GRACE_S = 0.3
"""How long a cancel waits for blocks being computed before it leaves them to end by themselves."""

Problems = list[tuple[int, str]]


def default_encoder(kind: Kind, registry: Registry) -> tuple[str, str]:
    """The best encoder that can run here now without a download, and why it was chosen.

    Images: open-clip when its default weights are in the cache, else the bundled tiny-clip. Instructions: sentence
    when transformers and a model are installed, else lsa; records with pictures too are compared by their text, so
    name open-clip or tiny-clip to compare what they show.

    Raises:
        NotReadyError: none of them can run.
    """
    reasons: list[str] = []
    for name in ("open-clip", "tiny-clip") if kind == "image" else ("sentence", "lsa"):
        if name not in registry.names("encoder"):
            continue
        ready, reason = registry.get("encoder", name).make().available()
        if ready:
            return name, "; ".join([reason, *reasons])
        reasons.append(f"not {name}: {reason}")
    raise NotReadyError(
        f"No encoder for {kind} samples can run here ({'; '.join(reasons)}).",
        "Name one that may download its weights, or give open-clip a local checkpoint folder.",
    )


def learn(session: EncoderSession, reader: SampleReader, n: int, task: Task) -> None:
    """Let a session that ``fits`` read all ``n`` texts; does nothing for others. Needed before its encode_texts."""
    if session.fits:
        session.fit(lambda: reader.texts(np.arange(n, dtype=np.int64)), n, task)


def embed(
    session: EncoderSession,
    reader: SampleReader,
    n: int,
    out: Any,
    task: Task,
    *,
    device: str,
    batch: int = 0,
    workers: int = 0,
) -> Problems:
    """Encode rows ``out.done .. n-1`` and write them to ``out`` in order.

    A sample of an image Dataset is its picture. A record of text is its text; where the encoder reads images too and
    the record has pictures, it is the mean of the unit vector of its text and the unit vector of its pictures (their
    mean), brought to length one; a record without pictures, or without text, is what it has.

    Args:
        session: the encoder, loaded.
        reader: content by row; read from the calling thread only.
        n: rows in the Dataset.
        out: an ``ArrayWriter`` of shape [n, d] (its ``done`` rows are kept), or an array [n, d] that is filled.
        task: progress "Embedding"; cancel is heard within half a second.
        device: "cpu", "cuda" or "mps", as the session was opened with.
        batch: rows computed at a time, rounded up to whole blocks, while as many are being read; 0 chooses. Does
            not change the vectors.
        workers: decode threads; 0 chooses. Does not change the vectors.

    Returns:
        (row, reason) for each sample that could not be read, ascending; its vector is NaN.

    Raises:
        InputError: an image Dataset and an encoder that reads only texts.
        DeviceError: not even one sample fits the device.
    """
    if reader.kind == "image" and "image" not in session.reads:
        raise InputError(
            "This encoder reads only texts, but the dataset holds images.", "Choose open-clip or tiny-clip."
        )
    if hasattr(out, "flush"):
        out.flush()  # what was written before counts as done
    done = int(getattr(out, "done", 0))
    if done >= n:
        return []
    learn(session, reader, n, task)
    plan = _Plan.make(session, device, batch, workers)
    problems: Problems = []
    task.step(LABEL, done, n)
    with _Pools.running(plan) as pools:
        blocks = _blocks(session, reader, done, n, plan.micro)
        blank = _Blank(session)
        while True:
            for block in itertools.islice(blocks, plan.depth - len(pools.waiting)):
                block.prepare(session, pools.decoders)
                pools.waiting.append((block, pools.runners.submit(_encode, session, block, blank)))
            if not pools.waiting:
                break
            block, future = pools.waiting[0]
            found = _result(future, task, done, n)
            pools.waiting.popleft()
            skip = max(0, done - block.first)
            for row, reason in found.problems:
                if row >= done:
                    task.problem(block.names[row - block.first], reason)
                    problems.append((row, reason))
            _write(out, block.first + skip, found.vectors[skip:])
            done = block.first + block.count
            task.step(LABEL, done, n)
    return problems


@dataclass(frozen=True)
class _Plan:
    micro: int
    depth: int
    runners: int
    decoders: int

    @classmethod
    def make(cls, session: EncoderSession, device: str, batch: int, workers: int) -> _Plan:
        """Sizes of pools and queue. On a GPU a second runner fills the next block while the first one computes."""
        micro = int(getattr(session, "micro", MICRO))
        on_cpu = device == "cpu"
        runners = _threads() if on_cpu else 2
        if batch > 0:
            runners = min(runners, -(-batch // micro))
        decoders = workers if workers > 0 else min(16, max(2, cores()))
        return cls(micro, 2 * runners + 1, runners, decoders)


def _threads() -> int:
    """How many threads torch would use (it heeds OMP_NUM_THREADS and torch.set_num_threads)."""
    torch = sys.modules.get("torch")
    return int(torch.get_num_threads()) if torch is not None else cores()


@dataclass
class _Block:
    """Rows ``first .. first + count - 1`` on their way: what they hold, and their pictures being decoded."""

    first: int
    texts: list[str]
    paths: list[tuple[Path, ...]]
    decoding: list[Future[list[Any]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.paths)

    @property
    def names(self) -> list[str]:
        """What to call each row in a message."""
        return [str(p[0]) if p else f"row {self.first + i + 1}" for i, p in enumerate(self.paths)]

    def prepare(self, session: EncoderSession, decoders: ThreadPoolExecutor) -> None:
        flat = [path for paths in self.paths for path in paths]
        for first in range(0, len(flat), DECODE):
            self.decoding.append(decoders.submit(_decode, session, flat[first : first + DECODE]))


@dataclass(frozen=True)
class _Encoded:
    vectors: Floats
    problems: Problems


def _blocks(session: EncoderSession, reader: SampleReader, done: int, n: int, micro: int) -> Iterator[_Block]:
    """Blocks from the one that holds row ``done``; content is read as they are asked for."""
    start = done // micro * micro
    rows = np.arange(start, n, dtype=np.int64)
    pictures = "image" in session.reads
    words = reader.kind == "instruction" and "text" in session.reads
    paths = reader.image_paths(rows) if pictures else itertools.repeat((), len(rows))
    texts = reader.texts(rows) if words else itertools.repeat("", len(rows))
    both = zip(texts, paths, strict=True)
    for first in range(start, n, micro):
        part = list(itertools.islice(both, min(micro, n - first)))
        yield _Block(first, [text for text, _ in part], [tuple(found) for _, found in part])


def _decode(session: EncoderSession, paths: list[Path]) -> list[Any]:
    """Prepared pictures; a reason (str) in the place of one that cannot be read."""
    found: list[Any] = []
    for path in paths:
        try:
            found.append(session.prepare_image(load_rgb(path)))
        except CuratorError as error:
            found.append(error.text)
        except (OSError, ValueError, MemoryError) as error:  # a preprocessing step that the picture does not suit
            found.append(f"{type(error).__name__}: {error}")
    return found


class _Blank:
    """A prepared blank picture, made once when one is needed."""

    def __init__(self, session: EncoderSession) -> None:
        self._session, self._made, self._lock = session, None, threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            if self._made is None:
                from PIL import Image

                self._made = self._session.prepare_image(Image.new("RGB", (64, 64)))
            return self._made


def _encode(session: EncoderSession, block: _Block, blank: _Blank) -> _Encoded:
    prepared = [item for part in block.decoding for item in part.result()]
    owner = [i for i, paths in enumerate(block.paths) for _ in paths]
    bad = _unreadable(block, owner, prepared)
    vectors = np.zeros((block.count, session.dims), np.float32)
    if prepared:
        seen = session.encode_images([blank() if isinstance(item, str) else item for item in prepared])
        np.add.at(vectors, owner, seen)
        vectors = unit_rows(vectors)
    if "text" in session.reads and any(block.texts):
        vectors = (
            unit_rows(vectors + session.encode_texts(block.texts)) if prepared else session.encode_texts(block.texts)
        )
    for i, vector in enumerate(vectors):
        if i not in bad and not np.isfinite(vector).all():
            bad[i] = "The encoder gave no finite vector."
        elif i not in bad and not block.paths[i] and "text" not in session.reads:
            bad[i] = "The sample has no picture."
    vectors[list(bad)] = np.nan
    return _Encoded(vectors, [(block.first + i, bad[i]) for i in sorted(bad)])


def _unreadable(block: _Block, owner: list[int], prepared: list[Any]) -> dict[int, str]:
    """Why rows of the block cannot be read; of several pictures, the one at fault is named."""
    found = {}
    flat = [path for paths in block.paths for path in paths]
    for row, path, item in zip(owner, flat, prepared, strict=True):
        if isinstance(item, str):
            found[row] = item if len(block.paths[row]) == 1 else f"{path.name} {item}"
    return found


def _result(future: Future[_Encoded], task: Task, done: int, n: int) -> _Encoded:
    while True:
        wait([future], LOOK_S)
        if future.done():
            return future.result()
        task.step(LABEL, done, n)


def _write(out: Any, first: int, block: Floats) -> None:
    if hasattr(out, "write"):
        out.write(first, block)
    else:
        out[first : first + len(block)] = block


@dataclass(frozen=True)
class _Pools:
    """Decode threads, runners, and the blocks that are on their way, the oldest first."""

    decoders: ThreadPoolExecutor
    runners: ThreadPoolExecutor
    waiting: deque[tuple[_Block, Future[_Encoded]]] = field(default_factory=deque)

    @classmethod
    @contextmanager
    def running(cls, plan: _Plan) -> Iterator[_Pools]:
        """Start all threads, each of them single-threaded in torch; end them whatever happens."""
        pools = cls(ThreadPoolExecutor(plan.decoders, "decode"), ThreadPoolExecutor(plan.runners, "encode"))
        torch = sys.modules.get("torch")
        ended = True
        try:
            if torch is not None:
                before = torch.get_num_threads()
                try:
                    start_single(pools.runners, plan.runners)
                    start_single(pools.decoders, plan.decoders)
                finally:
                    restore_threads(before)
            yield pools
        except BaseException:
            ended = pools.abandon()
            raise
        finally:
            for pool in (pools.runners, pools.decoders):
                pool.shutdown(wait=ended, cancel_futures=True)

    def abandon(self) -> bool:
        """Drop what has not begun, and give what has a moment to end; False when it did not."""
        for block, future in self.waiting:
            future.cancel()
            for part in block.decoding:
                part.cancel()
        begun: list[Future[Any]] = []
        for block, future in self.waiting:
            begun += [future, *block.decoding]
        begun = [future for future in begun if not future.cancelled()]
        return not wait(begun, GRACE_S).not_done


def start_single(pool: ThreadPoolExecutor, count: int) -> None:
    """Start all threads of the pool and make each of them single-threaded in torch."""
    together = threading.Barrier(count)

    def begin() -> None:
        keep_single()
        together.wait()

    for future in [pool.submit(begin) for _ in range(count)]:
        future.result()
