"""SQL of :mod:`curator.engine.pages`: Samples by row, Subsets by rank, and what an import has stored so far."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from curator.engine.records import Dataset, Sample, SubsetRow
from curator.engine.store_columns import ColumnStore
from curator.engine.store_datasets import DATASET, PAGE, dataset_record
from curator.engine.store_samples import LABELS, SAMPLE, sample_record

if TYPE_CHECKING:
    from curator.engine.store import Store
    from curator.engine.types import Ints

CHOICE = (
    "select rank, sample.id, sample.row, sample.source, sample.text, gain, weight, reason, nearest_id,"
    f" coalesce(skill.name, ''), {LABELS} from subset_sample join subset on subset.id = subset_id"
    " join sample on sample.id = sample_id"
    " left join skill on skill.clustering_id = subset.clustering_id and skill.number = subset_sample.skill"
    " where subset_id = ?"
)


class PageStore:
    """Reads by row and by rank, always through a key."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def samples(self, dataset_id: int, rows: Sequence[int]) -> list[Sample]:
        """The Samples of some rows, in the order of ``rows``; rows that are not there are left out."""
        found = {r[2]: sample_record(r) for r in self._by_row(SAMPLE, dataset_id, rows)}
        return [found[row] for row in rows if row in found]

    def ids(self, dataset_id: int, rows: Sequence[int]) -> list[int]:
        """The id of each row that is there, in the order of ``rows``."""
        found = dict(self._by_row("select row, id from sample", dataset_id, rows))
        return [found[row] for row in rows if row in found]

    def _by_row(self, sql: str, dataset_id: int, rows: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        for first in range(0, len(rows), PAGE):
            part = [int(r) for r in rows[first : first + PAGE]]
            low, high = min(part), max(part)
            if high - low < len(part):
                yield from self._store.rows(
                    f"{sql} where dataset_id = ? and row between ? and ?", (dataset_id, low, high)
                )
            else:
                marks = ",".join("?" * len(part))
                yield from self._store.rows(f"{sql} where dataset_id = ? and row in ({marks})", (dataset_id, *part))

    def ranking(self, subset_id: int, first_rank: int, count: int) -> Ints:
        """int32: rows of the Dataset in rank order, from ``first_rank`` on."""
        after = first_rank - 1
        return ColumnStore(self._store).picks(subset_id, "row", after=after, first=after + count)[0].astype(np.int32)

    def choices(self, subset_id: int, ranks: Sequence[int]) -> list[SubsetRow]:
        """What a Subset says of some ranks, by rising rank."""
        found: list[SubsetRow] = []
        for first in range(0, len(ranks), PAGE):
            part = [int(r) for r in ranks[first : first + PAGE]]
            sql = f"{CHOICE} and rank in ({','.join('?' * len(part))}) order by rank"
            read = self._store.rows(sql, (subset_id, *part))
            found += [SubsetRow(*[*r[:10], tuple(json.loads(r[10] or "[]"))]) for r in read]
        return found

    def arriving(self) -> list[Dataset]:
        """Datasets whose first import has not finished; ``size`` counts the rows stored so far."""
        found = [dataset_record(r) for r in self._store.rows(f"{DATASET} where status = 'importing' and not hidden")]
        sql = "select coalesce(max(row) + 1, 0) from sample where dataset_id = ? and row >= 0"
        return [replace(d, size=int(self._store.one(sql, (d.id,)))) for d in found]

    def projections(self, dataset_id: int) -> list[tuple[Any, ...]]:
        """(id, projector, file, created) of each Projection, oldest first."""
        return self._store.rows(
            "select id, maker, file, created from projection where dataset_id = ? order by id", (dataset_id,)
        )
