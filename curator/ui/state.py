"""AppState: what is being looked at. Nothing durable lives here; one signal for each thing that can change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from curator.engine.browse import Query

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from curator.engine.project import Project
    from curator.engine.records import Dataset, Subset
    from curator.engine.types import Changes, Ints

NOTHING: Ints = np.empty(0, np.int32)
NOTHING.flags.writeable = False
IMPORTING = "importing"


def plain_query(dataset: Dataset | None, subset: Subset | None) -> Query:
    """All of a Dataset by row, or all of a Subset by rank."""
    key = dataset.id if dataset else 0
    return Query(key) if subset is None else Query(key, subset.id, sort="rank")


class AppState(QObject):
    """The open Project, and what every view shows of it.

    A Subset is always shown together with its Dataset; ``subset`` None means that all Samples are shown.

    Attributes:
        query: what is hidden, and in which order and groups the rest is listed; always of the Dataset and Subset shown.
        colour: name of the column that colours the map and the stripes of the gallery, "" for none.
        highlight: int32 [h], ascending and distinct: rows of the Dataset that are highlighted. Read-only.
        current: row of the Sample with the cursor, or None.
        run: id of the Run that the library's cursor is on, None while it is on a Dataset or a Subset.
        keep: how many first picks of the Subset shown count as chosen, as the budget dial says; None for all of them.
    """

    project_changed = Signal()
    shown_changed = Signal()
    """Another Dataset or Subset, or the same one grown or renamed; :attr:`query_changed` follows."""
    query_changed = Signal()
    colour_changed = Signal()
    highlight_changed = Signal()
    current_changed = Signal()
    run_changed = Signal()
    keep_changed = Signal()
    data_changed = Signal(frozenset)
    """Names of the tables whose rows changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self.dataset: Dataset | None = None
        self.subset: Subset | None = None
        self.query = Query(0)
        self.colour = ""
        self.highlight: Ints = NOTHING
        self.current: int | None = None
        self.run: int | None = None
        self.keep: int | None = None

    def set_project(self, project: Project | None) -> None:
        """Look at another Project (or none), and at its first Dataset."""
        self.project = project
        self.dataset = self.subset = None
        if project is not None:
            datasets = project.contents().datasets
            self.dataset = datasets[0] if datasets else None
        self.query = plain_query(self.dataset, None)
        self.colour, self.highlight, self.current, self.run, self.keep = "", NOTHING, None, None, None
        for signal in (
            self.project_changed, self.shown_changed, self.query_changed,
            self.colour_changed, self.highlight_changed, self.current_changed, self.run_changed,
            self.keep_changed,
        ):  # fmt: skip
            signal.emit()

    @property
    def ready(self) -> bool:
        """Whether a Dataset is shown whose import has finished."""
        return self.dataset is not None and self.dataset.status != IMPORTING

    # ---- what is shown ---------------------------------------------------------------------------------------

    def show_dataset(self, dataset_id: int) -> None:
        """Look at all Samples of a Dataset."""
        if self.project is not None:
            self._show(self.project.dataset(dataset_id), None)

    def show_subset(self, subset_id: int) -> None:
        """Look at a Subset in rank order."""
        if self.project is not None:
            subset = self.project.subset(subset_id)
            self._show(self.project.dataset(subset.dataset_id), subset)

    def show_arriving(self) -> None:
        """Look at what an import has brought so far, unless a finished Dataset is shown."""
        if self.project is None or (self.dataset is not None and self.dataset.status != IMPORTING):
            return
        if found := [d for d in self.project.pages.arriving() if d.size]:
            self._show(found[-1], None)

    def set_query(self, query: Query) -> None:
        """Hide, sort and group otherwise: ``state.set_query(replace(state.query, where="label:dog"))``."""
        if (query.dataset_id, query.subset_id) != (self.query.dataset_id, self.query.subset_id):
            raise ValueError("a query is of what is shown; use show_dataset or show_subset first")
        if query != self.query:
            self.query = query
            self.query_changed.emit()

    def set_colour(self, name: str) -> None:
        """Colour map and gallery by a column ("class", "skill", "score.length", ...), or by nothing ("")."""
        if name != self.colour:
            self.colour = name
            self.colour_changed.emit()

    def set_run(self, run_id: int | None) -> None:
        """Have a Run in hand, for its recipe; what is shown stays."""
        if run_id != self.run:
            self.run = run_id
            self.run_changed.emit()

    def set_keep(self, keep: int | None) -> None:
        """Count only the first ``keep`` picks of the Subset shown as chosen; nothing is written."""
        size = self.subset.size if self.subset is not None else 0
        keep = None if keep is None or keep >= size else max(1, keep)
        if keep != self.keep:
            self.keep = keep
            self.keep_changed.emit()

    # ---- highlight -------------------------------------------------------------------------------------------

    def set_highlight(self, rows: ArrayLike) -> None:
        """Highlight these rows of the Dataset, in any order, and no others."""
        found: Ints = np.asarray(rows, np.int32).ravel()
        if len(found) > 1 and not bool(np.all(found[1:] > found[:-1])):
            found = np.sort(found)
            found = found[np.append(True, found[1:] != found[:-1])]
        if not np.array_equal(found, self.highlight):
            found = found.view() if found.flags.owndata else found.copy()
            found.flags.writeable = False
            self.highlight = found
            self.highlight_changed.emit()

    def set_current(self, row: int | None) -> None:
        """Put the cursor on a row, or nowhere."""
        if row != self.current:
            self.current = row
            self.current_changed.emit()

    def highlighted_ids(self) -> list[int]:
        """Sample ids of what is highlighted, in row order: what a write of the Project takes."""
        if self.project is None or self.dataset is None or not len(self.highlight):
            return []
        return self.project.pages.ids(self.dataset.id, self.highlight)

    # ---- what changed ----------------------------------------------------------------------------------------

    def take(self, changes: Changes) -> None:
        """Let everything that shows a changed table look again, then go where the write points."""
        self.refresh()
        self.data_changed.emit(changes.tables)
        match changes.focus:
            case ("subset", subset_id):
                self.show_subset(subset_id)
            case ("dataset", dataset_id):
                self.show_dataset(dataset_id)

    def _show(self, dataset: Dataset | None, subset: Subset | None) -> None:
        if (dataset, subset) == (self.dataset, self.subset):
            return
        other = dataset is None or self.dataset is None or dataset.id != self.dataset.id
        same = same_subset(self.subset, subset)
        self.dataset, self.subset = dataset, subset
        self.query = self._query(other, same)
        before, self.keep = self.keep, self.keep if same else None
        if not same:
            self.set_run(None)
        self.shown_changed.emit()
        self.query_changed.emit()
        if before != self.keep:
            self.keep_changed.emit()
        if other:
            self.set_highlight(NOTHING)
            self.set_current(None)
            self.set_colour("")

    def _query(self, other: bool, same: bool) -> Query:
        """A fresh one for another Dataset; within one, a filter stays when a Subset is shown or left, and everything
        when a Subset was corrected by hand."""
        fresh = plain_query(self.dataset, self.subset)
        if other:
            return fresh
        if same:
            return replace(self.query, subset_id=fresh.subset_id)
        return self.query if fresh.subset_id == self.query.subset_id else replace(fresh, where=self.query.where)

    def refresh(self) -> None:
        """Fetch what is shown again; it may have grown, been renamed, or been hidden by an undo."""
        if self.project is None:
            return
        contents = self.project.contents()
        datasets = {d.id: d for d in contents.datasets}
        subsets = {s.id: s for s in contents.subsets}
        dataset = datasets.get(self.dataset.id) if self.dataset else None
        subset = subsets.get(self.subset.id) if self.subset else None
        if subset is None:  # corrected by hand, or a correction was undone
            subset = next((s for s in reversed(subsets.values()) if same_subset(self.subset, s)), None)
        if dataset is None and datasets:
            dataset = next(iter(datasets.values()))
        self._show(dataset, subset)


def same_subset(a: Subset | None, b: Subset | None) -> bool:
    """Whether both are one Subset, perhaps in two versions of which one is hidden."""
    return a is not None and b is not None and (a.id == b.id or (a.dataset_id, a.name) == (b.dataset_id, b.name))


def same_shown(a: tuple[Dataset | None, Subset | None], b: tuple[Dataset | None, Subset | None]) -> bool:
    """Whether both are one Dataset, and one Subset of it or all of it."""
    ids = [None if dataset is None else dataset.id for dataset, _ in (a, b)]
    return ids[0] == ids[1] and (a[1] is b[1] is None or same_subset(a[1], b[1]))
