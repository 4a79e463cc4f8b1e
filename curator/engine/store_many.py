"""Pins and labels of very many Samples, as sets: a few statements, whatever the number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from curator.engine.errors import InputError
from curator.engine.history import clean, name_of, now
from curator.engine.store import Store
from curator.engine.types import Changes

Ranges = Iterable[tuple[int, int]]
"""(first row, last row) of a Dataset, both within."""
KEYS = "select id from bulk_key"


class BulkEdits:
    """Writes over a :class:`~curator.engine.store.Store`; each is one entry of the history, undone like any other."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def pin(self, dataset_id: int, ranges: Ranges, state: str | None, label: str) -> Changes:
        """Pin rows "in" or "out", or (None) let them go."""
        if state not in ("in", "out", None):
            raise InputError(f"A pin is “in”, “out” or nothing, not {state!r}.")
        with self._store.write():
            entry, run = self._begin(dataset_id, ranges, label), self._store.db.execute
            run(f"insert or ignore into pin {KEYS.replace('id', 'id, null', 1)}")
            run(
                "insert into history_change select ?, 'pin', id, 'state', state, ? from bulk_key"
                " join pin on sample_id = id order by id",
                (entry, state),
            )
            run(f"update pin set state = ? where sample_id in ({KEYS})", (state,))
            run("delete from bulk_key")
        return Changes(frozenset({"pin", "history"}), None, label)

    def label(self, dataset_id: int, ranges: Ranges, name: str | None, author: str, label: str) -> Changes:
        """Give rows a class of the user's, or (None) take it away; the given labels stay beneath."""
        name = name if name is None else name_of(name)
        old = f"from label where origin = 'user' and not hidden and sample_id in ({KEYS})"
        with self._store.write():
            entry, run = self._begin(dataset_id, ranges, label), self._store.db.execute
            top = self._store.one("select coalesce(max(id), 0) from label")
            run(f"insert into history_change select ?, 'label', id, 'hidden', 0, 1 {old} order by id", (entry,))
            run(f"update label set hidden = 1 where id in (select id {old})")
            if name is not None:
                run(
                    "insert into label (sample_id, name, origin, author, created, hidden)"
                    " select id, ?, 'user', ?, ?, 0 from bulk_key order by id",
                    (name, clean(author), now()),
                )
                run(
                    "insert into history_change select ?, 'label', id, 'hidden', 1, 0 from label where id > ?",
                    (entry, top),
                )
            run("delete from bulk_key")
        return Changes(frozenset({"label", "history"}), None, label)

    def size_of(self, undone: bool) -> int:
        """How many edits the next undo (or, with ``undone``, the next redo) has to make."""
        which = "select min(id) from history where undone" if undone else "select max(id) from history where not undone"
        return int(self._store.one(f"select count(*) from history_change where history_id = ({which})"))

    def _begin(self, dataset_id: int, ranges: Ranges, label: str) -> Any:
        """The ids of the rows into a table of this connection, and an entry of the history."""
        store = self._store
        store.db.execute("create temp table if not exists bulk_key (id integer primary key)")
        store.db.execute("delete from bulk_key")
        store.db.conn.executemany(
            "insert or ignore into bulk_key select sample.id from sample join dataset on dataset.id = dataset_id"
            " where dataset_id = ? and row between ? and ? and row >= 0 and row < dataset.size",
            ((dataset_id, first, last) for first, last in ranges),
        )
        store.drop_redo()
        return store.db.execute("insert into history (created, label) values (?, ?)", (now(), label)).lastrowid
