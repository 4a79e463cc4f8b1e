"""Representatives: every sample of the pile has a pick that is like it."""

from __future__ import annotations

from dataclasses import dataclass

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


@selector("facility-location", version=1, needs={"vectors"})
@dataclass(frozen=True)
class FacilityLocation:
    """Represent the pile: each pick is the sample that brings the most others closer to a pick.

    Where "k-center" goes to the edges first, this one goes to the middles: the common first, the rare later, an outlier
    last, because it stands for itself only. Good for small budgets and for piles with noise; where every rare case
    must be in, take "k-center" or give skills their share.

    Source: the facility location function, greedy with the bound of Nemhauser, Wolsey and Fisher 1978; on the neighbour
    graph, as the packages apricot and submodlib offer it.
    """

    budget: int = param(1000, low=1, help="How many samples to keep", unit="samples")
    neighbours: int = param(
        32, low=2, high=256, help="How many samples around it may represent a sample", unit="samples", advanced=True
    )
    trim: float = trim_param()

    def select(self, inputs: Inputs, task: Task) -> Ranking:
        """Greedy; the gain is by how much the similarities of all samples to their closest pick grew in sum.

        Raises:
            NotReadyError: there are no vectors.
        """
        if inputs.vectors is None:
            raise NotReadyError("“facility-location” needs vectors.", "Choose an encoder first.")
        from curator.engine import vectors

        task.check()
        content, whole = inputs.vectors, len(inputs.rows)
        inputs = without_outliers(inputs, self.trim, task)
        rows = inputs.rows
        near = max(1, min(self.neighbours, len(rows) - 1))
        graph = vectors.neighbour_graph(
            vectors.unit_rows(content[rows]), near, seed=inputs.seed, task=task, device=inputs.device
        )
        facilities = vectors.Facilities(*graph)
        nearest = np.full(len(rows), -1, np.int64)

        def take(place: int) -> None:
            nearest[facilities.take(place)] = rows[place]

        def reason(place: int) -> str:
            return _reason(len(facilities.served_better(place)[0]))

        found = falling_ranking(
            facilities.gains, inputs, self.budget, take, reason, task, unit=facilities.unit, nearest=nearest
        )
        return told_of_outliers(found, whole - len(rows))


def _reason(served: int) -> str:
    if served < 1:
        return "earlier picks stand for it already"
    if served == 1:
        return "stands for itself better than any earlier pick"
    return f"stands for {served} samples better than any earlier pick, itself among them"
