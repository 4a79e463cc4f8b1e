"""A budget divided over skills, in rounds, until no quota lets another pick through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from curator.engine.caps import Quota
from curator.engine.picking import PINNED, stopped
from curator.engine.quotas import apportion
from curator.engine.task import Task
from curator.engine.types import Inputs, Ranking, Rows

Inside = Callable[[int, Inputs, int], Ranking]
"""(skill, inputs of that skill whose ``keep`` was picked before, budget with those) -> Ranking beginning with them."""
Shares = Callable[[Rows, Rows, int], Rows]
"""(size of each skill, room that its quotas leave, budget left) -> share of each."""


@dataclass
class _Picks:
    """What is chosen so far, a list for each column of the Ranking."""

    rows: list[int] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    nearest: list[int] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def with_budgets(shares: Shares, wanted: Rows, sizes: Rows, room: Rows, left: int) -> Rows:
    """Shares where some skills have a number of their own: these get it, the others divide the rest by ``shares``.

    Args:
        wanted: int64 [g], what each skill shall still get, -1 = its share of the rest. Where the budget is too small
            for all of these, it is divided in proportion to them.
    """
    own = wanted >= 0
    fixed = np.where(own, np.minimum(np.maximum(wanted, 0), room), 0)
    if fixed.sum() > left:
        fixed = apportion(left, fixed, fixed)
    rest = shares(sizes, np.where(own, 0, room), left - int(fixed.sum()))
    return np.asarray(np.where(own, fixed, rest), np.int64)


def share_over_skills(
    inputs: Inputs, budget: int, shares: Shares, inside: Inside, task: Task, budgets: Rows | None = None
) -> Ranking:
    """Pinned rows first; then each skill picks its share by ``inside``, and the picks are interleaved: the first of all
    skills, then the second, and so on. Samples in no skill share one group.

    ``budgets`` int64 [k] has a number for some skills, -1 for the others (see :func:`with_budgets`); pinned rows count.
    Skills may compete for the room of one quota group; what that leaves of the budget is divided again.
    """
    quota = Quota.of(inputs)
    keep = quota.allowed(inputs.keep)[:budget].tolist()
    picks = _Picks(list(keep), [float("nan")] * len(keep), [-1] * len(keep), [PINNED] * len(keep))
    free = np.setdiff1d(inputs.rows, inputs.keep)
    while len(picks.rows) < budget and len(free):
        before = len(picks.rows)
        dividing = shares if budgets is None else partial(_left_of, budgets, shares, picks.rows, free, inputs)
        _round(free, picks, budget - before, quota, dividing, inside, inputs, task)
        free = np.setdiff1d(free, picks.rows)
        free = free[quota.open(free)]
        if len(picks.rows) == before:
            break
    return Ranking(
        np.array(picks.rows, np.int64),
        gains=np.array(picks.gains, np.float32),
        nearest=np.array(picks.nearest, np.int64),
        reasons=picks.reasons,
        stopped=stopped(len(picks.rows), budget, inputs),
    )


def _left_of(
    budgets: Rows, shares: Shares, picked: list[int], free: Rows, inputs: Inputs, sizes: Rows, room: Rows, left: int
) -> Rows:
    """:func:`with_budgets` for the skills that have free rows, less what they gave already."""
    skills = np.asarray(inputs.skills)
    names = np.unique(skills[free])
    given = np.bincount(skills[picked][skills[picked] >= 0], minlength=len(budgets))
    wanted = np.where(budgets < 0, -1, np.maximum(budgets - given[: len(budgets)], 0))
    known = (names >= 0) & (names < len(budgets))
    return with_budgets(shares, np.where(known, wanted[np.where(known, names, 0)], -1), sizes, room, left)


def _round(
    free: Rows, picks: _Picks, left: int, quota: Quota, shares: Shares, inside: Inside, inputs: Inputs, task: Task
) -> None:
    assert inputs.skills is not None
    skills = np.asarray(inputs.skills)
    names = np.unique(skills[free])
    members = [free[skills[free] == name] for name in names]
    known, counts = np.unique(skills[inputs.rows], return_counts=True)
    sizes = counts[np.searchsorted(known, names)]
    picked = np.array(picks.rows, np.int64)
    room = np.array([_room(mine, quota, inputs) for mine in members])
    queue: list[tuple[int, int, Any]] = []
    for place, (mine, share) in enumerate(zip(members, shares(sizes, room, left).tolist(), strict=True)):
        task.step("Skills", place, len(members))
        if not share:
            continue
        earlier = np.sort(picked[skills[picked] == names[place]])
        found = inside(int(names[place]), _part(mine, earlier, quota, inputs), len(earlier) + share)
        queue += [(rank, place, found) for rank in range(len(earlier), len(found.rows))]
    task.step("Skills", len(members), len(members))
    for rank, place, found in sorted(queue, key=lambda entry: entry[:2]):
        _add(picks, found, rank, int(names[place]), quota, inputs)


def _part(mine: Rows, earlier: Rows, quota: Quota, inputs: Inputs) -> Inputs:
    """The inputs as one skill sees them; caps are what the quotas leave, plus what it picked before."""
    caps = None
    if inputs.groups is not None and inputs.caps is not None:
        groups = np.asarray(inputs.groups)[earlier]
        caps = quota.left + np.bincount(groups[groups >= 0], minlength=len(quota.left))
    return replace(inputs, rows=np.union1d(mine, earlier), keep=earlier, caps=caps)


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


def _room(rows: Rows, quota: Quota, inputs: Inputs) -> int:
    """How many of the rows fit into what their groups have left."""
    return len(Quota(inputs.groups, quota.left if inputs.caps is not None else None).allowed(rows))
