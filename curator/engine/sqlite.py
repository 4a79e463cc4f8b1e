"""The connection that stores share: all they need of SQLite beyond the standard library is that triggers may set off
triggers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any


class Database:
    """One connection, in autocommit mode; transactions are opened by those who need them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.conn = connection
        self.execute("pragma recursive_triggers = on")

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> sqlite3.Cursor:
        """Run one statement; raises :class:`sqlite3.Error`."""
        return self.conn.execute(sql, parameters)
