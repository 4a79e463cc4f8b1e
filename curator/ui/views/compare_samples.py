"""Two Samples side by side, with the difference marked: words added and taken away, or pixels."""

from __future__ import annotations

import difflib
import html
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from curator.ui import theme
from curator.ui.language import tr
from curator.ui.thumbnails import read_small

if TYPE_CHECKING:
    from curator.engine.records import Dataset, Sample

EDGE = 512
MOST_WORDS = 5000
WORD = re.compile(r"\s+|\w+|[^\w\s]")


def marked(a: str, b: str, gone: str, new: str) -> tuple[str, str]:
    """Both texts as HTML; what only the first has is marked in colour ``gone``, what only the second has in ``new``."""
    left, right = WORD.findall(a)[:MOST_WORDS], WORD.findall(b)[:MOST_WORDS]
    parts_a, parts_b = [], []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        one, two = html.escape("".join(left[i:j])), html.escape("".join(right[k:m]))
        if kind != "equal":
            one = f'<b style="color:{gone}">{one}</b>' if one else ""
            two = f'<b style="color:{new}">{two}</b>' if two else ""
        parts_a.append(one)
        parts_b.append(two)
    return "".join(parts_a), "".join(parts_b)


def difference(a: QImage, b: QImage) -> QImage:
    """Where two pictures differ: the absolute difference, made four times stronger; the second is brought to size."""
    size = a.size()
    both = []
    for image in (a, b):
        image = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        image = image.convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        both.append(rows[:, : image.width() * 3].astype(np.int16))
    apart = np.clip(4 * np.abs(both[0] - both[1]), 0, 255).astype(np.uint8)
    made = QImage(apart.tobytes(), size.width(), size.height(), size.width() * 3, QImage.Format.Format_RGB888)
    return made.copy()


class Compare(QDialog):
    """The one looked at on the left, the other on the right."""

    def __init__(self, a: Sample, b: Sample, dataset: Dataset, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Compare"))
        letter = self.fontMetrics().averageCharWidth()
        self.resize(letter * 120, letter * 70)
        column, sides = QVBoxLayout(self), QHBoxLayout()
        column.addLayout(sides, 1)
        self.toggle = QCheckBox(tr("Show the &difference"))
        self.toggle.setToolTip(tr("Bright where the pictures differ"))
        self.views: list[QLabel | QTextBrowser] = []
        pictures = bool(a.images and b.images)
        for sample in (a, b):
            side = QVBoxLayout()
            title = QLabel(sample.source)
            title.setTextFormat(Qt.TextFormat.PlainText)
            title.setWordWrap(True)
            theme.mark(title, "faint")
            view: QLabel | QTextBrowser = QLabel() if pictures else QTextBrowser()
            view.setAccessibleName(sample.source)
            side.addWidget(title)
            side.addWidget(view, 1)
            sides.addLayout(side, 1)
            self.views.append(view)
        if pictures:
            self._images = [read_small(str(Path(dataset.root) / s.images[0]), EDGE) for s in (a, b)]
            column.addWidget(self.toggle)
            self.toggle.toggled.connect(self._show_pictures)
            self._show_pictures(False)
        else:
            c = theme.colors(self.palette())
            for view, text in zip(self.views, marked(a.text, b.text, c.bad.name(), c.good.name()), strict=True):
                assert isinstance(view, QTextBrowser)
                view.setHtml(f'<p style="white-space:pre-wrap">{text}</p>')
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    def _show_pictures(self, apart: bool) -> None:
        a, b = self._images
        shown = [a, difference(a, b) if apart and not a.isNull() and not b.isNull() else b]
        for view, image in zip(self.views, shown, strict=True):
            assert isinstance(view, QLabel)
            view.setAlignment(Qt.AlignmentFlag.AlignCenter)
            if image.isNull():
                view.setText(tr("This picture cannot be shown."))
            else:
                room = QSize(EDGE, EDGE)
                view.setPixmap(QPixmap.fromImage(image).scaled(room, Qt.AspectRatioMode.KeepAspectRatio))
