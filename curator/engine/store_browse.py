"""Some Samples of a Dataset by what they hold, the index of its words, and what was searched for."""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray

from curator.engine.history import clean, now
from curator.engine.records import ArtefactRecord, ClusteringRecord, Dataset
from curator.engine.store import Store
from curator.engine.store_columns import STREAM, whole_numbers
from curator.engine.types import Floats, Rows

WORDS_AT_ONCE = 2000


class BrowseStore:
    """Reads for :class:`~curator.engine.browse.Browse`; what it returns is whole and never a live view."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # ---- has anything changed? -------------------------------------------------------------------------------

    def token(self) -> tuple[int, int]:
        """Changes with every write of this process and of others."""
        return int(self._store.one("pragma data_version")), self._store.db.conn.total_changes

    # ---- some of the samples ----------------------------------------------------------------------------------

    def ids_like(self, dataset: Dataset, column: str, text: str) -> Rows:
        """int64: Samples whose ``source`` or ``text`` holds ``text``, capitals or not (ASCII); in no order.

        Sources are read from their index alone, which is a small part of the table.
        """
        assert column in ("source", "text")
        pattern = "%" + clean(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        sql = f"select group_concat(id) from sample where dataset_id = ? and {column} like ? escape '\\'"
        if column == "source":
            return whole_numbers(self._store.one_aside(sql, (dataset.id, pattern)))
        found = [
            whole_numbers(
                self._store.one_aside(f"{sql} and row >= ? and row < ?", (dataset.id, pattern, first, first + STREAM))
            )
            for first in range(0, dataset.size, STREAM)
        ]
        return np.concatenate([np.zeros(0, np.int64), *found])

    def set_aside(self, dataset: Dataset) -> tuple[Rows, NDArray[np.bool_]]:
        """Rows that are hidden or cannot be used, ascending, and which of them are hidden by hand."""
        sql = "select row, hidden from sample where dataset_id = ? and (hidden or problem != '') order by row"
        found = [(r, h) for r, h in self._store.rows(sql, (dataset.id,)) if 0 <= r < dataset.size]
        return np.array([r for r, _ in found], np.int64), np.array([bool(h) for _, h in found], bool)

    def omitted_by(self, dataset: Dataset) -> int:
        """The newest Subset of a Dataset that left out near copies, -1 when there is none."""
        sql = (
            "select max(id) from subset where dataset_id = ? and not hidden and exists"
            " (select 1 from omission where subset_id = coalesce(base_id, subset.id) and covered_by is not null)"
        )
        return int(self._store.one(sql, (dataset.id,)) or -1)

    def omitted(self, dataset: Dataset, subset_id: int) -> tuple[Rows, Rows]:
        """Rows that a Subset left out as near copies, and the rows that stand for them."""
        sql = (
            "select a.row, b.row from left_out join sample a on a.id = sample_id join sample b on b.id = covered_by"
            " where subset_id = ? and a.row between 0 and ? and b.row between 0 and ?"
        )
        last = dataset.size - 1
        pairs = np.array(self._store.rows(sql, (subset_id, last, last)), np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    # ---- what Runs made --------------------------------------------------------------------------------------

    def clusterings(self, dataset_id: int) -> list[ClusteringRecord]:
        """Clusterings of a Dataset, oldest first."""
        sql = (
            "select id, dataset_id, clusterer, params, fingerprint, labels_file, membership_file, k, created"
            " from clustering where dataset_id = ? and not hidden order by id"
        )
        return [ClusteringRecord(*[*r[:3], json.loads(r[3]), *r[4:]]) for r in self._store.rows(sql, (dataset_id,))]

    def scores(self, dataset_id: int) -> dict[str, ArtefactRecord]:
        """The newest Score of each scorer."""
        sql = "select id, dataset_id, maker, params, fingerprint, file, created from score where dataset_id = ?"
        found = self._store.rows(f"{sql} order by id", (dataset_id,))
        return {r[2]: ArtefactRecord(*[*r[:3], json.loads(r[3]), *r[4:]]) for r in found}

    # ---- words -----------------------------------------------------------------------------------------------

    def words_behind(self) -> int:
        """Samples whose words are not in the index yet."""
        upto = self._store.one("select upto from text_state")
        behind = self._store.one("select count(*) from sample where id > ?", (upto,))
        return int(behind) + int(self._store.one("select count(*) from text_stale"))

    def take_in_words(self) -> int:
        """Index the words of some more Samples, in one transaction; returns how many, 0 when all are in."""
        db = self._store.db
        with self._store.write():
            stale = self._store.rows(
                "select sample_id, text_stale.text, sample.text from text_stale join sample on id = sample_id limit ?",
                (WORDS_AT_ONCE,),
            )
            delete = "insert into sample_text (sample_text, rowid, text) values ('delete', ?, ?)"
            db.conn.executemany(delete, [(key, old) for key, old, _ in stale if old])
            insert = "insert into sample_text (rowid, text) values (?, ?)"
            db.conn.executemany(insert, [(key, new) for key, _, new in stale if new])
            db.conn.executemany("delete from text_stale where sample_id = ?", [(key,) for key, _, _ in stale])
            fresh = self._store.rows(
                "select id, text from sample where id > (select upto from text_state) order by id limit ?",
                (WORDS_AT_ONCE,),
            )
            db.conn.executemany(insert, [(key, text) for key, text in fresh if text])
            if fresh:
                db.execute("update text_state set upto = ?", (fresh[-1][0],))
        return len(stale) + len(fresh)

    def ids_with_words(self, match: str) -> Rows:
        """int64: Samples of all Datasets whose indexed text fits ``match``, an expression of SQLite's FTS5."""
        sql = "select group_concat(rowid) from sample_text where sample_text match ?"
        return whole_numbers(self._store.one_aside(sql, (match,)))

    # ---- what was searched for -------------------------------------------------------------------------------

    def query_vector(self, embedding: str, kind: str, words: str) -> Floats | None:
        """float32 [d] that was made of these words earlier, None when it was not."""
        sql = "select vector from query_vector where embedding = ? and kind = ? and words = ?"
        found = self._store.one(sql, (embedding, kind, words))
        return None if found is None else np.frombuffer(found, "<f4").copy()

    def add_query_vector(self, embedding: str, kind: str, words: str, vector: Floats) -> int:
        """Keep what words, or a picture, became in the space of an Embedding; returns the row's id."""
        with self._store.write():
            sql = (
                "insert into query_vector (embedding, kind, words, vector, created) values (?, ?, ?, ?, ?)"
                " on conflict (embedding, kind, words) do update set vector = excluded.vector"
            )
            blob = np.ascontiguousarray(vector, "<f4").tobytes()
            self._store.db.execute(sql, (embedding, kind, clean(words), blob, now()))
            sql = "select id from query_vector where embedding = ? and kind = ? and words = ?"
            return int(self._store.one(sql, (embedding, kind, clean(words))))

    def recent_queries(self, kind: str, count: int = 20) -> list[str]:
        """What was searched for lately, newest first."""
        sql = "select words, max(id) from query_vector where kind = ? group by words order by max(id) desc limit ?"
        return [words for words, _ in self._store.rows(sql, (kind, count))]
