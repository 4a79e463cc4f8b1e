"""The samples whose class is least clear, by entropy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.engine.api import Inputs, Ranking, Task, param, selector, uncertain_ranking


@selector("entropy", version=1, needs={"membership"})
@dataclass(frozen=True)
class EntropySelector:
    """Pick what is least decided: the highest entropy of the probabilities first.

    The oldest rule of active learning. It keeps asking about classes that look alike and may never visit others;
    near-copies of one hard sample are all picked.

    Source: Shannon entropy as in Settles 2009, section 3.1; the baseline "uncertainty" of PCoreSet, arXiv 2506.00910.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Highest -sum p ln p first, in nats; ties to the lowest row.

        Raises:
            NotReadyError: there is no membership.
        """

        def entropy(p: np.ndarray) -> np.ndarray:
            return -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)

        return uncertain_ranking(inputs, self.budget, entropy, "undecided: entropy {:.3f} nats", task)
