"""The Samples behind a comparison of two Subsets: only in A, in both, only in B; a click shows them everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from curator.engine.filter_language import quoted
from curator.ui.language import noop, tr, tr_n
from curator.ui.models.samples import one_line
from curator.ui.views.picture import Picture

if TYPE_CHECKING:
    from curator.engine.subsets import Comparison
    from curator.ui.desk import Desk

PARTS = (("only_a", noop("Only in &A")), ("both", noop("In &both")), ("only_b", noop("Only i&n B")))
ROWS, ACROSS = 4, 2
LINE = 44


class Parts(QWidget):
    """Three columns: a button with the number, and the first few Samples beneath it."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._found: Comparison | None = None
        self.buttons: dict[str, QPushButton] = {}
        self.grids: dict[str, QGridLayout] = {}
        outer = QGridLayout(self)
        for place, (key, _) in enumerate(PARTS):
            self.buttons[key] = button = QPushButton()
            button.clicked.connect(lambda _=False, key=key: self.show_part(key))
            self.grids[key] = QGridLayout()
            outer.addWidget(button, 0, place)
            column = QVBoxLayout()
            column.addLayout(self.grids[key])
            column.addStretch(1)
            outer.addLayout(column, 1, place)
            outer.setColumnStretch(place, 1)
        outer.setRowStretch(1, 1)

    def show_comparison(self, found: Comparison) -> None:
        """The first few of each part."""
        self._found = found
        for key, title in PARTS:
            words = tr(title)
            ids: Sequence[int] = getattr(found, key)
            self.buttons[key].setText(tr("{words}: show {count:,}", words=words, count=len(ids)))
            self.buttons[key].setAccessibleName(
                tr_n(
                    "Show the {n:,} sample {where}",
                    "Show the {n:,} samples {where}",
                    len(ids),
                    where=words.replace("&", "").lower(),
                )
            )
            self.buttons[key].setToolTip(tr("Show these samples, and no others, in the gallery, the map and the table"))
            self.buttons[key].setEnabled(bool(ids))
            self._fill(self.grids[key], ids)

    def _fill(self, grid: QGridLayout, ids: Sequence[int]) -> None:
        while (old := grid.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        project, dataset = self._desk.state.project, self._desk.state.dataset
        if project is None or dataset is None:
            return
        for i, sample in enumerate(project.samples_by_id(list(ids[: ROWS * ACROSS]))):
            if sample.images:
                picture = Picture(self._desk.thumbs, lines=4)
                picture.setToolTip(sample.source)
                picture.show_path(Path(dataset.root) / sample.images[0])
                grid.addWidget(picture, i // ACROSS, i % ACROSS)
                continue
            line = QLabel(one_line(sample.text or sample.source, LINE))
            line.setToolTip(one_line(sample.text, 600).replace("<", "&lt;"))
            line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            grid.addWidget(line, i, 0, 1, ACROSS)

    def show_part(self, key: str) -> None:
        """Filter every view to one part, by the filter language, so that it can be read and changed."""
        found, state = self._found, self._desk.state
        if found is None:
            return
        a, b = (f"in:{quoted(s.name)}" for s in (found.a, found.b))
        where = {"only_a": f"{a} -{b}", "both": f"{a} {b}", "only_b": f"{b} -{a}"}[key]
        state.show_dataset(found.a.dataset_id)
        state.set_query(replace(state.query, where=where))
