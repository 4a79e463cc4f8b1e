"""Datasets: begun, filled and finished by imports."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path, PureWindowsPath
from typing import Any, Protocol

from curator.engine.errors import InputError
from curator.engine.history import Edit, Ledger, clean, name_of, now
from curator.engine.records import Dataset
from curator.engine.schema import FILE
from curator.engine.store_bulk import Batch, Pouring, pour
from curator.engine.store_renewing import Renewing
from curator.engine.types import Changes, Draft, Skip

PAGE = 5000
"""Rows read at a time, and ids bound to one statement; well under SQLite's limit on parameters."""

DATASET = (
    "select id, name, kind, root, format, importer, size, created, status,"
    " (select count(*) from skipped where dataset_id = dataset.id), fingerprint from dataset"
)
CHANGED = "changed since it was imported; kept as first imported"
OUTSIDE = "its picture lies outside the folder of the dataset"


class Tally(Protocol):
    """What counts the Samples that an import meets again.

    Attributes:
        fresh: the Dataset has held no Sample so far, so nothing needs to be looked up.
    """

    fresh: bool

    def stored(self, digests: list[str]) -> None:
        """Samples with these digests came in, in this order."""
        ...

    def met(self, row: int, same: bool) -> None:
        """The Sample of that row, with the same content or another."""
        ...

    def renews(self, row: int) -> bool:
        """Whether new content of that row is to be taken; asked before :meth:`met`."""
        ...


class DatasetStore(Ledger):
    """What a Project knows of its Datasets.

    Samples stored by an import that was not finished, or was undone, are *parked* (``row`` = -id) when the next import
    into their Dataset begins, and come back with their ids when it meets their sources again. So no row is ever
    deleted, and what was imported is exactly what the last finished import has seen.
    """

    def begin_dataset(self, name: str, kind: str, root: Path, format: str, importer: str) -> Dataset:
        """The Dataset to import into: a new one, invisible until :meth:`finish_import`, or the one of that name.

        Raises:
            InputError: the name belongs to a visible Dataset of another kind or root, or is being imported into.
        """
        name = name_of(name)
        place = _path_text(root)
        with self.write():
            # A visible one first, then an unfinished one, then one whose import was undone.
            found = self.rows(f"{DATASET} where name = ? order by hidden, status = 'ready' desc, id desc", (name,))
            key = dataset_record(found[0]).id if found else self._new_dataset(name, kind, place, format, importer)
            if not self.claims.take(f"dataset-{key}"):
                raise InputError(f"Samples are being imported into “{name}” now.", "Try again after that.")
            if found:
                self._begin_again(dataset_record(found[0]), kind, place, format, importer)
        return self._dataset_by_id(key)

    def _new_dataset(self, name: str, kind: str, place: str, format: str, importer: str) -> int:
        sql = "insert into dataset (name, kind, root, format, importer, created) values (?, ?, ?, ?, ?, ?)"
        return int(self.db.execute(sql, (name, kind, place, format, importer, now())).lastrowid or 0)

    def _begin_again(self, dataset: Dataset, kind: str, place: str, format: str, importer: str) -> None:
        hidden = bool(self.one("select hidden from dataset where id = ?", (dataset.id,)))
        other = dataset.kind != kind or str(dataset.root) != place
        if dataset.status == "ready" and not hidden:
            if other:
                raise InputError(
                    f"There is a dataset “{dataset.name}” already, of {dataset.kind} samples below {dataset.root}.",
                    "Choose another name.",
                )
            Renewing(self).forget(dataset.id)
            self._park(dataset.id, dataset.size)
            return
        if hidden:
            self.drop_redo()
        sql = "update dataset set status = 'importing', size = 0, fingerprint = '', hidden = 0 where id = ?"
        self.db.execute(sql, (dataset.id,))
        self._park(dataset.id, 0)
        if other:  # an import given up; the same name now means something else, so no content is taken for granted
            self.db.execute("update sample set digest = '' where dataset_id = ?", (dataset.id,))
            self.db.execute("delete from skipped where dataset_id = ?", (dataset.id,))
            sql = "update dataset set kind = ?, root = ?, format = ?, importer = ? where id = ?"
            self.db.execute(sql, (kind, place, format, importer, dataset.id))

    def _park(self, dataset_id: int, size: int) -> None:
        """Put aside what lies beyond ``size``; it can no longer be redone."""
        sql = "update sample set row = -id where dataset_id = ? and row >= ?"
        if self.db.execute(sql, (dataset_id, size)).rowcount > 0:
            self.drop_redo()

    def add_samples(self, dataset_id: int, drafts: Sequence[Draft], tally: Tally | None = None) -> int:
        """Append what is new by source, in one transaction; returns how many were never stored before.

        A source that is there with another digest keeps its content, and is noted as skipped, unless ``tally`` wants
        it renewed at the end; one whose picture lies outside the Dataset's root is noted too. ``tally`` is told of
        those that were there.
        """
        if not drafts:
            return 0
        if tally is not None and tally.fresh:
            try:
                self._pour(dataset_id, drafts, tally)
                return len(drafts)
            except sqlite3.IntegrityError:  # a source that was met before in this very import
                tally.fresh = False
            except (UnicodeEncodeError, InputError):  # one of them takes a closer look
                pass
        return self._append(dataset_id, drafts, tally)

    def _pour(self, dataset_id: int, drafts: Sequence[Draft], tally: Tally) -> None:
        """All of them, as they are: the short way where nothing was stored before."""
        if not all(is_inside(name) for draft in drafts if draft.images for name in draft.images):
            raise InputError(OUTSIDE)
        with self.write():
            row, first_id = self._next_place(dataset_id)
            pour(self.db.conn, dataset_id, row, first_id, drafts)
        tally.stored([draft.digest for draft in drafts])

    def _next_place(self, dataset_id: int) -> tuple[int, int]:
        """The next row of a Dataset and the next id."""
        row = self.one("select max(-1, max(row)) + 1 from sample where dataset_id = ?", (dataset_id,))
        return int(row or 0), int(self.one("select coalesce(max(id), 0) + 1 from sample"))

    def _append(self, dataset_id: int, drafts: Sequence[Draft], tally: Tally | None) -> int:
        with self.write():
            sources = [clean(d.source) for d in drafts]
            known = self._stored(dataset_id, sources)
            row, first_id = self._next_place(dataset_id)
            skips: list[Skip] = []
            renewed: list[tuple[int, Draft]] = []
            batch = Batch()
            for source, draft in zip(sources, drafts, strict=True):
                key, place, digest = known.get(source, (None, -1, ""))
                if not all(is_inside(name) for name in draft.images):
                    skips.append(Skip(source, OUTSIDE))
                elif place >= 0:
                    same = digest == clean(draft.digest)
                    if not same and key is not None and tally is not None and tally.renews(place):
                        renewed.append((key, draft))
                    elif not same:
                        skips.append(Skip(source, CHANGED))
                    if tally is not None:
                        tally.met(place, same)
                else:
                    stored = first_id + len(batch.new) if key is None else key
                    batch.put((stored, dataset_id, row, source), draft, known=None if key is None else digest)
                    known[source] = (stored, row, clean(draft.digest))
                    row += 1
            batch.store(self.db.conn)
            Renewing(self).keep(dataset_id, renewed)
            self.add_skips(dataset_id, skips)
        if tally is not None:
            tally.stored(batch.digests)
        return len(batch.new)

    def _stored(self, dataset_id: int, sources: list[str]) -> dict[str, tuple[int | None, int, str]]:
        """Source -> (id, row, digest) of those that are stored, the parked ones too."""
        known: dict[str, tuple[int | None, int, str]] = {}
        for first in range(0, len(sources), PAGE):
            part = sources[first : first + PAGE]
            sql = f"select source, id, row, digest from sample where dataset_id = ? and source in ({marks(part)})"
            known.update((s, (key, row, digest)) for s, key, row, digest in self.rows(sql, (dataset_id, *part)))
        return known

    def pouring(self) -> Pouring:
        """A ``with`` block for as long as many Samples come in."""
        return Pouring(self.db.conn, self.folder / FILE)

    def add_skips(self, dataset_id: int, skips: Sequence[Skip]) -> int:
        """Note what could not be read; the same source twice keeps the latest reason. Returns how many were given."""
        with self.write():
            self.db.conn.executemany(
                "insert into skipped (dataset_id, source, reason, created) values (?, ?, ?, ?)"
                " on conflict (dataset_id, source) do update set reason = excluded.reason",
                [(dataset_id, clean(s.source), clean(s.reason), now()) for s in skips],
            )
        return len(skips)

    def finish_import(self, dataset_id: int, label: str, fingerprint: str = "") -> Changes:
        """Make all imported rows visible, in one transaction with its entry in the history. ``fingerprint`` is the one
        of all digests, when it was kept on the way."""
        count, new = self.count_samples(dataset_id), Renewing(self)
        renewed = new.count(dataset_id)
        fingerprint = "" if renewed else fingerprint or self.fingerprint_of(dataset_id)
        with self.write():
            before = self._dataset_by_id(dataset_id)
            if before.status == "ready" and before.size == count and not renewed:
                self.claims.release(f"dataset-{dataset_id}")
                return Changes(frozenset(), ("dataset", dataset_id))
            self.db.execute("update dataset set status = 'ready' where id = ?", (dataset_id,))
            if before.status == "ready":
                hide, show = new.labels(dataset_id)
                grown = self._grown(dataset_id, count, fingerprint)
                self.change(label, chain(hide, new.edits(dataset_id), grown), show)
                new.settle(dataset_id, CHANGED)
            else:
                self.db.execute(
                    "update dataset set size = ?, fingerprint = ?, hidden = 1 where id = ?",
                    (count, fingerprint or self.fingerprint_of(dataset_id), dataset_id),
                )
                self.change(label, (), [("dataset", dataset_id)])
            self.claims.release(f"dataset-{dataset_id}")
        return Changes(frozenset({"dataset", "sample", "skipped", "label", "history"}), ("dataset", dataset_id), label)

    def _grown(self, dataset_id: int, count: int, fingerprint: str) -> Iterator[Edit]:
        """Edits of the Dataset itself; a fingerprint that is not known is worked out after the edits of its Samples."""
        yield "dataset", dataset_id, "size", count
        yield "dataset", dataset_id, "fingerprint", fingerprint or self.fingerprint_of(dataset_id)

    def fingerprint_of(self, dataset_id: int, rows: int | None = None) -> str:
        """sha256 over the digests of all rows, or the first ones, in their order, a line each."""
        digest = hashlib.sha256()
        for (value,) in islice(self._stream("digest", dataset_id), rows):
            digest.update(value.encode("utf-8") + b"\n")
        return digest.hexdigest()

    def is_fresh(self, dataset_id: int) -> bool:
        """Whether no Sample was ever stored for a Dataset."""
        return self.one("select 1 from sample where dataset_id = ? limit 1", (dataset_id,)) is None

    def count_samples(self, dataset_id: int) -> int:
        """Rows of a Dataset, those of an import under way included."""
        return int(self.one("select count(*) from sample where dataset_id = ? and row >= 0", (dataset_id,)))

    def datasets(self) -> list[Dataset]:
        """All visible Datasets."""
        return [dataset_record(r) for r in self.rows(f"{DATASET} where not hidden and status = 'ready' order by id")]

    def dataset(self, key: int | str) -> Dataset:
        """A visible Dataset by id or name; raises :class:`InputError` naming those there are."""
        found = self.datasets()
        by_name = [d for d in found if d.name == key]
        by_id = [d for d in found if str(d.id) == str(key)]
        if by_name or by_id:
            return (by_name or by_id)[0]
        raise InputError(f"There is no dataset “{key}”.", f"Known: {', '.join(d.name for d in found) or 'none'}.")

    def _dataset_by_id(self, dataset_id: int) -> Dataset:
        return dataset_record(self.rows(f"{DATASET} where id = ?", (dataset_id,))[0])

    def _stream(self, column: str, dataset_id: int, visible: bool = False) -> Iterator[tuple[Any, ...]]:
        """One column by row, a page at a time, so that no lock is held for long."""
        end = self.one("select size from dataset where id = ?", (dataset_id,)) if visible else 2**62
        first = 0
        while True:
            page = self.rows(
                f"select {column}, row from sample where dataset_id = ? and row >= ? and row < ? order by row limit ?",
                (dataset_id, first, end, PAGE),
            )
            if not page:
                return
            yield from ((value,) for value, _ in page)
            first = page[-1][1] + 1


def is_inside(name: str) -> bool:
    """Whether a path relative to a root stays below it."""
    drive = os.name == "nt" and PureWindowsPath(name).drive
    return not (name.startswith(("/", "\\")) or drive or ".." in name.replace("\\", "/").split("/"))


def _path_text(root: Path) -> str:
    if clean(str(root)) != str(root):
        raise InputError(f"The name of the folder {clean(str(root))} is not valid text.", "Rename it, then try again.")
    return str(root)


def marks(values: Sequence[Any]) -> str:
    """As many placeholders."""
    return ",".join("?" * len(values))


def dataset_record(r: tuple[Any, ...]) -> Dataset:
    return Dataset(r[0], r[1], r[2], Path(r[3]), *r[4:])
