"""The gallery: paints what is in sight and nothing else, so that a million rows scroll like a hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QEvent, QPoint, QRect, QSize, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from curator.ui import theme
from curator.ui.language import tr
from curator.ui.state import same_shown
from curator.ui.views.gallery_cursor import NO_KEYS, Cursor
from curator.ui.views.gallery_grid import Grid
from curator.ui.views.gallery_paint import MARGIN, Look, paint_cell, paint_heading, paint_hint
from curator.ui.views.stamps import Stamps

if TYPE_CHECKING:
    from pathlib import Path

    from curator.engine.records import Dataset, Subset
    from curator.ui.models.hues import Hues
    from curator.ui.models.marks import Marks
    from curator.ui.models.samples import Item, SampleModel
    from curator.ui.state import AppState
    from curator.ui.thumbnails import Thumbnails

SMALLEST, LARGEST, FIRST = 56, 480, 144
ZOOM = 1.25
HINT_MS = 900
GLIDE_MS = 130
READ_AHEAD = 2
"""Screens beyond the visible one whose pictures are fetched when nothing else is to do."""
Keys = Qt.Key


class Gallery(QAbstractScrollArea):
    """Cells of a :class:`SampleModel`; cursor and highlight live in :class:`AppState`, as in every view."""

    activated = Signal()
    zoom_asked = Signal(int)
    label_asked = Signal(int)
    """A number key: the class to give what is highlighted."""
    size_changed = Signal(int)
    """The edge of a cell in pixels."""

    def __init__(
        self,
        model: SampleModel,
        state: AppState,
        thumbs: Thumbnails,
        hues: Hues,
        marks: Marks,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("gallery")
        self.setAccessibleName(tr("Gallery of samples"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self._model, self._state, self._thumbs = model, state, thumbs
        self._hues, self._marks = hues, marks
        self.cursor_ = Cursor(model, state)
        self.size_ = FIRST
        self._grid: Grid | None = None
        self._art: Stamps | None = None
        self._shown: tuple[Dataset | None, Subset | None] = (None, None)
        self.painted = 0
        """Cells painted by the latest paint event."""
        self._hint = QTimer(self)
        self._hint.setSingleShot(True)
        self._hint.setInterval(HINT_MS)
        self._hint.timeout.connect(self._again)
        self._glide = QVariantAnimation(self)
        self._glide.setDuration(GLIDE_MS)
        self._glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._glide.valueChanged.connect(lambda value: self.verticalScrollBar().setValue(round(value)))
        model.modelReset.connect(self._reset)
        state.current_changed.connect(self._follow)
        for signal in (
            model.dataChanged, model.members_changed, thumbs.ready, state.highlight_changed, hues.changed,
            marks.changed, state.keep_changed,
        ):  # fmt: skip
            signal.connect(self._again)

    # ---- geometry --------------------------------------------------------------------------------------------

    @property
    def grid(self) -> Grid:
        """The layout as it is now."""
        width, groups = self.viewport().width(), self._model.groups
        known = self._grid
        if known is None or (known.count, known.width, known.cell) != (self._model.rowCount(), width, self.size_):
            heading = round(self.fontMetrics().height() * 2.1)
            self._grid = known = Grid(self._model.rowCount(), width, self.size_, groups, heading)
        return known

    def zoom(self, steps: int) -> None:
        """Larger or smaller cells."""
        self.set_size(round(self.size_ * ZOOM**steps))

    def set_size(self, size: int) -> None:
        """Edge of a cell in pixels; what the cursor is on, or else what is at the top, stays in sight."""
        size = min(LARGEST, max(SMALLEST, size))
        if size == self.size_:
            return
        top = self._top_place()
        self.size_ = size
        self._measure()
        place = self.cursor_.place
        seen = place if place >= 0 else top
        if self.grid.count:
            self.verticalScrollBar().setValue(self.grid.rect(seen).center().y() - self.viewport().height() // 3)
        self._follow()
        self.size_changed.emit(size)

    def sizeHint(self) -> QSize:
        """Room for a few."""
        return QSize(640, 480)

    def place_at(self, point: QPoint) -> int:
        """The place under a point of the viewport, -1 for none."""
        return self.grid.at(point + QPoint(0, self.verticalScrollBar().value())) if self.grid.count else -1

    def cell_rect(self, place: int) -> QRect:
        """Where a place is painted, in the viewport."""
        return self.grid.rect(place).translated(0, -self.verticalScrollBar().value())

    def _top_place(self) -> int:
        seen = self.grid.visible(self.verticalScrollBar().value(), 1)
        return seen.start if len(seen) else 0

    def _measure(self) -> None:
        bar, grid, height = self.verticalScrollBar(), self.grid, self.viewport().height()
        bar.setRange(0, max(0, grid.height - height))
        bar.setPageStep(max(1, height))
        bar.setSingleStep(max(1, grid.step // 3))

    def _reset(self) -> None:
        """More rows of the same Dataset, and a Subset that is corrected, leave the view where it is."""
        self._grid = None
        shown, before = (self._model.dataset, self._model.subset), self._shown
        self._shown = shown
        self._measure()
        if self._model.ranked_anew or not same_shown(shown, before):
            self.verticalScrollBar().setValue(0)
        self.viewport().update()

    def _follow(self) -> None:
        """Keep the cursor in sight."""
        place = self.cursor_.place
        if place >= 0:
            rect, bar = self.grid.rect(place), self.verticalScrollBar()
            above = 8 + (self.grid.heading if self._model.groups else 0)
            if rect.top() - above < bar.value():
                bar.setValue(rect.top() - above)
            elif rect.bottom() + 8 > bar.value() + self.viewport().height():
                bar.setValue(rect.bottom() + 8 - self.viewport().height())
        self.viewport().update()

    def _again(self, *_: object) -> None:
        self.viewport().update()

    def go(self, place: int, modifiers: Qt.KeyboardModifier = NO_KEYS) -> None:
        """Move the cursor; see :meth:`Cursor.go`."""
        self.cursor_.go(place, modifiers)

    def highlight_all(self) -> None:
        """Highlight everything that is shown."""
        self.cursor_.all()

    # ---- events ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home, End, pages; Shift and Ctrl as everywhere."""
        key, place = Keys(event.key()), self.cursor_.place
        if not self.grid.count:
            super().keyPressEvent(event)
        elif (target := self._target(key, max(0, place))) is not None:
            fresh = place < 0 and key not in (Keys.Key_Home, Keys.Key_End)
            self.go(self._top_place() if fresh else target, event.modifiers())
        elif key == Keys.Key_Space and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.cursor_.toggle(max(0, place))
        elif key in (Keys.Key_Return, Keys.Key_Enter):
            self.activated.emit()
        elif key == Keys.Key_Escape:
            self.cursor_.none()
        elif Keys.Key_1 <= key <= Keys.Key_9 and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.label_asked.emit(int(key) - int(Keys.Key_0))
        else:
            super().keyPressEvent(event)

    def _target(self, key: Keys, place: int) -> int | None:
        """The place that a key leads to, None for a key that leads nowhere."""
        grid, screen = self.grid, max(1, self.viewport().height() // self.grid.step)
        match key:
            case Keys.Key_Left:
                return place - 1
            case Keys.Key_Right:
                return place + 1
            case Keys.Key_Up:
                return grid.below(place, -1)
            case Keys.Key_Down:
                return grid.below(place, 1)
            case Keys.Key_PageUp:
                return grid.below(place, -screen)
            case Keys.Key_PageDown:
                return grid.below(place, screen)
            case Keys.Key_Home:
                return 0
            case Keys.Key_End:
                return grid.count - 1
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Highlight what is clicked, a heading all of its group; the right button keeps a highlight that it hits."""
        point = event.position().toPoint()
        place = -1 if self._heading_at(point) >= 0 else self.place_at(point)  # a heading lies above the cells
        if place < 0:
            if event.button() == Qt.MouseButton.LeftButton:
                self._click_beside(point)
        elif event.button() == Qt.MouseButton.RightButton:
            if not self.cursor_.highlighted(self._model.rows[place : place + 1])[0]:
                self.go(place)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.cursor_.toggle(place)
        else:
            self.go(place, event.modifiers())

    def _click_beside(self, point: QPoint) -> None:
        section = self._heading_at(point)
        if section < 0:
            self.cursor_.none()
        else:
            group = self._model.groups[section]
            self.cursor_.add_places(group.start, group.count)

    def _heading_at(self, point: QPoint) -> int:
        top = self.verticalScrollBar().value()
        for section in self.grid.headings(top, self.viewport().height()):
            if self._heading_rect(section, top).contains(point):
                return section
        return -1

    def _heading_rect(self, section: int, top: int) -> QRect:
        """In the viewport: the topmost heading stays at the edge until the next one pushes it out."""
        rect = self.grid.heading_rect(section).translated(0, -top)
        if rect.top() < 0:
            next_top = int(self.grid.tops[section + 1]) - self.grid.gap // 2 - top
            rect.moveTop(min(0, next_top - rect.height()))
        return rect

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing more; the press did it."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Look closer."""
        if self.place_at(event.position().toPoint()) >= 0:
            self.activated.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, a wheel's notches in a short glide; with Ctrl, zoom."""
        delta, bar = event.angleDelta().y(), self.verticalScrollBar()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if delta:
                self.zoom_asked.emit(1 if delta > 0 else -1)
        elif not event.pixelDelta().isNull() or not delta:
            super().wheelEvent(event)
        else:
            running = self._glide.state() == QVariantAnimation.State.Running
            goal = float(self._glide.endValue() if running else bar.value()) - delta / 120 * self.grid.step
            self._glide.stop()
            self._glide.setStartValue(float(bar.value()))
            self._glide.setEndValue(min(float(bar.maximum()), max(0.0, goal)))
            self._glide.start()
            event.accept()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        """Paint anew, and say for a moment where one is."""
        if self.verticalScrollBar().maximum() > 4 * self.viewport().height():
            self._hint.start()
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """Tooltips name the source and say why."""
        if isinstance(event, QHelpEvent):
            item = self._model.item(self.place_at(event.pos()))
            words = tip(item, self._marks.copy_of(item.sample.row)) if item else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another number of columns; what was at the top stays about there."""
        before, top = self._grid, 0
        if before is not None and before.count == self._model.rowCount():
            top = before.visible(self.verticalScrollBar().value(), 1).start
        self._measure()
        if top and before is not None and before.columns != self.grid.columns:
            self.verticalScrollBar().setValue(self.grid.rect(top).top() - 8)
        super().resizeEvent(event)

    # ---- painting --------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells in sight."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        art, grid = self._stamps(), self.grid
        c = art.colors
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        painter.fillRect(event.rect(), c.ground)
        seen = grid.visible(top, height)
        rows = self._model.rows[seen.start : seen.stop]
        lit, hues, current = self.cursor_.highlighted(rows), self._hues.of(rows), self._state.current
        pixels = (self.size_ - 2 * MARGIN) * self.devicePixelRatioF()
        wanted: list[Path] = []
        for i, place in enumerate(seen):
            item, row = self._model.item(place), int(rows[i])
            picture = None
            if item is not None and item.image is not None:
                wanted.append(item.image)
                picture = self._thumbs.get(item.image, pixels, item.sample.digest, passing=True)
                picture = self._thumbs.other(item.image) if picture is None else picture
            copy = bool(self._marks.copy_of(row))
            look = Look(bool(lit[i]), row == current and self.hasFocus(), self._model.is_member(row), hues[i], copy,
                        self._beyond(item), self._marks.value_of(row))  # fmt: skip
            paint_cell(painter, grid.rect(place).translated(0, -top), item, picture, look, art)
        self.painted = len(seen)
        self._thumbs.keep_only(wanted, pixels)
        for section in grid.headings(top, height):
            paint_heading(painter, self._heading_rect(section, top), self._model.groups[section], c)
        if self._hint.isActive() and len(seen):
            paint_hint(painter, self._hint_words(seen), self._hint_place(), self.viewport().width(), c)
        painter.end()

    def _beyond(self, item: Item | None) -> bool:
        """Whether the budget dial leaves a pick out."""
        keep = self._state.keep
        return keep is not None and item is not None and item.choice is not None and item.choice.rank > keep

    def _stamps(self) -> Stamps:
        """The shapes of the cells, made anew when light becomes dark or the screen another."""
        colors, ratio = theme.colors(self.palette()), self.devicePixelRatioF()
        if self._art is None or (self._art.colors, self._art.font, self._art.ratio) != (colors, self.font(), ratio):
            self._art = Stamps(colors, self.font(), ratio)
        return self._art

    def _hint_words(self, seen: range) -> str:
        words = tr("{place:,} of {count:,}", place=seen.start + 1, count=self.grid.count)
        if self._model.groups:
            words += f"  ·  {self._model.groups[self.grid.section(seen.start)].name}"
        return words

    def _hint_place(self) -> int:
        bar = self.verticalScrollBar()
        return round(bar.value() / max(1, bar.maximum()) * (self.viewport().height() - 40)) + 20


def tip(item: Item, copy_of: str = "") -> str:
    """What a tooltip says of a Sample."""
    sample = item.sample
    parts = [sample.source, ", ".join(sample.labels), item.choice.reason if item.choice else ""]
    parts += [
        tr("Copy of {source}", source=copy_of) if copy_of else "",
        tr("Set aside: {problem}", problem=sample.problem) if sample.problem else "",
    ]
    return "\n".join(p for p in parts if p)
