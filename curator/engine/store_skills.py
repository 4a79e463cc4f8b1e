"""Rows of Skills and of what a user makes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from curator.engine.history import now
from curator.engine.records import ClusteringRecord
from curator.engine.store import Store
from curator.engine.types import Changes

_CLUSTERING = (
    "select id, dataset_id, clusterer, params, fingerprint, labels_file, membership_file, k, created from clustering"
)
TABLES = frozenset({"skill", "skill_edit", "clustering", "history"})


class SkillStore:
    """Reads and writes over a :class:`~curator.engine.store.Store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self, dataset_id: int) -> ClusteringRecord | None:
        """The Clustering that a Dataset is looked at with: the newest one, as the user changed it."""
        found = self._store.rows(
            f"{_CLUSTERING} where dataset_id = ? and not hidden order by id desc limit 1", (dataset_id,)
        )
        return _record(found[0]) if found else None

    def edited(self, clustering_id: int) -> ClusteringRecord:
        """The latest Clustering that was made by hand from this one; itself when there is none."""
        while True:
            sql = "select max(id) from clustering where made_from = ? and not hidden"
            child = self._store.one(sql, (clustering_id,))
            if child is None:
                return _record(self._store.rows(f"{_CLUSTERING} where id = ?", (clustering_id,))[0])
            clustering_id = int(child)

    def edits(self, clustering_id: int) -> dict[int, tuple[int | None, bool]]:
        """Number -> (quota, hidden) of the Skills that have either."""
        sql = "select number, quota, hidden from skill_edit where clustering_id = ?"
        return {n: (q, bool(h)) for n, q, h in self._store.rows(sql, (clustering_id,)) if q is not None or h}

    def budgets(self, clustering_id: int) -> dict[int, int]:
        """Number -> budget of the Skills that have one."""
        sql = "select number, budget from skill_edit where clustering_id = ? and budget is not null"
        return dict(self._store.rows(sql, (clustering_id,)))

    def set(self, clustering_id: int, numbers: Sequence[int], column: str, value: Any, label: str) -> Changes:
        """Change "name", "quota", "budget" or "hidden" of some Skills, as one undoable write."""
        with self._store.write():
            sql = (
                "insert or ignore into skill_edit (clustering_id, number, found)"
                " select clustering_id, number, name from skill where clustering_id = ? and number = ?"
            )
            self._store.db.conn.executemany(sql, [(clustering_id, n) for n in numbers])
            sql = "select id from skill_edit where clustering_id = ? and number = ?"
            keys = [int(self._store.one(sql, (clustering_id, n))) for n in numbers]
            self._store.change(label, [("skill_edit", key, column, value) for key in keys])
        return Changes(TABLES, None, label)

    def add(
        self, parent: ClusteringRecord, values: dict[str, Any], names: Sequence[str], sizes: Sequence[int], label: str
    ) -> Changes:
        """Show a Clustering made by hand from ``parent``; quotas go along with the names that stay."""
        with self._store.write():
            key = self._store.one("select id from clustering where fingerprint = ?", (values["fingerprint"],))
            if key is None:
                sql = (
                    "insert into clustering (dataset_id, clusterer, params, fingerprint, labels_file, membership_file,"
                    " k, created, hidden, made_from) values (?, 'by hand', ?, ?, ?, ?, ?, ?, 1, ?)"
                )
                cells = (values["fingerprint"], values["labels_file"], values["membership_file"], len(names))
                key = self._store.db.execute(
                    sql, (parent.dataset_id, json.dumps(values["params"]), *cells, now(), parent.id)
                ).lastrowid
                rows = [(key, i, name, int(n)) for i, (name, n) in enumerate(zip(names, sizes, strict=True))]
                self._store.db.conn.executemany(
                    "insert into skill (clustering_id, number, name, size) values (?, ?, ?, ?)", rows
                )
                sql = (
                    "insert into skill_edit (clustering_id, number, found, quota, budget, hidden) select"
                    " a.clustering_id, a.number, a.name, e.quota, e.budget, e.hidden from skill a join skill b"
                    " on b.clustering_id = ? and b.name = a.name join skill_edit e on e.clustering_id = b.clustering_id"
                    " and e.number = b.number where a.clustering_id = ?"
                )
                self._store.db.execute(sql, (parent.id, key))
            self._store.change(label, (), [("clustering", int(key))])
        return Changes(TABLES, None, label)

    def changed(self, dataset_id: int) -> list[Any]:
        """Clusterings made by hand, quotas and budgets: plain values, the same for the same state."""
        sql = "select fingerprint from clustering where dataset_id = ? and made_from is not null and not hidden"
        made = [f for (f,) in self._store.rows(f"{sql} order by id", (dataset_id,))]
        sql = (
            "select fingerprint, number, quota from skill_edit join clustering on clustering.id = clustering_id"
            " where dataset_id = ? and quota is not null order by clustering_id, number"
        )
        quotas = [list(r) for r in self._store.rows(sql, (dataset_id,))]
        sql = (
            "select fingerprint, number, 'budget', budget from skill_edit"
            " join clustering on clustering.id = clustering_id"
            " where dataset_id = ? and budget is not null order by clustering_id, number"
        )
        return [*made, *quotas, *[list(r) for r in self._store.rows(sql, (dataset_id,))]]

    def rows(self, subset_id: int, first: int | None = None) -> list[int]:
        """Rows of a Subset, or of its ``first`` picks."""
        sql = (
            "select sample.row from subset_sample join sample on sample.id = sample_id"
            " where subset_id = ? and rank <= ?"
        )
        return [r for (r,) in self._store.rows(sql, (subset_id, 2**62 if first is None else first))]


def _record(r: tuple[Any, ...]) -> ClusteringRecord:
    return ClusteringRecord(*[*r[:3], json.loads(r[3]), *r[4:]])
