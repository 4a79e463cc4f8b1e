"""Samples poured into the database, as many in one statement as there can be."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
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
SIZES = (2048, 256, 32, 1)
"""Rows of one statement; the largest fit only where SQLite takes so many values."""
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
    _insert(conn, table, tuple(columns), list(chain.from_iterable(rows)), {})


def insert_columns(
    conn: sqlite3.Connection, table: str, columns: Mapping[str, Sequence[Any]], fixed: Mapping[str, Any]
) -> None:
    """As :func:`insert_rows`, from columns as long as one another; the value of a ``fixed`` one goes into every row."""
    width = len(columns)
    values: list[Any] = [None] * (width * len(next(iter(columns.values()))))
    for place, column in enumerate(columns.values()):
        values[place::width] = column
    _insert(conn, table, tuple(columns), values, fixed)


def _insert(
    conn: sqlite3.Connection, table: str, columns: tuple[str, ...], values: list[Any], fixed: Mapping[str, Any]
) -> None:
    width, begin = len(columns), [*fixed.values()]
    limit = (conn.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) - len(fixed)) // width
    at = 0
    for count in (size for size in SIZES if size <= limit):
        statement = _statement(table, tuple(fixed), columns, count)
        step = count * width
        while len(values) - at >= step:
            conn.execute(statement, begin + values[at : at + step])
            at += step


@lru_cache(maxsize=64)
def _statement(table: str, fixed: tuple[str, ...], columns: tuple[str, ...], count: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    taken = [*("?" for _ in fixed), *(f"column{i}" for i in range(1, len(columns) + 1))]
    rows = f"(values {', '.join([row] * count)})"
    return f"insert into {table} ({', '.join([*fixed, *columns])}) select {', '.join(taken)} from {rows}"


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
    count = len(drafts)
    ids = range(first_id, first_id + count)
    source, digest, text, record, images, width, height, labels, split, stamp = zip(*drafts, strict=True)
    names = tuple(map(_names, images)) if any(images) else ("[]",) * count
    content = zip(_CONTENT, (digest, text, record, names, width, height, split, stamp), strict=True)
    columns: dict[str, Sequence[Any]] = {"id": ids, "row": range(row, row + count), "source": source}
    fixed: dict[str, Any] = {"dataset_id": dataset_id}
    for name, values in content:
        if values.count(values[0]) == count:
            fixed[name] = values[0]
        else:
            columns[name] = values
    insert_columns(conn, "sample", columns, fixed)
    given = [(key, label) for key, found in zip(ids, labels, strict=True) for label in found]
    if given:
        keys, named = zip(*given, strict=True)
        origin = {"created": now(), "origin": "given", "author": ""}
        insert_columns(conn, "label", {"sample_id": keys, "name": named}, origin)


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
