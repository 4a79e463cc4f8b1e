"""The settings while the window is open: read by every part, changed in one place, applied at once and saved."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette, QStyleHints
from PySide6.QtWidgets import QApplication

from curator.settings import Settings, go_offline, save_settings, use_cache

SCHEMES = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
PLAIN_STYLE = "fusion"
"""Qt's own, on desktops without a style for it."""
COLOURS = {
    "light": ("#f4f5f7", "#ffffff", "#f8f9fb", "#1d1f24", "#e9eaee", "#2667c9", "#ffffff", "#868991"),
    "dark": ("#25262a", "#1b1c1f", "#212226", "#e8e9ec", "#383a40", "#3f7ee0", "#ffffff", "#8e9097"),
}
"""Window, base, alternate base, text, button, highlight, highlighted text, placeholder."""


class Taste(QObject):
    """Holds the :class:`~curator.settings.Settings` in force; has their attributes that parts of the window ask for.

    Args:
        settings: as they were read.
        file: where to save them; None for the user's own file.
    """

    changed = Signal(object)
    """The Settings that were in force before."""

    def __init__(self, settings: Settings, file: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now, self._file = settings, file
        if isinstance(app := QGuiApplication.instance(), QGuiApplication):
            app.styleHints().colorSchemeChanged.connect(self._system_changed)

    def _system_changed(self) -> None:
        """Night came, or day."""
        if self.now.theme not in SCHEMES:
            apply_theme(self.now.theme)

    @property
    def device(self) -> str:
        """Where heavy work runs."""
        return self.now.device

    @property
    def plugins_dir(self) -> Path:
        """Folder of the user's plugins."""
        return self.now.plugins_dir

    @property
    def cache_dir(self) -> Path:
        """Folder of things that may be deleted."""
        return self.now.cache_dir

    def set(self, settings: Settings) -> None:
        """Save and apply; raises OSError when they cannot be saved, and then nothing changes."""
        before = self.now
        if settings == before:
            return
        save_settings(settings, self._file)
        self.now = settings
        if settings.offline != before.offline:
            if settings.offline:
                go_offline()
            else:
                for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
                    os.environ.pop(name, None)
        if settings.cache_dir != before.cache_dir:
            use_cache(settings.cache_dir)
        if settings.theme != before.theme:
            apply_theme(settings.theme)
        self.changed.emit(before)


def apply_theme(theme: str) -> None:
    """Follow the system, or be "light" or "dark" whatever the system is.

    Where the platform has a look of its own, or asks for strong contrast, its colours stay; elsewhere they are ours.
    """
    app = QGuiApplication.instance()
    if not isinstance(app, QApplication):
        return
    hints = app.styleHints()
    if hasattr(hints, "setColorScheme"):  # Qt 6.8 and later
        hints.setColorScheme(SCHEMES.get(theme, Qt.ColorScheme.Unknown))
    app.setPalette(QPalette())
    dark = app.palette().color(QPalette.ColorRole.Base).lightness() < 128
    plain = app.style().objectName() == PLAIN_STYLE and not _strong_contrast(hints)
    if theme not in SCHEMES:
        if plain:
            app.setPalette(palette_of("dark" if dark else "light"))
    elif plain or dark != (theme == "dark"):
        app.setPalette(palette_of(theme))


def _strong_contrast(hints: QStyleHints) -> bool:
    """Whether the user asked the system for it; Qt tells since 6.10."""
    asked = getattr(hints, "accessibility", lambda: None)()
    return asked is not None and asked.contrastPreference() == Qt.ContrastPreference.HighContrast


def palette_of(theme: str) -> QPalette:
    """Our own colours, for platforms whose style has none of that kind."""
    role = QPalette.ColorRole
    window, base, other, text, button, highlight, on_highlight, faint = map(QColor, COLOURS[theme])
    palette = QPalette(button, window)
    for which, colour in (
        (role.Window, window), (role.Base, base), (role.AlternateBase, other), (role.Text, text),
        (role.WindowText, text), (role.Button, button), (role.ButtonText, text), (role.Highlight, highlight),
        (role.HighlightedText, on_highlight), (role.PlaceholderText, faint), (role.ToolTipBase, button),
        (role.ToolTipText, text), (role.Link, highlight),
    ):  # fmt: skip
        palette.setColor(which, colour)
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faint)
    return palette
