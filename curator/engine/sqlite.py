"""The database of a Project: plain SQL every day, sqlite-utils when its tables change.

Loading sqlite-utils takes a tenth of the window's start (click, pluggy, dateutil and more), and a second more
for pandas wherever that is installed. A Project that is up to date needs none of it.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite_utils


class Connection:
    """One open database. ``conn`` is SQLite's own connection."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn

    def execute(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.conn.execute(sql, params)


def with_tools(conn: sqlite3.Connection) -> sqlite_utils.Database:
    """The same connection as sqlite-utils has it: what a migration works with."""
    return load_tools()(conn)


def load_tools() -> type[sqlite_utils.Database]:
    """Load sqlite-utils, without pandas."""
    absent = "pandas" not in sys.modules
    if absent:
        sys.modules["pandas"] = None  # type: ignore[assignment]  # to whoever imports it now, it is not installed
    try:
        from sqlite_utils import Database
    finally:
        if absent:
            del sys.modules["pandas"]
    return Database
