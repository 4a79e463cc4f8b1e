"""The best by one score."""

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
)


@selector("top-score", version=1, needs={"scores"})
@dataclass(frozen=True)
class TopScore:
    """Keep the samples with the highest or lowest value of one score.

    Simple and predictable, but rarely the best choice alone: the top of most scores is full of near-duplicates and
    noise. Samples without a value come last.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    score: str = param("", help="Name of the score to go by; empty = the first of the recipe")
    order: str = param("highest", choices=("highest", "lowest"), help="Which end to keep")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """By falling (or rising) score, ties to the lowest row; gains are the scores.

        Raises:
            InputError: the recipe makes no score of that name.
            NotReadyError: the recipe makes no score at all.
        """
        task.check()
        name, values = named_score(self.score, inputs, "top-score")
        sign = -1.0 if self.order == "highest" else 1.0
        key = np.where(np.isnan(values), np.inf, sign * values)[inputs.rows]
        order = inputs.rows[np.argsort(key, kind="stable")]

        def reason(row: int) -> str:
            value = values[row]
            return f"no value of {name}" if np.isnan(value) else f"{name} {value:.4g}, the {self.order} left"

        return ordered_ranking(order, inputs, self.budget, reason, values)
