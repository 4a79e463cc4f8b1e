"""Looking through a Dataset: filter, sort and group its rows, and read its columns. The face that views use."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curator.engine.arrays import open_array
from curator.engine.browse_columns import Column, Columns
from curator.engine.errors import InputError
from curator.engine.filter_language import FilterError, Term, parse_filter
from curator.engine.filter_terms import FLAGS, NUMBER_FIELDS, SIMILAR, Reading, category
from curator.engine.jobs import Job, Listener, Submit
from curator.engine.records import Dataset, Sample, Subset
from curator.engine.searching import SearchRequest, cosines, missing, newest_embedding, sought
from curator.engine.store import Store
from curator.engine.store_columns import NUMBERS
from curator.engine.store_pages import PageStore

ANSWERS = 8
"""Latest answers kept, while nothing changes: several views ask the same."""
BREATH_S = 0.01
"""Between two chunks of words that are indexed."""
MAX_VALUES = 500
"""Names of a field that are offered for completion."""


@dataclass(frozen=True)
class Query:
    """What to show of a Dataset.

    Attributes:
        subset_id: only the rows of this Subset.
        where: a filter, see ``filter_language``.
        sort: "row", "rank" (of the Subset; of the newest without one), "name", "similarity", or a column.
        descending: the largest first. Rows without a value always come last; ties go to the lowest row.
        group: a column of categories whose rows stay together; "" for none.
    """

    dataset_id: int
    subset_id: int | None = None
    where: str = ""
    sort: str = "row"
    descending: bool = False
    group: str = ""


@dataclass(frozen=True)
class Group:
    """Rows that belong together: ``count`` of them from place ``start`` of :attr:`Found.rows` on."""

    name: str
    start: int
    count: int


@dataclass(frozen=True)
class Found:
    """The answer to a :class:`Query`.

    Attributes:
        rows: int32 [m], rows of the Dataset in the order to show them.
        groups: in display order; empty when the Query asks for none.
        words: what is shown, in words.
        similarity: float64 [n], for each row of the Dataset how like it is to what was searched for; None when the
            Query has no search by likeness.
    """

    rows: NDArray[np.int32]
    groups: tuple[Group, ...] = ()
    words: str = ""
    similarity: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Field:
    """Something that a filter, a sort or a grouping can name.

    Attributes:
        name: as it is written.
        kind: "category", "number", "text" or "flag".
        words: what it is.
        values: names that it can have, at most :data:`MAX_VALUES`.
        sortable, groupable: whether it can be a ``sort`` or a ``group``.
    """

    name: str
    kind: str
    words: str
    values: tuple[str, ...] = ()
    sortable: bool = False
    groupable: bool = False


@dataclass(frozen=True)
class Neighbour:
    """A row, and how alike it is: the cosine in an Embedding."""

    row: int
    similarity: float


@dataclass(frozen=True)
class Copies:
    """Copies and near-copies of a row.

    Attributes:
        kept: the row that stands for it; None when it stands for itself.
        rows: all rows that the one kept stands for, ascending.
    """

    kept: int | None
    rows: tuple[int, ...] = ()


class Browse:
    """Reached as ``project.browse``. Several threads may ask at once: a long question does not hold up a short one."""

    def __init__(self, store: Store, submit: Submit | None = None) -> None:
        self._store = store
        self._submit = submit
        self._columns = Columns(store)
        self._pages = PageStore(store)
        self._guard = threading.Lock()
        self._found: OrderedDict[tuple[Query, tuple[int, int]], Found] = OrderedDict()

    def find(self, query: Query) -> Found:
        """The rows that a Query asks for.

        Raises:
            FilterError: ``where`` is not a filter, or names what is not there; ``start`` and ``end`` say where.
            InputError: there is no such Dataset, Subset or column.
            NotReadyError: a search by likeness needs what :meth:`submit` starts.
        """
        key = (query, self._columns.sql.token())
        with self._guard:
            found = self._found.get(key)
        found = self._find(query) if found is None else found
        with self._guard:
            self._found[key] = found
            self._found.move_to_end(key)
            while len(self._found) > ANSWERS:
                self._found.popitem(last=False)
        return found

    def is_ready(self, query: Query) -> bool:
        """Whether :meth:`find` can answer in a moment, or something must be encoded or indexed by :meth:`submit` first.

        Raises:
            FilterError: ``where`` is not a filter.
        """
        return not self.missing(query)

    def missing(self, query: Query) -> str:
        """What :meth:`find` lacks: "vectors", which :meth:`submit` has an encoder make, "words", which :meth:`submit`
        or :meth:`read_words` index, or "" when it is ready.

        Raises:
            FilterError: ``where`` is not a filter.
        """
        return missing(self._store, self._store.dataset(query.dataset_id), query.where)

    def read_words(self) -> None:
        """Index the words of every Sample here and now, with pauses for other writers; minutes for a large pile."""
        while self._columns.sql.take_in_words():
            time.sleep(BREATH_S)

    def submit(self, query: Query, device: str = "auto", listener: Listener | None = None) -> Job:
        """Start what :meth:`find` needs: words and pictures encoded, texts indexed."""
        assert self._submit is not None
        name = self._store.dataset(query.dataset_id).name
        return self._submit(SearchRequest(name, query.where, device), listener)

    def neighbours(self, dataset_id: int, row: int, count: int = 12) -> tuple[Neighbour, ...]:
        """The rows most like one row in the newest Embedding, exactly, the nearest first; () without an Embedding."""
        dataset = self._store.dataset(dataset_id)
        record = newest_embedding(self._store, dataset)
        if record is None:
            return ()
        matrix = open_array(self._store.arrays / record.file, (record.rows, record.dims))
        if not np.isfinite(matrix[row, 0]):
            return ()
        values = cosines(matrix, matrix[row])
        values[row] = np.nan
        order = _order(values, descending=True)[:count]
        return tuple(Neighbour(int(r), float(values[r])) for r in order if np.isfinite(values[r]))

    def copies(self, dataset_id: int, row: int) -> Copies:
        """What stands for a row, or which rows it stands for."""
        by = self._columns.stands_for(self._store.dataset(dataset_id))
        kept = int(by[row]) if by[row] >= 0 else None
        return Copies(kept, tuple(np.flatnonzero(by == (row if kept is None else kept)).tolist()))

    def _find(self, query: Query) -> Found:
        dataset = self._store.dataset(query.dataset_id)
        subset = self._subset(dataset, query.subset_id)
        where = parse_filter(query.where)
        reading = self._reading(dataset, subset)
        mask = np.ones(dataset.size, bool) if where is None else reading.mask(where)
        if subset is not None:
            members = self._columns.ranks(dataset, subset).rows.astype(np.int64)
            rows = np.sort(members[mask[members]])
        else:
            rows = np.flatnonzero(mask)
        if query.sort != "row":
            values = self._sort_values(dataset, subset, query.sort, reading)[rows]
            rows = rows[_order(values, query.descending)]
        elif query.descending:
            rows = rows[::-1]
        rows, groups = self._grouped(dataset, rows, query.group)
        words = _words(query, dataset, subset, len(rows))
        return Found(np.ascontiguousarray(rows, np.int32), groups, words, next(iter(reading.found.values()), None))

    def column(self, dataset_id: int, name: str) -> Column:
        """One value for each row: "class", "skill", "entropy", "score.NAME", "gain" or "gain:ID" (of a Subset),
        "rank", "rank:ID", "subset:ID", "subset" (the newest that holds a row), "source" (the folder or file), "name"
        (place in the order of names), "duplicate" (what a copy is a copy of), "pin", "width", "height", "length",
        "images".

        Raises:
            InputError: there is no such column.
        """
        return self._columns.get(self._store.dataset(dataset_id), name)

    def fields(self, dataset_id: int, values: bool = True) -> tuple[Field, ...]:
        """What filters, sorts and groupings of this Dataset can name; without their ``values`` it costs nothing."""
        dataset = self._store.dataset(dataset_id)
        labels = self._columns.labels(dataset).names[:MAX_VALUES] if values else ()
        skills = self._columns.get(dataset, "skill").names[:MAX_VALUES] if values else ()
        subsets = self._store.subsets(dataset.id)
        found = [
            Field("label", "category", "A label of the sample", labels),
            Field("class", "category", "Its class", labels, True, True),
            Field("skill", "category", "The skill it is in", skills, True, True),
            Field("in", "category", "A subset that it is in", (*[s.name for s in subsets], "latest")),
            Field("subset", "category", "The newest subset that it is in", (), False, True),
            Field("pin", "category", "How it is pinned", ("in", "out", "none"), False, True),
            Field("is", "flag", "What is the matter with it", tuple(FLAGS)),
            Field("text", "text", 'Words in its text: text~"two words", or text:"any signs"'),
            Field("source", "category", "Its file or folder", (), False, True),
            Field("duplicate", "category", "What it is a copy of", (), False, True),
            Field("name", "number", "Its place in the order of names", (), True),
            *(Field(f"score.{s}", "number", f"Its score by {s}", (), True) for s in self._scores(dataset)),
            *(Field(n, "number", words, (), True) for n, words in _NUMBERS.items() if self._has(dataset, n)),
            Field("id", "number", "Its number in the project"),
            *(Field(n, "text", words) for n, words in _SIMILAR.items()),
        ]
        return tuple(found)

    def samples(self, dataset_id: int, rows: Sequence[int]) -> list[Sample]:
        """Samples by row, in the order given: a page of :attr:`Found.rows`."""
        return self._pages.samples(dataset_id, rows)

    def ids(self, dataset_id: int, rows: Sequence[int]) -> list[int]:
        """Sample ids by row, in the order given."""
        return self._pages.ids(dataset_id, rows)

    # ---- behind find -----------------------------------------------------------------------------------------

    def _subset(self, dataset: Dataset, subset_id: int | None) -> Subset | None:
        if subset_id is None:
            return None
        subset = self._store.subset(subset_id)
        if subset.dataset_id != dataset.id:
            raise InputError(f"“{subset.name}” is not a subset of “{dataset.name}”.")
        return subset

    def _reading(self, dataset: Dataset, subset: Subset | None) -> Reading:
        return Reading(
            self._columns,
            dataset,
            self._store.subsets(dataset.id),
            subset,
            lambda term: self._similarity(dataset, term),
            self._words_ready,
        )

    def _similarity(self, dataset: Dataset, term: Term) -> NDArray[np.float64]:
        """Cosine of each row with what ``term`` names, NaN for unreadable rows; the latest of each kind is kept."""
        record, vector = sought(self._store, dataset, term)
        shape = (record.rows, record.dims)
        return self._columns.keep(
            dataset, f"similarity {term.field}", (record.fingerprint, vector.tobytes()),
            lambda: cosines(open_array(self._store.arrays / record.file, shape), vector),
        )  # fmt: skip

    def _words_ready(self) -> None:
        sql = self._columns.sql
        while sql.words_behind() and sql.take_in_words():  # asking costs no turn among those who write
            pass

    def _sort_values(self, dataset: Dataset, subset: Subset | None, sort: str, reading: Reading) -> NDArray[np.float64]:
        if sort == "similarity":
            if not reading.found:
                raise InputError("There is nothing to be similar to.", "Search for something first.")
            return next(iter(reading.found.values()))
        if sort in ("rank", "gain") and subset is not None:
            sort = f"{sort}:{subset.id}"
        column = self._columns.get(dataset, "name" if sort == "source" else sort)
        if column.kind == "number":
            return np.asarray(column.values, np.float64)
        return np.where(column.values < 0, np.nan, column.values.astype(np.float64))

    def _grouped(
        self, dataset: Dataset, rows: NDArray[np.int64], group: str
    ) -> tuple[NDArray[np.int64], tuple[Group, ...]]:
        if not group:
            return rows, ()
        column = category(self._columns.get(dataset, group), group)
        codes = column.values[rows]
        codes = np.where(codes < 0, len(column.names), codes)
        order = np.argsort(codes, kind="stable")
        present, start, count = np.unique(codes[order], return_index=True, return_counts=True)
        names = (*column.names, "none")
        groups = tuple(Group(names[c], int(s), int(n)) for c, s, n in zip(present, start, count, strict=True))
        return rows[order], groups

    def _scores(self, dataset: Dataset) -> list[str]:
        return sorted(self._columns.sql.scores(dataset.id))

    def _has(self, dataset: Dataset, name: str) -> bool:
        if name in ("rank", "gain"):
            return bool(self._store.subsets(dataset.id))
        if name == "entropy":
            record = self._columns.clustering(dataset)
            return record is not None and bool(record.membership_file)
        return name not in ("width", "height") or dataset.kind == "image"


_NUMBERS = {
    "row": "Its place in the dataset, from 1",
    "entropy": "How undecided its skill is, in nats",
    "rank": "Its rank in the subset",
    "gain": "What it added to the subset",
    "width": "Width in pixels",
    "height": "Height in pixels",
    "length": "Characters of its text",
    "images": "How many pictures it has",
}
_SIMILAR = {
    "like": 'What fits these words: like:"a red car"',
    "near": "What is near these samples, by number: near:17,25",
    "picture": 'What looks like a picture: picture:"/path/to.jpg"',
}
assert set(_NUMBERS) <= {*NUMBER_FIELDS} and set(_SIMILAR) == set(SIMILAR) and set(NUMBERS) <= set(_NUMBERS)


def _order(values: NDArray[np.float64], descending: bool) -> NDArray[np.intp]:
    """Stable order by value; those without one last."""
    return np.argsort(-values if descending else values, kind="stable")  # NaN sorts last either way


def _words(query: Query, dataset: Dataset, subset: Subset | None, count: int) -> str:
    size = dataset.size if subset is None else subset.size
    place = dataset.name if subset is None else subset.name
    words = f"{count:,} of {size:,} in {place}" if query.where.strip() else f"{count:,} in {place}"
    if query.where.strip():
        words += f" where {query.where.strip()}"
    if query.sort != "row" or query.descending:
        words += f", by {query.sort}{', falling' if query.descending else ''}"
    return words + (f", grouped by {query.group}" if query.group else "")


__all__ = ["Browse", "Column", "Copies", "Field", "FilterError", "Found", "Group", "Neighbour", "Query"]
