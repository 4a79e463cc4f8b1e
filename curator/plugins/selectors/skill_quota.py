"""A budget split over skills, then any other selector inside each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from curator.engine.api import (
    Inputs,
    Quota,
    Ranking,
    Rows,
    Task,
    apportion,
    cosine_to_own_skill,
    inner_selector,
    ordered_ranking,
    param,
    selector,
    stopped,
    water_fill,
)

INSIDE = ("k-center", "pcoreset", "random", "top-score", "centre")


@dataclass
class _Picks:
    """What is chosen so far, a list for each column of the Ranking."""

    rows: list[int] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    nearest: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


@selector("skill-quota", version=2, needs={"skills"})
@dataclass(frozen=True)
class SkillQuota:
    """Give every skill its share of the budget, so that rare skills are not drowned by common ones.

    "equal" gives each skill the same (small ones give all they have), "proportional" keeps the pile's mix, and
    "square-root" lies between. Inside each skill another selector picks ("centre" takes what is most typical of the
    skill); the results are interleaved, so that the beginning of the ranking is balanced too. Samples in no skill share
    one group. Where a constraint closes a class or a skill, its share goes to the others.

    Source: the water-filling budget of Adapt-∞, arXiv 2410.10636, and cluster sampling of arXiv 2409.11378.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    split: str = param("square-root", choices=("equal", "proportional", "square-root"), help="How to divide the budget")
    inside: str = param("k-center", choices=INSIDE, help="Selector used inside each skill")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Quotas by :func:`apportion` or :func:`water_fill`; gains are those of the inner selector.

        Raises:
            NotReadyError: the inner selector needs something that nothing before it made.
        """
        quota = Quota.of(inputs)
        keep = quota.allowed(inputs.keep)[: self.budget].tolist()
        picks = _Picks(list(keep), [float("nan")] * len(keep), [-1] * len(keep), ["pinned in"] * len(keep))
        middle = cosine_to_own_skill(inputs, task) if self.inside == "centre" else None
        free = np.setdiff1d(inputs.rows, inputs.keep)
        # Skills may compete for the room of one group; what that leaves of the budget is divided again.
        while len(picks.rows) < self.budget and len(free):
            before = len(picks.rows)
            self._round(free, picks, quota, middle, inputs, task)
            free = np.setdiff1d(free, picks.rows)
            free = free[_open(free, quota, inputs)]
            if len(picks.rows) == before:
                break
        return Ranking(
            np.array(picks.rows, np.int64),
            gains=np.array(picks.gains, np.float32),
            nearest=np.array(picks.nearest, np.int64),
            reasons=picks.reasons,
            stopped=stopped(len(picks.rows), self.budget, inputs),
        )

    def _round(
        self, free: Rows, picks: _Picks, quota: Quota, middle: np.ndarray | None, inputs: Inputs, task: Task
    ) -> None:
        """Divide what is left of the budget, and add first picks of all skills, then second picks, and so on."""
        assert inputs.skills is not None
        skills = np.asarray(inputs.skills)
        names = np.unique(skills[free])
        members = [free[skills[free] == name] for name in names]
        known, counts = np.unique(skills[inputs.rows], return_counts=True)
        sizes = counts[np.searchsorted(known, names)]
        picked = np.array(picks.rows, np.int64)
        room = np.array([_room(mine, quota, inputs) for mine in members])
        shares = self._shares(sizes, room, self.budget - len(picks.rows))
        queue = []
        for place, (mine, share) in enumerate(zip(members, shares.tolist(), strict=True)):
            task.step("Skills", place, len(members))
            if not share:
                continue
            earlier = np.sort(picked[skills[picked] == names[place]])
            found = self._inside(mine, earlier, share, quota, middle, inputs, task)
            for rank in range(len(earlier), len(found.rows)):
                queue.append((rank, place, found))
        task.step("Skills", len(members), len(members))
        for rank, place, found in sorted(queue, key=lambda entry: entry[:2]):
            self._add(picks, found, rank, int(names[place]), quota, inputs)

    def _shares(self, sizes: Rows, room: Rows, left: int) -> Rows:
        if self.split == "equal":
            return water_fill(room, left)
        return apportion(left, sizes if self.split == "proportional" else np.sqrt(sizes), room)

    def _inside(
        self, mine: Rows, earlier: Rows, share: int, quota: Quota, middle: np.ndarray | None, inputs: Inputs, task: Task
    ) -> Ranking:
        """The ranking of one skill; it begins with the rows picked there ``earlier``."""
        caps = None
        if inputs.groups is not None and inputs.caps is not None:
            groups = np.asarray(inputs.groups)[earlier]
            caps = quota.left + np.bincount(groups[groups >= 0], minlength=len(quota.left))
        part = replace(inputs, rows=np.union1d(mine, earlier), keep=earlier, caps=caps)
        budget = len(earlier) + share
        if middle is None:
            return inner_selector(self.inside, budget, part).select(part, task)
        order = part.rows[np.argsort(-middle[part.rows], kind="stable")]
        return ordered_ranking(order, part, budget, lambda row: f"{middle[row]:.3f} to the middle of the skill", middle)

    @staticmethod
    def _add(picks: _Picks, found: Ranking, rank: int, skill: int, quota: Quota, inputs: Inputs) -> None:
        row = int(found.rows[rank])
        if not quota.take(row):
            return
        name = inputs.skill_names[skill] if 0 <= skill < len(inputs.skill_names) else f"skill {skill + 1}"
        reason = found.reasons[rank].replace("the middle of the pile", "the middle of the skill")
        picks.rows.append(row)
        picks.gains.append(float(found.gains[rank]))
        picks.nearest.append(-1 if found.nearest is None else int(found.nearest[rank]))
        picks.reasons.append(f"{name if skill >= 0 else 'in no skill'}: {reason}")


def _open(rows: Rows, quota: Quota, inputs: Inputs) -> np.ndarray:
    """bool: which of the rows have room in their group."""
    if inputs.groups is None or inputs.caps is None:
        return np.ones(len(rows), bool)
    groups = np.asarray(inputs.groups)[rows]
    return (groups < 0) | (quota.left[np.maximum(groups, 0)] > 0)


def _room(rows: Rows, quota: Quota, inputs: Inputs) -> int:
    """How many of the rows fit into what their groups have left."""
    return len(Quota(inputs.groups, quota.left if inputs.caps is not None else None).allowed(rows))
