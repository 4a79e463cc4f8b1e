"""Containers that are as large as what they show: a stack of pages, and a column that scrolls up and down."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QScrollArea, QStackedWidget, QVBoxLayout, QWidget


class FittingStack(QStackedWidget):
    """Asks for the room of the page in sight, where Qt's own stack asks for that of the largest page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(lambda _place: self.updateGeometry())

    def sizeHint(self) -> QSize:
        """Of the page in sight."""
        page = self.currentWidget()
        return page.sizeHint() if page is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Of the page in sight."""
        page = self.currentWidget()
        return page.minimumSizeHint() if page is not None else super().minimumSizeHint()


class OneOf(QWidget):
    """One widget of several, below one another: only the one in sight counts for the room it asks for."""

    def __init__(self, *pages: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages, self._place = pages, 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for place, page in enumerate(pages):
            column.addWidget(page)
            page.setVisible(place == 0)

    def currentIndex(self) -> int:
        """Which is in sight."""
        return self._place

    def setCurrentIndex(self, place: int) -> None:
        """Show another."""
        self._place = place
        for other, page in enumerate(self._pages):
            page.setVisible(other == place)


class ScrolledColumn(QScrollArea):
    """Scrolls up and down only, and is never narrower than what is inside, so that nothing is cut off at the side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        """As wide as the contents and the scroll bar."""
        inside, bar = self.widget(), self.verticalScrollBar().sizeHint().width()
        width = inside.minimumSizeHint().width() if inside is not None else 0
        return QSize(width + bar + 2 * self.frameWidth(), super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The contents want another size."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self.updateGeometry()
        return super().eventFilter(watched, event)
