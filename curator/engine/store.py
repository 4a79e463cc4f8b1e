"""The Store: everything durable in a Project, and the only SQL (with the ``store_...`` modules beneath)."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.arrays import sweep_parts
from curator.engine.errors import InputError, StoreError
from curator.engine.history import clean, name_of, now
from curator.engine.records import (
    Omission,
    Run,
    Subset,
    SubsetRow,
)
from curator.engine.schema import FILE, connect
from curator.engine.store_artefacts import ArtefactStore
from curator.engine.store_samples import LABELS, inside
from curator.engine.types import Changes, ExportItem, Rows

CHUNK = 10_000
PAUSE_S = 0.02
"""Between chunks of rows, so that an edit in the window waits for milliseconds, not for the whole write."""

Entry = tuple[int, int, float | None, float | None, str, int | None, int | None]
"""(rank, sample_id, gain, weight, reason, nearest_id, skill)"""

_RUN = (
    "select id, dataset_id, recipe, recipe_name, status, started, finished, seed, device, versions, fingerprints,"
    " fingerprint, error, log from run"
)
_SUBSET = "select id, name, dataset_id, run_id, created, size, note, locked, summary from subset"


class Store(ArtefactStore):
    """One open Project folder. Safe to share between threads; two Stores on one folder are safe too."""

    @classmethod
    def create(cls, folder: Path) -> Store:
        """Make a Project in a folder that does not exist or is empty; raises :class:`StoreError`.

        The database gets its name when it is whole. What a kill before that leaves does not count as something.
        """
        draft = folder / f"{FILE}.new"
        ours = {"arrays", *(draft.name + end for end in ("", "-wal", "-shm", "-journal"))}
        try:
            if folder.exists() and (not folder.is_dir() or any(f.name not in ours for f in folder.iterdir())):
                raise StoreError(f"{folder} exists already.", "Choose another name, or open it.")
            (folder / "arrays").mkdir(parents=True, exist_ok=True)
            for file in folder.glob(f"{draft.name}*"):
                file.unlink()
            connect(draft, new=True).conn.close()
            draft.rename(folder / FILE)
        except OSError as error:
            raise StoreError(f"{folder} cannot be made: {error.strerror}.") from None
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open a Project; raises :class:`StoreError` when there is none or it cannot be used."""
        if not (folder / FILE).is_file():
            raise StoreError(f"There is no project at {folder}.", f"Make one with: curator init {folder}")
        try:
            (folder / "arrays").mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder} cannot be used: {error.strerror}.") from None
        return cls(folder, connect(folder / FILE))

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self.claims.close()
            self.db.conn.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def arrays(self) -> Path:
        """Folder of the array files."""
        return self.folder / "arrays"

    def sweep(self) -> None:
        """Tidy what a kill left behind. Runs that a living process is at work on are left alone."""
        with self.write():
            running = [i for (i,) in self.rows("select id from run where status = 'running'")]
            dead = [(now(), i) for i in running if not self.claims.busy(f"run-{i}")]
            self.db.conn.executemany("update run set status = 'interrupted', finished = ? where id = ?", dead)
            mine = "select id from run where status not in ('done', 'running')"
            for table in ("subset_sample", "omission"):
                sql = f"delete from {table} where subset_id in (select id from subset where run_id in ({mine}))"
                self.db.execute(sql)
            self.db.execute(f"delete from subset where run_id in ({mine})")
            self.claims.sweep()
        sweep_parts(self.arrays)

    def check(self) -> list[str]:
        """What is wrong; empty when nothing is."""
        faults = [f"database: {r[0]}" for r in self.rows("pragma integrity_check") if r[0] != "ok"]
        faults += [f"database: row {r[1]} of {r[0]} points nowhere" for r in self.rows("pragma foreign_key_check")]
        files = "select file from embedding union select file from score union select file from projection"
        files += " union select labels_file from clustering union select membership_file from clustering"
        faults += [
            f"{f} is missing from the arrays folder"
            for (f,) in self.rows(files)
            if f and not (self.arrays / f).is_file()
        ]
        short = (
            "select name from subset where not hidden and size !="
            " (select count(*) from subset_sample where subset_id = subset.id)"
        )
        faults += [f"subset “{name}” does not have the rows it should" for (name,) in self.rows(short)]
        short = (
            "select name from dataset where not hidden and size != (select count(*) from sample"
            " where dataset_id = dataset.id and row >= 0 and row < dataset.size)"
        )
        faults += [f"dataset “{name}” does not have the rows it should" for (name,) in self.rows(short)]
        return faults

    # ---- runs ------------------------------------------------------------------------------------------------

    def begin_run(
        self, dataset_id: int, recipe: str, recipe_name: str, seed: int, device: str, versions: dict[str, Any]
    ) -> int:
        """Note that a Run has started; returns its id."""
        with self.write():
            sql = (
                "insert into run (dataset_id, recipe, recipe_name, status, started, seed, device, versions)"
                " values (?, ?, ?, 'running', ?, ?, ?, ?)"
            )
            values = (dataset_id, clean(recipe), clean(recipe_name), now(), seed, device, json.dumps(versions))
            run_id = int(self.db.execute(sql, values).lastrowid or 0)
            self.claims.take(f"run-{run_id}")
        return run_id

    def finish_run(
        self,
        run_id: int,
        *,
        fingerprints: dict[str, str],
        fingerprint: str,
        log: str,
        subset_name: str,
        entries: Iterable[Entry],
        omissions: Iterable[tuple[int, str, str, int | None, float | None]],
        summary: dict[str, Any],
        clustering_id: int | None,
        polite: bool = False,
    ) -> Changes:
        """Store the Subset of a Run; it and the Run become visible in the last transaction.

        A name that is taken by then gets a number, so that no finished work is refused.

        Raises:
            StoreError: the Run was swept or ended meanwhile.
        """
        name = name_of(subset_name)
        dataset_id = self.one("select dataset_id from run where id = ?", (run_id,))
        with self.write():
            sql = (
                "insert into subset (name, dataset_id, run_id, created, size, summary, clustering_id, hidden)"
                " values (?, ?, ?, ?, 0, ?, ?, 1)"
            )
            values = (name, dataset_id, run_id, now(), json.dumps(_finite(summary)), clustering_id)
            subset_id = int(self.db.execute(sql, values).lastrowid or 0)
        cells = ((subset_id, e[0], e[1], _real(e[2]), _real(e[3]), clean(e[4]), *e[5:]) for e in entries)
        size = self._insert_chunks("insert into subset_sample values (?, ?, ?, ?, ?, ?, ?, ?)", cells, polite)
        left_out = ((subset_id, o[0], clean(o[1]), clean(o[2]), o[3], _real(o[4])) for o in omissions)
        self._insert_chunks("insert into omission values (?, ?, ?, ?, ?, ?)", left_out, polite)
        with self.write():
            if self.one("select status from run where id = ?", (run_id,)) != "running":
                raise StoreError(f"Run {run_id} was ended by someone else.", "Run the recipe again.")
            name = self.unique_subset_name(name)
            self.db.execute("update subset set size = ?, name = ? where id = ?", (size, name, subset_id))
            sql = (
                "update run set status = 'done', finished = ?, fingerprints = ?, fingerprint = ?, log = ?,"
                " clustering_id = ? where id = ?"
            )
            self.db.execute(sql, (now(), json.dumps(fingerprints), fingerprint, clean(log), clustering_id, run_id))
            label = f"Run “{name}”"
            self.change(label, (), [("subset", subset_id)])
            self.claims.release(f"run-{run_id}")
        return Changes(frozenset({"run", "subset", "subset_sample", "history"}), ("subset", subset_id), label)

    def _insert_chunks(self, sql: str, cells: Iterator[tuple[Any, ...]], polite: bool) -> int:
        total = 0
        while chunk := list(islice(cells, CHUNK)):
            with self.write():
                self.db.conn.executemany(sql, chunk)
            total += len(chunk)
            if polite and len(chunk) == CHUNK:
                time.sleep(PAUSE_S)
        return total

    def fail_run(self, run_id: int, status: str, error: str) -> None:
        """Note that a Run "failed" or was "cancelled", and why; what it had stored of a Subset goes."""
        with self.write():
            if self.one("select status from run where id = ?", (run_id,)) == "done":
                return
            mine = "select id from subset where run_id = ? and hidden"
            for table in ("subset_sample", "omission"):
                self.db.execute(f"delete from {table} where subset_id in ({mine})", (run_id,))
            self.db.execute("delete from subset where run_id = ? and hidden", (run_id,))
            sql = "update run set status = ?, error = ?, finished = ? where id = ?"
            self.db.execute(sql, (status, clean(error), now(), run_id))
            self.claims.release(f"run-{run_id}")

    def discard_run(self, run_id: int) -> None:
        """Forget a Run that turned out to have been done before."""
        with self.write():
            self.db.execute("delete from run where id = ? and status = 'running'", (run_id,))
            self.claims.release(f"run-{run_id}")

    def run_by_fingerprint(self, fingerprint: str) -> Run | None:
        """A finished Run with a visible Subset, by its fingerprint."""
        where = "where fingerprint = ? and status = 'done' and id in (select run_id from subset where not hidden)"
        found = self.rows(f"{_RUN} {where} order by id desc limit 1", (fingerprint,))
        return _run(found[0]) if found else None

    def runs(self, dataset_id: int | None = None) -> list[Run]:
        """All Runs, or those of one Dataset, oldest first."""
        sql = f"{_RUN} where ? is null or dataset_id = ? order by id"
        return [_run(r) for r in self.rows(sql, (dataset_id, dataset_id))]

    def run(self, run_id: int) -> Run:
        """A Run by id; raises :class:`InputError`."""
        found = self.rows(f"{_RUN} where id = ?", (run_id,))
        if not found:
            raise InputError(f"There is no run {run_id}.")
        return _run(found[0])

    # ---- subsets ---------------------------------------------------------------------------------------------

    def subsets(self, dataset_id: int | None = None) -> list[Subset]:
        """All visible Subsets, or those of one Dataset, oldest first."""
        sql = f"{_SUBSET} where not hidden and (? is null or dataset_id = ?) order by id"
        return [_subset(r) for r in self.rows(sql, (dataset_id, dataset_id))]

    def subset(self, key: int | str) -> Subset:
        """A visible Subset by name or id; raises :class:`InputError` naming those there are."""
        found = self.subsets()
        by_name = [s for s in found if s.name == key]
        by_id = [s for s in found if str(s.id) == str(key)]
        if by_name or by_id:
            return (by_name or by_id)[0]
        raise InputError(f"There is no subset “{key}”.", f"Known: {', '.join(s.name for s in found) or 'none'}.")

    def subset_of_run(self, run_id: int) -> Subset:
        """The visible Subset that a Run made; raises :class:`InputError`."""
        found = self.rows(f"{_SUBSET} where run_id = ? and not hidden", (run_id,))
        if not found:
            raise InputError(f"Run {run_id} has no subset.")
        return _subset(found[0])

    def subset_rows(self, subset_id: int, first_rank: int = 1, count: int = 200) -> list[SubsetRow]:
        """A page of a Subset by rank."""
        sql = (
            "select rank, sample.id, sample.row, sample.source, sample.text, gain, weight, reason, nearest_id,"
            " coalesce(skill.name, ''),"
            f" {LABELS}"
            " from subset_sample join subset on subset.id = subset_id join sample on sample.id = sample_id"
            " left join skill on skill.clustering_id = subset.clustering_id and skill.number = subset_sample.skill"
            " where subset_id = ? and rank >= ? and rank < ? order by rank"
        )
        found = self.rows(sql, (subset_id, first_rank, first_rank + count))
        return [SubsetRow(*[*r[:10], tuple(json.loads(r[10] or "[]"))]) for r in found]

    def subset_sample_ids(self, subset_id: int) -> Rows:
        """int64 [b]: sample ids in rank order."""
        sql = "select sample_id from subset_sample where subset_id = ? order by rank"
        return np.array([i for (i,) in self.rows(sql, (subset_id,))], np.int64)

    def omissions(self, subset_id: int, first: int = 0, count: int = 200) -> list[Omission]:
        """A page of what a Subset's Run left out for a stated cause."""
        sql = (
            "select sample_id, a.source, stage, reason, covered_by, coalesce(b.source, ''), similarity from omission"
            " join sample a on a.id = sample_id left join sample b on b.id = covered_by"
            " where subset_id = ? order by sample_id limit ? offset ?"
        )
        return [Omission(*r) for r in self.rows(sql, (subset_id, count, first))]

    def count_omissions(self, subset_id: int) -> int:
        """How many Samples a Subset's Run left out for a stated cause."""
        return int(self.one("select count(*) from omission where subset_id = ?", (subset_id,)))

    def counts(self, subset_id: int) -> dict[str, list[tuple[str, int, int]]]:
        """Per skill and per class: (name, in the Subset, in the pile), by falling pile."""
        subset = self.subset(subset_id)
        clustering = self.one("select clustering_id from subset where id = ?", (subset_id,))
        sql = (
            "select name, coalesce(chosen, 0), size from skill left join"
            " (select skill as of, count(*) as chosen from subset_sample where subset_id = ? group by skill)"
            " on of = number where clustering_id = ? order by size desc, number"
        )
        by_skill = self.rows(sql, (subset_id, clustering))
        codes, names = self.class_codes(subset.dataset_id)
        sql = "select sample.row from subset_sample join sample on sample.id = sample_id where subset_id = ?"
        picked = np.array([r for (r,) in self.rows(sql, (subset_id,))], np.int64)
        chosen = np.bincount(codes[picked][codes[picked] >= 0], minlength=len(names))
        pile = np.bincount(codes[codes >= 0], minlength=len(names))
        by_class = sorted(zip(names, chosen.tolist(), pile.tolist(), strict=True), key=lambda c: (-c[2], c[0]))
        return {"skill": by_skill, "class": by_class}

    def unique_subset_name(self, base: str) -> str:
        """``base``, or ``base (2)`` and so on when it is taken."""
        taken = {n for (n,) in self.rows("select name from subset where not hidden")}
        base = name_of(base)
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base[:190].rstrip()} ({number})"
        return name

    def _free_name(self, name: str) -> str:
        name = name_of(name)
        if any(s.name == name for s in self.subsets()):
            raise InputError(f"There is a subset “{name}” already.", "Choose another name.")
        return name

    def add_subset(self, name: str, dataset_id: int, sample_ids: Sequence[int], label: str, note: str = "") -> Changes:
        """Save a Subset made by hand, in the order given."""
        ids = list(dict.fromkeys(int(i) for i in sample_ids))
        self.rows_of(dataset_id, ids)
        with self.write():
            name = self._free_name(name)
            sql = "insert into subset (name, dataset_id, created, size, note, hidden) values (?, ?, ?, ?, ?, 1)"
            subset_id = int(self.db.execute(sql, (name, dataset_id, now(), len(ids), clean(note))).lastrowid or 0)
            self.db.conn.executemany(
                "insert into subset_sample values (?, ?, ?, null, null, 'chosen by hand', null, null)",
                [(subset_id, rank + 1, i) for rank, i in enumerate(ids)],
            )
            self.change(label, (), [("subset", subset_id)])
        return Changes(frozenset({"subset", "subset_sample", "history"}), ("subset", subset_id), label)

    def rename_subset(self, subset_id: int, name: str) -> Changes:
        """Give a Subset another name; raises :class:`InputError` when it is taken or the Subset is locked."""
        with self.write():
            name = self._free_name(name)
            return self._edit_subset(subset_id, "name", name, f"Rename to “{name}”")

    def set_note(self, subset_id: int, note: str) -> Changes:
        """Write a note beside a Subset."""
        return self._edit_subset(subset_id, "note", clean(note), "Change a note")

    def set_locked(self, subset_id: int, locked: bool) -> Changes:
        """Protect a Subset from change, or let it go."""
        return self._edit_subset(subset_id, "locked", int(locked), "Lock" if locked else "Unlock")

    def hide_subset(self, subset_id: int) -> Changes:
        """Remove a Subset from sight; undo brings it back."""
        return self._edit_subset(subset_id, "hidden", 1, f"Remove “{self.subset(subset_id).name}”")

    def _edit_subset(self, subset_id: int, column: str, value: Any, label: str) -> Changes:
        subset = self.subset(subset_id)
        if subset.locked and column != "locked":
            raise InputError(f"“{subset.name}” is locked.", "Unlock it first.")
        with self.write():
            self.change(label, [("subset", subset_id, column, value)])
        return Changes(frozenset({"subset", "history"}), ("subset", subset_id), label)

    def provenance(self, subset_id: int) -> dict[str, Any]:
        """Where a Subset comes from, as plain values for ``curation.json``."""
        subset = self.subset(subset_id)
        dataset = self.dataset(subset.dataset_id)
        about: dict[str, Any] = {
            "subset": subset.name,
            "size": subset.size,
            "created": subset.created,
            "dataset": {
                "name": dataset.name,
                "kind": dataset.kind,
                "size": dataset.size,
                "digest": dataset.fingerprint,
            },
            "summary": subset.summary,
        }
        if subset.run_id is not None:
            run = self.run(subset.run_id)
            about |= {
                "recipe": run.recipe,
                "seed": run.seed,
                "device": run.device,
                "versions": run.versions,
                "fingerprint": run.fingerprint,
                "fingerprints": run.fingerprints,
                "started": run.started,
                "finished": run.finished,
            }
        return about

    def export_items(self, subset_id: int) -> Iterator[ExportItem]:
        """The Samples of a Subset in rank order, a page at a time."""
        subset = self.subset(subset_id)
        root = self.dataset(subset.dataset_id).root
        for first in range(1, subset.size + 1, 1000):
            page = self.subset_rows(subset_id, first, 1000)
            for row, sample in zip(page, self.samples_by_id([r.sample_id for r in page]), strict=True):
                yield ExportItem(
                    rank=row.rank,
                    source=sample.source,
                    digest=sample.digest,
                    text=sample.text,
                    record=sample.record,
                    images=tuple(root / name for name in inside(sample.images)),
                    image_names=sample.images,
                    labels=row.labels,
                    gain=row.gain,
                    weight=row.weight,
                    reason=row.reason,
                    skill=row.skill,
                )


def _run(r: tuple[Any, ...]) -> Run:
    return Run(*[*r[:9], json.loads(r[9]), json.loads(r[10]), *r[11:]])


def _subset(r: tuple[Any, ...]) -> Subset:
    return Subset(*[*r[:7], bool(r[7]), json.loads(r[8])])


def _real(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _finite(value: Any) -> Any:
    """Numbers that JSON knows: NaN and infinity become null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return _real(value) if isinstance(value, float) else value
