"""Datasets, Samples, labels and pins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.errors import InputError
from curator.engine.history import Ledger, clean, name_of, now
from curator.engine.records import Dataset, Sample, SkippedSource
from curator.engine.types import Changes, Draft, Ints, Rows, Skip

PAGE = 5000
"""Rows read at a time, and ids bound to one statement; well under SQLite's limit on parameters."""

_DATASET = (
    "select id, name, kind, root, format, importer, size, created, status,"
    " (select count(*) from skipped where dataset_id = dataset.id), fingerprint from dataset"
)
_SAMPLE = (
    "select sample.id, dataset_id, row, source, digest, text, record, images, width, height,"
    " (select json_group_array(name) from label where sample_id = sample.id and not label.hidden),"
    " (select state from pin where sample_id = sample.id), hidden, problem from sample"
)
CHANGED = "changed since it was imported; kept as first imported"


class SampleStore(Ledger):
    """What a Project knows of its Samples."""

    # ---- datasets --------------------------------------------------------------------------------------------

    def begin_dataset(self, name: str, kind: str, root: Path, format: str, importer: str) -> Dataset:
        """The Dataset to import into: a new one, invisible until :meth:`finish_import`, or the one of that name.

        Raises:
            InputError: the name belongs to a Dataset of another kind or root.
        """
        name = name_of(name)
        with self.write():
            found = self.rows(f"{_DATASET} where name = ? and not hidden", (name,))
            if found:
                dataset = _dataset(found[0])
                if dataset.kind != kind or dataset.root != root:
                    raise InputError(
                        f"There is a dataset “{name}” already, of {dataset.kind} samples below {dataset.root}.",
                        "Choose another name.",
                    )
                self._forget_undone_rows(dataset)
                return dataset
            key = self.db.execute(
                "insert into dataset (name, kind, root, format, importer, created) values (?, ?, ?, ?, ?, ?)",
                (name, kind, str(root), format, importer, now()),
            ).lastrowid
        return self._dataset_by_id(int(key or 0))

    def _forget_undone_rows(self, dataset: Dataset) -> None:
        """Rows beyond the size of a ready Dataset are an interrupted or undone extension; a later one begins anew."""
        if dataset.status != "ready":
            return
        beyond = "select id from sample where dataset_id = ? and row >= ?"
        # What refers to such rows was undone with them, and the next write drops what could be redone.
        for table in ("label", "pin", "subset_sample", "omission"):
            self.db.execute(f"delete from {table} where sample_id in ({beyond})", (dataset.id, dataset.size))
        self.db.execute("delete from sample where dataset_id = ? and row >= ?", (dataset.id, dataset.size))

    def add_samples(self, dataset_id: int, drafts: Sequence[Draft]) -> int:
        """Append what is new by source, in one transaction; returns how many were."""
        if not drafts:
            return 0
        with self.write():
            known: dict[str, str] = {}
            sources = [clean(d.source) for d in drafts]
            for first in range(0, len(sources), PAGE):
                part = sources[first : first + PAGE]
                marks = ",".join("?" * len(part))
                known.update(
                    self.rows(
                        f"select source, digest from sample where dataset_id = ? and source in ({marks})",
                        (dataset_id, *part),
                    )
                )
            row = int(self.one("select coalesce(max(row), -1) + 1 from sample where dataset_id = ?", (dataset_id,)))
            changed = [
                Skip(s, CHANGED) for s, d in zip(sources, drafts, strict=True) if known.get(s, d.digest) != d.digest
            ]
            added = 0
            for source, draft in zip(sources, drafts, strict=True):
                if source in known:
                    continue
                known[source] = draft.digest
                self._insert(dataset_id, row + added, source, draft)
                added += 1
            self.add_skips(dataset_id, changed)
        return added

    def _insert(self, dataset_id: int, row: int, source: str, draft: Draft) -> None:
        key = self.db.execute(
            "insert into sample (dataset_id, row, source, digest, text, record, images, width, height)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                dataset_id,
                row,
                source,
                draft.digest,
                clean(draft.text),
                clean(draft.record),
                json.dumps([clean(i) for i in draft.images], ensure_ascii=False) if draft.images else "[]",
                draft.width,
                draft.height,
            ),
        ).lastrowid
        for label in draft.labels:
            self.db.execute(
                "insert into label (sample_id, name, origin, author, created) values (?, ?, 'given', '', ?)",
                (key, clean(label), now()),
            )

    def add_skips(self, dataset_id: int, skips: Sequence[Skip]) -> int:
        """Note what could not be read; the same source twice keeps the latest reason. Returns how many were given."""
        with self.write():
            self.db.conn.executemany(
                "insert into skipped (dataset_id, source, reason, created) values (?, ?, ?, ?)"
                " on conflict (dataset_id, source) do update set reason = excluded.reason",
                [(dataset_id, clean(s.source), clean(s.reason), now()) for s in skips],
            )
        return len(skips)

    def finish_import(self, dataset_id: int, label: str) -> Changes:
        """Make all imported rows visible, in one transaction with its entry in the history."""
        digest = hashlib.sha256()
        for (value,) in self._stream("digest", dataset_id):
            digest.update(value.encode("utf-8") + b"\n")
        count = self.count_samples(dataset_id)
        with self.write():
            before = self._dataset_by_id(dataset_id)
            if before.status == "ready" and before.size == count:
                return Changes(frozenset(), ("dataset", dataset_id))
            self.db.execute("update dataset set status = 'ready' where id = ?", (dataset_id,))
            edits = [("dataset", dataset_id, "size", count), ("dataset", dataset_id, "fingerprint", digest.hexdigest())]
            if before.status == "ready":
                self.change(label, edits)
            else:
                self.db.execute(
                    "update dataset set size = ?, fingerprint = ?, hidden = 1 where id = ?",
                    (count, digest.hexdigest(), dataset_id),
                )
                self.change(label, (), [("dataset", dataset_id)])
        return Changes(frozenset({"dataset", "sample", "skipped", "label", "history"}), ("dataset", dataset_id), label)

    def count_samples(self, dataset_id: int) -> int:
        """Rows stored for a Dataset, visible or not."""
        return int(self.one("select count(*) from sample where dataset_id = ?", (dataset_id,)))

    def datasets(self) -> list[Dataset]:
        """All visible Datasets."""
        return [_dataset(r) for r in self.rows(f"{_DATASET} where not hidden and status = 'ready' order by id")]

    def dataset(self, key: int | str) -> Dataset:
        """A visible Dataset by id or name; raises :class:`InputError` naming those there are."""
        found = self.datasets()
        for dataset in found:
            if key in (dataset.id, dataset.name) or str(key) == str(dataset.id):
                return dataset
        raise InputError(f"There is no dataset “{key}”.", f"Known: {', '.join(d.name for d in found) or 'none'}.")

    def _dataset_by_id(self, dataset_id: int) -> Dataset:
        return _dataset(self.rows(f"{_DATASET} where id = ?", (dataset_id,))[0])

    # ---- samples ---------------------------------------------------------------------------------------------

    def samples(self, dataset_id: int, first_row: int = 0, count: int = 200) -> list[Sample]:
        """A page of Samples by row."""
        size = self.one("select size from dataset where id = ?", (dataset_id,)) or 0
        last = min(first_row + count, size)
        sql = f"{_SAMPLE} where dataset_id = ? and row >= ? and row < ? order by row"
        return [_sample(r) for r in self.rows(sql, (dataset_id, first_row, last))]

    def samples_by_id(self, ids: Sequence[int]) -> list[Sample]:
        """Samples in the order of ``ids``; unknown ids are left out."""
        found: dict[int, Sample] = {}
        for first in range(0, len(ids), PAGE):
            part = [int(i) for i in ids[first : first + PAGE]]
            sql = f"{_SAMPLE} where sample.id in ({','.join('?' * len(part))})"
            found.update((r[0], _sample(r)) for r in self.rows(sql, part))
        return [found[int(i)] for i in ids if int(i) in found]

    def sample_ids(self, dataset_id: int) -> Rows:
        """int64 [n]: the id of each visible row."""
        return np.fromiter((i for (i,) in self._stream("id", dataset_id, visible=True)), np.int64)

    def rows_of(self, dataset_id: int, sample_ids: Sequence[int]) -> Rows:
        """int64: the row of each id; raises :class:`InputError` for one that is not in the Dataset."""
        by_id = {s.id: s.row for s in self.samples_by_id(sample_ids) if s.dataset_id == dataset_id}
        missing = [i for i in sample_ids if int(i) not in by_id]
        if missing:
            raise InputError(f"There is no sample {missing[0]} in this dataset.")
        return np.array([by_id[int(i)] for i in sample_ids], np.int64)

    def iter_sources(self, dataset_id: int, rows: Rows) -> Iterator[str]:
        """Where each row comes from, in the order of ``rows``."""
        return (v[0] for v in self._by_row("source", dataset_id, rows))

    def iter_texts(self, dataset_id: int, rows: Rows) -> Iterator[str]:
        """The text of each row, in the order of ``rows``."""
        return (v[0] for v in self._by_row("text", dataset_id, rows))

    def iter_records(self, dataset_id: int, rows: Rows) -> Iterator[str]:
        """The original record of each row, in the order of ``rows``."""
        return (v[0] for v in self._by_row("record", dataset_id, rows))

    def iter_images(self, dataset_id: int, rows: Rows) -> Iterator[tuple[str, ...]]:
        """Relative image paths of each row, in the order of ``rows``."""
        return (tuple(json.loads(v[0])) for v in self._by_row("images", dataset_id, rows))

    def _by_row(self, column: str, dataset_id: int, rows: Rows) -> Iterator[tuple[Any, ...]]:
        for first in range(0, len(rows), PAGE):
            part = rows[first : first + PAGE].tolist()
            dense = part[-1] - part[0] + 1 == len(part) and part == list(range(part[0], part[-1] + 1))
            if dense:
                sql = f"select row, {column} from sample where dataset_id = ? and row between ? and ?"
                found = dict(self.rows(sql, (dataset_id, part[0], part[-1])))
            else:
                sql = f"select row, {column} from sample where dataset_id = ? and row in ({','.join('?' * len(part))})"
                found = dict(self.rows(sql, (dataset_id, *part)))
            for row in part:
                yield (found[row],)

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

    def set_problem(self, dataset_id: int, rows: Rows, reason: str) -> None:
        """Note why rows cannot be used."""
        with self.write():
            self.db.conn.executemany(
                "update sample set problem = ? where dataset_id = ? and row = ?",
                [(clean(reason), dataset_id, int(r)) for r in rows],
            )

    def problem_rows(self, dataset_id: int) -> Rows:
        """int64, ascending: visible rows that cannot be used or are hidden."""
        sql = "select row from sample where dataset_id = ? and (problem != '' or hidden) order by row"
        size = int(self.one("select size from dataset where id = ?", (dataset_id,)) or 0)
        return np.array([r for (r,) in self.rows(sql, (dataset_id,)) if r < size], np.int64)

    def skips(self, dataset_id: int, first: int = 0, count: int = 200) -> list[SkippedSource]:
        """A page of what imports set aside."""
        sql = "select source, reason, created from skipped where dataset_id = ? order by id limit ? offset ?"
        return [SkippedSource(*r) for r in self.rows(sql, (dataset_id, count, first))]

    # ---- labels and pins -------------------------------------------------------------------------------------

    def class_codes(self, dataset_id: int) -> tuple[Ints, tuple[str, ...]]:
        """The class of each visible row, int32 [n] with -1 = none, and the names by code.

        The user's label wins over a given one; of several given ones the first counts.
        """
        n = int(self.one("select size from dataset where id = ?", (dataset_id,)) or 0)
        sql = (
            "select row, name from label join sample on sample.id = sample_id where dataset_id = ? and row < ?"
            " and not label.hidden order by origin = 'user', label.id desc"
        )
        chosen = dict(self.rows(sql, (dataset_id, n)))
        names = tuple(sorted(set(chosen.values())))
        place = {name: i for i, name in enumerate(names)}
        codes = np.full(n, -1, np.int32)
        if chosen:
            codes[list(chosen)] = [place[name] for name in chosen.values()]
        return codes, names

    def set_label(self, sample_ids: Sequence[int], name: str | None, author: str, label: str) -> Changes:
        """Give Samples a class of the user's, or (None) take it away; the given labels stay beneath."""
        ids = self._known(sample_ids)
        with self.write():
            edits: list[tuple[str, int, str, Any]] = []
            added = []
            for sample_id in ids:
                sql = "select id from label where sample_id = ? and origin = 'user' and not hidden"
                edits += [("label", old, "hidden", 1) for (old,) in self.rows(sql, (sample_id,))]
                if name is not None:
                    key = self.db.execute(
                        "insert into label (sample_id, name, origin, author, created, hidden)"
                        " values (?, ?, 'user', ?, ?, 1)",
                        (sample_id, name_of(name), author, now()),
                    ).lastrowid
                    added.append(("label", int(key or 0)))
            self.change(label, edits, added)
        return Changes(frozenset({"label", "history"}), None, label)

    def set_pins(self, sample_ids: Sequence[int], state: str | None, label: str) -> Changes:
        """Pin Samples "in" or "out", or (None) let them go."""
        if state not in ("in", "out", None):
            raise InputError(f"A pin is “in”, “out” or nothing, not {state!r}.")
        ids = self._known(sample_ids)
        with self.write():
            self.db.conn.executemany("insert or ignore into pin values (?, null)", [(i,) for i in ids])
            self.change(label, [("pin", i, "state", state) for i in ids])
        return Changes(frozenset({"pin", "history"}), None, label)

    def pins(self, dataset_id: int) -> tuple[Rows, Rows]:
        """Rows pinned in and rows pinned out, int64 ascending."""
        sql = (
            "select row, state from pin join sample on sample.id = sample_id where dataset_id = ?"
            " and state is not null and row < (select size from dataset where id = dataset_id) order by row"
        )
        found = self.rows(sql, (dataset_id,))
        sides = [np.array([r for r, s in found if s == side], np.int64) for side in ("in", "out")]
        return sides[0], sides[1]

    def _known(self, sample_ids: Sequence[int]) -> list[int]:
        ids = list(dict.fromkeys(int(i) for i in sample_ids))
        known = {s for first in range(0, len(ids), PAGE) for s in self._existing(ids[first : first + PAGE])}
        missing = [i for i in ids if i not in known]
        if missing:
            raise InputError(f"There is no sample {missing[0]}.", "See ids with: curator show --json")
        return ids

    def _existing(self, ids: list[int]) -> list[int]:
        return [i for (i,) in self.rows(f"select id from sample where id in ({','.join('?' * len(ids))})", ids)]


def _dataset(r: tuple[Any, ...]) -> Dataset:
    return Dataset(r[0], r[1], r[2], Path(r[3]), *r[4:])


def _sample(r: tuple[Any, ...]) -> Sample:
    images, labels = tuple(json.loads(r[7])), tuple(json.loads(r[10] or "[]"))
    return Sample(*[*r[:7], images, r[8], r[9], labels, r[11] or "", bool(r[12]), r[13]])
