"""Samples poured into the database, as many in one statement as there can be."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from curator.engine.behind import Behind
from curator.engine.history import clean, now
from curator.engine.types import Draft

_CONTENT = ("digest", "text", "record", "images", "width", "height", "split", "stamp")
_SAMPLE = ("id", "dataset_id", "row", "source", *_CONTENT)
_LABEL = ("sample_id", "name", "created", "origin", "author")
MOST_ROWS = 2000
"""Rows of one statement; fewer where SQLite takes fewer values."""
CACHE_KB = 24 * 1024
"""Pages kept while rows pour in, so that those of the indexes need not be written again and again."""
LOG_BYTES = 512 * 2**20
"""How long the write-ahead log may grow before the writer waits for it to be emptied."""
KEPT_BYTES = 4 * 2**20
"""How much of the log's file stays when it is empty."""


def insert_rows(conn: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert all rows, in order; call inside a transaction.

    As ``executemany`` does, but Python's lock is taken twice for thousands of rows and not for each of them, so that
    another thread can read on meanwhile.
    """
    most = min(MOST_ROWS, conn.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) // len(columns))
    whole = len(rows) // most * most
    for first in range(0, whole, most):
        values = list(chain.from_iterable(rows[first : first + most]))
        conn.execute(_statement(table, tuple(columns), most), values)
    if whole < len(rows):
        conn.executemany(_statement(table, tuple(columns), 1), rows[whole:])


@lru_cache(maxsize=16)
def _statement(table: str, columns: tuple[str, ...], count: int) -> str:
    one = f"({', '.join('?' * len(columns))})"
    return f"insert into {table} ({', '.join(columns)}) values {', '.join([one] * count)}"


class Pouring:
    """While it lasts, a connection takes in rows by the thousand; what is committed stays committed.

    The log is emptied into the database by another connection in a thread of its own, because that waits for the
    disk; references are not looked up, because rows and what they refer to come in together.

    Args:
        conn: no transaction may be open.
        file: the database.
    """

    _SETTINGS: ClassVar = {"cache_size": -CACHE_KB, "wal_autocheckpoint": 0, "foreign_keys": 0}

    def __init__(self, conn: sqlite3.Connection, file: Path) -> None:
        self._conn, self._file = conn, file
        self._log = file.with_name(file.name + "-wal")

    def __enter__(self) -> Pouring:
        self._before = {name: self._conn.execute(f"pragma {name}").fetchone()[0] for name in self._SETTINGS}
        for name, value in self._SETTINGS.items():
            self._conn.execute(f"pragma {name} = {value}")
        self._conn.execute(f"pragma journal_size_limit = {KEPT_BYTES}")
        self._other = sqlite3.connect(self._file, check_same_thread=False, isolation_level=None)
        self._behind = Behind("curator-log")
        return self

    def ease(self) -> None:
        """Call between two transactions: begins to empty the log, unless that is under way."""
        if self._log.stat().st_size > LOG_BYTES:
            self._behind.wait()
            self._conn.execute("pragma wal_checkpoint(restart)")
        elif not self._behind.busy:
            self._behind.do(self._empty)

    def _empty(self) -> None:
        with suppress(sqlite3.Error):  # what stays in the log is as safe there, and goes another time
            self._other.execute("pragma wal_checkpoint(passive)")

    def __exit__(self, *_: object) -> None:
        with self._behind:
            self._behind.wait()
        self._empty()
        self._other.close()
        for name, value in self._before.items():
            self._conn.execute(f"pragma {name} = {value}")


def pour(conn: sqlite3.Connection, dataset_id: int, row: int, first_id: int, drafts: Sequence[Draft]) -> None:
    """Insert Samples as they are, from ``row`` and ``first_id`` on; call inside a transaction.

    Raises:
        sqlite3.IntegrityError: a source is there already.
        UnicodeEncodeError: a text cannot be stored before it is cleaned.
    """
    moment, before = now(), first_id - row
    samples = [
        (key, dataset_id, key - before, source, digest, text, record, _names(images), width, height, split, stamp)
        for key, (source, digest, text, record, images, width, height, _, split, stamp) in enumerate(drafts, first_id)
    ]
    labels = [(key, label, moment, "given", "") for key, d in enumerate(drafts, first_id) for label in d.labels]
    insert_rows(conn, "sample", _SAMPLE, samples)
    insert_rows(conn, "label", _LABEL, labels)


def _names(images: Sequence[str]) -> str:
    return json.dumps(images, ensure_ascii=False) if images else "[]"


@dataclass
class Batch:
    """Samples on their way into a Dataset that knows some of them already, in as few statements as there can be."""

    new: list[tuple[Any, ...]] = field(default_factory=list)
    back: list[tuple[int, int]] = field(default_factory=list)
    fresh: list[tuple[Any, ...]] = field(default_factory=list)
    labels: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    moment: str = field(default_factory=now)

    def put(self, place: tuple[int, int, int, str], draft: Draft, *, known: str | None) -> None:
        """Add one Sample at ``place`` (id, dataset, row, source); ``known``: the digest of a parked one."""
        digest = clean(draft.digest)
        words = (digest, clean(draft.text), clean(draft.record), _names([clean(i) for i in draft.images]))
        content = (*words, draft.width, draft.height, clean(draft.split), draft.stamp)
        key, _, row, _ = place
        self.digests.append(digest)
        if known is None:
            self.new.append((*place, *content))
        else:
            self.back.append((row, key))
            if known != digest:
                self.fresh.append((*content, key))
        self.labels += [(key, clean(label), self.moment, "given", "") for label in draft.labels]

    def store(self, conn: sqlite3.Connection) -> None:
        """Write everything; call inside a transaction."""
        conn.executemany("update sample set row = ? where id = ?", self.back)
        conn.executemany("delete from label where sample_id = ? and origin = 'given'", [(k,) for _, k in self.back])
        edits = ", ".join(f"{column} = ?" for column in _CONTENT)
        conn.executemany(f"update sample set {edits}, problem = '' where id = ?", self.fresh)
        insert_rows(conn, "sample", _SAMPLE, self.new)
        insert_rows(conn, "label", _LABEL, self.labels)
