"""A fair draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.engine.api import Inputs, Ranking, Task, ordered_ranking, param, selector


@selector("random", version=1)
@dataclass(frozen=True)
class Random:
    """Draw samples at random: the baseline that every other selector has to beat.

    The draw is nested: with the same seed, a larger budget extends a smaller one.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """The first ``budget`` rows of a seeded shuffle; gains are 0."""
        task.check()
        # One number per row of the Dataset, so that dropping some rows does not reshuffle the others.
        lot = inputs.rng.random(inputs.n)[inputs.rows]
        order = inputs.rows[np.argsort(lot, kind="stable")]
        return ordered_ranking(order, inputs, self.budget, lambda row: "drawn at random")
