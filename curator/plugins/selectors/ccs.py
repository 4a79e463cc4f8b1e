"""Samples over the whole range of a score, without its extremes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.engine.api import (
    Inputs,
    Ranking,
    Task,
    named_score,
    ordered_ranking,
    param,
    selector,
    strata_order,
)


@selector("ccs", version=1, needs={"scores"})
@dataclass(frozen=True)
class Ccs:
    """Cover the range of a score evenly, and leave its extremes out (coverage-centric selection).

    The best by any score of difficulty are the hardest of the pile, and often its mistakes; a subset of nothing else
    trains worse than a random one when the budget is small. So the range is cut into equal bins, every bin gives the
    same (those with less give all they have), and the two ends stay behind for as long as the rest fills the budget.

    Source: CCS, Zheng et al. 2023, as Adapt-∞ (arXiv 2410.10636) uses it; the original cuts the hardest end only
    (cut_low = 0, cut_high = 0.3 at 90 % pruning).
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    score: str = param("", help="Name of the score; empty for the first of the recipe")
    bins: int = param(50, low=1, high=10_000, help="How many equal bins to cut the range into")
    cut_low: float = param(0.05, low=0.0, high=0.9, help="Share of the lowest scores to set aside")
    cut_high: float = param(0.05, low=0.0, high=0.9, help="Share of the highest scores to set aside")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Drawn with the seed of the Run; gains are the scores. A smaller budget is a beginning of a larger one.

        Raises:
            NotReadyError: there are no scores. InputError: none is called ``score``.
        """
        name, values = named_score(self.score, inputs, "ccs")
        free = np.setdiff1d(inputs.rows, inputs.keep)
        task.step("Choosing", 0, 1)
        places, bins, _ = strata_order(
            values[free], inputs.rng, bins=self.bins, cut_low=self.cut_low, cut_high=self.cut_high
        )
        task.step("Choosing", 1, 1)
        bin_of = dict(zip(free.tolist(), bins.tolist(), strict=True))

        def reason(row: int) -> str:
            where = bin_of[row]
            if where == -2:
                return f"no {name}"
            words = f"{name} {values[row]:.4g}"
            return f"{words}, beyond the range covered" if where == -1 else f"{words}, bin {where + 1} of {self.bins}"

        return ordered_ranking(free[places], inputs, self.budget, reason, values)
