"""Cover the membership simplex with few samples (PCoreSet)."""

from __future__ import annotations

from dataclasses import dataclass

from curator.engine.api import Inputs, Ranking, Task, farthest_ranking, param, selector, trim_param


@selector("pcoreset", version=1, needs={"membership"})
@dataclass(frozen=True)
class PCoreSet:
    """Cover the space of probabilities: pick what the encoder believes differently from all earlier picks.

    Each sample is a row of probabilities, one for each skill or class; picks go farthest first in that space, so every
    kind of belief is met early, also the rare ones. Best with zero-shot classes or after a clusterer. When gains
    reach zero, the rest only repeats what is covered. It follows the teacher: where that is confidently wrong, so is
    the coverage.

    Source: PCoreSet, arXiv 2506.00910, with the membership of whatever made it in place of a student's probabilities.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    trim: float = trim_param()

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Farthest-first over ``inputs.membership``; gains are Euclidean distances in the simplex, 0 to 1.414.

        ``stopped`` tells the share of picks with a gain of 0.

        Raises:
            NotReadyError: there is no membership.
        """
        return farthest_ranking(inputs.membership, inputs, self.budget, "beliefs", task, trim=self.trim)
