"""Good samples from every skill, drawn at random (kMQ)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from curator.engine.api import (
    SPLITS,
    Inputs,
    NotReadyError,
    Ranking,
    Task,
    divide,
    named_score,
    ordered_ranking,
    param,
    selector,
    share_over_skills,
)


@selector("kmq", version=1, needs={"skills", "scores"})
@dataclass(frozen=True)
class Kmq:
    """Spread the budget over skills and draw in each, good samples more often than bad ones.

    The top of a score is narrow and full of its mistakes; a draw that only leans towards it stays varied. Each skill
    gives in proportion to its size. Inside a skill a sample whose score is one `temperature` higher is e = 2.7 times
    as likely to be drawn; a very high temperature draws evenly, a very low one takes the best. Samples without a value
    come last.

    Source: kMQ of "Diversify and conquer", arXiv 2409.11378, where it beat random, k-center and the best by quality.
    There scores are not standardised: `scale = raw`. Shares are exact here, and the draw is without replacement.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    score: str = param("", help="Name of the score that says how good a sample is; empty for the first of the recipe")
    order: str = param("highest", choices=("highest", "lowest"), help="Which end of the score is good")
    temperature: float = param(1.0, low=0.05, high=1000.0, help="How far apart scores tell good from bad")
    scale: str = param(
        "standardised",
        choices=("standardised", "raw"),
        help="What the temperature is counted in: standard deviations of the pile, or units of the score",
        advanced=True,
    )
    split: str = param("proportional", choices=SPLITS, help="How to divide the budget")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Drawn with the seed of the Run; gains are the scores. A larger budget keeps what a smaller one drew.

        Raises:
            InputError: the recipe makes no score of that name. NotReadyError: there are no scores or no skills.
        """
        if inputs.skills is None:
            raise NotReadyError("“kmq” needs skills.", "Add a clusterer such as kmeans to the recipe.")
        name, values = named_score(self.score, inputs, "kmq")
        keys = self._keys(values, inputs)

        def inside(_: int, part: Inputs, budget: int) -> Ranking:
            order = part.rows[np.argsort(-keys[part.rows], kind="stable")]
            return ordered_ranking(order, part, budget, lambda r: _reason(name, values[r]), values)

        return share_over_skills(inputs, self.budget, partial(divide, self.split), inside, task, inputs.budgets)

    def _keys(self, values: np.ndarray, inputs: Inputs) -> np.ndarray:
        """float64 [n]: the largest of some rows are a draw from them without replacement, with probabilities in
        proportion to exp(score / temperature) (Gumbel top-k, Kool et al. 2019); -inf without a value."""
        fine = np.isfinite(values)
        alive = values[inputs.rows][fine[inputs.rows]]
        spread = float(alive.std()) if len(alive) and self.scale == "standardised" else 1.0
        # A constant score tells nothing apart: what rounding spreads it by must not.
        unit = spread if spread > 1e-9 * max(1.0, float(np.abs(alive).max(initial=0))) else 1.0
        lean = values / (unit * self.temperature)
        noise = inputs.rng.gumbel(size=inputs.n)
        return np.where(fine, (lean if self.order == "highest" else -lean) + noise, -np.inf)


def _reason(name: str, value: float) -> str:
    return f"drawn with {name} {value:.4g}" if np.isfinite(value) else f"no {name}"
