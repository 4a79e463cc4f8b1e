"""The points of the map as one picture, drawn where it belongs. Loads pyqtgraph, as the canvas does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.ui.views.map_raster import Frame


class Picture(pg.GraphicsObject):
    """The points, painted once and drawn where they belong."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._rect = QRectF()

    def show_image(self, pixels: NDArray[np.uint32] | None, frame: Frame | None) -> None:
        """Another picture, or none."""
        self.prepareGeometryChange()
        if pixels is None or frame is None:
            self._image, self._rect = None, QRectF()
        else:
            self._pixels = np.ascontiguousarray(pixels)  # the image only points to them
            self._image = QImage(
                self._pixels.data, frame.width, frame.height, 4 * frame.width, QImage.Format.Format_ARGB32_Premultiplied
            )
            width, height = frame.width / frame.scale, frame.height / frame.scale
            self._rect = QRectF(frame.left, frame.top - height, width, height)
        self.update()

    def boundingRect(self) -> QRectF:
        """In coordinates of the map."""
        return self._rect

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Pixel for pixel where the scale is that of the view, stretched until the next picture otherwise."""
        if self._image is None:
            return
        target = painter.worldTransform().mapRect(self._rect)
        painter.save()
        painter.resetTransform()
        if abs(target.width() - self._image.width()) < 0.75:
            painter.drawImage(QPointF(round(target.left()), round(target.top())), self._image)
        else:
            painter.drawImage(target, self._image)
        painter.restore()
