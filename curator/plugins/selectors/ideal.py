"""The samples that reach most others along the links between neighbours (IDEAL)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from curator.engine.api import (
    Inputs,
    NotReadyError,
    Ranking,
    Task,
    falling_ranking,
    param,
    selector,
    told_of_outliers,
    trim_param,
    without_outliers,
)

if TYPE_CHECKING:
    from curator.engine.vectors import Links

FEWEST, FIRST, MOST = 2**12, 2**17, 2**21
"""Random sets to begin with, as many as there are samples between the first two; and at most."""
MOST_HELD = 2**25
"""Samples in all sets together at most: half a gigabyte."""
AGREE = 0.02
"""Share by which the reach that the sets claim for the picks made by them may be too much or too little."""


@selector("ideal", version=1, needs={"vectors"})
@dataclass(frozen=True)
class Ideal:
    """Pick the samples whose influence reaches most others, from neighbour to neighbour (IDEAL).

    Each sample passes its influence on to its nearest samples, by chance and the likelier the closer they are, and
    these pass it on. Picked is what reaches most samples that no earlier pick reaches. Good for the few samples to
    label first, or as examples in a prompt: they lie where much is close by, and not in the same place. One sample
    often reaches a handful only: the gains say how many, and their sum what all picks reach.

    It likes outliers that point into the pile: no other sample leads to them, but they lead to others. So put
    `redundancy` before it, and set `trim` to about 0.01. Influence is that of a graph, not of any model: where close
    vectors do not mean like samples, it means nothing.

    Source: IDEAL, Zhang et al. 2023, arXiv 2310.10873. Influence is measured on random sets of samples that would have
    reached one sample (Borgs et al. 2014) in place of simulations for every candidate: the same aim, much faster.
    """

    budget: int = param(100, low=1, help="How many samples to keep", unit="samples")
    neighbours: int = param(10, low=1, high=50, help="To how many nearest samples each one passes its influence on")
    centre: bool = param(
        True, help="Take away what all samples have in common before comparing them, as published", advanced=True
    )
    trim: float = trim_param()

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """The largest further influence first, ties to the lowest row; what pinned rows reach is reached already.

        Gains are the expected number of further samples reached. Sets are drawn until the reach that they claim for
        their own picks is right within 2 %, up to two million. One half of them is asked about the picks of the other;
        what all claim too much, because what happens to be high is picked, is less by sqrt(2). Gains are lowered by it.

        Raises:
            NotReadyError: there are no vectors.
        """
        from curator.engine import vectors

        task.check()
        if inputs.vectors is None:
            raise NotReadyError("“ideal” needs vectors.", "Choose an encoder first.")
        whole, matrix = len(inputs.rows), inputs.vectors
        inputs = without_outliers(inputs, self.trim, task)
        x: Any = (vectors.Centred if self.centre else vectors.Part)(matrix, inputs.rows)
        count = min(self.neighbours, max(0, len(x) - 1))
        lists = vectors.neighbour_lists(x, count, seed=inputs.seed, task=task, device=inputs.device)
        sets = vectors.ReverseSets(lists, vectors.passing_chances(x, lists, task), inputs.rng)
        until, off = min(max(len(x), FEWEST), FIRST), 1.0
        while True:
            sets.draw(until, task)
            half = sets.drawn // 2
            off = self._excess(sets.part(0, half), sets.part(half, sets.drawn), inputs, task) / 2**0.5
            if abs(off) <= AGREE or 2 * until > MOST or 2 * sets.held > MOST_HELD:
                break
            until *= 2
        task.log(f"Influence measured on {sets.drawn:,} random sets, which claim {max(0.0, off):.1%} too much.")
        found, _ = self._greedy(sets.part(0, sets.drawn), inputs, task, 1 - max(0.0, off))
        return told_of_outliers(found, whole - len(inputs.rows))

    def _excess(self, ours: Links, others: Links, inputs: Inputs, task: Task) -> float:
        """By what share the reach of picks made by some sets is more than what other sets say of the same picks."""
        from curator.engine.vectors import share_reached

        found, claimed = self._greedy(ours, inputs, task)
        true = share_reached(others, np.searchsorted(inputs.rows, found.rows), len(inputs.rows))
        return (claimed - true) / claimed if claimed else 0.0

    def _greedy(self, sets: Links, inputs: Inputs, task: Task, lowered: float = 1.0) -> tuple[Ranking, float]:
        """Picks by the number of sets they are in, their gains ``lowered``, and the share of sets they cover."""
        from curator.engine.vectors import Cover

        m, drawn = len(inputs.rows), len(sets.starts) - 1
        cover = Cover(sets, m)
        each = lowered * m / max(1, drawn)

        def reason(place: int) -> str:
            if not cover.left[place]:
                return "reaches nothing that earlier picks do not reach"
            more = cover.left[place] * each
            further = " more" if cover.taken else ""
            return f"reaches about {more:.3g}{further} samples by neighbours, {more / m:.2%} of all"

        found = falling_ranking(cover.left, inputs, self.budget, cover.take, reason, task, unit=each)
        return found, cover.taken / max(1, drawn)
