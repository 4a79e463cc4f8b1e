"""Starting the window."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from curator.settings import Settings
    from curator.ui.main_window import MainWindow

DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def has_display() -> bool:
    """Whether there is something to open a window on."""
    return not sys.platform.startswith("linux") or any(os.environ.get(v) for v in DISPLAY_VARIABLES)


def run(project: Path | None, settings: Settings) -> int:
    """Show the window, on ``project`` if given, until it is closed; returns the exit code."""
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    from curator.engine.registry import registry
    from curator.ui.main_window import MainWindow

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Curator")
    app.setOrganizationName("Curator")
    app.setDesktopFileName("curator")
    registry().discover(settings.plugins_dir)
    window = MainWindow(settings, QSettings())
    sys.excepthook = partial(_show_bug, window)
    window.show()
    if project is not None:
        window.opening.open(project)
    code = app.exec()
    sys.excepthook = sys.__excepthook__
    window.close()
    return code


def _show_bug(window: MainWindow, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody expected: in the terminal as always, and in the window with its traceback to copy."""
    from curator.ui.messages import notice_of_error

    sys.__excepthook__(kind, error, trace)
    window.bar.show_notice(notice_of_error(error))
