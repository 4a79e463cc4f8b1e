"""Rows of Subsets that are made from others, or by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curator.engine.history import clean, now
from curator.engine.store import Store
from curator.engine.store_columns import ColumnStore
from curator.engine.types import Changes, Rows

CHUNK = 10_000
Pick = tuple[int, float | None, float | None, str, int | None, int | None]
"""(sample_id, gain, weight, reason, nearest_id, skill)"""


@dataclass(frozen=True)
class Members:
    """A Subset in rank order.

    Attributes:
        rows: int64 [b], rows in the Dataset.
        skills: int64 [b], -1 = none.
        letters: int64 [b], characters of text.
    """

    rows: Rows
    skills: Rows
    letters: Rows


class MadeSubsets:
    """Reads and writes whole Subsets over a :class:`~curator.engine.store.Store`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def members(self, subset_id: int) -> Members:
        """What a smaller budget changes, read as columns are: see :mod:`~curator.engine.store_columns`."""
        return Members(*ColumnStore(self.store).picks(subset_id, "row", "coalesce(skill, -1)", "length(text)"))

    def rows_in_rank_order(self, subset_id: int) -> Rows:
        """int64 [b]: the rows of a Subset."""
        sql = "select row from subset_sample join sample on sample.id = sample_id where subset_id = ? order by rank"
        return np.array([r for (r,) in self.store.rows(sql, (subset_id,))], np.int64)

    def dropped_for(self, subset_id: int, row: int, most: int) -> list[tuple[int, float]]:
        """(row, similarity) of what a Run left out in favour of ``row``, the most similar first."""
        sql = (
            "select a.row, coalesce(similarity, 1.0) from left_out join sample a on a.id = left_out.sample_id"
            " join sample b on b.id = covered_by where subset_id = ? and b.row = ?"
            " order by similarity desc, a.row limit ?"
        )
        return self.store.rows(sql, (subset_id, row, most))

    def omission(self, subset_id: int, row: int) -> tuple[str, int | None, float]:
        """(why a Run left ``row`` out, the row that stands for it, how alike they are); ("", None, nan) otherwise."""
        sql = (
            "select reason, b.row, coalesce(similarity, 1.0) from left_out"
            " join sample a on a.id = left_out.sample_id"
            " left join sample b on b.id = covered_by where subset_id = ? and a.row = ?"
        )
        found = self.store.rows(sql, (subset_id, row))
        return found[0] if found else ("", None, float("nan"))

    def picks(self, subset_id: int, most: int = -1) -> list[Pick]:
        """The first ``most`` entries of a Subset in rank order (-1 = all)."""
        sql = (
            "select sample_id, gain, weight, reason, nearest_id, skill from subset_sample where subset_id = ?"
            " order by rank limit ?"
        )
        return self.store.rows(sql, (subset_id, most))

    def clustering_of(self, subset_id: int) -> tuple[int | None, str]:
        """The Clustering that a Subset's Skills belong to, and its file of labels; (None, "") without one."""
        sql = (
            "select clustering.id, labels_file from subset join clustering on clustering.id = clustering_id"
            " where subset.id = ?"
        )
        found = self.store.rows(sql, (subset_id,))
        return found[0] if found else (None, "")

    def newest_clustering(self, dataset_id: int) -> tuple[int | None, str]:
        """The Clustering that the newest Subset of a Dataset was made with."""
        sql = (
            "select clustering.id, labels_file from subset join clustering on clustering.id = clustering_id"
            " where subset.dataset_id = ? and not subset.hidden order by subset.id desc limit 1"
        )
        found = self.store.rows(sql, (dataset_id,))
        return found[0] if found else (None, "")

    def add(
        self,
        name: str,
        dataset_id: int,
        picks: Sequence[Pick],
        *,
        summary: dict[str, Any],
        clustering_id: int | None,
        note: str = "",
        label: str = "",
    ) -> Changes:
        """Save ``picks`` in their order as a new Subset; a name that is taken gets a number."""
        store = self.store
        with store.write():
            name = store.unique_subset_name(name)
            label = label or f"New subset “{name}”"
            sql = (
                "insert into subset (name, dataset_id, created, size, note, summary, clustering_id, hidden)"
                " values (?, ?, ?, ?, ?, ?, ?, 1)"
            )
            values = (name, dataset_id, now(), len(picks), clean(note), json.dumps(summary), clustering_id)
            subset_id = int(store.db.execute(sql, values).lastrowid or 0)
            cells = ((subset_id, rank, *pick) for rank, pick in enumerate(picks, 1))
            store.db.conn.executemany("insert into subset_sample values (?, ?, ?, ?, ?, ?, ?, ?)", cells)
            store.change(label, (), [("subset", subset_id)])
        return Changes(frozenset({"subset", "subset_sample", "history"}), ("subset", subset_id), label)

    def pile_letters(self, dataset_id: int) -> int:
        """Characters of text in a whole Dataset."""
        sql = (
            "select coalesce(sum(length(text)), 0) from sample join dataset on dataset.id = dataset_id"
            " where dataset_id = ? and row >= 0 and row < dataset.size"
        )
        return int(self.store.one(sql, (dataset_id,)))

    def skill_names(self, clustering_id: int | None) -> dict[int, str]:
        """Names of Skills by number."""
        return {} if clustering_id is None else {n: name for n, name, _ in self.store.skills(clustering_id)}


def ids_of(picks: Iterable[Pick]) -> set[int]:
    """Sample ids of picks."""
    return {pick[0] for pick in picks}
