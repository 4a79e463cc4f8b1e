"""Datasets, the Runs on each, and the Subsets these left, as a tree; Subsets made by hand stand beside the Runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from curator.engine.errors import CuratorError
from curator.engine.records import Dataset, Run, Subset
from curator.ui.language import tr, tr_n
from curator.ui.messages import in_words

if TYPE_CHECKING:
    from curator.engine.project import Project

AnyIndex = QModelIndex | QPersistentModelIndex
NODE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
NO_PARENT = -1
UNFINISHED = 3
"""Runs that failed or were stopped, the latest of a Dataset, that are listed."""


@dataclass
class _Node:
    kind: str
    thing: Dataset | Run | Subset
    parent: int
    place: int
    children: list[int] = field(default_factory=list)


class TreeModel(QAbstractItemModel):
    """Column one the name, column two the size, or for a Run how long it took."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: list[_Node] = []
        self._top: list[int] = []
        self.fault = ""
        """Why nothing is listed, "" when it could be read."""
        self._italic = QFont()
        self._italic.setItalic(True)

    def read(self, project: Project | None) -> None:
        """Look again at everything there is."""
        self.beginResetModel()
        self._nodes, self._top, self.fault = [], [], ""
        contents = None
        try:
            contents = project.contents() if project is not None else None
        except CuratorError as error:
            self.fault = in_words(error)
        for dataset in contents.datasets if contents else ():
            assert contents is not None
            key = self._add("dataset", dataset, NO_PARENT)
            subsets = [s for s in contents.subsets if s.dataset_id == dataset.id]
            runs = _shown_runs([r for r in contents.runs if r.dataset_id == dataset.id], subsets)
            known = {r.id for r in runs}
            loose = [s for s in subsets if _run_of(s) not in known]
            things: list[Run | Subset] = [*runs, *loose]
            for thing in sorted(things, key=_when):
                if isinstance(thing, Subset):
                    self._add("subset", thing, key)
                    continue
                run = self._add("run", thing, key)
                for subset in subsets:
                    if _run_of(subset) == thing.id:
                        self._add("subset", subset, run)
        self.endResetModel()

    def _add(self, kind: str, thing: Dataset | Run | Subset, parent: int) -> int:
        beside = self._top if parent == NO_PARENT else self._nodes[parent].children
        self._nodes.append(_Node(kind, thing, parent, len(beside)))
        beside.append(len(self._nodes) - 1)
        return len(self._nodes) - 1

    def node(self, index: AnyIndex) -> tuple[str, int] | None:
        """("dataset", "run" or "subset", id) of a place."""
        if not index.isValid():
            return None
        found = self._nodes[index.internalId()]
        return found.kind, found.thing.id

    def find(self, dataset_id: int, subset_id: int | None) -> QModelIndex:
        """The place of a Subset, or (None) of a Dataset."""
        return self.place("dataset", dataset_id) if subset_id is None else self.place("subset", subset_id)

    def place(self, kind: str, key: int) -> QModelIndex:
        """The place of a "dataset", "run" or "subset"; an invalid one when it is not listed."""
        for i, found in enumerate(self._nodes):
            if (found.kind, found.thing.id) == (kind, key):
                return self.createIndex(found.place, 0, i)
        return QModelIndex()

    def dataset_of(self, index: AnyIndex) -> int:
        """The Dataset that a place belongs to."""
        thing = self._nodes[index.internalId()].thing
        return thing.id if isinstance(thing, Dataset) else thing.dataset_id

    def newest_subset(self, dataset_id: int) -> Subset | None:
        """The Subset of a Dataset that was made last."""
        found = [n.thing for n in self._nodes if isinstance(n.thing, Subset) and n.thing.dataset_id == dataset_id]
        return max(found, key=lambda s: s.id, default=None)

    # ---- Qt --------------------------------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: AnyIndex = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Qt's way to a place."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._children(parent)[row])

    def parent(self, index: AnyIndex = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        """The Run of a Subset, the Dataset of a Run."""
        above = self._nodes[index.internalId()].parent if index.isValid() else NO_PARENT
        return QModelIndex() if above == NO_PARENT else self.createIndex(self._nodes[above].place, 0, above)

    def _children(self, parent: AnyIndex) -> list[int]:
        return self._nodes[parent.internalId()].children if parent.isValid() else self._top

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """What is directly below."""
        return 0 if parent.isValid() and parent.column() != 0 else len(self._children(parent))

    def columnCount(self, _parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Name and size."""
        return 2

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return (tr("Name"), tr("Samples"))[section] if section in (0, 1) else None
        return None

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """Names and sizes."""
        if (node := self.node(index)) is None:
            return None
        thing = self._nodes[index.internalId()].thing
        match role:
            case int(r) if r == NODE_ROLE:
                return node
            case Qt.ItemDataRole.DisplayRole:
                return _name(thing) if index.column() == 0 else _size(thing)
            case Qt.ItemDataRole.TextAlignmentRole if index.column() == 1:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.FontRole if isinstance(thing, Run):
                return self._italic
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(thing)
        return None


def _shown_runs(runs: Sequence[Run], subsets: Sequence[Subset]) -> list[Run]:
    """Those that left a Subset or go on, and the latest that came to nothing; not those that were undone."""
    kept = {_run_of(s) for s in subsets}
    broken = [r.id for r in runs if r.status not in ("done", "running")][-UNFINISHED:]
    return [r for r in runs if r.id in kept or r.status == "running" or r.id in broken]


def _run_of(subset: Subset) -> int | None:
    """The Run that made it; one that was corrected by hand since stays where it was."""
    corrected = subset.run_id is None and "corrected" in (subset.summary or {})
    return subset.summary.get("from_run") if corrected else subset.run_id


def _when(thing: Run | Subset) -> str:
    return (thing.started if isinstance(thing, Run) else thing.created) or ""


def _name(thing: Dataset | Run | Subset) -> str:
    if isinstance(thing, Run):
        return thing.recipe_name or "run"
    return thing.name + (" 🔒" if getattr(thing, "locked", False) else "")


def _size(thing: Dataset | Run | Subset) -> str:
    if not isinstance(thing, Run):
        return f"{thing.size:,}"
    return took(thing) if thing.status == "done" else f"{thing.status}{'…' if thing.status == 'running' else ''}"


def took(run: Run) -> str:
    """How long a Run took; "" when that is not known."""
    try:
        seconds = (datetime.fromisoformat(run.finished) - datetime.fromisoformat(run.started)).total_seconds()
    except (TypeError, ValueError):
        return ""
    return tr("{seconds:.0f} s", seconds=seconds) if seconds < 90 else tr("{minutes:.0f} min", minutes=seconds / 60)


def _tip(thing: Dataset | Run | Subset) -> str:
    if isinstance(thing, Run):
        words = [
            tr(
                "Run {id} of the recipe “{recipe_name}”: {status}",
                id=thing.id,
                recipe_name=thing.recipe_name,
                status=thing.status,
            )
        ]
        words.append(
            tr(
                "Begun {when}, took {time}",
                when=str(thing.started).replace("T", " ")[:16],
                time=took(thing) or tr("an unknown time"),
            )
        )
        words.append(tr("Seed {seed}, on {device}", seed=thing.seed, device=thing.device))
        return "\n".join([*words, thing.error] if thing.error else words)
    skipped = getattr(thing, "skipped", 0)
    words = [
        tr_n("{name}: {n:,} sample", "{name}: {n:,} samples", thing.size, name=thing.name)
        + (tr(", {skipped:,} set aside", skipped=skipped) if skipped else "")
    ]
    if preview := (getattr(thing, "summary", None) or {}).get("preview"):
        words.append(tr("A preview on {part:,} of {pile:,} samples", part=preview[0], pile=preview[1]))
    if corrected := (getattr(thing, "summary", None) or {}).get("corrected"):
        words.append(tr("Corrected by hand: {out:,} taken out, {added:,} added", out=corrected[0], added=corrected[1]))
    note = getattr(thing, "note", "")
    return "\n".join([*words, note] if note else words)
