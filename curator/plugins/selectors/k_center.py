"""Cover the whole space of vectors, edge cases first."""

from __future__ import annotations

from dataclasses import dataclass

from curator.engine.api import Inputs, Ranking, Task, farthest_ranking, param, selector, trim_param


@selector("k-center", version=1, needs={"vectors"})
@dataclass(frozen=True)
class KCenter:
    """Cover the pile evenly: each pick is the sample farthest from all earlier picks.

    Guarantees that nothing in the pile is far from a pick (at most twice the best possible distance). It meets
    outliers early; remove near-duplicates before it, set a `trim` of about 0.01, or look at the first picks.

    Source: Sener and Savarese 2018, "Active learning for convolutional neural networks: a core-set approach".
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    trim: float = trim_param()

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Farthest-first over ``inputs.vectors``; gains are Euclidean distances between unit rows, 0 to 2."""
        return farthest_ranking(inputs.vectors, inputs, self.budget, "content", task, trim=self.trim)
