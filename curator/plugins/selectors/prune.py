"""A pool kept within its budget: in each skill, what the rest stands for goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from curator.engine.api import (
    Inputs,
    NotReadyError,
    Ranking,
    Rows,
    Task,
    farthest_ranking,
    ordered_ranking,
    param,
    selector,
    share_over_skills,
    water_fill,
)

BLOCK = 1024
QUERIES = 8192


@selector("prune", version=1, needs={"skills", "vectors"})
@dataclass(frozen=True)
class Prune:
    """Bring the pile down to a pool budget by dropping what its own skill covers best (the pruning of Adapt-∞).

    Large skills give most: the budget is shared like water, so small ones stay whole. Inside a skill "farthest" keeps
    the most central sample, then again and again the one least like all kept, so of many copies few stay and of
    distant samples more; it does not depend on the order of the pile. "released" keeps the rows least like any
    EARLIER row, which drops new data first; it is there for comparison. Every dropped sample points to the kept one
    that is most like it.

    Source: the permanent pruning of Adapt-∞, arXiv 2410.10636.
    """

    budget: int = param(10_000, low=1, help="How many samples the pool may hold", unit="samples")
    keep: str = param("farthest", choices=("farthest", "released"), help="Which samples of a skill stay", advanced=True)

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """The pool, skills in turn; ``dropped``, ``covered_by`` and ``similarity`` (cosine) tell what went and why.

        Raises:
            NotReadyError: nothing before made vectors or skills.
        """
        if inputs.vectors is None or inputs.skills is None:
            raise NotReadyError("“prune” needs vectors and skills.", "Add a clusterer such as kmeans to the recipe.")

        def inside(_: int, part: Inputs, budget: int) -> Ranking:
            if self.keep == "farthest":
                return farthest_ranking(part.vectors, part, budget, "content", task)
            return _released(part, budget, task)

        found = share_over_skills(inputs, self.budget, lambda _, room, left: water_fill(room, left), inside, task)
        dropped = np.setdiff1d(inputs.rows, found.rows)
        if not len(found.rows):
            return found
        covered, similarity = _cover(inputs, dropped, found.rows, task)
        return replace(found, dropped=dropped, covered_by=covered, similarity=similarity)


def _released(part: Inputs, budget: int, task: Task) -> Ranking:
    """Rows by their largest cosine to an earlier row of the skill, the smallest first."""
    assert part.vectors is not None
    rows = part.rows
    alike = np.zeros(part.n, np.float64)
    for first in range(0, len(rows), BLOCK):
        block = np.asarray(part.vectors[rows[first : first + BLOCK]], np.float64)
        best = np.zeros(len(block))
        for start in range(0, first + len(block), BLOCK):
            task.step("Comparing", first, len(rows))
            keys = np.asarray(part.vectors[rows[start : min(start + BLOCK, first + len(block))]], np.float64)
            cosine = block @ keys.T
            cosine[np.arange(first, first + len(block))[:, None] <= np.arange(start, start + len(keys))] = 0
            best = np.maximum(best, cosine.max(axis=1))
        alike[rows[first : first + BLOCK]] = np.round(best, 9)
    order = rows[np.argsort(alike[rows], kind="stable")]
    return ordered_ranking(order, part, budget, lambda r: f"at most {alike[r]:.3f} like an earlier sample", 1 - alike)


def _cover(inputs: Inputs, dropped: Rows, kept: Rows, task: Task) -> tuple[Rows, Any]:
    """For each dropped row the kept one of its skill (of the pile, where its skill keeps none) that is most like it."""
    from curator.engine import vectors

    assert inputs.vectors is not None and inputs.skills is not None
    skills = np.asarray(inputs.skills)
    kept = np.sort(kept)
    covered, similarity = np.full(len(dropped), -1, np.int64), np.full(len(dropped), np.nan, np.float32)
    for skill in np.unique(skills[dropped]).tolist():
        mine = np.flatnonzero(skills[dropped] == skill)
        own = kept[skills[kept] == skill]
        own = own if len(own) else kept
        keys = np.ascontiguousarray(inputs.vectors[own], np.float32)
        for first in range(0, len(mine), QUERIES):
            part = mine[first : first + QUERIES]
            queries = np.asarray(inputs.vectors[dropped[part]], np.float32)
            place, cosine = vectors.nearest(queries, keys, 1, task=task, device=inputs.device)
            covered[part], similarity[part] = own[np.maximum(place[:, 0], 0)], cosine[:, 0]
    return covered, similarity
