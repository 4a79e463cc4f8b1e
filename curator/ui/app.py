"""Starting the window."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from PySide6.QtWidgets import QApplication

    from curator.settings import Settings
    from curator.ui.main_window import MainWindow

TURN_S = 0.001
"""How long the threads that fetch pictures may keep Python's lock from the window; usual are five times as much, which
is a third of a frame."""
DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def has_display() -> bool:
    """Whether there is something to open a window on."""
    return not sys.platform.startswith("linux") or any(os.environ.get(v) for v in DISPLAY_VARIABLES)


@contextmanager
def starting() -> Iterator[None]:
    """While modules load and the window is built hardly anything becomes garbage: no looking for it, which takes a
    tenth of the start. What is there at the end stays until the end, and is not looked through again: that would stop
    the window for 60 ms now and then."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(TURN_S)
        gc.freeze()
        if enabled:
            gc.enable()


def run(project: Path | None, settings: Settings) -> int:
    """Show the window, on ``project`` if given, until it is closed; returns the exit code."""
    with starting():
        app, window = _build(settings)
        if project is not None:
            window.opening.open(project)
    code = app.exec()
    sys.excepthook = sys.__excepthook__
    window.close()
    return code


def _build(settings: Settings) -> tuple[QApplication, MainWindow]:
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from curator.engine.registry import registry
    from curator.ui.language import speak
    from curator.ui.main_window import MainWindow

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Curator")
    app.setOrganizationName("Curator")
    app.setDesktopFileName("curator")
    speak(app)
    registry().expect(settings.plugins_dir)
    window = MainWindow(settings, QSettings())
    window.warming.finished.connect(gc.freeze)
    sys.excepthook = partial(_show_bug, window)
    window.show()
    return app, window


def _show_bug(window: MainWindow, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody expected: in the terminal as always, and in the window with its traceback to copy."""
    from curator.ui.messages import notice_of_error

    sys.__excepthook__(kind, error, trace)
    window.bar.show_notice(notice_of_error(error))
