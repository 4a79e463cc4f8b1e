"""What many samples have among their nearest, each heard less the more picks it has (vote-k)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curator.engine.api import Inputs, Ints, NotReadyError, Ranking, Task, falling_ranking, param, selector

GRID = 2.0**40
"""Votes are counted in this many parts, so that sums of them are exact."""


@selector("vote-k", version=1, needs={"vectors"})
@dataclass(frozen=True)
class VoteK:
    """Pick what many samples are close to, and listen less to those that have a pick close by (vote-k).

    Each sample votes for its nearest samples. The one with most votes is picked, and whoever voted for it counts only a
    tenth from then on; so picks are typical, and come from all dense parts of the pile. Good for the few samples to
    label first, or as examples in a prompt. Rare groups come late, because few vote for their members. Remove
    near-duplicates before it: copies vote for each other. By the time of as many picks as the pile divided by
    `neighbours`, most votes are spent, and what comes later is close to arbitrary; lower `neighbours` for more picks.

    Source: the part of vote-k that needs no language model, Su et al. 2022, arXiv 2209.01975.
    """

    budget: int = param(100, low=1, help="How many samples to keep", unit="samples")
    neighbours: int = param(
        150, low=1, high=500, help="How many nearest samples each one votes for; at most a tenth of the pile counts"
    )
    discount: float = param(
        10.0, low=1.0, high=100.0, help="A vote is divided by this for each pick that it went to; 1 = never"
    )
    centre: bool = param(
        True, help="Take away what all samples have in common before comparing them, as published", advanced=True
    )

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Most votes first, ties to the lowest row; pinned rows quieten those who voted for them, as picks do.

        Gains are the votes that a pick still had. A pick itself votes no more.

        Raises:
            NotReadyError: there are no vectors.
        """
        from curator.engine import vectors

        task.check()
        if inputs.vectors is None:
            raise NotReadyError("“vote-k” needs vectors.", "Choose an encoder first.")
        x: Any = (vectors.Centred if self.centre else vectors.Part)(inputs.vectors, inputs.rows)
        count = min(max(1, min(self.neighbours, len(x) // 10)), max(0, len(x) - 1))
        lists = vectors.neighbour_lists(x, count, seed=inputs.seed, task=task, device=inputs.device)
        votes = _Votes(lists, self.discount)
        return falling_ranking(votes.left, inputs, self.budget, votes.take, votes.reason, task, unit=1 / GRID)


class _Votes:
    """Who votes for whom, and how loud. ``left``: int64 [m], what each row still has, in parts of a vote."""

    def __init__(self, lists: Ints, discount: float) -> None:
        from curator.engine.vectors import Links

        m = len(lists)
        self._lists = lists
        self._voters = Links.backwards(lists)
        steps = np.round(discount ** -np.arange(64.0) * GRID).astype(np.int64)
        self._steps = np.append(steps, steps[-1])
        self._heard = np.zeros(m, np.int64)
        self._loud = np.full(m, steps[0])
        self.left = np.diff(self._voters.starts) * steps[0]

    def take(self, place: int) -> None:
        """Quieten those who voted for a pick, and silence the pick."""
        voters = self._voters.ends[self._voters.of(place)]
        self._heard[voters] += 1
        speaking = voters[self._loud[voters] > 0]
        before = self._loud[speaking]
        self._loud[speaking] = self._steps[np.minimum(self._heard[speaking], 64)]
        self._lower(speaking, before - self._loud[speaking])
        self._lower(np.array([place]), self._loud[[place]])
        self._loud[place] = 0

    def _lower(self, voters: Ints, by: np.ndarray) -> None:
        cast = self._lists[voters]
        np.subtract.at(self.left, cast[cast >= 0], np.broadcast_to(by[:, None], cast.shape)[cast >= 0])

    def reason(self, place: int) -> str:
        """How many have it among their nearest, and how many of these have no pick there yet."""
        voters = self._voters.ends[self._voters.of(place)]
        if not len(voters):
            return "among the nearest of no other sample"
        fresh = int((self._heard[voters] == 0).sum())
        them = "1 sample" if len(voters) == 1 else f"{len(voters)} samples"
        return f"among the nearest of {them}, {fresh} without a pick there"
