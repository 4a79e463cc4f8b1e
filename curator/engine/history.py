"""Transactions and undo: the ground that the rest of the Store stands on.

Every undoable write goes through :meth:`Ledger.change`, which notes old and new values of each edited column in the
very transaction that edits them. Undo writes the old values back, redo the new ones; added rows are hidden and shown by
their ``hidden`` column, so nothing is ever deleted by an undo.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from curator.engine.claims import Claims
from curator.engine.errors import InputError
from curator.engine.records import HistoryEntry
from curator.engine.schema import FILE, connect, in_words
from curator.engine.sqlite import Connection
from curator.engine.types import Changes

UNDOABLE = {
    "dataset": {"hidden", "size", "fingerprint", "name", "root"},
    "sample": {
        *("hidden", "digest", "text", "record", "images", "width", "height", "split", "stamp", "problem"),
    },
    "label": {"hidden"},
    "pin": {"state"},
    "subset": {"hidden", "name", "note", "locked"},
    "skill_edit": {"name", "quota", "budget", "hidden"},
    "clustering": {"hidden"},
    "study": {"hidden", "name"},
    "study_round": {"hidden"},
    "study_pick": {"hidden", "state", "answer"},
    "trial": {"hidden"},
    "lifelong_step": {"hidden"},
}
"""Tables and columns that undo may write; a Project from a stranger cannot name others."""

KEYS = {"pin": "sample_id"}
Edit = tuple[str, int, str, Any]
"""(table, key, column, new value)"""


def now() -> str:
    """This moment, UTC, as text that sorts."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def clean(text: str) -> str:
    """Text that SQLite and JSON can hold: lone surrogates become the replacement character."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


def name_of(text: str) -> str:
    """A trimmed name of 1 to 200 characters; raises :class:`InputError`."""
    name = " ".join(clean(text).split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise InputError(f"{text!r} is not a name.", "Use 1 to 200 printable characters.")
    return name


class Ledger:
    """One connection to a Project's database, its transactions and its history."""

    def __init__(self, folder: Path, db: Connection) -> None:
        self.folder = folder
        self.db = db
        self.claims = Claims(folder)
        self._lock = threading.RLock()
        self._aside: Connection | None = None
        self._closed = False
        self._aside_lock = threading.Lock()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction: all of it, or after an exception or a kill nothing.

        Raises:
            StoreError: the disk is full or gone, the file is damaged, or another program keeps it for ten seconds.
        """
        with self._lock, self._in_words():
            if self.db.conn.in_transaction:
                yield
                return
            self.db.execute("begin immediate")
            try:
                yield
                self.db.execute("commit")
            except BaseException:
                if self.db.conn.in_transaction:  # SQLite has rolled back by itself when the disk is full
                    self.db.execute("rollback")
                raise

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if (message := in_words(error, self.folder / FILE)) is not None:
                raise message from None
            raise

    def rows(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock, self._in_words():
            return self.db.execute(sql, params).fetchall()

    def one(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """First column of the first row, None when there is none."""
        with self._lock, self._in_words():
            row = self.db.execute(sql, params).fetchone()
        return None if row is None else row[0]

    def one_aside(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """As :meth:`one`, over the second connection; see :meth:`rows_aside`."""
        found = self.rows_aside(sql, params)
        return found[0][0] if found else None

    def rows_aside(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """As :meth:`rows`, over a second connection: whoever reads or writes meanwhile need not wait for a long query.

        While a :meth:`write` is unfinished it waits for it, or sees what this thread has done in it.
        """
        if self.db.conn.in_transaction:
            return self.rows(sql, params)
        with self._aside_lock, self._in_words():
            if self._closed:  # since the look above; a connection opened now would never be closed
                raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
            if self._aside is None:
                self._aside = connect(self.folder / FILE)
            return self._aside.execute(sql, params).fetchall()

    def change(self, label: str, edits: Iterable[Edit], added: Iterable[tuple[str, int]] = ()) -> int:
        """Make ``edits`` and show ``added`` rows, as one entry of the history; call inside :meth:`write`."""
        self.drop_redo()
        entry = self.db.execute("insert into history (created, label) values (?, ?)", (now(), label)).lastrowid
        for table, key, column, new in chain(edits, ((t, k, "hidden", 0) for t, k in added)):
            _check(table, column)
            id_column = KEYS.get(table, "id")
            old = self.one(f"select {column} from {table} where {id_column} = ?", (key,))
            self.db.execute(f"update {table} set {column} = ? where {id_column} = ?", (new, key))
            self.db.execute(
                "insert into history_change values (?, ?, ?, ?, ?, ?)", (entry, table, key, column, old, new)
            )
        return int(entry or 0)

    def drop_redo(self) -> None:
        """Give up what could be done again; call inside :meth:`write`."""
        self.db.execute("delete from history_change where history_id in (select id from history where undone)")
        self.db.execute("delete from history where undone")

    def history(self, count: int = 50) -> list[HistoryEntry]:
        """The latest undoable writes, newest first."""
        found = self.rows("select id, created, label, undone from history order by id desc limit ?", (count,))
        return [HistoryEntry(i, created, label, bool(undone)) for i, created, label, undone in found]

    def undo(self) -> Changes:
        """Take back the latest write; raises :class:`InputError` when there is none."""
        return self._replay("select max(id) from history where not undone", "old", "Nothing to undo.")

    def redo(self) -> Changes:
        """Do again what was undone last; raises :class:`InputError` when there is none."""
        return self._replay("select min(id) from history where undone", "new", "Nothing to redo.")

    def _replay(self, which: str, side: str, nothing: str) -> Changes:
        with self.write():
            entry = self.one(which)
            if entry is None:
                raise InputError(nothing)
            tables = set()
            order = "desc" if side == "old" else "asc"
            found = self.rows(
                f"select tbl, key, col, {side} from history_change where history_id = ? order by rowid {order}",
                (entry,),
            )
            for (table, column), part in groupby(found, key=itemgetter(0, 2)):
                _check(table, column)
                cells = [(value, key) for _, key, _, value in part]
                if table == "dataset" and any(self.claims.elsewhere(f"dataset-{key}") for _, key in cells):
                    raise InputError("Samples are being imported into this dataset now.", "Try again after that.")
                id_column = KEYS.get(table, "id")
                self.db.conn.executemany(f"update {table} set {column} = ? where {id_column} = ?", cells)
                tables.add(table)
            self.db.execute("update history set undone = ? where id = ?", (int(side == "old"), entry))
            label = self.one("select label from history where id = ?", (entry,))
        return Changes(frozenset(tables | {"history"}), None, label)


def _check(table: str, column: str) -> None:
    if column not in UNDOABLE.get(table, set()):
        raise InputError(f"The history names {table}.{column}, which cannot be undone.", "The project may be damaged.")
