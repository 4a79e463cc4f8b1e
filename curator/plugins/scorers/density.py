"""How crowded it is around a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, param, scorer


@scorer("density", version=1, needs={"vectors"})
@dataclass(frozen=True)
class Density:
    """Mean cosine to the nearest neighbours: high in crowded places, low for outliers.

    Keep the highest to stay with what is common, the lowest to look at what is odd.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "cosine"
    neighbours: int = param(10, low=1, high=200, help="How many neighbours to look at")

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN for rows that are not alive or have no neighbour."""
        from curator.engine import vectors

        assert inputs.vectors is not None
        values = np.full(inputs.n, np.nan, np.float32)
        whole = len(inputs.rows) == inputs.n
        x: Any = inputs.vectors if whole else vectors.Part(inputs.vectors, inputs.rows)  # never a copy of them all
        if len(inputs.rows) > 1:
            k = min(self.neighbours, len(inputs.rows) - 1)
            similarity = vectors.neighbour_graph(x, k, seed=inputs.seed, task=task, device=inputs.device)[1]
            with np.errstate(invalid="ignore"):
                values[inputs.rows] = similarity.mean(axis=1, dtype=np.float64)
            values[np.isinf(values)] = np.nan
        return values
