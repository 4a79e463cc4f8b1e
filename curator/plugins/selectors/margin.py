"""The samples whose two best classes are closest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curator.engine.api import Inputs, Ranking, Task, param, selector, uncertain_ranking


@selector("margin", version=1, needs={"membership"})
@dataclass(frozen=True)
class Margin:
    """Pick what stands between two classes: the smallest gap between the two highest probabilities first.

    A strong and cheap rule for later rounds, when the student already knows the classes. Like every rule of
    uncertainty it trusts the probabilities and looks at each sample by itself.

    Source: Scheffer et al. 2001, "Active hidden Markov models for information extraction".
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Smallest gap first; gains are 1 - gap, 0 to 1; ties to the lowest row.

        Raises:
            NotReadyError: there is no membership.
        """

        def closeness(p: np.ndarray) -> np.ndarray:
            if p.shape[1] < 2:
                return np.zeros(len(p))
            top = np.partition(p, -2, axis=1)[:, -2:]
            return 1 - (top[:, 1] - top[:, 0])

        return uncertain_ranking(inputs, self.budget, closeness, "between two classes: 1 - gap is {:.3f}", task)
