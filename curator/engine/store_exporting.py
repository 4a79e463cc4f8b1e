"""Reading a Subset for an export: in any order, a page at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from curator.engine.store import Store
from curator.engine.store_samples import inside
from curator.engine.types import ExportItem, Rows

PAGE = 1000
_new = tuple.__new__
"""Makes an item of all its values in a third of the time: a million records without pictures are nothing unusual."""


class ExportRows:
    """The rows of one Subset."""

    def __init__(self, store: Store, subset_id: int) -> None:
        self._store, self._subset_id = store, subset_id
        self._root = store.dataset(store.subset(subset_id).dataset_id).root

    def items(self, ranks: Rows) -> Iterator[ExportItem]:
        """The samples at these ranks (int64, 1-based), in the order given."""
        for first in range(0, len(ranks), PAGE):
            page = ranks[first : first + PAGE].tolist()
            found = self._page(page)
            yield from (found[rank] for rank in page if rank in found)

    def _page(self, ranks: list[int]) -> dict[int, ExportItem]:
        if ranks == list(range(ranks[0], ranks[0] + len(ranks))):  # in the order of rank, as most exports are
            which, values = "subset_id = ? and rank between ? and ?", [ranks[0], ranks[-1]]
        else:
            which, values = f"subset_id = ? and rank in ({','.join('?' * len(ranks))})", ranks
        sql = (
            "select rank, source, digest, text, record, images, gain, weight, reason, coalesce(skill.name, ''),"
            " sample.split, sample.width, sample.height"
            " from subset_sample join subset on subset.id = subset_id join sample on sample.id = sample_id"
            " left join skill on skill.clustering_id = subset.clustering_id and skill.number = subset_sample.skill"
            f" where {which}"
        )
        labels = self._labels(which, values)
        found = self._store.rows(sql, (self._subset_id, *values))
        return {row[0]: self._item(row, tuple(labels.get(row[0], ()))) for row in found}

    def _labels(self, which: str, values: list[int]) -> dict[int, list[str]]:
        """Rank -> labels, the user's before the given ones; one query for a page, because most samples have none."""
        sql = (
            "select rank, name from subset_sample join label on label.sample_id = subset_sample.sample_id"
            f" where {which} and not label.hidden order by origin = 'user' desc, label.id"
        )
        found: dict[int, list[str]] = {}
        for rank, name in self._store.rows(sql, (self._subset_id, *values)):
            found.setdefault(rank, []).append(name)
        return found

    def _item(self, row: tuple[Any, ...], labels: tuple[str, ...]) -> ExportItem:
        rank, source, digest, text, record, images, gain, weight, reason, skill, split, width, height = row
        if images == "[]":
            return _new(ExportItem, (*row[:5], (), (), labels, *row[6:]))
        names = inside(tuple(json.loads(images)))
        files = tuple(self._root / name for name in names)
        return ExportItem(
            *(rank, source, digest, text, record, files, names, labels, gain, weight, reason, skill),
            *(split, width, height),
        )

    def keys(self) -> Iterator[tuple[int, int, str, tuple[str, ...], str]]:
        """(rank, row in the Dataset, digest, picture names, split) in rank order."""
        sql = (
            "select rank, sample.row, digest, images, sample.split from subset_sample"
            " join sample on sample.id = sample_id where subset_id = ? order by rank"
        )
        for row in self._store.db.conn.execute(sql, (self._subset_id,)):
            yield row[0], row[1], row[2], () if row[3] == "[]" else tuple(json.loads(row[3])), row[4]

    def kinds(self, of: str) -> Iterator[str]:
        """The class ("class", the user's before the given one) or the Skill ("skill") of each sample in rank order, ""
        for none."""
        if of == "class":
            column = (
                "(select name from label where label.sample_id = subset_sample.sample_id and not label.hidden"
                " order by origin = 'user' desc, label.id limit 1)"
            )
        else:
            column = "subset_sample.skill"
        sql = f"select coalesce({column}, '') from subset_sample where subset_id = ? order by rank"
        for (kind,) in self._store.db.conn.execute(sql, (self._subset_id,)):
            yield str(kind)

    def count(self) -> int:
        """Samples in the Subset."""
        return int(self._store.one("select count(*) from subset_sample where subset_id = ?", (self._subset_id,)))

    def by_source(self) -> Rows:
        """int64 [b]: ranks in the order of the source."""
        sql = (
            "select rank from subset_sample join sample on sample.id = sample_id where subset_id = ?"
            " order by sample.row"
        )
        return np.array([r for (r,) in self._store.rows(sql, (self._subset_id,))], np.int64)

    def digest(self) -> str:
        """sha256 over the digests of the samples in rank order: two exports of the same samples have the same."""
        total = hashlib.sha256()
        sql = "select digest from subset_sample join sample on sample.id = sample_id where subset_id = ? order by rank"
        cursor = self._store.db.conn.execute(sql, (self._subset_id,))
        while page := cursor.fetchmany(PAGE):
            total.update("".join(f"{digest}\n" for (digest,) in page).encode("utf-8"))
        return total.hexdigest()

    def labels_digest(self) -> str:
        """sha256 over the labels in rank order, which a user may change between two exports."""
        total = hashlib.sha256()
        sql = (
            "select rank, name, origin from subset_sample join label on label.sample_id = subset_sample.sample_id"
            " where subset_id = ? and not label.hidden order by rank, origin, label.id"
        )
        for row in self._store.db.conn.execute(sql, (self._subset_id,)):
            total.update(json.dumps(row).encode("utf-8"))
        return total.hexdigest()

    def has_weights(self) -> bool:
        """Whether any sample has a weight."""
        sql = "select exists (select 1 from subset_sample where subset_id = ? and weight is not null)"
        return bool(self._store.one(sql, (self._subset_id,)))
