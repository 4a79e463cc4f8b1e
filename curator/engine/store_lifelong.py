"""The timeline of lifelong piles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from curator.engine.history import clean, now
from curator.engine.records import Dataset, LifelongSkill, LifelongStep
from curator.engine.store import Store
from curator.engine.types import Changes, Rows

_STEP = (
    "select id, dataset_id, number, created, run_id, subset_id, pool_subset_id, size, came_in, pool_before, chosen,"
    " pruned, pool_after, skills, gained, starved from lifelong_step"
)


class LifelongStore:
    """The tables ``lifelong_step`` and ``lifelong_skill``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def steps(self, dataset_id: int | None = None) -> list[LifelongStep]:
        """Visible steps, oldest first."""
        sql = f"{_STEP} where not hidden and (? is null or dataset_id = ?) order by dataset_id, number"
        return [LifelongStep(*r) for r in self._store.rows(sql, (dataset_id, dataset_id))]

    def skills(self, step_id: int) -> list[LifelongSkill]:
        """The Skills of a step, the largest first."""
        sql = (
            "select skill, name, size, came_in, chosen, pruned, gained, starved from lifelong_skill"
            " where step_id = ? order by size desc, skill"
        )
        return [LifelongSkill(*[*r[:6], bool(r[6]), bool(r[7])]) for r in self._store.rows(sql, (step_id,))]

    def latest_entry(self) -> int:
        """Id of the latest entry of the history, 0 when there is none."""
        return int(self._store.one("select coalesce(max(id), 0) from history") or 0)

    def pruned(self, pool_id: int) -> Rows:
        """int64: ids of the Samples that the pool's Run dropped."""
        sql = "select sample_id from omission where subset_id = ? and stage = 'prune' order by sample_id"
        return np.array([i for (i,) in self._store.rows(sql, (pool_id,))], np.int64)

    def add(
        self,
        dataset: Dataset,
        number: int,
        subset_id: int,
        pool_id: int | None,
        alive: Rows,
        pruned: Rows,
        skills: Sequence[LifelongSkill],
        label: str,
        since: int,
    ) -> Changes:
        """Hide what was pruned and write the step, in one transaction.

        The entries that import and Runs of this step made in the history after ``since`` become part of its own, so
        that one undo takes the step back.
        """
        store = self._store
        came_in = sum(s.came_in for s in skills)
        with store.write():
            chosen = store.one("select size from subset where id = ?", (subset_id,))
            step_id = store.db.execute(
                "insert into lifelong_step (dataset_id, number, created, run_id, subset_id, pool_subset_id, size,"
                " came_in, pool_before, chosen, pruned, pool_after, skills, gained, starved, hidden)"
                " values (?, ?, ?, (select run_id from subset where id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                (dataset.id, number, now(), subset_id, subset_id, pool_id, dataset.size, came_in, len(alive), chosen,
                 len(pruned), len(alive) - len(pruned), len(skills), sum(s.gained for s in skills),
                 sum(s.starved for s in skills)),
            ).lastrowid  # fmt: skip
            store.db.conn.executemany(
                "insert into lifelong_skill values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(step_id, s.skill, clean(s.name), s.size, s.came_in, s.chosen, s.pruned, s.gained, s.starved)
                 for s in skills],
            )  # fmt: skip
            hide = (("sample", int(key), "hidden", 1) for key in pruned)
            entry = store.change(label, hide, [("lifelong_step", int(step_id or 0))])
            mine = (
                "select distinct history_id from history_change where history_id > ? and history_id < ? and"
                " ((tbl = 'dataset' and key = ?) or (tbl = 'subset' and key in (?, ?)))"
            )
            earlier = store.rows(mine, (since, entry, dataset.id, subset_id, pool_id))
            store.db.conn.executemany("update history_change set history_id = ? where history_id = ?",
                                      [(entry, old) for (old,) in earlier])  # fmt: skip
            store.db.conn.executemany("delete from history where id = ?", earlier)
        tables = {"lifelong_step", "sample", "history", "subset", "run", "dataset"}
        return Changes(frozenset(tables), ("subset", subset_id), label)
