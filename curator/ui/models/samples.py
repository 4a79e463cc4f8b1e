"""The Samples of a Dataset in row order, or of a Subset in rank order: one model for the gallery and the table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

if TYPE_CHECKING:
    from curator.engine.project import Project
    from curator.engine.records import Dataset, Sample, Subset, SubsetRow

PAGE = 200
PAGES_KEPT = 40
MEMBERS_AT_ONCE = 2000
ITEM_ROLE = int(Qt.ItemDataRole.UserRole) + 1
AnyIndex = QModelIndex | QPersistentModelIndex

DATASET_COLUMNS = ("Row", "Sample", "Labels", "Pin", "Source")
SUBSET_COLUMNS = ("Rank", "Sample", "Skill", "Gain", "Why", "Labels", "Pin", "Source")


@dataclass(frozen=True)
class Item:
    """One Sample as the window shows it. ``choice`` is there when a Subset is shown."""

    sample: Sample
    choice: SubsetRow | None
    image: Path | None


class SampleModel(QAbstractTableModel):
    """Pages of 200, the latest forty kept; a million rows cost nothing until they are looked at."""

    members_changed = Signal()
    """More is known about which Samples are in the newest Subset of the Dataset shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.dataset: Dataset | None = None
        self.subset: Subset | None = None
        self._project: Project | None = None
        self._size = 0
        self._pages: OrderedDict[int, dict[int, Item]] = OrderedDict()
        self._members: set[int] = set()
        self._marked: Subset | None = None
        self._next_rank = 0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._read_members)

    # ---- what is shown ---------------------------------------------------------------------------------------

    def show_samples(self, project: Project | None, dataset: Dataset | None, subset: Subset | None) -> None:
        """Show all of a Dataset, or a Subset of it."""
        self.beginResetModel()
        self._project, self.dataset, self.subset = project, dataset, subset
        self._size = 0 if project is None or dataset is None else (subset.size if subset else dataset.size)
        self._pages.clear()
        self.endResetModel()

    def look_again(self) -> None:
        """Forget what was read; same rows, perhaps with other pins, labels or problems."""
        self._pages.clear()
        if self._size:
            last = self.index(self._size - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def mark_members(self, subset: Subset | None) -> None:
        """Badge the Samples of ``subset``; read in small steps between events."""
        if subset == self._marked:
            return
        self._marked, self._members, self._next_rank = subset, set(), 1
        self._timer.stop() if subset is None else self._timer.start()
        self.members_changed.emit()

    def is_member(self, sample_id: int) -> bool:
        """Whether a Sample is in the marked Subset, as far as is known."""
        return sample_id in self._members

    # ---- reading ---------------------------------------------------------------------------------------------

    def item(self, row: int) -> Item | None:
        """The Sample at a place in the model; None where there is none (any more)."""
        if not 0 <= row < self._size:
            return None
        return self._page(row // PAGE).get(row)

    def items(self, rows: Iterator[int] | range) -> Iterator[Item]:
        """The Samples at several places."""
        for row in rows:
            if (item := self.item(row)) is not None:
                yield item

    def row_of_sample(self, sample_id: int) -> int | None:
        """Where a Sample is, if it is among the pages at hand."""
        for page in self._pages.values():
            for row, item in page.items():
                if item.sample.id == sample_id:
                    return row
        return None

    def _page(self, number: int) -> dict[int, Item]:
        if (page := self._pages.get(number)) is not None:
            self._pages.move_to_end(number)
            return page
        page = {row: item for row, item in self._read(number * PAGE)}
        self._pages[number] = page
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        return page

    def _read(self, first: int) -> Iterator[tuple[int, Item]]:
        if self._project is None or self.dataset is None:
            return
        if self.subset is None:
            for sample in self._project.samples(self.dataset.id, first, PAGE):
                yield sample.row, self._make(sample, None)
            return
        choices = {c.sample_id: c for c in self._project.subset_rows(self.subset.id, first + 1, PAGE)}
        for sample in self._project.samples_by_id(list(choices)):
            choice = choices[sample.id]
            yield choice.rank - 1, self._make(sample, choice)

    def _make(self, sample: Sample, choice: SubsetRow | None) -> Item:
        assert self.dataset is not None
        image = Path(self.dataset.root) / sample.images[0] if sample.images else None
        return Item(sample, choice, image)

    def _read_members(self) -> None:
        if self._project is None or self._marked is None:
            self._timer.stop()
            return
        rows = self._project.subset_rows(self._marked.id, self._next_rank, MEMBERS_AT_ONCE)
        self._members.update(r.sample_id for r in rows)
        self._next_rank += MEMBERS_AT_ONCE
        if self._next_rank > self._marked.size or not rows:
            self._timer.stop()
        self.members_changed.emit()

    # ---- Qt --------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> tuple[str, ...]:
        """Titles of the columns."""
        return DATASET_COLUMNS if self.subset is None else SUBSET_COLUMNS

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Samples shown."""
        return 0 if parent.isValid() else self._size

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Columns, more of them for a Subset."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Titles."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self.columns[section] if 0 <= section < len(self.columns) else None
        return None

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """Text for the table; the whole :class:`Item` under ``ITEM_ROLE``."""
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, ITEM_ROLE):
            return None
        item = self.item(index.row())
        if item is None or role == ITEM_ROLE:
            return item
        return cell(item, self.columns[index.column()], whole=role == Qt.ItemDataRole.ToolTipRole)


def cell(item: Item, column: str, *, whole: bool = False) -> str:
    """The text of one cell; cut to a line unless ``whole``."""
    sample, choice = item.sample, item.choice
    match column:
        case "Row":
            return f"{sample.row + 1:,}"
        case "Rank":
            return f"{choice.rank:,}" if choice else ""
        case "Sample":
            return one_line(sample.text or sample.source, 600 if whole else 160)
        case "Labels":
            return ", ".join(sample.labels)
        case "Pin":
            return sample.pin
        case "Skill":
            return choice.skill if choice else ""
        case "Gain":
            return number(choice.gain) if choice else ""
        case "Why":
            return choice.reason if choice else ""
    return sample.source


def one_line(text: str, length: int) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else line[: length - 1] + "…"


def number(value: float | None) -> str:
    """A gain in few digits; a dash where there is nothing to compare with."""
    if value is None or value != value or value in (float("inf"), float("-inf")):
        return "–"
    return f"{value:.4g}"
