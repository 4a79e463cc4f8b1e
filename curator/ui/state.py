"""AppState: what is being looked at. Nothing durable lives here; one signal for each thing that can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from curator.engine.project import Project
    from curator.engine.records import Dataset, Subset
    from curator.engine.types import Changes


class AppState(QObject):
    """The open Project, the Dataset and Subset shown, and the highlighted Samples.

    A Subset is always shown together with its Dataset; ``subset`` None means that all Samples are shown.
    """

    project_changed = Signal()
    shown_changed = Signal()
    highlight_changed = Signal()
    data_changed = Signal(frozenset)
    """Names of the tables whose rows changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project: Project | None = None
        self.dataset: Dataset | None = None
        self.subset: Subset | None = None
        self.highlight: tuple[int, ...] = ()
        self.current: int | None = None

    def set_project(self, project: Project | None) -> None:
        """Look at another Project (or none), and at its first Dataset."""
        self.project = project
        self.dataset = self.subset = None
        self.highlight, self.current = (), None
        if project is not None:
            datasets = project.contents().datasets
            self.dataset = datasets[0] if datasets else None
        self.project_changed.emit()
        self.shown_changed.emit()
        self.highlight_changed.emit()

    def show_dataset(self, dataset_id: int) -> None:
        """Look at all Samples of a Dataset."""
        if self.project is not None:
            self._show(self.project.dataset(dataset_id), None)

    def show_subset(self, subset_id: int) -> None:
        """Look at a Subset in rank order."""
        if self.project is not None:
            subset = self.project.subset(subset_id)
            self._show(self.project.dataset(subset.dataset_id), subset)

    def set_highlight(self, sample_ids: tuple[int, ...], current: int | None) -> None:
        """Remember which Samples are highlighted, and which one has the cursor."""
        if (sample_ids, current) != (self.highlight, self.current):
            self.highlight, self.current = sample_ids, current
            self.highlight_changed.emit()

    def take(self, changes: Changes) -> None:
        """Let everything that shows a changed table look again, then go where the write points."""
        self._refresh()
        self.data_changed.emit(changes.tables)
        match changes.focus:
            case ("subset", subset_id):
                self.show_subset(subset_id)
            case ("dataset", dataset_id):
                self.show_dataset(dataset_id)

    def _show(self, dataset: Dataset, subset: Subset | None) -> None:
        if (dataset, subset) != (self.dataset, self.subset):
            self.dataset, self.subset = dataset, subset
            self.shown_changed.emit()

    def _refresh(self) -> None:
        """Fetch what is shown again; it may have grown, been renamed, or been hidden by an undo."""
        if self.project is None:
            return
        contents = self.project.contents()
        datasets = {d.id: d for d in contents.datasets}
        subsets = {s.id: s for s in contents.subsets}
        dataset = datasets.get(self.dataset.id) if self.dataset else None
        subset = subsets.get(self.subset.id) if self.subset else None
        if dataset is None and datasets:
            dataset = next(iter(datasets.values()))
        if (dataset, subset) != (self.dataset, self.subset):
            self.dataset, self.subset = dataset, subset
            self.shown_changed.emit()
