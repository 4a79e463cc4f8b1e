"""The Samples that a query finds: one model for the gallery and the table.

A *place* is a position in the view, a *row* a number in the Dataset: ``rows[place]`` is a row, and
:meth:`SampleModel.place` goes the other way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from curator.engine.browse import Query
from curator.engine.errors import CuratorError
from curator.ui.language import noop
from curator.ui.messages import in_words
from curator.ui.models.titled import AnyIndex, TitledModel
from curator.ui.state import IMPORTING, NOTHING, plain_query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.engine.browse import Group
    from curator.engine.project import Project
    from curator.engine.records import Dataset, Sample, Subset, SubsetRow
    from curator.engine.types import Ints

PAGE = 64
"""About a screen: a jump to anywhere reads little more than what it shows."""
PAGES_KEPT = 125
MEMBERS_AT_ONCE = 10_000
ITEM_ROLE = int(Qt.ItemDataRole.UserRole) + 1

DATASET_COLUMNS = (noop("Row"), noop("Sample"), noop("Labels"), noop("Pin"), noop("Source"))
SUBSET_COLUMNS = (
    noop("Rank"),
    noop("Sample"),
    noop("Skill"),
    noop("Gain"),
    noop("Why"),
    noop("Labels"),
    noop("Pin"),
    noop("Source"),
)
SIZE = noop("Size")
"""Stands for the source where that names the Sample already."""
PICTURE_COLUMNS, SUBSET_PICTURE_COLUMNS = ((*c[:-1], SIZE) for c in (DATASET_COLUMNS, SUBSET_COLUMNS))
NUMERIC = ("Row", "Rank", "Gain")


@dataclass(frozen=True)
class Item:
    """One Sample as the window shows it. ``choice`` is there when a Subset is shown."""

    sample: Sample
    choice: SubsetRow | None
    image: Path | None


class SampleModel(TitledModel):
    """Pages of which the latest are kept; a million rows cost nothing until they are looked at."""

    failed = Signal()
    """Samples that a view asked for could not be read: :attr:`fault` says why."""
    members_changed = Signal()
    """More is known about which Samples are in the newest Subset of the Dataset shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.dataset: Dataset | None = None
        self.subset: Subset | None = None
        self.query = Query(0)
        self.rows: Ints = NOTHING
        """int32 [m]: the row at each place."""
        self.groups: tuple[Group, ...] = ()
        self.words = ""
        """What the query found, in words."""
        self.ranked_anew = False
        """Whether another search has just put its best first: views go to the top."""
        self.fault = ""
        """Why the latest page asked for could not be read, "" when it could."""
        self._project: Project | None = None
        self._places: Ints | None = None
        self._ranks: Ints = NOTHING
        self._ranks_of: Subset | None = None
        self._ranking: tuple[Subset | None, Ints] = (None, NOTHING)
        self._pages: OrderedDict[int, dict[int, Item]] = OrderedDict()
        self._members: NDArray[np.bool_] = np.zeros(0, bool)
        self._marked: Subset | None = None
        self._next_rank = 0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._read_members)

    # ---- what is shown ---------------------------------------------------------------------------------------

    def show_samples(
        self, project: Project | None, dataset: Dataset | None, subset: Subset | None, query: Query | None = None
    ) -> None:
        """Show what ``query`` finds in a Dataset or a Subset of it (None: everything in it).

        Raises:
            InputError: the filter is not understood; what was shown stays.
        """
        query = query or plain_query(dataset, subset)
        rows, groups, words = _find(project, dataset, query)
        ranks = self._ranks_by_row(project, dataset, subset)
        self.ranked_anew = query.sort == "similarity" and query != self.query
        self.beginResetModel()
        self._project, self.dataset, self.subset, self.query = project, dataset, subset, query
        self.rows, self.groups, self.words, self._ranks = rows, groups, words, ranks
        self._places, self.fault = None, ""
        self._pages.clear()
        self.endResetModel()

    def look_again(self) -> None:
        """Forget what was read: pins, labels or problems may be others, and with them what a query finds."""
        if self.query != plain_query(self.dataset, self.subset):
            found = _find(self._project, self.dataset, self.query)
            if not np.array_equal(found[0], self.rows) or found[1] != self.groups:
                self.show_samples(self._project, self.dataset, self.subset, self.query)
                return
        self._pages.clear()
        self.fault = ""
        if len(self.rows):
            last = self.index(len(self.rows) - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def mark_members(self, subset: Subset | None) -> None:
        """Badge the Samples of ``subset``; read in small steps between events."""
        if subset == self._marked:
            return
        self._marked, self._next_rank = subset, 1
        self._members = np.zeros(self.dataset.size if self.dataset else 0, bool)
        self._timer.stop() if subset is None else self._timer.start()
        self.members_changed.emit()

    def is_member(self, row: int) -> bool:
        """Whether a row is in the marked Subset, as far as is known."""
        return row < len(self._members) and bool(self._members[row])

    @property
    def members(self) -> Ints:
        """int32, ascending: rows of the marked Subset, as far as is known."""
        return np.flatnonzero(self._members).astype(np.int32)

    # ---- places and rows -------------------------------------------------------------------------------------

    def place(self, row: int | None) -> int:
        """Where a row is shown, -1 where it is not."""
        places = self._all_places()
        return int(places[row]) if row is not None and 0 <= row < len(places) else -1

    def places(self, rows: Ints) -> Ints:
        """int32, ascending: where those of ``rows`` are that are shown."""
        places = self._all_places()
        found = places[rows[rows < len(places)]]
        return np.sort(found[found >= 0])

    def _all_places(self) -> Ints:
        """int32 [n]: the place of each row, -1 where it is hidden."""
        if self._places is None:
            size = max(self.dataset.size if self.dataset else 0, int(self.rows.max(initial=-1)) + 1)
            self._places = np.full(size, -1, np.int32)
            self._places[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        return self._places

    # ---- reading ---------------------------------------------------------------------------------------------

    def item(self, place: int) -> Item | None:
        """The Sample at a place; None where there is none (any more)."""
        if not 0 <= place < len(self.rows):
            return None
        return self._page(place // PAGE).get(place)

    def item_of_row(self, row: int | None) -> Item | None:
        """The Sample of a row, shown or hidden."""
        if (place := self.place(row)) >= 0:
            return self.item(place)
        if row is None or self._project is None or self.dataset is None:
            return None
        try:
            return next(iter(self._make(self.dataset, self._project.pages.samples(self.dataset.id, [row]))), None)
        except CuratorError:  # taken away a moment ago, or unreadable, which the pages tell
            return None

    def items(self, places: Iterable[int]) -> Iterator[Item]:
        """The Samples at several places."""
        for place in places:
            if (item := self.item(place)) is not None:
                yield item

    def _page(self, number: int) -> dict[int, Item]:
        if (page := self._pages.get(number)) is not None:
            self._pages.move_to_end(number)
            return page
        try:
            page = self._read(number * PAGE)
        except CuratorError as error:  # views ask while they paint: they paint nothing, and the window says why
            page, self.fault = {}, in_words(error)
            self.failed.emit()
        self._pages[number] = page
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        return page

    def _read(self, first: int) -> dict[int, Item]:
        if self._project is None or self.dataset is None:
            return {}
        rows = self.rows[first : first + PAGE].tolist()
        by_row = {i.sample.row: i for i in self._make(self.dataset, self._project.pages.samples(self.dataset.id, rows))}
        return {first + i: by_row[row] for i, row in enumerate(rows) if row in by_row}

    def _make(self, dataset: Dataset, samples: list[Sample]) -> Iterator[Item]:
        choices: dict[int, SubsetRow] = {}
        if self.subset is not None and self._project is not None:
            ranks = [int(self._ranks[s.row]) for s in samples if self._ranks[s.row]]
            choices = {c.row: c for c in self._project.pages.choices(self.subset.id, ranks)}
        root = Path(dataset.root)
        for sample in samples:
            image = root / sample.images[0] if sample.images else None
            yield Item(sample, choices.get(sample.row), image)

    def _ranks_by_row(self, project: Project | None, dataset: Dataset | None, subset: Subset | None) -> Ints:
        """int32 [n]: the rank of each row in the Subset shown, 0 where it is not in it."""
        if project is None or dataset is None or subset is None:
            self._ranks_of = None
            return NOTHING
        if subset == self._ranks_of and len(self._ranks) == dataset.size:
            return self._ranks
        rows = self.ranking(subset, project)
        ranks = np.zeros(dataset.size, np.int32)
        ranks[rows] = np.arange(1, len(rows) + 1, dtype=np.int32)
        self._ranks_of = subset
        return ranks

    def ranking(self, subset: Subset, project: Project | None = None) -> Ints:
        """int32 [b]: the rows of a Subset in rank order; those of the latest one asked for are kept."""
        project = project or self._project
        if project is not None and self._ranking[0] != subset:
            self._ranking = (subset, project.pages.ranking(subset.id))
        return self._ranking[1] if self._ranking[0] == subset else NOTHING

    def _read_members(self) -> None:
        if self._project is None or self._marked is None:
            self._timer.stop()
            return
        try:
            rows = self._project.pages.ranking(self._marked.id, self._next_rank, MEMBERS_AT_ONCE)
        except CuratorError:  # hidden by an undo a moment ago, or unreadable, which the views of it tell
            self._timer.stop()
            return
        self._members[rows[rows < len(self._members)]] = True
        self._next_rank += MEMBERS_AT_ONCE
        if self._next_rank > self._marked.size or not len(rows):
            self._timer.stop()
        self.members_changed.emit()

    # ---- Qt --------------------------------------------------------------------------------------------------

    @property
    def columns(self) -> tuple[str, ...]:
        """Titles of the columns."""
        if self.dataset is not None and self.dataset.kind == "image":
            return PICTURE_COLUMNS if self.subset is None else SUBSET_PICTURE_COLUMNS
        return DATASET_COLUMNS if self.subset is None else SUBSET_COLUMNS

    def count(self) -> int:
        """Samples shown."""
        return len(self.rows)

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """Text for the table; the whole :class:`Item` under ``ITEM_ROLE``."""
        if role == Qt.ItemDataRole.TextAlignmentRole and index.isValid() and self.columns[index.column()] in NUMERIC:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, ITEM_ROLE):
            return None
        item = self.item(index.row())
        if item is None or role == ITEM_ROLE:
            return item
        return cell(item, self.columns[index.column()], whole=role == Qt.ItemDataRole.ToolTipRole)


def _find(project: Project | None, dataset: Dataset | None, query: Query) -> tuple[Ints, tuple[Group, ...], str]:
    """Rows in the order shown, their groups, and words for them."""
    if project is None or dataset is None:
        return NOTHING, (), ""
    if dataset.status == IMPORTING or query == Query(dataset.id):
        return np.arange(dataset.size, dtype=np.int32), (), ""
    found = project.browse.find(query)
    return found.rows, found.groups, found.words


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
        case "Size":
            return f"{sample.width:,} × {sample.height:,}" if sample.width and sample.height else ""
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
