"""Pictures at the points of the map, when so few are in view that each has room."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QTimer
from PySide6.QtGui import QPainter, QPen

from curator.ui import theme
from curator.ui.views.gallery_paint import draw_fitted
from curator.ui.views.map_names import free_places

if TYPE_CHECKING:
    from curator.ui.desk import Desk
    from curator.ui.views.map_canvas import MapCanvas

MOST = 60
"""Points in view from which on there are dots only."""
EDGES = (56, 128)
"""Of a picture, in pixels: the fewer are in view, the larger."""
CROWDED = 5
"""Times its own area that a picture has to itself."""
REST_MS = 140
ROUND = 5


@dataclass(frozen=True)
class Spot:
    """One picture and its place on the map."""

    row: int
    x: float
    y: float
    path: Path
    digest: str
    chosen: bool


class MapPictures(QObject):
    """Looks what is in view when the map rests, and paints the pictures that the cache has; the others come later."""

    def __init__(self, desk: Desk, canvas: MapCanvas) -> None:
        super().__init__(canvas)
        self._desk, self._canvas = desk, canvas
        self.on = True
        self.spots: list[Spot] = []
        self.edge = EDGES[0]
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.look)
        canvas.overlay = self.paint
        canvas.box.sigRangeChanged.connect(self.look_soon)
        desk.thumbs.ready.connect(self._came)

    def look_soon(self, *_: object) -> None:
        """The view, or what is shown, is another: look when the map rests."""
        self._rest.start()

    def show_pictures(self, on: bool) -> None:
        """Whether there are pictures at all."""
        self.on = on
        self.look()

    def look(self) -> None:
        """Find the points in view."""
        self.spots = self._spots() if self.on else []
        port = self._canvas.viewport()
        fitting = (port.width() * port.height() / (CROWDED * max(1, len(self.spots)))) ** 0.5
        self.edge = round(min(max(fitting, EDGES[0]), EDGES[1]))
        self._canvas.viewport().update()

    def _spots(self) -> list[Spot]:
        data, state = self._canvas.data, self._desk.state
        project, dataset = state.project, state.dataset
        if data is None or project is None or dataset is None or dataset.kind != "image":
            return []
        view, base = self._canvas.box.viewRect(), data.base
        seen = np.flatnonzero(
            (base.x >= view.left()) & (base.x <= view.right()) & (base.y >= view.top()) & (base.y <= view.bottom())
        )
        if not 0 < len(seen) <= MOST:
            return []
        places = {int(data.base_rows[i]): (float(base.x[i]), float(base.y[i])) for i in seen.tolist()}
        chosen = set(data.chosen_rows.tolist())
        root, found = Path(dataset.root), []
        for sample in project.pages.samples(dataset.id, sorted(places, key=lambda row: (row not in chosen, row))):
            if sample.images:
                path = root / sample.images[0]
                found.append(Spot(sample.row, *places[sample.row], path, sample.digest, sample.row in chosen))
        return found

    def _came(self, path: str) -> None:
        if any(path == str(spot.path) for spot in self.spots):
            self._canvas.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """Those that find room beside one another, what is chosen first."""
        if not self.spots:
            return
        c, ratio = theme.colors(self._canvas.palette()), self._canvas.devicePixelRatioF()
        boxes = []
        for spot in self.spots:
            box = QRectF(0, 0, self.edge, self.edge)
            box.moveCenter(self._canvas.box.mapViewToScene(QPointF(spot.x, spot.y)))
            boxes.append(box)
        for i in free_places(boxes, QRectF(self._canvas.viewport().rect()), room=(2, 2)):
            spot = self.spots[i]
            picture = self._desk.thumbs.get(spot.path, self.edge * ratio, spot.digest)
            if picture is None or picture.isNull():
                continue
            painter.setPen(QPen(c.accent, 3) if spot.chosen else QPen(c.line, 1))
            painter.setBrush(c.cell)
            painter.drawRoundedRect(boxes[i], ROUND, ROUND)
            draw_fitted(painter, QRect(boxes[i].adjusted(4, 4, -4, -4).toRect()), picture, 2.0)
