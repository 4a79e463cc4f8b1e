"""A Subset corrected by hand: a new version takes the place of the one before, which undo brings back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from curator.engine.errors import InputError
from curator.engine.history import Ledger, now
from curator.engine.records import Subset
from curator.engine.store_samples import VISIBLE
from curator.engine.types import Changes

STAGE = "hand"
BACK = "back"
"""The stage of a Sample that the Subset at the beginning left out and this version does not."""
TAKEN_OUT, ADDED = "taken out by hand", "added by hand"
MOST_DIGITS = 19
"""No id has as many."""


class Corrections:
    """Writes versions of Subsets. Results are append-only: no row of an earlier version is touched."""

    def __init__(self, store: Ledger) -> None:
        self._store = store

    def in_timeline(self, subset_id: int) -> bool:
        """Whether a lifelong step rests on the Subset."""
        sql = "select exists (select 1 from lifelong_step where not hidden and ? in (subset_id, pool_subset_id))"
        return bool(self._store.one(sql, (subset_id,)))

    def named(self, subset: Subset, names: Sequence[str]) -> dict[str, int]:
        """The id of each of these Samples of the Subset's Dataset, named by its source or, where none is called so, its
        id; raises :class:`InputError` for a name that says neither."""
        return {name: self._named(subset, name) for name in names}

    def _named(self, subset: Subset, name: str) -> int:
        of = f"select id from sample where dataset_id = ? and {VISIBLE} and "
        found = self._store.one(of + "source = ?", (subset.dataset_id, name))
        if found is None and name.isdecimal() and len(name) < MOST_DIGITS:
            found = self._store.one(of + "+id = ?", (subset.dataset_id, int(name)))
        if found is None:
            raise InputError(
                f"There is no sample “{name}” in the dataset of “{subset.name}”.",
                "Say its source or its id; see both with: curator search PROJECT",
            )
        return int(found)

    def correct(
        self,
        subset: Subset,
        out: Sequence[int],
        added: Sequence[tuple[int, int | None]],
        pins: Mapping[int, str],
        summary: dict[str, Any],
        label: str,
    ) -> Changes:
        """One step of the history: pin each Sample of ``pins`` as it says, and put a version without ``out``, then with
        (sample_id, skill) of ``added`` at its end, in the place of ``subset``. ``summary`` is completed by what was
        done by hand so far."""
        store, run = self._store, self._store.db.execute
        with store.write():
            store.db.conn.executemany("insert or ignore into pin values (?, null)", [(i,) for i in pins])
            new = int(
                run(
                    "insert into subset (name, dataset_id, created, size, note, clustering_id, hidden, base_id)"
                    " select name, dataset_id, ?, 0, note, clustering_id, 1, coalesce(base_id, id) from subset"
                    " where id = ?",
                    (now(), subset.id),
                ).lastrowid
                or 0
            )
            run(
                "insert into subset_sample select ?, row_number() over (order by rank), sample_id, gain, weight,"
                " reason, nearest_id, skill from subset_sample where subset_id = ?"
                " and sample_id not in (select value from json_each(?))",
                (new, subset.id, json.dumps(list(out))),
            )
            first = int(store.one("select count(*) from subset_sample where subset_id = ?", (new,))) + 1
            store.db.conn.executemany(
                "insert into subset_sample values (?, ?, ?, null, null, ?, null, ?)",
                [(new, rank, key, ADDED, skill) for rank, (key, skill) in enumerate(added, first)],
            )
            self._leave_out(subset.id, new, out, [key for key, _ in added])
            size = first - 1 + len(added)
            run("update subset set size = ?, summary = ? where id = ?", (size, self._summary(new, size, summary), new))
            edits = [("pin", key, "state", state) for key, state in pins.items()]
            store.change(label, [*edits, ("subset", subset.id, "hidden", 1)], [("subset", new)])
        tables = frozenset({"pin", "subset", "subset_sample", "history"})
        return Changes(tables, ("subset", new), label)

    def _leave_out(self, old: int, new: int, out: Sequence[int], added: Sequence[int]) -> None:
        """What was done by hand before and now; what the Run left out stays with the Subset it made."""
        run = self._store.db.execute
        run(
            "insert into omission select ?, sample_id, stage, reason, covered_by, similarity from omission"
            " where subset_id = ? and subset_id in (select id from subset where base_id is not null)"
            " and sample_id not in (select value from json_each(?))",
            (new, old, json.dumps([*out, *added])),
        )
        run(
            "insert into omission select ?, sample_id, ?, ?, null, null from omission"
            " where subset_id = (select base_id from subset where id = ?)"
            " and sample_id in (select value from json_each(?))",
            (new, BACK, ADDED, new, json.dumps(list(added))),
        )
        self._store.db.conn.executemany(
            "insert into omission values (?, ?, ?, ?, null, null)", [(new, key, STAGE, TAKEN_OUT) for key in out]
        )

    def _summary(self, new: int, size: int, summary: dict[str, Any]) -> str:
        sql = "select count(*) from omission where subset_id = ? and stage = ?"
        out = int(self._store.one(sql, (new, STAGE)))
        added = int(
            self._store.one("select count(*) from subset_sample where subset_id = ? and reason = ?", (new, ADDED))
        )
        words = ", ".join(f"{n:,} {what}" for n, what in ((out, "taken out"), (added, "added")) if n)
        made = f"{summary['first_made']}, then corrected by hand" + (f": {words}" if words else "")
        return json.dumps({**summary, "size": size, "made": made, "corrected": [out, added]})


def done_by_hand(store: Ledger, subset_id: int) -> dict[str, list[str]]:
    """Sources of what was taken out of a Subset and added to it by hand."""
    out = (
        "select source from omission join sample on sample.id = sample_id where subset_id = ? and stage = ?"
        " order by row"
    )
    added = (
        "select source from subset_sample join sample on sample.id = sample_id where subset_id = ? and reason = ?"
        " order by rank"
    )
    sides = (("taken_out", out, STAGE), ("added", added, ADDED))
    return {side: [source for (source,) in store.rows(sql, (subset_id, cause))] for side, sql, cause in sides}
