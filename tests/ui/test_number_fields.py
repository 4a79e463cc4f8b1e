"""Fields for numbers look like other fields."""

import numpy as np
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QSpinBox

from curator.ui import theme


def ink(box):
    """The first column in which something is drawn inside the box, in pixels."""
    image = box.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    grey = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    inside = grey[6:-6, 3 : image.width() // 2]
    return int(np.argmax((inside < 128).any(axis=0)))


def test_a_number_stands_away_from_the_edge(qtbot):
    plain, roomy = QSpinBox(), theme.inset(QSpinBox())
    sheet = theme.style_sheet(QPalette())
    for box in (plain, roomy):
        qtbot.addWidget(box)
        box.setStyleSheet(sheet)
        box.setValue(88)
        box.show()
        box.clearFocus()
    assert ink(roomy) - ink(plain) == theme.INSET
