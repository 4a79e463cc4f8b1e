"""The gallery: paints what is in sight and nothing else, so that a million rows scroll like a hundred."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from curator.ui import theme
from curator.ui.models.samples import SampleModel
from curator.ui.views.gallery_grid import Grid
from curator.ui.views.gallery_paint import Look, paint_cell

if TYPE_CHECKING:
    from curator.ui.thumbnails import Thumbnails

SIZES = (72, 96, 128, 160, 208, 272, 360)
Flag = QItemSelectionModel.SelectionFlag


class Gallery(QAbstractScrollArea):
    """Cells of a :class:`SampleModel`; cursor and highlight live in a QItemSelectionModel shared with the table."""

    activated = Signal()
    zoom_asked = Signal(int)

    def __init__(
        self, model: SampleModel, chosen: QItemSelectionModel, thumbs: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("gallery")
        self.setAccessibleName("Gallery of samples")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self._model, self._chosen, self._thumbs = model, chosen, thumbs
        self._anchor = 0
        self._size = 2
        self.painted = 0
        """Cells painted by the latest paint event."""
        model.modelReset.connect(self._reset)
        model.dataChanged.connect(self.viewport().update)
        model.members_changed.connect(self.viewport().update)
        thumbs.ready.connect(self._picture_came)
        chosen.selectionChanged.connect(self.viewport().update)
        chosen.currentChanged.connect(self._follow)

    # ---- geometry --------------------------------------------------------------------------------------------

    @property
    def grid(self) -> Grid:
        """The layout as it is now."""
        return Grid(self._model.rowCount(), self.viewport().width(), SIZES[self._size])

    def zoom(self, steps: int) -> None:
        """Larger or smaller cells; what the cursor is on stays in sight."""
        self._size = min(len(SIZES) - 1, max(0, self._size + steps))
        self._measure()
        self._follow()
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """Room for a few."""
        return QSize(640, 480)

    def place_at(self, point: QPoint) -> int:
        """The place under a point of the viewport, -1 for none."""
        return self.grid.at(point + QPoint(0, self.verticalScrollBar().value()))

    def cell_rect(self, place: int) -> QRect:
        """Where a place is painted, in the viewport."""
        return self.grid.rect(place).translated(0, -self.verticalScrollBar().value())

    def _measure(self) -> None:
        bar, grid, height = self.verticalScrollBar(), self.grid, self.viewport().height()
        bar.setRange(0, max(0, grid.height - height))
        bar.setPageStep(max(1, height))
        bar.setSingleStep(max(1, grid.step // 3))

    def _reset(self) -> None:
        self._anchor = 0
        self._measure()
        self.verticalScrollBar().setValue(0)
        self.viewport().update()

    def _follow(self, *_: object) -> None:
        """Keep the cursor in sight."""
        place = self._chosen.currentIndex().row()
        if place >= 0:
            rect, bar = self.grid.rect(place), self.verticalScrollBar()
            if rect.top() - 8 < bar.value():
                bar.setValue(rect.top() - 8)
            elif rect.bottom() + 8 > bar.value() + self.viewport().height():
                bar.setValue(rect.bottom() + 8 - self.viewport().height())
        self.viewport().update()

    def _picture_came(self, _path: str) -> None:
        self.viewport().update()

    # ---- highlight -------------------------------------------------------------------------------------------

    def go(self, place: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Move the cursor: alone, with a range behind it (Shift), or without changing the highlight (Ctrl)."""
        if not self._model.rowCount():
            return
        place = min(self._model.rowCount() - 1, max(0, place))
        index = self._model.index(place, 0)
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            low, high = sorted((self._anchor, place))
            ends = QItemSelection(self._model.index(low, 0), self._model.index(high, 0))
            self._chosen.setCurrentIndex(index, Flag.NoUpdate)
            self._chosen.select(ends, Flag.ClearAndSelect | Flag.Rows)
            return
        self._anchor = place
        keep = modifiers & Qt.KeyboardModifier.ControlModifier
        self._chosen.setCurrentIndex(index, Flag.NoUpdate if keep else Flag.ClearAndSelect | Flag.Rows)

    def toggle(self, place: int) -> None:
        """Highlight a place, or not; the others stay."""
        self._anchor = place
        self._chosen.setCurrentIndex(self._model.index(place, 0), Flag.Toggle | Flag.Rows)

    def highlight_all(self) -> None:
        """Highlight everything."""
        if count := self._model.rowCount():
            ends = QItemSelection(self._model.index(0, 0), self._model.index(count - 1, 0))
            self._chosen.select(ends, Flag.ClearAndSelect | Flag.Rows)

    # ---- events ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home, End, pages; Shift and Ctrl as everywhere."""
        grid, now = self.grid, max(0, self._chosen.currentIndex().row())
        screen = max(1, self.viewport().height() // grid.step) * grid.columns
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -grid.columns, Qt.Key.Key_Down: grid.columns,
            Qt.Key.Key_PageUp: -screen, Qt.Key.Key_PageDown: screen, Qt.Key.Key_Home: -now, Qt.Key.Key_End: grid.count,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps:
            fresh = not self._chosen.currentIndex().isValid()
            self.go(now + (0 if fresh and abs(steps[key]) < grid.count else steps[key]), event.modifiers())
        elif key == Qt.Key.Key_Space and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.toggle(now)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Highlight what is clicked; the right button keeps a highlight that it hits."""
        place = self.place_at(event.position().toPoint())
        if place < 0:
            if event.button() == Qt.MouseButton.LeftButton:
                self._chosen.clearSelection()
        elif event.button() == Qt.MouseButton.RightButton:
            if not self._chosen.isRowSelected(place):
                self.go(place)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.toggle(place)
        else:
            self.go(place, event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing more; the press did it."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Look closer."""
        if self.place_at(event.position().toPoint()) >= 0:
            self.activated.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, zoom."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.angleDelta().y():
            self.zoom_asked.emit(1 if event.angleDelta().y() > 0 else -1)
        else:
            super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Tooltips name the source and say why."""
        if isinstance(event, QHelpEvent):
            item = self._model.item(self.place_at(event.pos()))
            parts = [item.sample.source, item.choice.reason if item.choice else ""] if item else []
            QToolTip.showText(event.globalPos(), "\n".join(p for p in parts if p), self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another number of columns; what was at the top stays about there."""
        before = Grid(self._model.rowCount(), event.oldSize().width(), SIZES[self._size])
        top = self.verticalScrollBar().value() // before.step * before.columns
        self._measure()
        if top and before.columns != self.grid.columns:
            self.verticalScrollBar().setValue(self.grid.rect(top).top() - 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells in sight."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c, current = theme.colors(self.palette()), self._chosen.currentIndex().row()
        pixels = SIZES[self._size] * self.devicePixelRatioF()
        painter.fillRect(event.rect(), c.ground)
        seen: list[Path] = []
        self.painted = 0
        for place in self.grid.visible(self.verticalScrollBar().value(), self.viewport().height()):
            item = self._model.item(place)
            picture = None
            if item is not None and item.image is not None:
                seen.append(item.image)
                picture = self._thumbs.get(item.image, pixels)
            member = item is not None and self._model.is_member(item.sample.id)
            look = Look(self._chosen.isRowSelected(place), place == current and self.hasFocus(), member)
            paint_cell(painter, self.cell_rect(place), item, picture, look, c)
            self.painted += 1
        self._thumbs.keep_only(seen, pixels)
        painter.end()
