"""Studies, their rounds and picks in the Store. Every write is one entry of the history."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from curator.engine.active import Measures
from curator.engine.errors import InputError
from curator.engine.history import clean, name_of, now
from curator.engine.params import values_of
from curator.engine.store import Store
from curator.engine.study import LABELLED, OPEN, Pick, RoundRecord, Study, StudyPlan
from curator.engine.types import Changes, Ranking, Rows

TOUCHED = frozenset({"study", "study_round", "study_pick", "history"})
_STUDY = "select id, dataset_id, name, classes, plan, created from study"
_ROUND = (
    "select id, study_id, number, measured, measures, file, teacher_file, embedding, stopped, seconds, created"
    " from study_round"
)
_PICK = (
    "select p.id, r.number, p.rank, p.sample_id, s.row, s.source, p.gain, p.reason, p.nearest_id, p.state, p.answer"
    " from study_pick p join study_round r on r.id = p.round_id join sample s on s.id = p.sample_id"
    " where not p.hidden and not r.hidden"
)


class RoundStore:
    """Studies in one open Store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # ---- reading ---------------------------------------------------------------------------------------------

    def studies(self, dataset_id: int | None = None) -> list[Study]:
        """All visible Studies, or those of one Dataset, oldest first."""
        sql = f"{_STUDY} where not hidden and (? is null or dataset_id = ?) order by id"
        return [_study(r) for r in self._store.rows(sql, (dataset_id, dataset_id))]

    def study(self, key: int | str) -> Study:
        """A visible Study by name or id; raises :class:`InputError` naming those there are."""
        found = self.studies()
        by_name = [s for s in found if s.name == key]
        by_id = [s for s in found if str(s.id) == str(key)]
        if by_name or by_id:
            return (by_name or by_id)[-1]
        raise InputError(f"There is no study “{key}”.", f"Known: {', '.join(s.name for s in found) or 'none'}.")

    def rounds(self, study_id: int) -> list[RoundRecord]:
        """The visible rounds of a Study, in order."""
        sql = f"{_ROUND} where study_id = ? and not hidden order by number, id"
        return [_round(r) for r in self._store.rows(sql, (study_id,))]

    def picks(self, study_id: int, number: int | None = None) -> list[Pick]:
        """Picks of a Study, or of one of its rounds, by round and rank."""
        sql = f"{_PICK} and r.study_id = ? and (? is null or r.number = ?) order by r.number, p.rank, p.id"
        return [Pick(*r) for r in self._store.rows(sql, (study_id, number, number))]

    def answers(self, study: Study) -> dict[int, str]:
        """Row -> class of every label of a Study; the latest counts."""
        found = {p.row: p.answer for p in self.picks(study.id) if p.state == LABELLED}
        if study.plan.existing:
            sql = (
                "select row, name from label join sample on sample.id = sample_id where dataset_id = ? and row >= 0"
                " and origin = 'user' and not label.hidden order by label.id"
            )
            earlier = {row: name for row, name in self._store.rows(sql, (study.dataset_id,)) if name in study.classes}
            found = {**earlier, **found}
        return found

    def given(self, dataset_id: int) -> dict[int, str]:
        """Row -> class given by the source."""
        sql = (
            "select row, name from label join sample on sample.id = sample_id where dataset_id = ? and row >= 0"
            " and origin = 'given' and not label.hidden order by label.id desc"
        )
        return dict(self._store.rows(sql, (dataset_id,)))

    # ---- writing ---------------------------------------------------------------------------------------------

    def add_study(self, dataset_id: int, name: str, classes: Sequence[str], plan: StudyPlan) -> int:
        """Note a Study, not visible before its first round; returns its id."""
        names = [name_of(c) for c in classes]
        with self._store.write():
            sql = "insert into study (dataset_id, name, classes, plan, created, hidden) values (?, ?, ?, ?, ?, 1)"
            values = (dataset_id, self._free_name(name_of(name)), json.dumps(names), json.dumps(values_of(plan)), now())
            return int(self._store.db.execute(sql, values).lastrowid or 0)

    def _free_name(self, name: str) -> str:
        taken = {s.name for s in self.studies()}
        number = 2
        free = name
        while free in taken:
            free, number = f"{name} {number}", number + 1
        return free

    def hidden_study(self, study_id: int) -> Study:
        """A Study by id, visible or not."""
        return _study(self._store.rows(f"{_STUDY} where id = ?", (study_id,))[0])

    def add_round(
        self, study: Study, number: int, ranking: Ranking, ids: Rows, *, measures: Measures, **values: Any
    ) -> Changes:
        """Store a round with its batch, in one transaction: measured, file, teacher_file, embedding, seconds.

        What was answered while the batch was being chosen is left out of it.
        """
        store, first = self._store, not self.rounds(study.id)
        with store.write():
            cells = {
                **values,
                "study_id": study.id,
                "number": number,
                "measures": json.dumps({k: _real(v) for k, v in asdict(measures).items()}),
                "stopped": clean(ranking.stopped),
                "created": now(),
                "hidden": 1,
            }
            sql = f"insert into study_round ({', '.join(cells)}) values ({', '.join(f':{c}' for c in cells)})"
            round_id = int(store.db.execute(sql, cells).lastrowid or 0)
            done = {p.sample_id for p in self.picks(study.id) if p.state != OPEN}
            self._insert_picks(round_id, _lines(ranking, ids, done))
            added = [("study_round", round_id), *([("study", study.id)] if first else [])]
            label = f"Start the study “{study.name}”" if first else f"Round {number} of “{study.name}”"
            store.change(label, (), added)
        return Changes(TOUCHED, ("study", study.id), label)

    def _insert_picks(self, round_id: int, lines: Iterable[tuple[Any, ...]], hidden: int = 0) -> list[int]:
        sql = (
            "insert into study_pick (round_id, rank, sample_id, gain, reason, nearest_id, hidden)"
            " values (?, ?, ?, ?, ?, ?, ?)"
        )
        return [int(self._store.db.execute(sql, (round_id, *line, hidden)).lastrowid or 0) for line in lines]

    def answer(self, study: Study, answers: Mapping[int, tuple[str, str]], author: str, label: str) -> Changes:
        """Note what came of samples: sample id -> (state, class). One entry of the history, whatever their number.

        A sample that was no pick becomes one of the newest round. A class is also stored as the user's label of the
        sample; taking it back in the Study takes that label away.

        Raises:
            InputError: a class is not of the Study, or a sample not of its Dataset.
        """
        wrong = sorted({name for state, name in answers.values() if state == LABELLED and name not in study.classes})
        if wrong:
            raise InputError(f"“{wrong[0]}” is no class of this study.", f"Its classes: {', '.join(study.classes)}.")
        store = self._store
        store.rows_of(study.dataset_id, list(answers))
        with store.write():
            edits, added = [], []
            latest: dict[int, Pick] = {p.sample_id: p for p in self.picks(study.id)}
            for sample_id, (state, name) in answers.items():
                pick = latest.get(sample_id)
                key = pick.id if pick else self._outsider(study, sample_id)
                added += [] if pick else [("study_pick", key)]
                edits += [("study_pick", key, "state", state), ("study_pick", key, "answer", name)]
                before = pick.answer if pick else ""
                if state == LABELLED or before:
                    more, rows = store.label_edits([sample_id], name or None, author)
                    edits, added = edits + more, added + rows
            store.change(label, edits, added)
        return Changes(TOUCHED | {"label"}, None, label)

    def _outsider(self, study: Study, sample_id: int) -> int:
        newest = self.rounds(study.id)[-1]
        rank = int(
            self._store.one("select coalesce(max(rank), 0) + 1 from study_pick where round_id = ?", (newest.id,))
        )
        return self._insert_picks(newest.id, [(rank, sample_id, None, "labelled unasked", None)], hidden=1)[0]

    def rename(self, study_id: int, name: str) -> Changes:
        """Give a Study another name."""
        label = f"Rename a study to “{name_of(name)}”"
        with self._store.write():
            self._store.change(label, [("study", study_id, "name", name_of(name))])
        return Changes(TOUCHED, ("study", study_id), label)

    def hide(self, study: Study) -> Changes:
        """Hide a Study; its labels stay. Undo brings it back."""
        label = f"Remove the study “{study.name}”"
        with self._store.write():
            self._store.change(label, [("study", study.id, "hidden", 1)])
        return Changes(TOUCHED, None, label)


def _lines(ranking: Ranking, ids: Rows, done: set[int]) -> Iterable[tuple[Any, ...]]:
    rank = 0
    for place, row in enumerate(ranking.rows.tolist()):
        if int(ids[row]) in done:
            continue
        rank += 1
        near = -1 if ranking.nearest is None else int(ranking.nearest[place])
        nearest = None if near < 0 else int(ids[near])
        yield rank, int(ids[row]), _real(float(ranking.gains[place])), clean(ranking.reasons[place]), nearest


def _real(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _study(r: tuple[Any, ...]) -> Study:
    return Study(r[0], r[1], r[2], tuple(json.loads(r[3])), StudyPlan.stored(json.loads(r[4])), r[5])


def _round(r: tuple[Any, ...]) -> RoundRecord:
    found: dict[str, Any] = {k: np.nan if v is None else v for k, v in json.loads(r[4]).items()}
    return RoundRecord(r[0], r[1], r[2], r[3], Measures(**found), *r[5:11])
