"""What is known of every row of a Dataset, a column at a time: read once, kept until it changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Literal, TypeVar
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from curator.engine.arrays import open_array
from curator.engine.errors import InputError
from curator.engine.records import ClusteringRecord, Dataset, Subset
from curator.engine.store import Store
from curator.engine.store_browse import BrowseStore
from curator.engine.store_columns import NUMBERS, ColumnStore, Labels
from curator.engine.types import Rows

TAKE_A_NAME = ("score", "subset", "rank", "gain")
Kept = TypeVar("Kept")
KEPT = 64
"""Columns kept in memory; of a million rows each holds 4 to 8 MB."""


@dataclass(frozen=True)
class Column:
    """One value for each row of a Dataset.

    Attributes:
        values: of a category int32 [n], codes of ``names``, -1 = none; of a number float64 [n], NaN = none.
        kind: which of the two.
        names: the categories by code; empty for a number.
    """

    values: NDArray[Any]
    kind: Literal["category", "number"]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ranks:
    """A Subset: int32 rows in rank order."""

    rows: NDArray[np.int32]


class Columns:
    """Columns by name, each with a short text of what it was read from; when that changes it is read again.

    Threads that ask for the same column wait for the one that reads it; other columns are not held up.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.sql = BrowseStore(store)
        self._whole = ColumnStore(store)
        self._kept: OrderedDict[tuple[int, str], tuple[Any, Any]] = OrderedDict()
        self._guard = threading.Lock()
        self._turns: WeakValueDictionary[tuple[int, str], threading.RLock] = WeakValueDictionary()

    def get(self, dataset: Dataset, name: str) -> Column:
        """A column by its name; raises :class:`InputError` when there is none of that name."""
        head, _, rest = name.partition(":" if ":" in name else ".")
        reader = _READERS.get(head)
        if reader is None or (rest and head not in TAKE_A_NAME) or (head == "score" and not rest):
            raise InputError(f"There is no column “{name}”.", "See the fields that a dataset has.")
        column: Column = reader(self, dataset, rest)
        return column

    def keep(self, dataset: Dataset, name: str, state: Any, read: Callable[[], Kept]) -> Kept:
        """What ``read`` gives, kept for as long as ``state`` stays the same."""
        key, state = (dataset.id, name), (dataset.size, dataset.fingerprint, state)
        with self._guard:
            turn = self._turns.setdefault(key, threading.RLock())
        found = self._known(key, state)
        if found is None:
            with turn:
                found = self._known(key, state) or (state, read())
                with self._guard:
                    self._kept[key] = found
                    while len(self._kept) > KEPT:
                        self._kept.popitem(last=False)
        kept: Kept = found[1]
        return kept

    def _known(self, key: tuple[int, str], state: Any) -> tuple[Any, Any] | None:
        with self._guard:
            found = self._kept.get(key)
            if found is None or found[0] != state:
                return None
            self._kept.move_to_end(key)
        return found

    # ---- what terms and columns are made of ------------------------------------------------------------------

    def labels(self, dataset: Dataset) -> Labels:
        """All visible labels."""
        return self._store.labels_of(dataset)

    def ranks(self, dataset: Dataset, subset: Subset) -> Ranks:
        """A Subset's rows."""
        return self.keep(
            dataset, f"ranks:{subset.id}", subset.size, lambda: Ranks(self._whole.subset(dataset, subset.id))
        )

    def set_aside(self, dataset: Dataset) -> tuple[Rows, NDArray[np.bool_]]:
        """Rows hidden or unusable, and which of them are hidden by hand."""
        return self.keep(dataset, "set aside", self.sql.token(), lambda: self.sql.set_aside(dataset))

    def pins(self, dataset: Dataset) -> tuple[Rows, Rows]:
        """Rows pinned in and out."""
        return self.keep(dataset, "pins", self.sql.token(), lambda: self._store.pins(dataset.id))

    def rows_of_ids(self, dataset: Dataset, ids: Sequence[int]) -> Rows:
        """int64: the row of each Sample; raises :class:`InputError` for one that is not in the Dataset."""
        return self._store.rows_of(dataset.id, ids)

    def rows_among(self, dataset: Dataset, ids: Rows) -> Rows:
        """int64: the rows of those Samples that are in the Dataset."""

        def read() -> tuple[Rows, Rows]:
            known = self._whole.ids(dataset)
            order = np.argsort(known, kind="stable")
            return known[order], order

        known, order = self.keep(dataset, "ids", None, read)
        if not len(known):
            return order
        place = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        return order[place[known[place] == ids]]

    def clustering(self, dataset: Dataset) -> ClusteringRecord | None:
        """The newest Clustering that covers all rows and is on disk."""
        for record in reversed(self.sql.clusterings(dataset.id)):
            file = self._store.arrays / record.labels_file
            if file.is_file() and len(open_array(file)) == dataset.size:
                return record
        return None

    def _codes(self, record: ClusteringRecord) -> NDArray[np.int32]:
        return np.asarray(open_array(self._store.arrays / record.labels_file), np.int32)

    def newest_subset(self, dataset: Dataset) -> Subset | None:
        """The Subset made last."""
        found = self._store.subsets(dataset.id)
        return found[-1] if found else None

    def stands_for(self, dataset: Dataset) -> NDArray[np.int64]:
        """int64 [n]: for a copy or near-copy the row that stands for it, -1 for all others."""
        subset_id = self.sql.omitted_by(dataset)

        def read() -> NDArray[np.int64]:
            return _stands_for(self._whole.digests(dataset), *self.sql.omitted(dataset, subset_id))

        return self.keep(dataset, "stands for", subset_id, read)

    # ---- columns by name -------------------------------------------------------------------------------------

    def _class(self, dataset: Dataset, _: str) -> Column:
        def read() -> Column:
            codes, names = self._store.class_codes(dataset.id)
            return Column(codes, "category", names)

        return self.keep(dataset, "class", self._store.label_state(), read)

    def _skill(self, dataset: Dataset, _: str) -> Column:
        record = self.clustering(dataset)
        if record is None:
            return Column(np.full(dataset.size, -1, np.int32), "category")
        codes = self.keep(dataset, "skill codes", record.fingerprint, lambda: self._codes(record))
        return Column(codes, "category", tuple(name for _, name, _ in self._store.skills(record.id)))

    def _entropy(self, dataset: Dataset, _: str) -> Column:
        record = self.clustering(dataset)
        if record is None or not (self._store.arrays / record.membership_file).is_file():
            return Column(np.full(dataset.size, np.nan), "number")
        path = self._store.arrays / record.membership_file
        return self.keep(dataset, "entropy", record.fingerprint, lambda: Column(_entropy(open_array(path)), "number"))

    def _score(self, dataset: Dataset, name: str) -> Column:
        record = self.sql.scores(dataset.id).get(name)
        if record is None:
            known = ", ".join(f"score.{s}" for s in self.sql.scores(dataset.id)) or "none"
            raise InputError(f"Nothing has scored this dataset by “{name}”.", f"Known scores: {known}.")

        def read() -> Column:
            values = np.full(dataset.size, np.nan)
            found = open_array(self._store.arrays / record.file)[: dataset.size]
            values[: len(found)] = found  # a score made before the dataset grew
            return Column(values, "number")

        return self.keep(dataset, f"score.{name}", record.fingerprint, read)

    def _subset(self, dataset: Dataset, key: str) -> Column:
        if not key:
            return self._subsets(dataset)
        subset = self._store.subset(key)
        values = np.full(dataset.size, -1, np.int32)
        values[self.ranks(dataset, subset).rows] = 0
        return Column(values, "category", (subset.name,))

    def _subsets(self, dataset: Dataset) -> Column:
        found = self._store.subsets(dataset.id)

        def read() -> Column:
            values = np.full(dataset.size, -1, np.int32)
            for code, subset in enumerate(found):  # the newest is written last and wins
                values[self.ranks(dataset, subset).rows] = code
            return Column(values, "category", tuple(s.name for s in found))

        return self.keep(dataset, "subset", tuple((s.id, s.name, s.size) for s in found), read)

    def _rank(self, dataset: Dataset, key: str) -> Column:
        values = np.full(dataset.size, np.nan)
        subset = self._store.subset(key) if key else self.newest_subset(dataset)
        if subset is not None:
            rows = self.ranks(dataset, subset).rows
            values[rows] = np.arange(1, len(rows) + 1)
        return Column(values, "number")

    def _gain(self, dataset: Dataset, key: str) -> Column:
        values = np.full(dataset.size, np.nan)
        subset = self._store.subset(key) if key else self.newest_subset(dataset)
        if subset is not None:
            rows, gains = self._whole.gains(dataset, subset.id)
            values[rows] = gains
        return Column(values, "number")

    def _source(self, dataset: Dataset, _: str) -> Column:
        return self._sources(dataset)[0]

    def _name(self, dataset: Dataset, _: str) -> Column:
        return self._sources(dataset)[1]

    def _sources(self, dataset: Dataset) -> tuple[Column, Column]:
        def read() -> tuple[Column, Column]:
            order, parts = self._whole.sources(dataset)
            rows = self.rows_among(dataset, order)
            place = np.full(dataset.size, np.nan)
            place[rows] = np.arange(len(rows))
            codes: dict[str, int] = {}
            folders = np.full(dataset.size, -1, np.int32)
            for source, ids in parts:
                folders[self.rows_among(dataset, ids)] = codes.setdefault(folder_of(source), len(codes))
            return Column(folders, "category", tuple(codes)), Column(place, "number")

        return self.keep(dataset, "sources", None, read)

    def _duplicate(self, dataset: Dataset, _: str) -> Column:
        by = self.stands_for(dataset)
        state = self.sql.omitted_by(dataset)

        def read() -> Column:
            rows, codes = np.unique(by[by >= 0], return_inverse=True)
            values = np.full(dataset.size, -1, np.int32)
            values[by >= 0] = codes
            return Column(values, "category", tuple(self._store.iter_sources(dataset.id, rows)))

        return self.keep(dataset, "duplicate", state, read)

    def _pin(self, dataset: Dataset, _: str) -> Column:
        values = np.full(dataset.size, -1, np.int32)
        for code, rows in enumerate(self.pins(dataset)):
            values[rows] = code
        return Column(values, "category", ("in", "out"))

    def number(self, dataset: Dataset, name: str) -> Column:
        """Width, height, length or number of pictures."""
        return self.keep(dataset, name, None, lambda: Column(self._whole.numbers(dataset, name), "number"))


Reader = Callable[[Columns, Dataset, str], Column]


def _number(name: str) -> Reader:
    return lambda columns, dataset, _: columns.number(dataset, name)


_READERS: dict[str, Reader] = {
    "class": Columns._class,
    "skill": Columns._skill,
    "entropy": Columns._entropy,
    "score": Columns._score,
    "subset": Columns._subset,
    "rank": Columns._rank,
    "gain": Columns._gain,
    "source": Columns._source,
    "name": Columns._name,
    "duplicate": Columns._duplicate,
    "pin": Columns._pin,
    **{name: _number(name) for name in NUMBERS},
}


def folder_of(source: str) -> str:
    """The folder of a picture, or the file of a record."""
    file, mark, _ = source.rpartition("#")
    return file if mark else str(PurePosixPath(source).parent)


def _entropy(membership: NDArray[Any]) -> NDArray[np.float64]:
    """Shannon entropy of each row in nats, a block at a time."""
    values = np.full(len(membership), np.nan)
    for first in range(0, len(membership), 16_384):
        part = np.asarray(membership[first : first + 16_384], np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(part > 0, part * np.log(part), 0.0)
        entropy = np.maximum(-terms.sum(axis=1), 0.0)
        values[first : first + len(part)] = np.where(np.isfinite(part).all(axis=1), entropy, np.nan)
    return values


def _stands_for(digests: NDArray[np.bytes_], left_out: Rows, by: Rows) -> NDArray[np.int64]:
    """One row stands for each group of equal digests and near-copies: the lowest that no Run left out."""
    n = len(digests)
    same = _first_equal(digests)
    copies = np.flatnonzero(same != np.arange(n))
    root = _components(n, np.concatenate([copies, left_out]), np.concatenate([same[copies], by]))
    found = np.full(n, -1, np.int64)
    if not len(copies) and not len(left_out):
        return found
    linked = np.zeros(n, bool)
    linked[root[copies]] = linked[root[left_out]] = True
    dropped = np.zeros(n, bool)
    dropped[left_out] = True
    members = np.flatnonzero(linked[root])
    order = members[np.lexsort((members, dropped[members], root[members]))]
    groups, start = np.unique(root[order], return_index=True)
    keeper = order[start][np.searchsorted(groups, root[order])]
    found[order] = np.where(order == keeper, -1, keeper)
    return found


def _first_equal(digests: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """int64 [n]: the lowest row with the digest of each row. Digests are compared by a number made of each, where no
    two have the same number: a tenth of the time."""
    words = np.ascontiguousarray(digests).view(np.uint64).reshape(len(digests), digests.dtype.itemsize // 8)
    mixed = np.zeros(len(digests), np.uint64)
    for column in words.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    for keys in (mixed, digests):
        _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        same = first[group]
        if bool((digests[same] == digests).all()):
            break
    found: NDArray[np.int64] = same
    return found


def _components(n: int, a: Rows, b: Rows) -> NDArray[np.int64]:
    """The lowest row that each row is linked to, directly or through others."""
    root = np.arange(n)
    while True:
        low = np.minimum(root[a], root[b])
        before = root.copy()
        np.minimum.at(root, a, low)
        np.minimum.at(root, b, low)
        root = root[root]
        if (root == before).all():
            return root
