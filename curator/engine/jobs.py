"""Jobs: live handles of background work, and the two queues that run them.

:class:`JobQueue` keeps one spawned worker process and runs jobs in it one after another; native code that holds the
GIL there cannot freeze a window here, and a crash takes nothing with it. :class:`InlineQueue` runs the very same
functions in this process, for the command line and tests.
"""

from __future__ import annotations

import itertools
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from curator.engine.errors import Cancelled, CuratorError, from_kind
from curator.engine.requests import Request
from curator.engine.task import Problem, Progress, Task
from curator.engine.types import Changes

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
MAX_LOG_LINES = 10_000
GRACE_S, LOOK_S = 0.5, 0.25
"""How long a Job that gives way may take to hear of it, and how often the queue looks."""


@dataclass(frozen=True)
class Done:
    """The work ended well."""

    changes: Changes


@dataclass(frozen=True)
class Failed:
    """The work ended badly. ``kind`` "bug" carries a traceback, "cancelled" is the user's wish, others are messages."""

    kind: str
    text: str
    hint: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Log:
    """One line for the Job's log."""

    text: str


Message = Progress | Problem | Log | Done | Failed


class Job:
    """What is going on with one request. Attributes are written by one thread and may be read by any.

    ``listener`` is called with the Job and each :data:`Message`, from the thread that received it. One that
    ``gives_way`` was asked for by nobody: it waits for all others, and begins anew when one comes while it runs.
    """

    _ids = itertools.count(1)

    def __init__(
        self, request: Request, listener: Callable[[Job, Message], None] | None = None, gives_way: bool = False
    ) -> None:
        self.id = next(Job._ids)
        self.request, self.gives_way = request, gives_way
        self.state = WAITING
        self.progress: Progress | None = None
        self.changes: Changes | None = None
        self.failure: Failed | None = None
        self.log: deque[str] = deque(maxlen=MAX_LOG_LINES)
        self.problems: deque[Problem] = deque(maxlen=MAX_LOG_LINES)
        self.problem_count = 0
        self.cancel_asked = False
        self.in_the_way: float | None = None
        """Since when another Job waits for this one to give way, by the monotonic clock."""
        self.heard = time.monotonic()
        self._listener = listener
        self._ended = threading.Event()

    @property
    def title(self) -> str:
        """Words for a list of Jobs."""
        return self.request.title

    @property
    def silent_s(self) -> float:
        """Seconds since the worker was last heard; above five, "Stop now" is worth offering."""
        return time.monotonic() - self.heard

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the Job has ended; False when ``timeout`` seconds passed first."""
        return self._ended.wait(timeout)

    def result(self) -> Changes:
        """The outcome of an ended Job; raises what it failed with."""
        self.wait()
        if self.changes is not None:
            return self.changes
        failure = self.failure or Failed("bug", "The job ended without a word.")
        if failure.kind == "cancelled":
            raise Cancelled
        if failure.kind == "bug":
            raise RuntimeError(f"{failure.text}\n{failure.traceback}")
        raise from_kind(failure.kind, failure.text, failure.hint)

    def take(self, message: Message) -> None:
        """Note one message and tell the listener."""
        self.heard = time.monotonic()
        match message:
            case Progress():
                self.progress = message
            case Problem():
                self.problems.append(message)
                self.problem_count += 1
            case Log(text):
                self.log.append(text)
            case Done(changes):
                self.changes, self.state = changes, DONE
            case Failed(kind):
                self.failure, self.state = message, CANCELLED if kind == "cancelled" else FAILED
        if self._listener is not None:
            self._listener(self, message)
        if isinstance(message, Done | Failed):
            self._ended.set()


Listener = Callable[[Job, Message], None]
"""Who hears the messages of a Job."""
Submit = Callable[[Request, Listener | None], Job]
"""How a part of the Project hands in work."""


def execute(work: Callable[[Task], Changes], send: Callable[[Message], None], cancelled: Callable[[], bool]) -> None:
    """Run ``work`` with a Task that reports through ``send``; always ends with one :class:`Done` or :class:`Failed`."""
    task = Task(on_progress=send, on_log=lambda text: send(Log(text)), on_problem=send, cancelled=cancelled)
    try:
        send(Done(work(task)))
    except Cancelled:
        send(Failed("cancelled", "Cancelled."))
    except CuratorError as error:
        send(Failed(error.kind, error.text, error.hint))
    except Exception as error:
        send(Failed("bug", f"{type(error).__name__}: {error}", "", traceback.format_exc()))


class Queue(Protocol):
    """What a Project needs from a queue."""

    def submit(
        self, request: Request, listener: Callable[[Job, Message], None] | None = None, gives_way: bool = False
    ) -> Job:
        """Take a request; its Job may already have ended on return."""
        ...

    def cancel(self, job: Job) -> None:
        """Ask a Job to stop at its next tick."""
        ...

    def close(self) -> None:
        """Stop everything; called once."""
        ...


class InlineQueue:
    """Runs each Job at once, in the calling thread."""

    def __init__(self, handle: Callable[[Request, Task], Changes]) -> None:
        self._handle = handle
        self.current: Job | None = None

    def submit(
        self, request: Request, listener: Callable[[Job, Message], None] | None = None, gives_way: bool = False
    ) -> Job:
        """Run ``request`` to its end and return its Job."""
        job = Job(request, listener)
        self.current, job.state = job, RUNNING
        try:
            execute(lambda task: self._handle(request, task), job.take, lambda: job.cancel_asked)
        finally:
            self.current = None
        return job

    def cancel(self, job: Job) -> None:
        """Ask ``job`` to stop; safe from a signal handler."""
        job.cancel_asked = True

    def close(self) -> None:
        """Nothing to stop."""


class JobQueue:
    """Runs Jobs one after another in a spawned worker process, restarted when it dies.

    Those that give way stand at the end of the queue. One that runs when another is handed in is asked to stop, and
    after :data:`GRACE_S` the worker is killed under it, because native code does not listen.

    Args:
        folder: the Project's folder, which the worker opens by itself.
        plugins_dir: the user's plugins folder, or None.
    """

    def __init__(self, folder: Path, plugins_dir: Path | None = None) -> None:
        self._folder = folder
        self._plugins_dir = plugins_dir
        self._lock = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._wake = threading.Event()
        self._closing = self._early = self._worked = False
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self.current: Job | None = None
        self._thread = threading.Thread(target=self._serve, name="curator-jobs", daemon=True)
        self._thread.start()

    def submit(
        self, request: Request, listener: Callable[[Job, Message], None] | None = None, gives_way: bool = False
    ) -> Job:
        """Queue ``request``; the listener is called from the queue's own thread."""
        job = Job(request, listener, gives_way)
        with self._lock:
            last = sum(not j.gives_way for j in self._waiting) if not gives_way else len(self._waiting)
            self._waiting.insert(last, job)
            if not gives_way:
                self._make_way()
        self._wake.set()
        return job

    def _make_way(self) -> None:
        """Ask what runs to give way, if it does. The lock is held."""
        if (job := self.current) is not None and job.gives_way and job.in_the_way is None:
            job.in_the_way = time.monotonic()
            if self._pipe is not None:
                with suppress(OSError):
                    self._pipe.send("cancel")

    def _put_back(self, job: Job) -> bool:
        """Whether the Job that has ended was in the way, and waits again."""
        with self._lock:
            if job.in_the_way is None or job.cancel_asked or self._closing:
                return False
            self.current = None
            job.state, job.progress, job.in_the_way = WAITING, None, None
            self._waiting.append(job)
        job.take(Log("Gave way to what was asked for, and begins anew after it."))
        return True

    def prepare(self) -> None:
        """Start the worker before there is work for it, because there will be soon; returns at once."""
        self._early = True
        self._wake.set()

    def cancel(self, job: Job) -> None:
        """Ask ``job`` to stop: at once while it waits, at its next tick while it runs."""
        with self._lock:
            job.cancel_asked = True
            waiting = job in self._waiting
            if waiting:
                self._waiting.remove(job)
            elif job is self.current and self._pipe is not None:
                with suppress(OSError):
                    self._pipe.send("cancel")
        if waiting:
            job.take(Failed("cancelled", "Cancelled."))

    def stop_now(self, job: Job) -> None:
        """Kill the worker under a Job that does not listen; the next Job gets a fresh one. Nothing finished is lost."""
        with self._lock:
            job.cancel_asked = True
            if job is self.current and self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Stop the worker and the thread; waiting Jobs end as cancelled."""
        with self._lock:
            self._closing = True
            waiting, self._waiting = list(self._waiting), deque()
            if self._process is not None and (self.current is not None or not self._worked):
                self._process.kill()  # one that was only prepared may still be loading, and has nothing to lose
        for job in waiting:
            job.take(Failed("cancelled", "Cancelled."))
        self._wake.set()
        self._thread.join()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the live worker, for diagnostics."""
        return self._process.pid if self._process is not None else None

    def _serve(self) -> None:
        while not self._closing:
            self._wake.wait()
            self._wake.clear()
            if self._early and not self._closing:
                self._early = False
                with suppress(Exception):  # the Job that needs it will say so
                    self._ensure_worker()
            while (job := self._next()) is not None:
                self._run(job)
        self._stop_worker()

    def _next(self) -> Job | None:
        with self._lock:
            if self._closing or not self._waiting:
                return None
            self.current = self._waiting.popleft()
            self.current.state = RUNNING
            return self.current

    def _run(self, job: Job) -> None:
        ended = False
        try:
            pipe = self._ensure_worker()
            self._worked = True
            with self._lock:
                pipe.send(job.request)
            while not ended:
                message = self._hear(job, pipe)
                if isinstance(message, Failed) and message.kind == "cancelled" and self._put_back(job):
                    return
                ended = isinstance(message, Done | Failed)
                with self._lock:
                    self.current = None if ended else job
                job.take(message)
        except (EOFError, OSError):
            self._stop_worker()
            if self._put_back(job):
                return
            with self._lock:
                self.current = None
            job.take(
                Failed("cancelled", "Stopped.")
                if job.cancel_asked or self._closing
                else Failed(
                    "plugin",
                    "The worker process stopped unexpectedly.",
                    "Finished work is safe. Run it again; if it stops again, try a smaller batch or another encoder.",
                )
            )
        except Exception as error:  # no process could be started, or a listener failed: the queue goes on
            self._stop_worker()
            with self._lock:
                self.current = None
            if job.state == RUNNING:
                job.take(Failed("bug", f"{type(error).__name__}: {error}", "", traceback.format_exc()))

    def _hear(self, job: Job, pipe: Connection) -> Message:
        """The next message; kills the worker when it does not come from a Job that is in the way."""
        while not pipe.poll(LOOK_S):
            if job.in_the_way is not None and time.monotonic() - job.in_the_way > GRACE_S:
                with self._lock:
                    if self._process is not None:
                        self._process.kill()
        message: Message = pipe.recv()
        return message

    def _ensure_worker(self) -> Connection:
        with self._lock:
            if self._process is not None and self._process.is_alive() and self._pipe is not None:
                return self._pipe
        self._stop_worker()
        import multiprocessing

        from curator.engine.worker import serve

        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=serve, args=(theirs, self._folder, self._plugins_dir), name="curator-worker", daemon=True
        )
        process.start()
        theirs.close()
        with self._lock:
            self._process, self._pipe, self._worked = process, ours, False
        return ours

    def _stop_worker(self) -> None:
        with self._lock:
            process, pipe = self._process, self._pipe
            self._process = self._pipe = None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.join(timeout=1.0)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
