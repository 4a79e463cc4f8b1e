"""Remove near-duplicates, and remember what stands for what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from curator.engine.api import (
    InputError,
    Inputs,
    Quota,
    Ranking,
    Rows,
    Task,
    cosine_to_own_skill,
    param,
    selector,
    stopped,
)

KEYS = 65_536
"""Kept rows that are copied out of the matrix at a time."""
SLACK = 2e-3
"""How far a product of stored rows (float16, so not quite of length one) may lie from their cosine."""
TIE = 1e-9
"""Cosines are compared with the threshold less this, as in the exact search."""


@selector("redundancy", version=2, needs={"vectors"})
@dataclass(frozen=True)
class Redundancy:
    """Drop every sample that is nearly the same as one that stays.

    Samples are taken in order; one that is at least `threshold` alike to a sample kept before it falls, and points to
    the most similar of those. Each sample that stays carries as its weight how many it stands for. The search is exact
    and over the whole pile; for very large piles "neighbouring skills" compares a sample only inside its skill and with
    the skills closest to that, which is faster and may miss pairs that lie far apart in the clustering.

    Source: the greedy form of SemDeDup, arXiv 2303.09540.
    """

    threshold: float = param(
        0.0,
        low=0.0,
        high=1.0,
        help="Cosine from which two samples are the same; 0 = what suits the encoder",
        unit="cosine",
    )
    first: str = param(
        "earliest", help="Which of several copies stays: earliest, central, or the name of a score (its highest stays)"
    )
    reach: str = param(
        "everywhere", choices=("everywhere", "neighbouring skills"), help="How far to look for copies", advanced=True
    )
    neighbours: int = param(4, low=0, help="How many neighbouring skills to compare with", unit="skills", advanced=True)
    budget: int = param(0, low=0, help="Keep at most this many of what is left; 0 = all", unit="samples")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Survivors in the order they were kept; weights count what each stands for.

        Raises:
            InputError: ``first`` is no score of the recipe, or neighbouring skills are asked for without skills.
        """
        order = self._order(inputs, task)
        threshold = self.threshold or inputs.duplicate_threshold
        stands, similarity = self._compare(inputs, order, threshold, task)
        kept = order[stands[order] == order]
        kept = np.concatenate([inputs.keep, kept[~np.isin(kept, inputs.keep)]])
        dropped = inputs.rows[(stands[inputs.rows] != inputs.rows) & (stands[inputs.rows] >= 0)]
        weights = np.bincount(stands[inputs.rows][stands[inputs.rows] >= 0], minlength=inputs.n)[kept]
        limited = Quota.of(inputs).allowed(kept)
        limited = limited[: self.budget] if self.budget else limited
        gone = f"{len(dropped)} near-duplicate{'' if len(dropped) == 1 else 's'} at a cosine of {threshold:g} or more."
        if len(limited) < min(len(kept), self.budget or len(kept)):
            gone += " " + stopped(len(limited), len(kept), inputs)
        weight_of = dict(zip(kept.tolist(), weights.tolist(), strict=True))
        counts = np.array([weight_of[r] for r in limited.tolist()], np.float32)
        pinned = set(inputs.keep.tolist())
        return Ranking(
            limited,
            gains=np.full(len(limited), np.nan, np.float32),
            weights=counts,
            nearest=np.full(len(limited), -1, np.int64),
            reasons=[_reason(int(c), r in pinned) for r, c in zip(limited.tolist(), counts.tolist(), strict=True)],
            dropped=dropped,
            covered_by=stands[dropped],
            similarity=similarity[dropped],
            stopped=gone,
        )

    def _order(self, inputs: Inputs, task: Task) -> Rows:
        if self.first == "earliest":
            return inputs.rows
        if self.first == "central":
            value = cosine_to_own_skill(inputs, task)[inputs.rows].astype(np.float64)
        elif self.first in inputs.scores:
            value = np.nan_to_num(np.asarray(inputs.scores[self.first], np.float64)[inputs.rows], nan=-np.inf)
        else:
            known = ", ".join(["earliest", "central", *inputs.scores])
            raise InputError(f"redundancy: “first” is “{self.first}”.", f"Use one of: {known}.")
        return inputs.rows[np.argsort(-value, kind="stable")]

    def _compare(self, inputs: Inputs, order: Rows, threshold: float, task: Task) -> tuple[Rows, np.ndarray]:
        from curator.engine import vectors

        assert inputs.vectors is not None
        if self.reach == "everywhere":
            found = vectors.greedy_duplicates(
                inputs.vectors, order, threshold, keep=inputs.keep, task=task, device=inputs.device
            )
            return found.representative, found.similarity
        if inputs.skills is None:
            raise InputError(
                "redundancy: neighbouring skills need a clusterer.", "Add one, or use reach = “everywhere”."
            )
        return _by_skill(inputs, order, threshold, self.neighbours, task)


def _reason(count: int, pinned: bool) -> str:
    words = "pinned in" if pinned else "kept"
    return words if count <= 1 else f"{words}, stands for {count - 1} near-duplicate{'s' if count > 2 else ''}"


def _by_skill(inputs: Inputs, order: Rows, threshold: float, neighbours: int, task: Task) -> tuple[Rows, np.ndarray]:
    """The greedy rule inside each skill, then between what is left in skills close by; whoever loses what stood for it
    is looked at again, so that every dropped row has a kept one that is alike."""
    from curator.engine import vectors

    assert inputs.vectors is not None
    stands, similarity = np.full(inputs.n, -1, np.int64), np.full(inputs.n, np.nan, np.float32)

    def settle(rows: Rows) -> None:
        pinned = np.flatnonzero(np.isin(rows, inputs.keep))
        x = np.ascontiguousarray(inputs.vectors[rows])  # type: ignore[index]
        found = vectors.greedy_duplicates(
            x, np.arange(len(rows)), threshold, keep=pinned, task=task, device=inputs.device
        )
        stands[rows], similarity[rows] = rows[found.representative], found.similarity

    close, place = _close_skills(inputs, order, neighbours)
    for skill in np.unique(place[order]).tolist():
        task.step("Comparing inside skills", skill, len(close))
        settle(order[place[order] == skill])
    _between(inputs, order, threshold, close, place, stands, similarity, task)
    lost = order[stands[stands[order]] != stands[order]]
    kept = order[stands[order] == order]
    for skill in np.unique(place[lost]).tolist():
        mine = lost[place[lost] == skill]
        stands[mine], similarity[mine] = _covered(inputs, mine, kept[close[skill][place[kept]]], threshold, task)
    settle(lost[stands[lost] < 0])
    return stands, similarity


def _between(
    inputs: Inputs, order: Rows, threshold: float, close: np.ndarray, place: Rows, stands: Rows, similarity: np.ndarray,
    task: Task,
) -> None:  # fmt: skip
    """Drop what is left of a skill where an earlier row, left in a skill close by, is as alike; pinned rows stay."""
    rank = np.full(inputs.n, -1, np.int64)
    rank[order] = np.arange(len(order))
    rank[inputs.keep] = -1
    alive = order[stands[order] == order]
    for first, later, cosine in _pairs_between(inputs, alive, rank, threshold, close, place, task):
        if stands[later] == later and stands[first] == first and rank[later] >= 0:
            stands[later], similarity[later] = first, cosine


def _pairs_between(
    inputs: Inputs, alive: Rows, rank: Rows, threshold: float, close: np.ndarray, place: Rows, task: Task
) -> Iterator[tuple[int, int, float]]:
    """(earlier, later, cosine) of pairs from two skills close by, by the later row, its most similar partner first."""
    from curator.engine import vectors

    assert inputs.vectors is not None
    found = []
    members = [alive[place[alive] == skill] for skill in range(len(close))]
    for skill, mine in enumerate(members):
        task.step("Comparing with skills close by", skill, len(members))
        others = [members[other] for other in np.flatnonzero(close[skill]) if other > skill]
        if not len(mine) or not sum(map(len, others)):
            continue
        rows = np.concatenate([mine, *others])
        x = np.ascontiguousarray(inputs.vectors[rows])
        try:
            pairs = vectors.near_duplicate_pairs(x, threshold, task=task, device=inputs.device)
        except ValueError as error:
            raise InputError(
                f"redundancy: at a threshold of {threshold:g} too much is alike.", "Raise the threshold."
            ) from error
        across = (pairs.left < len(mine)) & (pairs.right >= len(mine))
        a, b = rows[pairs.left[across]], rows[pairs.right[across]]
        swap = rank[a] > rank[b]
        found.append((np.where(swap, b, a), np.where(swap, a, b), pairs.similarity[across]))
    if found:
        first, later, cosine = (np.concatenate(part) for part in zip(*found, strict=True))
        by = np.lexsort((rank[first], -cosine, rank[later]))
        yield from zip(first[by].tolist(), later[by].tolist(), cosine[by].tolist(), strict=True)


def _close_skills(inputs: Inputs, order: Rows, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """bool [k, k], which skills are compared (both ways, and each with itself); int [n], the place of a row's skill."""
    from curator.engine import vectors

    assert inputs.vectors is not None and inputs.skills is not None
    names, which = np.unique(np.asarray(inputs.skills), return_inverse=True)
    means = np.zeros((len(names), inputs.vectors.shape[1]))
    for skill in np.unique(which[order]).tolist():
        means[skill] = np.asarray(inputs.vectors[order[which[order] == skill]], np.float64).mean(axis=0)
    centres = vectors.unit_rows(means)
    close = np.eye(len(names), dtype=bool)
    if neighbours and len(names) > 1:
        found = vectors.nearest(centres, centres, min(neighbours, len(names) - 1), same=True)[0]
        np.put_along_axis(close, found.astype(np.int64), True, axis=1)
    return close | close.T, which


def _covered(inputs: Inputs, mine: Rows, keys: Rows, threshold: float, task: Task) -> tuple[Rows, np.ndarray]:
    """The most similar key of each row where that reaches the threshold, else -1; and the cosine, else NaN."""
    from curator.engine import vectors

    assert inputs.vectors is not None
    best, stands = np.full(len(mine), -np.inf, np.float32), np.full(len(mine), -1, np.int64)
    queries = np.ascontiguousarray(inputs.vectors[mine])
    for first in range(0, len(keys), KEYS):
        part = keys[first : first + KEYS]
        index, value = vectors.nearest(queries, inputs.vectors[part], 1, task=task, device=inputs.device)
        better = value[:, 0] > best
        best[better], stands[better] = value[better, 0], part[index[better, 0]]
    near = np.flatnonzero(best >= threshold - SLACK)
    exact = np.full(len(mine), -np.inf)
    left, right = (np.asarray(inputs.vectors[rows], np.float64) for rows in (mine[near], stands[near]))
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    exact[near] = np.minimum(np.einsum("ij,ij->i", left, right) / np.maximum(lengths, 1e-12), 1)
    fine = exact >= threshold - TIE
    return np.where(fine, stands, -1), np.where(fine, exact, np.nan)
