"""The map itself: pan and zoom by pyqtgraph, points as one picture of our own, tools and names above.

This module loads pyqtgraph, which takes a moment: the map page imports it when it is first needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from curator.ui import theme
from curator.ui.language import tr
from curator.ui.views.map_image import Picture
from curator.ui.views.map_names import NamePainter
from curator.ui.views.map_raster import SLICE, Frame, Raster, inside, radius

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.ui.views.map_data import MapData, Name
    from curator.ui.views.map_raster import Points

MOVE, LASSO, RECTANGLE = "move", "lasso", "rectangle"
MARGIN = 0.2
"""Painted beyond the edges, so that a short pan moves what is there."""
COARSE = 60_000
"""Points painted while the map moves."""
RINGS = ((400, 2.8, 1.6), (1_500, 2.2, 1.4), (8_000, 1.3, 1.1))
"""Up to so many chosen or highlighted points: radius, and width of the ring around. More have no rings."""
Above = tuple["Points", int, tuple[int, float, float] | None]
"""Points, the colour of their ring, and which of :data:`RINGS` it is; None for points without rings."""
COARSE_ABOVE, SLICE_ABOVE = 20_000, 40_000
"""As :data:`COARSE` and ``SLICE``, of what is chosen or highlighted."""
REST_MS = 90
STRETCH_S = 0.15
"""While zooming, the picture is stretched; a sharper one comes so often."""
HOVER_MS = 40
REACH = 9
CLICK = 4
ZOOM, STEP = 1.3, 0.12
Keys = Qt.Key


class MapCanvas(pg.GraphicsView):
    """Shows a :class:`MapData`; tells what is hovered, clicked and encircled, as rows."""

    encircled = Signal(object, object)
    """(rows int32, "set", "add" or "remove")"""
    clicked = Signal(object, bool)
    """(row or None, whether it is added to what is highlighted)"""
    hovered = Signal(object, QPoint)
    """(row or None, where in the view)"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.setAccessibleName(tr("Map of samples"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(pg.GraphicsView.Shape.NoFrame)
        self.box = pg.ViewBox(lockAspect=1.0, enableMenu=False, border=None)
        self.setCentralItem(self.box)
        self.picture = Picture()
        self.box.addItem(self.picture, ignoreBounds=True)
        self.data: MapData | None = None
        self.colors: NDArray[np.uint8] = np.zeros((4, 3), np.uint8)
        self.names: list[Name] = []
        self._names = NamePainter()
        self.overlay: Callable[[QPainter], None] | None = None
        """Paints above the points and below the names."""
        self.beside: Callable[[Callable[[], Any], Callable[[Any], None]], None] = _at_once
        """How a lasso's samples are found, and then told of: at once, or beside the window."""
        self.covered, self.lid = 0, QRectF()
        """Pixels at the right edge under the legend, and where it lies."""
        self.tool = MOVE
        self.cursor_row: int | None = None
        self.frame_ms = 0.0
        """What the latest step of painting took."""
        self._frame: Frame | None = None
        self._raster: Raster | None = None
        self._next, self._size, self._complete = 0, 0.5, False
        self._parts: list[Above] = []
        self._painted = 0.0
        self._path: list[QPointF] = []
        self._pressed: QPointF | None = None
        self._rest, self._refine = QTimer(self), QTimer(self)
        self._hover = QTimer(self)
        for timer, pause, slot in (
            (self._rest, REST_MS, self._begin), (self._refine, 0, self._go_on), (self._hover, HOVER_MS, self._look)
        ):  # fmt: skip
            timer.setSingleShot(True)
            timer.setInterval(pause)
            timer.timeout.connect(slot)
        self._mouse = QPointF()
        self.box.sigRangeChanged.connect(self._moved)

    # ---- what is shown ---------------------------------------------------------------------------------------

    def show_data(self, data: MapData | None, fit: bool = True) -> None:
        """Another layout."""
        self.data = data
        if fit and data is not None:
            self.fit()
        self.repaint_points()

    def fit(self) -> None:
        """Show everything, beside what covers the right edge."""
        if self.data is None:
            return
        left, right, low, high = self.data.bounds
        rect, width, height = (
            QRectF(left, low, right - left, high - low),
            self.viewport().width(),
            self.viewport().height(),
        )
        free = width - self.covered
        if 2 * free > width and height > 0:
            scale = min(free / rect.width(), height / rect.height())
            across, up = width / scale, height / scale
            start = rect.center().x() - free / scale / 2
            rect = QRectF(start, rect.center().y() - up / 2, across, up)
        self.box.setRange(rect, padding=0)

    def cover(self, pixels: int) -> None:
        """So much of the right edge is covered; where everything was in sight it is so again."""
        before, self.covered = self.covered, pixels
        if self.data is None or pixels == before:
            return
        left, right, low, high = self.data.bounds
        across, up = (right - left) / 100, (high - low) / 100  # as good as everything
        if self.box.viewRect().contains(QRectF(left, low, right - left, high - low).adjusted(across, up, -across, -up)):
            self.fit()

    def repaint_points(self) -> None:
        """Colours, or what is hidden, chosen or highlighted, are others."""
        self._frame = None
        self._coarse()
        self._rest.start(0)

    def see(self, row: int | None) -> None:
        """Mark the row with the cursor, and bring it into sight."""
        self.cursor_row = row
        place = self.data.place_of(row) if self.data is not None else None
        if place is not None and not self.box.viewRect().contains(QPointF(*place)):
            self.box.translateBy(QPointF(*place) - self.box.viewRect().center())
        self.viewport().update()

    def view(self) -> Frame | None:
        """What the widget shows now, None before it has a size."""
        rect, ratio = self.box.viewRect(), self.devicePixelRatioF()
        width, height = round(self.viewport().width() * ratio), round(self.viewport().height() * ratio)
        if rect.width() <= 0 or width < 2 or height < 2:
            return None
        return Frame(rect.left(), rect.bottom(), width / rect.width(), width, height)

    # ---- painting in steps -----------------------------------------------------------------------------------

    def _moved(self, *_: object) -> None:
        view, frame = self.view(), self._frame
        if view is not None and (frame is None or not frame.covers(view)):
            panned = frame is not None and abs(frame.scale / view.scale - 1.0) < 1e-6
            if panned or time.perf_counter() - self._painted > STRETCH_S:
                self._coarse()
        self._rest.start(REST_MS)
        self.viewport().update()

    def _coarse(self) -> None:
        """A picture from a sample at once; the rest follows when the map rests."""
        self._refine.stop()
        view = self.view()
        if view is None or self.data is None:
            self.picture.show_image(None, None)
            return
        started = time.perf_counter()
        self._frame = view.grown(MARGIN)
        self._raster = Raster(self._frame)
        self._next = 0
        self._add(min(COARSE, len(self.data.base)), first=True)
        for points, code, look in self._above():
            self._add_above(points.part(0, COARSE_ABOVE), code, look)
        self.picture.show_image(self._raster.image(self.colors), self._frame)
        self._raster = None
        above = max(len(self.data.chosen), len(self.data.lit))
        self._complete = len(self.data.base) <= COARSE and above <= COARSE_ABOVE
        self._painted = time.perf_counter()
        self.frame_ms = 1000 * (self._painted - started)

    def _begin(self) -> None:
        """The map rests: paint all of it."""
        view = self.view()
        if view is None or self.data is None:
            return
        if self._frame is None or not self._frame.covers(view):
            self._coarse()
        if not self._complete:
            self._frame = view.grown(MARGIN)
            self._raster = Raster(self._frame)
            self._next = 0
            self._parts = [
                (points.part(first, first + SLICE_ABOVE), code, look)
                for points, code, look in self._above()
                for first in range(0, len(points), SLICE_ABOVE)
            ]
            self._refine.start()

    def _go_on(self) -> None:
        """One part: of all points, then of what stands above them; then the picture."""
        if self._raster is None or self.data is None:
            return
        started = time.perf_counter()
        if self._next < len(self.data.base):
            self._add(SLICE, first=self._next == 0)
        elif self._parts:
            self._add_above(*self._parts.pop(0))
        else:
            self.picture.show_image(self._raster.image(self.colors), self._raster.frame)
            self._raster, self._complete = None, True
        if not self._complete:
            self._refine.start()
        self.frame_ms = 1000 * (time.perf_counter() - started)

    def _add(self, count: int, first: bool) -> None:
        assert self._raster is not None and self.data is not None
        base = self.data.base
        part = base.part(self._next, self._next + count)
        self._next += count
        if first:
            seen = len(self._raster.pixels(part)[0]) / max(1, len(part)) * len(base)
            self._size = radius(round(seen)) * self.devicePixelRatioF()
        if self._size < 1:
            self._raster.add_crowd(part)
        else:
            self._raster.add_discs(part, self._size)

    def _above(self) -> list[Above]:
        """What is chosen, and what is highlighted above it."""
        assert self.data is not None
        ring = len(self.colors) - 3
        return [
            (points, code, next((look for look in RINGS if len(points) <= look[0]), None))
            for points, code in ((self.data.chosen, ring), (self.data.lit, ring + 2))
        ]

    def _add_above(self, part: Points, code: int, look: tuple[int, float, float] | None) -> None:
        assert self._raster is not None
        if look is None:
            self._raster.add_discs(part, 0.7)
        else:
            self._raster.add_discs(part, max(self._size, look[1]), code, look[2])

    def paintEvent(self, event: QPaintEvent) -> None:
        """The points by pyqtgraph; names, cursor and the tool's trace above."""
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        c = theme.colors(self.palette())
        if self.overlay is not None:
            self.overlay(painter)
        place = self.data.place_of(self.cursor_row) if self.data is not None else None
        if place is not None:
            painter.setPen(QPen(c.text, 2))
            painter.drawEllipse(self._to_view(*place), 8, 8)
        places = [(n, self._to_view(n.x, n.y)) for n in self.names]
        self._names.paint(painter, places, self.viewport().rect(), c, self.lid)
        if len(self._path) > 1:
            fill = QColor(c.accent)
            fill.setAlpha(50)
            painter.setPen(QPen(c.accent, 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(fill)
            painter.drawPolygon(QPolygonF(self._corners()))
        painter.end()

    def _to_view(self, x: float, y: float) -> QPointF:
        return self.box.mapViewToScene(QPointF(x, y))

    def _to_map(self, point: QPointF) -> QPointF:
        return self.box.mapSceneToView(point)

    def _corners(self) -> list[QPointF]:
        if self.tool != RECTANGLE or len(self._path) < 2:
            return self._path
        a, b = self._path[0], self._path[-1]
        return [a, QPointF(b.x(), a.y()), b, QPointF(a.x(), b.y())]

    # ---- mouse and keys --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to encircle, or leave it to pyqtgraph, which pans."""
        self._pressed = event.position()
        if event.button() == Qt.MouseButton.LeftButton and self.tool != MOVE:
            self._path = [event.position()]
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on encircling; else look what is under the mouse, when it rests a little."""
        self._mouse = event.position()
        if self._path:
            if (event.position() - self._path[-1]).manhattanLength() >= 2:
                self._path.append(event.position())
                self.viewport().update()
            event.accept()
            return
        if event.buttons() == Qt.MouseButton.NoButton:
            self._hover.start()
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """What is encircled is highlighted; a click highlights one."""
        trace, pressed = [*self._path, event.position()], self._pressed  # a lasso may end where it began
        moved = pressed is None or any((point - pressed).manhattanLength() > CLICK for point in trace)
        path, self._path, self._pressed = self._corners(), [], None
        if event.button() == Qt.MouseButton.LeftButton:
            keys = event.modifiers()
            if not moved:
                self.clicked.emit(self._row_at(event.position()), bool(keys & Qt.KeyboardModifier.ControlModifier))
            elif path and self.data is not None:
                how = "add" if keys & Qt.KeyboardModifier.ShiftModifier else "set"
                how = "remove" if keys & Qt.KeyboardModifier.AltModifier else how
                self.beside(self._finder(path), lambda rows: self.encircled.emit(rows, how))
        self.viewport().update()
        super().mouseReleaseEvent(event)

    def rows_inside(self, path: list[QPointF]) -> NDArray[np.int32]:
        """int32, ascending: the shown rows inside a polygon of points of the view."""
        return self._finder(path)()

    def _finder(self, path: list[QPointF]) -> Callable[[], NDArray[np.int32]]:
        """A function that any thread may call."""
        assert self.data is not None
        corners = np.array([[p.x(), p.y()] for p in map(self._to_map, path)])
        base, rows = self.data.base, self.data.base_rows

        def find() -> NDArray[np.int32]:
            found: NDArray[np.int32] = np.sort(rows[inside(base.x, base.y, corners)])
            return found

        return find

    def leaveEvent(self, event: object) -> None:
        """Nothing is under the mouse."""
        self._hover.stop()
        self.hovered.emit(None, QPoint())
        super().leaveEvent(event)

    def _row_at(self, point: QPointF) -> int | None:
        view = self.view()
        if self.data is None or view is None:
            return None
        there = self._to_map(point)
        return self.data.nearest(there.x(), there.y(), REACH * self.devicePixelRatioF() / view.scale)

    def _look(self) -> None:
        self.hovered.emit(self._row_at(self._mouse), self._mouse.toPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan, + and - zoom, Home shows everything, Escape gives up what is being encircled."""
        rect, key = self.box.viewRect(), Keys(event.key())
        steps = {
            Keys.Key_Left: (-STEP, 0),
            Keys.Key_Right: (STEP, 0),
            Keys.Key_Up: (0, STEP),
            Keys.Key_Down: (0, -STEP),
        }
        if key in steps:
            dx, dy = steps[key]
            self.box.translateBy(x=dx * rect.width(), y=dy * rect.height())
        elif key in (Keys.Key_Plus, Keys.Key_Equal):
            self.zoom(1)
        elif key == Keys.Key_Minus:
            self.zoom(-1)
        elif key == Keys.Key_Home:
            self.fit()
        elif key == Keys.Key_Escape:
            self._path = []
            self.viewport().update()
            self.clicked.emit(None, False)
        else:
            QWidget.keyPressEvent(self, event)

    def zoom(self, steps: int) -> None:
        """Closer, or farther away."""
        self.box.scaleBy((ZOOM**-steps, ZOOM**-steps))


def _at_once(work: Callable[[], Any], then: Callable[[Any], None]) -> None:
    then(work())
