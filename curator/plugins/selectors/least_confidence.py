"""The samples whose best class is least likely."""

from __future__ import annotations

from dataclasses import dataclass

from curator.engine.api import Inputs, Ranking, Task, param, selector, uncertain_ranking


@selector("least-confidence", version=1, needs={"membership"})
@dataclass(frozen=True)
class LeastConfidence:
    """Pick what the model is least sure of: the lowest highest probability first.

    Between entropy and margin: it looks at the best class only, so many small chances count no more than one rival.

    Source: Lewis and Gale 1994, "A sequential algorithm for training text classifiers".
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Highest 1 - max p first; ties to the lowest row.

        Raises:
            NotReadyError: there is no membership.
        """
        reason = "unsure: 1 - highest probability is {:.3f}"
        return uncertain_ranking(inputs, self.budget, lambda p: 1 - p.max(axis=1), reason, task)
