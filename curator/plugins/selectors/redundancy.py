"""Remove near-duplicates, and remember what stands for what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.engine.api import InputError, Inputs, Quota, Ranking, Rows, Task, param, selector


@selector("redundancy", version=1, needs={"vectors"})
@dataclass(frozen=True)
class Redundancy:
    """Drop every sample that is nearly the same as one that stays.

    Samples are taken in order; one that is at least `threshold` alike to a sample kept before it falls, and points to
    the most similar of those. Each sample that stays carries as its weight how many it stands for. The search is exact
    and over the whole pile; for very large piles "neighbouring skills" compares only inside a skill and the skills
    closest to it, which is faster and may miss pairs that lie far apart in the clustering.

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
        order = self._order(inputs)
        threshold = self.threshold or inputs.duplicate_threshold
        stands, similarity = self._compare(inputs, order, threshold, task)
        kept = order[stands[order] == order]
        kept = np.concatenate([inputs.keep, kept[~np.isin(kept, inputs.keep)]])
        dropped = inputs.rows[(stands[inputs.rows] != inputs.rows) & (stands[inputs.rows] >= 0)]
        weights = np.bincount(stands[inputs.rows][stands[inputs.rows] >= 0], minlength=inputs.n)[kept]
        limited = Quota.of(inputs).allowed(kept)
        limited = limited[: self.budget] if self.budget else limited
        gone = f"{len(dropped)} near-duplicates at a cosine of {threshold:g} or more."
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

    def _order(self, inputs: Inputs) -> Rows:
        if self.first == "earliest":
            return inputs.rows
        if self.first == "central":
            assert inputs.vectors is not None
            value = _to_own_mean(inputs)
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


def _to_own_mean(inputs: Inputs) -> np.ndarray:
    """Cosine of each alive row to the mean of its skill (of the pile, without skills)."""
    assert inputs.vectors is not None
    skills = np.zeros(inputs.n, np.int32) if inputs.skills is None else np.asarray(inputs.skills)
    value = np.zeros(len(inputs.rows))
    for skill in np.unique(skills[inputs.rows]):
        mine = np.flatnonzero(skills[inputs.rows] == skill)
        block = np.asarray(inputs.vectors[inputs.rows[mine]], np.float64)
        mean = block.mean(axis=0)
        value[mine] = block @ (mean / max(float(np.linalg.norm(mean)), 1e-12))
    return value


def _by_skill(inputs: Inputs, order: Rows, threshold: float, neighbours: int, task: Task) -> tuple[Rows, np.ndarray]:
    """Skill after skill: what it keeps counts as kept for the skills whose centres are closest to its own."""
    from curator.engine import vectors

    assert inputs.vectors is not None and inputs.skills is not None
    skills = np.asarray(inputs.skills)
    names = np.unique(skills[order])
    means = np.stack([np.asarray(inputs.vectors[order[skills[order] == s]], np.float64).mean(axis=0) for s in names])
    centres = vectors.unit_rows(means)
    close = vectors.nearest(centres, centres, min(neighbours, len(names) - 1), same=True)[0] if len(names) > 1 else None
    stands = np.full(inputs.n, -1, np.int64)
    similarity = np.full(inputs.n, np.nan, np.float32)
    kept: dict[int, Rows] = {}
    for place, skill in enumerate(names.tolist()):
        task.step("Comparing skills", place, len(names))
        mine = order[skills[order] == skill]
        near = [] if close is None else [kept[int(c)] for c in close[place] if int(c) in kept]
        earlier = np.concatenate([*near, np.intersect1d(inputs.keep, mine)]).astype(np.int64)
        found = vectors.greedy_duplicates(
            inputs.vectors, np.concatenate([earlier, mine]), threshold, keep=np.unique(earlier), device=inputs.device
        )
        stands[mine], similarity[mine] = found.representative[mine], found.similarity[mine]
        kept[place] = mine[stands[mine] == mine]
    return stands, similarity
