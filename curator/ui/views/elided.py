"""Text that gives way: it ends in an ellipsis rather than keep a window wide or make a list scroll sideways."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QLabel,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionToolButton,
    QStyleOptionViewItem,
    QStylePainter,
    QToolButton,
    QWidget,
)

FEWEST = 6
"""Letters that stay at least."""
MOST_LINES = 2
"""Lines of one entry of a list."""


def fitting(metrics: QFontMetrics, texts: Sequence[str], room: int) -> str:
    """The first of some texts that fits; else the last of them, cut."""
    fits = (text for text in texts if metrics.horizontalAdvance(text) <= room)
    return next(fits, None) or metrics.elidedText(texts[-1], Qt.TextElideMode.ElideRight, room)


class ElidedLabel(QLabel):
    """Plain text on one line; the whole of it is the tool tip while it is cut.

    ``shorter``: texts that say less, the longest first; what is cut to a few letters says nothing.
    """

    def __init__(self, parent: QWidget | None = None, fewest: int = FEWEST) -> None:
        super().__init__(parent)
        self._fewest = fewest
        self.shorter: tuple[str, ...] = ()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        """Room for a few letters, or for all when they are not more."""
        room = self.fontMetrics().averageCharWidth() * self._fewest
        return QSize(min(room, self.sizeHint().width()), super().minimumSizeHint().height())

    def shown(self) -> str:
        """The text as it fits."""
        return fitting(self.fontMetrics(), (self.text(), *self.shorter), self.contentsRect().width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what fits."""
        words = self.shown()
        self.setToolTip(self.text() if words != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.contentsRect(), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), words)


class ElidedButton(QToolButton):
    """A button with words that gives way like :class:`ElidedLabel`; ``shorter`` as there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shorter: tuple[str, ...] = ()
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def _around(self) -> int:
        """Pixels beside the words."""
        return super().sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text())

    def minimumSizeHint(self) -> QSize:
        """Room for a few letters."""
        fewest = self.shorter[-1] if self.shorter else self.text()[:FEWEST]
        return QSize(self._around() + self.fontMetrics().horizontalAdvance(fewest), super().sizeHint().height())

    def shown(self) -> str:
        """The words as they fit."""
        if self.width() >= super().sizeHint().width():
            return self.text()
        return fitting(self.fontMetrics(), (self.text(), *self.shorter), self.width() - self._around())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw what fits."""
        look = QStyleOptionToolButton()
        self.initStyleOption(look)
        look.text = self.shown()
        QStylePainter(self).drawComplexControl(QStyle.ComplexControl.CC_ToolButton, look)


class FewLines(QStyledItemDelegate):
    """Entries of a list as wide as the list: long ones go on in a second line, and end there in an ellipsis."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        view.setWordWrap(True)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setItemDelegate(self)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """No width of its own; the height of the lines that the list's width asks for."""
        option.rect = QRect()  # no bounds: one line
        one = super().sizeHint(option, index).height()
        option.rect = QRect(0, 0, self._view.viewport().width(), one)
        line = self._view.fontMetrics().lineSpacing()
        return QSize(0, min(super().sizeHint(option, index).height(), one + (MOST_LINES - 1) * line))
