"""How messages are shown: a bar inside the window, never a dialog in the way.

A :class:`CuratorError` is text and hint. Anything else is a bug: the bar offers to copy its traceback.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QStyle, QToolButton, QWidget

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import tr

if TYPE_CHECKING:
    from curator.engine.jobs import Failed


@dataclass(frozen=True)
class Notice:
    """What the bar shows. ``details`` is what Copy copies; "" hides the button."""

    text: str
    hint: str = ""
    details: str = ""
    good: bool = False


def in_words(error: CuratorError) -> str:
    """What went wrong and what to do about it, on one line: for a panel that cannot show what it should."""
    return f"{error.text} {error.hint}".strip()


def notice_of_error(error: BaseException) -> Notice:
    """An exception in words."""
    if isinstance(error, CuratorError):
        return Notice(error.text, error.hint)
    details = "".join(traceback.format_exception(error))
    return _bug(f"{type(error).__name__}: {error}", details)


def notice_of_failure(failure: Failed) -> Notice:
    """How a Job failed, in words."""
    if failure.kind == "bug":
        return _bug(failure.text, failure.traceback)
    return Notice(failure.text, failure.hint)


def _bug(text: str, details: str) -> Notice:
    return Notice(
        tr("Something in Curator broke: {fault}", fault=text),
        tr("Your data is safe. Copy the details into a report."),
        details,
    )


class MessageBar(QFrame):
    """One notice at a time; the newest wins."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setAccessibleName(tr("Message"))
        self.notice: Notice | None = None
        self._icon = QLabel()
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.copy = QPushButton(tr("&Copy details"))
        self.copy.setToolTip(tr("Copy the technical details of this failure"))
        self.copy.clicked.connect(self._copy)
        self.dismiss = QToolButton()
        self.dismiss.setIcon(self.style().standardIcon(QStyle.StandardPixmap.SP_TitleBarCloseButton))
        self.dismiss.setAutoRaise(True)
        self.dismiss.setToolTip(tr("Dismiss this message"))
        self.dismiss.setAccessibleName(tr("Dismiss this message"))
        self.dismiss.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._label, 1)
        layout.addWidget(self.copy)
        layout.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        """Show one notice until it is dismissed or another comes."""
        self.notice = notice
        kind = (
            QStyle.StandardPixmap.SP_MessageBoxInformation
            if notice.good
            else QStyle.StandardPixmap.SP_MessageBoxWarning
        )
        size = self.fontMetrics().height() + 4
        self._icon.setPixmap(self.style().standardIcon(kind).pixmap(size, size))
        self._label.setText(f"{notice.text}\n{notice.hint}" if notice.hint else notice.text)
        self._label.setAccessibleName(self._label.text())
        self.copy.setVisible(bool(notice.details))
        theme.mark(self, "good", notice.good)
        self.show()

    def make_way(self) -> None:
        """Good news is old once something else begins."""
        if self.notice is not None and self.notice.good:
            self.clear()

    def clear(self) -> None:
        """Take the bar away."""
        self.notice = None
        self.hide()

    def _copy(self) -> None:
        if self.notice is not None:
            QGuiApplication.clipboard().setText(f"{self.notice.text}\n\n{self.notice.details}")
