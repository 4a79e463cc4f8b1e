"""Runs: begun, finished with a Subset, failed or forgotten; and where a Subset comes from."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from curator.engine.errors import InputError, StoreError
from curator.engine.history import clean, name_of, now
from curator.engine.records import Run
from curator.engine.store_correcting import done_by_hand
from curator.engine.store_subsets import SubsetStore
from curator.engine.types import Changes

CHUNK = 10_000
PAUSE_S = 0.02
"""Between chunks of rows, so that an edit in the window waits for milliseconds, not for the whole write."""

Entry = tuple[int, int, float | None, float | None, str, int | None, int | None]
"""(rank, sample_id, gain, weight, reason, nearest_id, skill)"""

_RUN = (
    "select id, dataset_id, recipe, recipe_name, status, started, finished, seed, device, versions, fingerprints,"
    " fingerprint, error, log from run"
)


class RunStore(SubsetStore):
    """What a Project knows of its Runs."""

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
        if "corrected" in subset.summary:
            about["by_hand"] = done_by_hand(self, subset_id)
        run_id = subset.run_id if subset.run_id is not None else subset.summary.get("from_run")
        if run_id is not None:
            run = self.run(run_id)
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


def _run(r: tuple[Any, ...]) -> Run:
    return Run(*[*r[:9], json.loads(r[9]), json.loads(r[10]), *r[11:]])


def _real(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _finite(value: Any) -> Any:
    """Numbers that JSON knows: NaN and infinity become null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return _real(value) if isinstance(value, float) else value
