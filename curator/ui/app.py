"""Starting the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curator.settings import Settings

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
    window.show()
    if project is not None:
        window.opening.open(project)
    return app.exec()
