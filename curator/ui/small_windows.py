"""Windows that stand beside the main one, by name; the module of each is loaded when it is first opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog, QWidget

    from curator.ui.desk import Desk


def small_window(name: str, desk: Desk, parent: QWidget) -> QDialog:
    """ "about", "compare", "help", "settings" or "shortcuts"."""
    match name:
        case "about":
            from curator.ui.views.about import AboutDialog

            return AboutDialog(parent)
        case "compare":
            from curator.ui.views.compare import CompareDialog

            return CompareDialog(desk, parent)
        case "help":
            from curator.ui.views.help import HelpDialog

            return HelpDialog(parent)
        case "settings":
            from curator.ui.views.settings_dialog import SettingsDialog

            return SettingsDialog(desk.settings, desk.dialogs, parent)
        case "shortcuts":
            from curator.ui.views.shortcuts import ShortcutSheet

            return ShortcutSheet(parent)
    raise ValueError(name)
