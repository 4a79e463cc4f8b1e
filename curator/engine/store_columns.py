"""Columns of a whole Dataset, read a part at a time over the second connection.

SQLite joins the numbers of a part into one text, which numpy takes apart: a fifth of the time that an object of Python
for each value takes, and most of it without Python's lock, so that a window goes on meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from curator.engine.history import Ledger
    from curator.engine.records import Dataset
    from curator.engine.types import Ints, Rows

STREAM = 20_000
"""Rows read in one statement."""
NUMBERS = {
    "width": "nullif(width, 0)",
    "height": "nullif(height, 0)",
    "length": "length(text)",
    "images": "json_array_length(images)",
}
"""Columns that SQL works out for each Sample."""
PART = "from sample where dataset_id = ? and row >= ? and row < ?"
FOLDER = "rtrim(source, replace(source, case when instr(source, '#') then '#' else '/' end, ''))"
"""A source as far as its last "#", or else its last "/": those with the same one are of one file or folder."""


@dataclass(frozen=True)
class Labels:
    """All visible labels of a Dataset, in the order of their making.

    int32 ``rows[i]`` has the label ``names[codes[i]]``; ``users[i]``: whether the user gave it. ``names`` are sorted.
    """

    rows: Ints
    codes: Ints
    users: NDArray[np.bool_]
    names: tuple[str, ...]


class ColumnStore:
    """Reads for :class:`~curator.engine.browse_columns.Columns`; what it returns is whole and never a live view."""

    def __init__(self, store: Ledger) -> None:
        self._store = store

    def labels(self, dataset: Dataset) -> Labels:
        """Every visible label by rising id."""
        sql = (  # cross: go by the labels; by the samples, each part would look at all of them
            "select name, origin = 'user', group_concat(label.id), group_concat(row)"
            " from label cross join sample on sample.id = sample_id where label.id > ? and label.id <= ?"
            " and not label.hidden and dataset_id = ? and row >= 0 and row < ? group by name, origin = 'user'"
        )
        codes: dict[str, int] = {}
        keys, rows, of, users = [_NONE], [_NONE], [_NONE], [np.zeros(0, bool)]
        for first in range(0, int(self._store.one("select max(id) from label") or 0), STREAM):
            for name, user, ids, places in self._store.rows_aside(
                sql, (first, first + STREAM, dataset.id, dataset.size)
            ):
                keys.append(whole_numbers(ids))
                rows.append(whole_numbers(places))
                of.append(np.full(len(keys[-1]), codes.setdefault(name, len(codes))))
                users.append(np.full(len(keys[-1]), bool(user)))
        order = np.argsort(np.concatenate(keys), kind="stable")
        names = sorted(codes)
        place = np.zeros(len(names) + 1, np.int32)
        place[[codes[name] for name in names]] = np.arange(len(names), dtype=np.int32)
        row, code = (np.concatenate(parts)[order].astype(np.int32) for parts in (rows, of))
        return Labels(row, place[code], np.concatenate(users)[order], tuple(names))

    def numbers(self, dataset: Dataset, name: str) -> NDArray[np.float64]:
        """float64 [n]: one of :data:`NUMBERS` for each row, NaN where there is none."""
        values = np.full(dataset.size, np.nan)
        sql = f"select group_concat(row), group_concat(coalesce({NUMBERS[name]}, 'nan')) {PART}"
        for rows, found in self._parts(sql, dataset):
            values[whole_numbers(rows)] = np.fromstring(found, np.float64, sep=",")
        return values

    def ids(self, dataset: Dataset) -> Rows:
        """int64 [n]: the id of each visible row."""
        values = np.zeros(dataset.size, np.int64)
        for rows, found in self._parts(f"select group_concat(row), group_concat(id) {PART}", dataset):
            values[whole_numbers(rows)] = whole_numbers(found)
        return values

    def digests(self, dataset: Dataset) -> NDArray[np.bytes_]:
        """S64 [n]: the content digest of each row."""
        values = np.zeros(dataset.size, "S64")
        for rows, found in self._parts(f"select group_concat(row), group_concat(digest) {PART}", dataset):
            values[whole_numbers(rows)] = found.encode("utf-8").split(b",")
        return values

    def sources(self, dataset: Dataset) -> tuple[Rows, list[tuple[str, Rows]]]:
        """int64: ids of Samples in the order of their sources; and (the first source, ids) of each folder or file,
        by its first source; one that is large comes in parts. Both are read from the index of sources alone."""
        next_ones = "select id from sample where dataset_id = ? and source > ? order by source limit ?"
        folders = (
            "select min(source), group_concat(id) from sample where dataset_id = ? and source > ? and source <= ?"
            f" group by {FOLDER} order by 1"
        )
        order, parts, last = [_NONE], [], ""
        while found := self._store.rows_aside(next_ones, (dataset.id, last, STREAM)):
            order.append(np.array(found, np.int64).ravel())
            before, last = last, self._store.one_aside("select source from sample where id = ?", found[-1])
            parts += [
                (source, whole_numbers(ids))
                for source, ids in self._store.rows_aside(folders, (dataset.id, before, last))
            ]
        return np.concatenate(order), parts

    def subset(self, dataset: Dataset, subset_id: int) -> Ints:
        """int32: the rows of a Subset in rank order."""
        (rows,) = self.picks(subset_id, "row")
        return rows[(rows >= 0) & (rows < dataset.size)].astype(np.int32)

    def gains(self, dataset: Dataset, subset_id: int) -> tuple[Ints, NDArray[np.float64]]:
        """A Subset in rank order: int32 rows, and their gains (NaN where there is none)."""
        sql = "select gain from subset_sample where subset_id = ? and rank >= ? and rank < ? order by rank"
        (rows,) = self.picks(subset_id, "row")
        gains: list[float | None] = []
        for first in range(1, len(rows) + 1, STREAM):
            gains += [gain for (gain,) in self._store.rows_aside(sql, (subset_id, first, first + STREAM))]
        inside = (rows >= 0) & (rows < dataset.size)
        return rows[inside].astype(np.int32), np.array(gains, np.float64)[inside]

    def picks(self, subset_id: int, *columns: str, after: int = 0, first: int | None = None) -> list[Rows]:
        """int64 each: whole numbers that SQL works out for the Samples of a Subset by rank: of all, or of those among
        the ``first`` that come ``after`` so many."""
        size = int(self._store.one_aside("select max(rank) from subset_sample where subset_id = ?", (subset_id,)) or 0)
        size = size if first is None else min(first, size)
        joined = ", ".join(f"group_concat({column})" for column in ("rank", *columns))
        sql = (
            f"select {joined} from subset_sample join sample on sample.id = sample_id"
            " where subset_id = ? and rank > ? and rank <= ?"
        )
        found = [np.zeros(max(0, size - after), np.int64) for _ in columns]
        there = np.zeros(max(0, size - after), bool)
        for low in range(after, size, STREAM):
            ranks, *values = self._store.rows_aside(sql, (subset_id, low, min(low + STREAM, size)))[0]
            places = whole_numbers(ranks) - 1 - after
            there[places] = True
            for column, part in zip(found, values, strict=True):
                column[places] = whole_numbers(part)
        return found if there.all() else [column[there] for column in found]

    def _parts(self, sql: str, dataset: Dataset) -> list[tuple[str, str]]:
        """What ``sql`` joins of each part of the rows."""
        bounds = ((first, min(first + STREAM, dataset.size)) for first in range(0, dataset.size, STREAM))
        found = (self._store.rows_aside(sql, (dataset.id, *bound))[0] for bound in bounds)
        return [(rows, values) for rows, values in found if rows is not None]


_NONE: Rows = np.zeros(0, np.int64)


def whole_numbers(joined: str | None) -> Rows:
    """int64: numbers that SQLite has joined by commas, in no order unless the query gave one."""
    return np.fromstring(joined, np.int64, sep=",") if joined else _NONE
