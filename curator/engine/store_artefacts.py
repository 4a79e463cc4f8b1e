"""What Runs make and reuse: Embeddings, Clusterings, Scores and Projections, known by fingerprint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from curator.engine.history import clean, now
from curator.engine.records import ArtefactRecord, ClusteringRecord, EmbeddingRecord
from curator.engine.store_labels import LabelStore


class ArtefactStore(LabelStore):
    """The rows beside the array files. They are caches and no part of undo."""

    def _add(self, table: str, values: dict[str, Any]) -> int:
        with self.write():
            self.db.execute(f"delete from {table} where fingerprint = ?", (values["fingerprint"],))
            marks = ", ".join(f":{k}" for k in values)
            sql = f"insert into {table} ({', '.join(values)}) values ({marks})"
            return int(self.db.execute(sql, values).lastrowid or 0)

    def add_embedding(self, *, params: dict[str, Any], **values: Any) -> EmbeddingRecord:
        """Make a finished Embedding known: dataset_id, encoder, fingerprint, file, rows, dims, device, seconds,
        and ``content``, the Dataset's fingerprint at the time."""
        self._add("embedding", {**values, "params": json.dumps(params), "created": now()})
        found = self.embedding(values["fingerprint"])
        assert found is not None
        return found

    def embedding(self, fingerprint: str) -> EmbeddingRecord | None:
        """An Embedding by its fingerprint."""
        return next(iter(self._embeddings("fingerprint = ?", fingerprint)), None)

    def embeddings(self, dataset_id: int | None = None) -> list[EmbeddingRecord]:
        """All Embeddings, or those of one Dataset, oldest first; not those of all rows of it with other content."""
        as_it_is = (
            "not exists (select 1 from dataset where dataset.id = dataset_id and dataset.size = rows"
            " and content not in ('', dataset.fingerprint))"
        )
        return self._embeddings(f"(? is null or dataset_id = ?) and {as_it_is}", dataset_id, dataset_id)

    def _embeddings(self, where: str, *params: Any) -> list[EmbeddingRecord]:
        sql = (
            "select id, dataset_id, encoder, params, fingerprint, file, rows, dims, device, created, seconds,"
            f" content from embedding where {where} order by id"
        )
        return [EmbeddingRecord(*[*r[:3], json.loads(r[3]), *r[4:]]) for r in self.rows(sql, params)]

    def add_clustering(
        self, *, params: dict[str, Any], names: Sequence[str], sizes: Sequence[int], **values: Any
    ) -> ClusteringRecord:
        """Make a Clustering and its Skills known, in one transaction."""
        with self.write():
            gone = self.one("select id from clustering where fingerprint = ?", (values["fingerprint"],))
            if gone is None:
                key = self._add("clustering", {**values, "params": json.dumps(params), "created": now()})
                self.db.conn.executemany(
                    "insert into skill values (?, ?, ?, ?)",
                    [(key, i, clean(name), int(size)) for i, (name, size) in enumerate(zip(names, sizes, strict=True))],
                )
        found = self.clustering(values["fingerprint"])
        assert found is not None
        return found

    def clustering(self, fingerprint: str) -> ClusteringRecord | None:
        """A Clustering by its fingerprint."""
        sql = (
            "select id, dataset_id, clusterer, params, fingerprint, labels_file, membership_file, k, created"
            " from clustering where fingerprint = ?"
        )
        found = self.rows(sql, (fingerprint,))
        return ClusteringRecord(*[*found[0][:3], json.loads(found[0][3]), *found[0][4:]]) if found else None

    def skills(self, clustering_id: int) -> list[tuple[int, str, int]]:
        """(number, name, size) of each Skill."""
        sql = "select number, name, size from skill where clustering_id = ? order by number"
        return self.rows(sql, (clustering_id,))

    def add_score(self, *, scorer: str, params: dict[str, Any], **values: Any) -> ArtefactRecord:
        """Make a Score known."""
        return self._add_artefact("score", scorer, params, values)

    def score(self, fingerprint: str) -> ArtefactRecord | None:
        """A Score by its fingerprint."""
        return self._artefact("score", fingerprint)

    def add_projection(self, *, projector: str, params: dict[str, Any], **values: Any) -> ArtefactRecord:
        """Make a Projection known."""
        return self._add_artefact("projection", projector, params, values)

    def projection(self, fingerprint: str) -> ArtefactRecord | None:
        """A Projection by its fingerprint."""
        return self._artefact("projection", fingerprint)

    def _add_artefact(self, table: str, maker: str, params: dict[str, Any], values: dict[str, Any]) -> ArtefactRecord:
        self._add(table, {**values, "maker": maker, "params": json.dumps(params), "created": now()})
        found = self._artefact(table, values["fingerprint"])
        assert found is not None
        return found

    def _artefact(self, table: str, fingerprint: str) -> ArtefactRecord | None:
        sql = f"select id, dataset_id, maker, params, fingerprint, file, created from {table} where fingerprint = ?"
        found = self.rows(sql, (fingerprint,))
        return ArtefactRecord(*[*found[0][:3], json.loads(found[0][3]), *found[0][4:]]) if found else None
