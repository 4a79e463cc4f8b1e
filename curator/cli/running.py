"""Running a Job from a terminal: progress bars, Ctrl-C, problems, outcome."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click
from tqdm import tqdm

from curator.engine.jobs import Job, Log, Message
from curator.engine.project import Project
from curator.engine.task import Problem, Progress
from curator.engine.types import Changes

SHOWN_PROBLEMS = 10
LINE_EVERY_S = 30.0
"""How often a log file, which has no bars, gets a line; stages that take less time get none."""


class Bars:
    """One bar per stage on stderr, with rate and ETA; where stderr is not a terminal, a line every half minute."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._label = ""
        self._next = 0.0
        self._shown = 0

    def __call__(self, job: Job, message: Message) -> None:
        """Listener of a Job."""
        if self._quiet:
            return
        match message:
            case Progress() if sys.stderr.isatty():
                self._progress(message)
            case Progress():
                self._line(message)
            case Log(text):
                self._say(f"  {text}")
            case Problem(source, reason):
                self._shown += 1
                if self._shown <= SHOWN_PROBLEMS:
                    self._say(f"  set aside: {source} {reason}")

    def close(self) -> None:
        """Finish the open bar, and say how many problems were not listed one by one."""
        if self._bar is not None:
            self._bar.close()
            self._bar, self._label = None, ""
        if self._shown > SHOWN_PROBLEMS:
            click.echo(f"  ... and {self._shown - SHOWN_PROBLEMS} more set aside.", err=True)
        self._shown = 0

    def _progress(self, progress: Progress) -> None:
        if progress.label != self._label:
            if self._bar is not None:
                self._bar.close()
            self._label = progress.label
            self._bar = tqdm(
                total=progress.total or None,
                initial=progress.done,
                desc=f"  {progress.label}",
                unit="",
                unit_scale=progress.total >= 10_000,
                file=sys.stderr,
                leave=True,
                dynamic_ncols=True,
                mininterval=0.1,
            )
        self._bar.total = progress.total or None
        self._bar.update(progress.done - self._bar.n)
        if progress.done == progress.total:
            self._bar.refresh()

    def _line(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.label != self._label:
            self._label, self._next = progress.label, now + LINE_EVERY_S
        elif now >= self._next:
            self._next = now + LINE_EVERY_S
            self._say(f"  {in_words(progress)}")

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        click.echo(text, err=True)


def in_words(progress: Progress) -> str:
    """One line: "Embedding: 34,000 of 300,000 (11 %), 180/s, 24:37 left"."""
    text = f"{progress.label}: {progress.done:,}"
    if progress.total:
        text += f" of {progress.total:,} ({100 * progress.done / progress.total:.0f} %)"
    if progress.rate > 0:
        text += f", {tqdm.format_sizeof(progress.rate)}/s"
    return text + (f", {tqdm.format_interval(progress.eta)} left" if progress.eta > 0 else "")


def run_job(project: Project, submit: Callable[..., Job], *args: Any, quiet: bool = False, **options: Any) -> Changes:
    """Submit a Job and follow it to its end.

    The first Ctrl-C asks it to stop at the next tick, with nothing lost; a second one interrupts at once.

    Raises:
        CuratorError: the message it failed with. Cancelled: the user stopped it.
    """
    bars = Bars(quiet)
    with _cancel_on_interrupt(project):
        try:
            job = submit(*args, listener=bars, **options)
        finally:
            bars.close()
    return job.result()


@contextmanager
def _cancel_on_interrupt(project: Project) -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        job = project.running_job
        if job is None or job.cancel_asked:
            raise KeyboardInterrupt
        click.echo("\nStopping; press Ctrl-C again to stop at once.", err=True)
        project.cancel(job)

    try:
        before = signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # not the main thread: whoever called us owns the signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
