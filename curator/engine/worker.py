"""The child process: receives requests, runs them through the pipeline, sends messages back."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from curator.engine.jobs import Message, execute
from curator.engine.processes import let_others_first
from curator.engine.registry import registry
from curator.engine.store import Store

LISTEN_EVERY_S = 0.02
"""How often a running Job looks for a cancel; well under the promised half second."""


def serve(pipe: Connection, folder: Path, plugins_dir: Path | None) -> None:
    """Main function of the worker: one request at a time until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    let_others_first()
    from curator.engine.pipeline import handle

    registry().discover(plugins_dir)
    with Store.open(folder) as store:
        store.sweep()  # what a worker that was killed left half-done
    while True:
        try:
            request = pipe.recv()
        except (EOFError, OSError):
            return
        if request == "cancel":  # arrived after the Job it was meant for had ended
            continue
        cancelled = _listener(pipe)

        def send(message: Message) -> None:
            pipe.send(message)

        def work(task, request=request):  # type: ignore[no-untyped-def]
            with Store.open(folder) as store:
                return handle(store, request, task, polite=True)

        try:
            execute(work, send, cancelled)
        except (BrokenPipeError, OSError):
            return


def _listener(pipe: Connection) -> Callable[[], bool]:
    """A function that says whether a cancel has come down the pipe, asking the system at most 50 times a second."""
    state = {"asked": False, "looked": 0.0}

    def cancelled() -> bool:
        now = time.monotonic()
        if not state["asked"] and now - state["looked"] >= LISTEN_EVERY_S:
            state["looked"] = now
            if pipe.poll():
                state["asked"] = pipe.recv() == "cancel"
        return bool(state["asked"])

    return cancelled
