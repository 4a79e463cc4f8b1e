"""Words in the user's language, through Qt's translation.

Every text a person reads stands in the source in English, inside one of three calls: :func:`tr`, :func:`tr_n` where a
count decides between singular and plural, and :func:`noop` in tables that are made before a language is known, whose
readers call :func:`tr`. Values are named: ``tr("Open {folder}", folder=path)``, so that a translation may move them.
What the engine says (errors, progress, help of parameters) is the same in the window and on the command line: English.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from curator.engine.errors import InputError
from curator.engine.resources import resource

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

CONTEXT = ""
"""What ``pyside6-lupdate`` files bare calls under."""


def tr(text: str, **values: Any) -> str:
    """A text in the user's language, with values in their places."""
    found = QCoreApplication.translate(CONTEXT, text)
    return found.format(**values) if values else found


def tr_n(one: str, many: str, n: int, **values: Any) -> str:
    """A text that counts: ``tr_n("{n:,} sample", "{n:,} samples", n)``. A language picks from its own plural forms."""
    found = QCoreApplication.translate(CONTEXT, one, many, n)
    if found == one and n != 1:
        found = many
    return found.format(n=n, **values)


def noop(text: str) -> str:
    """A text to be translated later, when it is shown."""
    return text


def speak(app: QApplication, locale: QLocale | None = None) -> bool:
    """Have the window, and Qt's own dialogs, speak the user's language; False where English is all there is."""
    locale = locale or QLocale()
    qt, own = QTranslator(app), QTranslator(app)
    if not own.load(locale, "curator", "_", str(_folder())):
        return False
    app.installTranslator(own)
    if qt.load(locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(qt)
    return True


def _folder() -> Path:
    try:
        return resource("translations")
    except InputError:
        return Path()
