"""How Datasets were imported, what each import found, and where their files lie now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curator.engine.history import clean, now
from curator.engine.store import Store
from curator.engine.types import Changes

MISSING = "its file is missing"
"""The reason of a Sample whose picture is not where it was; it goes when the file is back."""
PAGE = 2000


@dataclass(frozen=True)
class Plan:
    """How a Dataset was imported last: what is needed to do it again."""

    paths: tuple[str, ...]
    importer: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What one import found, in samples. ``log`` are the remarks of its Importer."""

    created: str
    added: int
    unchanged: int
    changed: int
    vanished: int
    aside: int
    log: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """One line."""
        parts = [(self.added, "added"), (self.unchanged, "unchanged"), (self.changed, "changed")]
        parts += [(self.vanished, "vanished"), (self.aside, "set aside")]
        return ", ".join(f"{count:,} {word}" for count, word in parts if count or word == "added") + "."


@dataclass
class Tally:
    """Counts of an import under way; ``seen`` holds a byte for each row that was there before, ``fresh`` is True while
    no source can have been stored before, ``renew`` that new content of known rows is taken."""

    known: int
    fresh: bool = False
    renew: bool = False
    added: int = 0
    unchanged: int = 0
    changed: int = 0
    seen: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.seen = bytearray(self.known)
        self._digest = hashlib.sha256()

    @property
    def fingerprint(self) -> str:
        """The fingerprint of a Dataset that was empty before; "" for one that was not."""
        return "" if self.known else self._digest.hexdigest()

    def stored(self, digests: list[str]) -> None:
        """Samples came in."""
        if digests:
            self._digest.update(("\n".join(digests) + "\n").encode("utf-8"))

    def renews(self, row: int) -> bool:
        """Whether new content of that row is to be taken: of what was there before, the first that is met."""
        return self.renew and row < self.known and not self.seen[row]

    def met(self, row: int, same: bool) -> None:
        """A Sample was met again."""
        self.unchanged += same
        self.changed += not same
        if row < self.known:
            self.seen[row] = 1


class ImportNotes:
    """Plans and reports of imports, over a Store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def plan(self, dataset_id: int) -> Plan | None:
        """How the Dataset was imported last, None for one made before that was noted."""
        found = self._store.rows("select paths, importer, params from import_plan where dataset_id = ?", (dataset_id,))
        return Plan(tuple(json.loads(found[0][0])), found[0][1], json.loads(found[0][2])) if found else None

    def plan_named(self, name: str) -> Plan | None:
        """The plan of the visible Dataset of that name."""
        sql = "select id from dataset where name = ? and not hidden and status = 'ready' order by id desc"
        key = self._store.one(sql, (name,))
        return self.plan(int(key)) if key is not None else None

    def note(self, dataset_id: int, plan: Plan, report: Report) -> None:
        """Keep the plan in place of the one before, and the report beside the others."""
        with self._store.write():
            sql = (
                "insert into import_plan (dataset_id, paths, importer, params, created) values (?, ?, ?, ?, ?)"
                " on conflict (dataset_id) do update set paths = excluded.paths, importer = excluded.importer,"
                " params = excluded.params, created = excluded.created"
            )
            paths = json.dumps([clean(p) for p in plan.paths], ensure_ascii=False)
            params = json.dumps(plan.params, ensure_ascii=False)
            self._store.db.execute(sql, (dataset_id, paths, plan.importer, params, now()))
            sql = (
                "insert into import_report (dataset_id, created, added, unchanged, changed, vanished, aside, log)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)"
            )
            counts = (report.added, report.unchanged, report.changed, report.vanished, report.aside)
            log = json.dumps([clean(line) for line in report.log], ensure_ascii=False)
            self._store.db.execute(sql, (dataset_id, report.created, *counts, log))

    def reports(self, dataset_id: int) -> list[Report]:
        """What the imports into a Dataset found, the latest first."""
        sql = (
            "select created, added, unchanged, changed, vanished, aside, log from import_report"
            " where dataset_id = ? order by id desc"
        )
        return [Report(*[*r[:6], tuple(json.loads(r[6]))]) for r in self._store.rows(sql, (dataset_id,))]

    def unseen(self, dataset_id: int, tally: Tally, covers: Sequence[str] | None) -> Iterator[tuple[int, str, bool]]:
        """(row, source, has pictures) of rows that the import did not meet again; with ``covers`` only those whose
        source lies at or below one of these places."""
        for first in range(0, tally.known, PAGE):
            last = min(first + PAGE, tally.known)
            if 0 not in tally.seen[first:last]:
                continue
            sql = "select row, source, images != '[]' from sample where dataset_id = ? and row >= ? and row < ?"
            for row, source, pictured in self._store.rows(sql, (dataset_id, first, last)):
                if not tally.seen[row] and (covers is None or any(_below(source, place) for place in covers)):
                    yield row, source, bool(pictured)

    def files(self, dataset_id: int) -> Iterator[tuple[int, tuple[str, ...], str]]:
        """(row, pictures relative to the root, problem) of every visible row with pictures."""
        size = int(self._store.one("select size from dataset where id = ?", (dataset_id,)) or 0)
        for first in range(0, size, PAGE):
            sql = (
                "select row, images, problem from sample where dataset_id = ? and row >= ? and row < ?"
                " and images != '[]' order by row"
            )
            for row, images, problem in self._store.rows(sql, (dataset_id, first, min(first + PAGE, size))):
                yield row, tuple(json.loads(images)), problem

    def samples_to_check(self, dataset_id: int, count: int) -> list[tuple[str, str]]:
        """(picture, digest) of some rows with one picture, spread evenly."""
        size = int(self._store.one("select size from dataset where id = ?", (dataset_id,)) or 0)
        rows = sorted({size * i // count for i in range(count)}) if size else []
        sql = (
            f"select images, digest from sample where dataset_id = ? and row in ({', '.join('?' * len(rows))})"
            " and images != '[]'"
        )
        found = self._store.rows(sql, (dataset_id, *rows))
        return [(names[0], digest) for names, digest in ((json.loads(i), d) for i, d in found) if len(names) == 1]

    def set_root(self, dataset_id: int, root: Path, label: str) -> Changes:
        """Point a Dataset at another folder; undo points it back."""
        with self._store.write():
            self._store.change(label, [("dataset", dataset_id, "root", str(root))])
        return Changes(frozenset({"dataset", "sample", "history"}), ("dataset", dataset_id), label)

    def mark_missing(self, dataset_id: int, gone: Sequence[int], back: Sequence[int]) -> None:
        """Note which rows have no file any more, and which have one again."""
        sql = "update sample set problem = ? where dataset_id = ? and row = ? and problem = ?"
        with self._store.write():
            self._store.db.conn.executemany(sql, [(MISSING, dataset_id, row, "") for row in gone])
            self._store.db.conn.executemany(sql, [("", dataset_id, row, MISSING) for row in back])


def _below(source: str, place: str) -> bool:
    return not place or source == place or (source.startswith(place) and source[len(place)] in "/#!")
