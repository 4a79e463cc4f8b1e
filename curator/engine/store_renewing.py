"""New content for Samples that changed in their source: kept aside while it is read, taken in with the import's end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from curator.engine.history import Edit, Ledger, clean, now
from curator.engine.types import Draft

COLUMNS = ("digest", "text", "record", "images", "width", "height", "split", "stamp")
PAGE = 500


class Renewing:
    """New content of known Samples, over a Store. Call everything inside a transaction of the Store."""

    def __init__(self, store: Ledger) -> None:
        self._store = store

    def forget(self, dataset_id: int) -> None:
        """Drop what an import that did not end had kept."""
        self._store.db.execute("delete from sample_new where dataset_id = ?", (dataset_id,))

    def keep(self, dataset_id: int, drafts: Sequence[tuple[int, Draft]]) -> None:
        """Keep new content by the id of its Sample until :meth:`edits`."""
        rows = [
            (
                *(key, dataset_id, clean(d.digest), clean(d.text), clean(d.record)),
                json.dumps([clean(i) for i in d.images], ensure_ascii=False) if d.images else "[]",
                *(d.width, d.height, clean(d.split), d.stamp),
                json.dumps([clean(label) for label in d.labels], ensure_ascii=False),
            )
            for key, d in drafts
        ]
        sql = f"insert or replace into sample_new (sample_id, dataset_id, {', '.join(COLUMNS)}, labels)"
        self._store.db.conn.executemany(f"{sql} values (?, ?, {', '.join('?' * len(COLUMNS))}, ?)", rows)

    def labels(self, dataset_id: int) -> tuple[list[Edit], list[tuple[str, int]]]:
        """Edits that hide given labels which hold no more, and (table, id) of new ones, not shown yet."""
        edits: list[Edit] = []
        added: list[tuple[str, int]] = []
        sql = "select sample_id, labels from sample_new where dataset_id = ? order by sample_id"
        given = "select id, name from label where sample_id = ? and origin = 'given' and not hidden order by id"
        new = "insert into label (sample_id, name, origin, author, created, hidden) values (?, ?, 'given', '', ?, 1)"
        for key, names in self._store.rows(sql, (dataset_id,)):
            before, wanted = self._store.rows(given, (key,)), json.loads(names)
            if [name for _, name in before] != wanted:
                edits += [("label", label, "hidden", 1) for label, _ in before]
                added += [("label", self._store.db.execute(new, (key, name, now())).lastrowid or 0) for name in wanted]
        return edits, added

    def edits(self, dataset_id: int) -> Iterator[Edit]:
        """One for each column that differs, for :meth:`Ledger.change`; what made a Sample unusable is forgotten."""
        both = ", ".join(f"{table}.{column}" for table in ("sample_new", "sample") for column in COLUMNS)
        sql = (
            f"select sample_id, problem, {both} from sample_new join sample on sample.id = sample_id"
            " where sample_new.dataset_id = ? and sample_id > ? order by sample_id limit ?"
        )
        last = 0
        while page := self._store.rows(sql, (dataset_id, last, PAGE)):
            last = page[-1][0]
            for key, problem, *values in page:
                new, old = values[: len(COLUMNS)], values[len(COLUMNS) :]
                yield from (
                    ("sample", key, name, value)
                    for name, value, was in zip(COLUMNS, new, old, strict=True)
                    if value != was
                )
                if problem:
                    yield "sample", key, "problem", ""

    def settle(self, dataset_id: int, reason: str) -> None:
        """The new content has been taken in: it waits no more, and what was set aside for ``reason`` is there."""
        sql = "delete from skipped where dataset_id = ? and reason = ? and source in (select source from sample join"
        self._store.db.execute(f"{sql} sample_new on sample.id = sample_id)", (dataset_id, reason))
        self.forget(dataset_id)

    def count(self, dataset_id: int) -> int:
        """Samples whose new content waits."""
        return int(self._store.one("select count(*) from sample_new where dataset_id = ?", (dataset_id,)))
