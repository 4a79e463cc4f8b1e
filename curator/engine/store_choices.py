"""Which Score each Skill of a Run went by, and the histograms that decided it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from curator.engine.history import clean
from curator.engine.records import SkillScores
from curator.engine.store import Store
from curator.engine.types import SkillChoice


class SkillChoices:
    """The table ``skill_choice``; its rows belong to a Run and are seen, hidden and undone with it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, run_id: int, choices: Sequence[SkillChoice]) -> None:
        """Store the choices of a Run that is about to end."""
        places: dict[int, int] = {}
        cells = []
        for c in choices:
            places[c.skill] = places.get(c.skill, -1) + 1
            edges = [v if math.isfinite(v) else None for v in (c.low, c.high, c.cut_low, c.cut_high)]
            cells.append(
                (run_id, c.skill, places[c.skill], clean(c.scorer), int(c.chosen), c.entropy, *edges[:2],
                 json.dumps(c.counts), *edges[2:])
            )  # fmt: skip
        with self._store.write():
            self._store.db.execute("delete from skill_choice where run_id = ?", (run_id,))
            self._store.db.conn.executemany("insert into skill_choice values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", cells)

    def of_run(self, run_id: int) -> list[SkillScores]:
        """Every Score of every Skill of a Run, by skill in the order of the Recipe; empty when it went by none."""
        sql = (
            "select c.skill, coalesce(skill.name, ''), coalesce(skill.size, 0), scorer, chosen, entropy, low, high,"
            " counts, cut_low, cut_high from skill_choice c join run on run.id = c.run_id"
            " left join skill on skill.clustering_id = run.clustering_id and skill.number = c.skill"
            " where run_id = ? and run.status = 'done' order by c.skill, place"
        )
        return [
            SkillScores(*[*r[:4], bool(r[4]), *r[5:8], tuple(json.loads(r[8])), *r[9:]])
            for r in self._store.rows(sql, (run_id,))
        ]
