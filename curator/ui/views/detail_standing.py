"""What a pick stands for in the Subset looked at, or which pick stands for a Sample that was left out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.language import tr, tr_n
from curator.ui.reading import Reading
from curator.ui.views.near_grid import NearGrid

if TYPE_CHECKING:
    from curator.engine.browse import Neighbour
    from curator.engine.records import Dataset, Sample, Subset
    from curator.engine.standing import Standing
    from curator.ui.desk import Desk

SHOWN = 6


class StandingView(QWidget):
    """Of the Subset shown, or of the newest one while a whole Dataset is. Follows :meth:`show_row`."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._reading = Reading(desk.state, desk.bridge, self)
        self._row: int | None = None
        self.title, self.words = QLabel(), QLabel()
        for label in (self.title, self.words):
            label.setWordWrap(True)
        self.title.setFont(theme.scaled(self.font(), 1.0, bold=True))
        theme.mark(self.words, "faint")
        self.grid = NearGrid(desk)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addLayout(self.grid)
        desk.state.keep_changed.connect(lambda: self.show_row(self._row))
        self.hide()

    def subset(self) -> Subset | None:
        """The Subset looked at."""
        state = self._desk.state
        if state.subset is not None or state.dataset is None:
            return state.subset
        return self._desk.tree.newest_subset(state.dataset.id)

    def show_row(self, row: int | None) -> None:
        """Look another Sample up, beside the window."""
        self._row = row
        self._reading.drop()
        state, subset = self._desk.state, self.subset()
        project, dataset, keep = state.project, state.dataset, state.keep
        standings = getattr(project, "standings", None)
        if row is None or subset is None or standings is None or project is None or dataset is None or not state.ready:
            self.hide()
            return

        def look() -> tuple[Standing, list[Neighbour], list[Sample]]:
            found = standings.of(subset.id, row, keep, SHOWN)
            near = [*found.dropped, *found.near][:SHOWN] if found.chosen else [found.by] if found.by else []
            return found, near, project.browse.samples(dataset.id, [n.row for n in near])

        self._reading.ask(look, partial(self._take, dataset, subset))

    def _take(
        self,
        dataset: Dataset,
        subset: Subset,
        outcome: tuple[Standing, list[Neighbour], list[Sample]] | CuratorError,
    ) -> None:
        if isinstance(outcome, CuratorError):  # the subset has just been undone
            self.hide()
            return
        found, near, samples = outcome
        title, words = describe(found, subset.name, len(near))
        self.title.setText(title)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.grid.show_near(dataset, samples, near)
        self.setVisible(bool(title))


def describe(found: Standing, subset: str, shown: int) -> tuple[str, str]:
    """Title and words; no title where there is nothing to say."""
    if not found.chosen:
        if found.by is None:
            return "", ""
        cause = f"{found.cause[:1].upper()}{found.cause[1:]}." if found.cause else tr("The pick it is most like.")
        return tr("Left out of “{subset}”; represented by", subset=subset), cause
    if not shown:
        return tr("Stands for itself alone in “{subset}”", subset=subset), tr(
            "Every other sample is nearer to another pick."
        )
    dropped = len(found.dropped)
    words = (
        tr_n("{n} near-duplicate that was left out", "{n} near-duplicates that were left out", dropped)
        if dropped
        else ""
    )
    if len(found.near) and shown > dropped:
        words += (tr(", then ") if words else "") + tr("samples nearer to it than to any other pick")
    return tr("What it represents in “{subset}”", subset=subset), f"{words[:1].upper()}{words[1:]}."
