"""Trials in the Store: each finished curve is one transaction, so that a kill loses at most one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from curator.engine.errors import InputError
from curator.engine.history import name_of, now
from curator.engine.store import Store
from curator.engine.trial import Trial, TrialPoint
from curator.engine.types import Changes

TOUCHED = frozenset({"trial", "trial_point", "history"})
_TRIAL = "select id, dataset_id, name, kind, plan, created from trial"


class TrialStore:
    """Trials in one open Store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def trials(self, dataset_id: int | None = None) -> list[Trial]:
        """All finished, visible Trials, or those of one Dataset, oldest first."""
        sql = f"{_TRIAL} where not hidden and status = 'done' and (? is null or dataset_id = ?) order by id"
        return [_trial(r) for r in self._store.rows(sql, (dataset_id, dataset_id))]

    def trial(self, key: int | str) -> Trial:
        """A Trial by name or id; raises :class:`InputError` naming those there are."""
        found = self.trials()
        by_name = [t for t in found if t.name == key]
        by_id = [t for t in found if str(t.id) == str(key)]
        if by_name or by_id:
            return (by_name or by_id)[-1]
        raise InputError(f"There is no trial “{key}”.", f"Known: {', '.join(t.name for t in found) or 'none'}.")

    def points(self, trial_id: int) -> list[TrialPoint]:
        """Every measurement, by selector, seed and step."""
        sql = (
            "select selector, seed, step, spent, measures from trial_point where trial_id = ?"
            " order by selector, seed, step"
        )
        return [TrialPoint(r[0], r[1], r[2], r[3], _measures(r[4])) for r in self._store.rows(sql, (trial_id,))]

    def begin(
        self, dataset_id: int, kind: str, name: str, plan: Mapping[str, Any], fingerprint: str
    ) -> tuple[int, bool]:
        """The Trial of this fingerprint, begun before or now; its id, and whether it is finished and visible."""
        store = self._store
        with store.write():
            sql = "select id, status = 'done' and not hidden from trial where fingerprint = ? order by id desc limit 1"
            for key, done in store.rows(sql, (fingerprint,)):
                return int(key), bool(done)
            sql = (
                "insert into trial (dataset_id, name, kind, plan, fingerprint, created, hidden)"
                " values (?, ?, ?, ?, ?, ?, 1)"
            )
            values = (dataset_id, name_of(name), kind, json.dumps(dict(plan)), fingerprint, now())
            return int(store.db.execute(sql, values).lastrowid or 0), False

    def add_points(self, trial_id: int, points: Sequence[TrialPoint]) -> None:
        """Store one curve."""
        cells = [
            (trial_id, p.selector, p.seed, p.step, p.spent, json.dumps({k: _real(v) for k, v in p.measures.items()}))
            for p in points
        ]
        with self._store.write():
            self._store.db.conn.executemany("insert or replace into trial_point values (?, ?, ?, ?, ?, ?)", cells)

    def finish(self, trial_id: int, name: str) -> Changes:
        """Make a Trial visible."""
        label = f"Trial “{name}”"
        with self._store.write():
            self._store.db.execute("update trial set status = 'done', hidden = 1 where id = ?", (trial_id,))
            self._store.change(label, (), [("trial", trial_id)])
        return Changes(TOUCHED, ("trial", trial_id), label)

    def hide(self, trial: Trial) -> Changes:
        """Hide a Trial; undo brings it back."""
        label = f"Remove the trial “{trial.name}”"
        with self._store.write():
            self._store.change(label, [("trial", trial.id, "hidden", 1)])
        return Changes(TOUCHED, None, label)


def _trial(r: tuple[Any, ...]) -> Trial:
    return Trial(r[0], r[1], r[2], r[3], json.loads(r[4]), r[5])


def _measures(text: str) -> dict[str, float]:
    return {k: math.nan if v is None else float(v) for k, v in json.loads(text).items()}


def _real(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
