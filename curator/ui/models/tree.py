"""Datasets and their Subsets as a tree of two levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from curator.engine.project import Project
    from curator.engine.records import Dataset, Subset

AnyIndex = QModelIndex | QPersistentModelIndex
NODE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
TOP = 0
"""Internal id of Datasets; a Subset carries the place of its Dataset, plus one."""


class TreeModel(QAbstractItemModel):
    """Column one the name, column two the size."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._datasets: list[Dataset] = []
        self._subsets: list[list[Subset]] = []

    def read(self, project: Project | None) -> None:
        """Look again at everything there is."""
        self.beginResetModel()
        contents = project.contents() if project is not None else None
        self._datasets = list(contents.datasets) if contents else []
        found = list(contents.subsets) if contents else []
        self._subsets = [[s for s in found if s.dataset_id == d.id] for d in self._datasets]
        self.endResetModel()

    def node(self, index: AnyIndex) -> tuple[str, int] | None:
        """("dataset" or "subset", id) of a place."""
        if not index.isValid():
            return None
        if index.internalId() == TOP:
            return "dataset", self._datasets[index.row()].id
        return "subset", self._subsets[index.internalId() - 1][index.row()].id

    def find(self, dataset_id: int, subset_id: int | None) -> QModelIndex:
        """The place of a Subset, or (None) of a Dataset."""
        for d, dataset in enumerate(self._datasets):
            if dataset.id != dataset_id:
                continue
            if subset_id is None:
                return self.createIndex(d, 0, TOP)
            for s, subset in enumerate(self._subsets[d]):
                if subset.id == subset_id:
                    return self.createIndex(s, 0, d + 1)
        return QModelIndex()

    def newest_subset(self, dataset_id: int) -> Subset | None:
        """The Subset of a Dataset that was made last."""
        for dataset, subsets in zip(self._datasets, self._subsets, strict=True):
            if dataset.id == dataset_id and subsets:
                return max(subsets, key=lambda s: s.id)
        return None

    def index(self, row: int, column: int, parent: AnyIndex = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Qt's way to a place."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else TOP)

    def parent(self, index: AnyIndex = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """The Dataset of a Subset."""
        if not index.isValid() or index.internalId() == TOP:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, TOP)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Datasets, or Subsets of one."""
        if not parent.isValid():
            return len(self._datasets)
        if parent.column() != 0 or parent.internalId() != TOP:
            return 0
        return len(self._subsets[parent.row()])

    def columnCount(self, _parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Name and size."""
        return 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return ("Name", "Samples")[section] if section in (0, 1) else None
        return None

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """Names and sizes."""
        if (node := self.node(index)) is None:
            return None
        thing = self._thing(index)
        if role == NODE_ROLE:
            return node
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == 1:
                return f"{thing.size:,}"
            return thing.name + (" 🔒" if getattr(thing, "locked", False) else "")
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            skipped = getattr(thing, "skipped", 0)
            words = f"{thing.name}: {thing.size:,} samples" + (f", {skipped:,} set aside" if skipped else "")
            preview = (getattr(thing, "summary", None) or {}).get("preview")
            words += f"\nA preview on {preview[0]:,} of {preview[1]:,} samples" if preview else ""
            return words + (f"\n{note}" if (note := getattr(thing, "note", "")) else "")
        return None

    def _thing(self, index: AnyIndex) -> Dataset | Subset:
        if index.internalId() == TOP:
            return self._datasets[index.row()]
        return self._subsets[index.internalId() - 1][index.row()]
