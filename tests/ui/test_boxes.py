"""Boxes over a picture."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from curator.engine.boxes import Box
from curator.ui.views.box_paint import colour_of, draw_boxes


def test_boxes_are_drawn_where_they_are_and_nowhere_else(qapp):
    image = QImage(220, 120, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    draw_boxes(painter, QRect(10, 10, 200, 100), [Box("", 0.25, 0.2, 0.5, 0.6), Box("", 0.9, 0.9, 5, 5)])
    painter.end()
    assert image.pixelColor(60, 60).rgb() == colour_of("").rgb()
    assert image.pixelColor(110, 60) == QColor("white")
    assert image.pixelColor(215, 115) == QColor("white")
    assert colour_of("cat") == colour_of("cat") != colour_of("dog")
