"""Samples, as they are read: by row, by id, a column at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from curator.engine.errors import InputError, StoreError
from curator.engine.history import clean
from curator.engine.records import Sample, SkippedSource
from curator.engine.store_datasets import PAGE, DatasetStore, is_inside, marks
from curator.engine.types import Rows

LABELS = (
    "(select json_group_array(name) from (select name from label where sample_id = sample.id and not label.hidden"
    " order by origin = 'user' desc, id))"
)
"""The labels of a Sample as JSON, the user's before the given ones."""

VISIBLE = "row >= 0 and row < (select d.size from dataset d where d.id = sample.dataset_id and not d.hidden)"
SAMPLE = (
    "select sample.id, dataset_id, row, source, digest, text, record, images, width, height,"
    f" {LABELS},"
    " (select state from pin where sample_id = sample.id), hidden, problem, split from sample"
)


class SampleStore(DatasetStore):
    """What a Project knows of its Samples."""

    def samples(self, dataset_id: int, first_row: int = 0, count: int = 200) -> list[Sample]:
        """A page of Samples by row."""
        size = self.one("select size from dataset where id = ?", (dataset_id,)) or 0
        first_row, last = max(0, first_row), min(first_row + count, size)
        sql = f"{SAMPLE} where dataset_id = ? and row >= ? and row < ? order by row"
        return [sample_record(r) for r in self.rows(sql, (dataset_id, first_row, last))]

    def samples_by_id(self, ids: Sequence[int]) -> list[Sample]:
        """Visible Samples in the order of ``ids``; unknown ids are left out."""
        found: dict[int, Sample] = {}
        for first in range(0, len(ids), PAGE):
            part = [int(i) for i in ids[first : first + PAGE]]
            sql = f"{SAMPLE} where sample.id in ({marks(part)}) and {VISIBLE}"
            found.update((r[0], sample_record(r)) for r in self.rows(sql, part))
        return [found[int(i)] for i in ids if int(i) in found]

    def sample_ids(self, dataset_id: int) -> Rows:
        """int64 [n]: the id of each visible row."""
        return np.fromiter((i for (i,) in self._stream("id", dataset_id, visible=True)), np.int64)

    def rows_of(self, dataset_id: int, sample_ids: Sequence[int]) -> Rows:
        """int64: the row of each id; raises :class:`InputError` for one that is not in the Dataset."""
        by_id: dict[int, int] = {}
        for first in range(0, len(sample_ids), PAGE):
            part = [int(i) for i in sample_ids[first : first + PAGE]]
            # the plus has SQLite go by the ids; by the rows of the dataset it would read them all
            sql = f"select id, row from sample where id in ({marks(part)}) and +dataset_id = ? and {VISIBLE}"
            by_id.update(self.rows(sql, (*part, dataset_id)))
        missing = [i for i in sample_ids if int(i) not in by_id]
        if missing:
            raise InputError(f"There is no sample {missing[0]} in this dataset.")
        return np.array([by_id[int(i)] for i in sample_ids], np.int64)

    def iter_sources(self, dataset_id: int, rows: Rows) -> Iterator[str]:
        """Where each row comes from, in the order of ``rows``."""
        return (v[0] for v in self._by_row("source", dataset_id, rows))

    def iter_texts(self, dataset_id: int, rows: Rows) -> Iterator[str]:
        """The text of each row, in the order of ``rows``."""
        return (v[0] for v in self._by_row("text", dataset_id, rows))

    def iter_records(self, dataset_id: int, rows: Rows) -> Iterator[str]:
        """The original record of each row, in the order of ``rows``."""
        return (v[0] for v in self._by_row("record", dataset_id, rows))

    def iter_digests(self, dataset_id: int, rows: Rows) -> Iterator[str]:
        """The content digest of each row, in the order of ``rows``."""
        return (v[0] for v in self._by_row("digest", dataset_id, rows))

    def iter_images(self, dataset_id: int, rows: Rows) -> Iterator[tuple[str, ...]]:
        """Relative image paths of each row, in the order of ``rows``.

        Raises:
            StoreError: a path leaves the Dataset's root (only in a Project that was tampered with).
        """
        return (inside(tuple(json.loads(v[0]))) for v in self._by_row("images", dataset_id, rows))

    def _by_row(self, column: str, dataset_id: int, rows: Rows) -> Iterator[tuple[Any, ...]]:
        for first in range(0, len(rows), PAGE):
            part = rows[first : first + PAGE].tolist()
            dense = part[-1] - part[0] + 1 == len(part) and part == list(range(part[0], part[-1] + 1))
            if dense:
                sql = f"select row, {column} from sample where dataset_id = ? and row between ? and ?"
                found = dict(self.rows(sql, (dataset_id, part[0], part[-1])))
            else:
                sql = f"select row, {column} from sample where dataset_id = ? and row in ({marks(part)})"
                found = dict(self.rows(sql, (dataset_id, *part)))
            for row in part:
                if row not in found:
                    raise StoreError(f"Row {row} is not in the dataset (any more).", "Run it again.")
                yield (found[row],)

    def set_problem(self, dataset_id: int, rows: Rows, reason: str) -> None:
        """Note why rows cannot be used."""
        with self.write():
            self.db.conn.executemany(
                "update sample set problem = ? where dataset_id = ? and row = ?",
                [(clean(reason), dataset_id, int(r)) for r in rows],
            )

    def problem_rows(self, dataset_id: int) -> Rows:
        """int64, ascending: visible rows that cannot be used or are hidden."""
        sql = "select row from sample where dataset_id = ? and row >= 0 and (problem != '' or hidden) order by row"
        size = int(self.one("select size from dataset where id = ?", (dataset_id,)) or 0)
        return np.array([r for (r,) in self.rows(sql, (dataset_id,)) if r < size], np.int64)

    def skips(self, dataset_id: int, first: int = 0, count: int = 200) -> list[SkippedSource]:
        """A page of what imports set aside."""
        sql = "select source, reason, created from skipped where dataset_id = ? order by id limit ? offset ?"
        return [SkippedSource(*r) for r in self.rows(sql, (dataset_id, count, first))]


def inside(names: tuple[str, ...]) -> tuple[str, ...]:
    """Paths relative to a root, as they are; raises :class:`StoreError` for one that leaves it."""
    for name in names:
        if not is_inside(name):
            raise StoreError(f"The project names a picture outside its dataset: {name}.", "Do not trust this project.")
    return names


def sample_record(r: tuple[Any, ...]) -> Sample:
    images, labels = tuple(json.loads(r[7])), tuple(json.loads(r[10] or "[]"))
    return Sample(*[*r[:7], images, r[8], r[9], labels, r[11] or "", bool(r[12]), r[13], r[14]])
