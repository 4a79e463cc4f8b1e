"""Samples as a table: the natural view of instruction records."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from curator.ui.language import tr
from curator.ui.models.samples import SampleModel

STRETCHED = ("Sample", "Why")
WIDTHS = {
    "Rank": 7,
    "Row": 8,
    "Labels": 16,
    "Skill": 16,
    "Gain": 9,
    "Pin": 5,
    "Source": 24,
    "Sample": 60,
    "Why": 36,
    "Size": 12,
}
"""In letters of the font."""


class SampleTable(QTableView):
    """A QTableView on the shared model and highlight; rows are one line high, so a million of them are cheap."""

    def __init__(self, model: SampleModel, chosen: QItemSelectionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Table of samples"))
        self.setModel(model)
        self.setSelectionModel(chosen)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        vertical = self.verticalHeader()
        vertical.setVisible(False)
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        vertical.setDefaultSectionSize(self.fontMetrics().height() + 10)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        model.modelReset.connect(self._size_columns)
        self._size_columns()

    def _size_columns(self) -> None:
        model = self.model()
        assert isinstance(model, SampleModel)
        letter = self.fontMetrics().averageCharWidth()
        for i, column in enumerate(model.columns):
            self.setColumnWidth(i, WIDTHS[column] * letter + 16)
        header = self.horizontalHeader()
        for i, column in enumerate(model.columns):
            wide = column in STRETCHED
            header.setSectionResizeMode(i, header.ResizeMode.Stretch if wide else header.ResizeMode.Interactive)
