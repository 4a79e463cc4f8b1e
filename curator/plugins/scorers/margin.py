"""How close the two best guesses of a sample are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer

BLOCK = 16_384


@scorer("margin", version=1, needs={"membership"})
@dataclass(frozen=True)
class Margin:
    """Largest minus second largest membership: 0 lies between two skills, 1 is wholly in one.

    With zero-shot classes this is the doubt of the encoder; the lowest are worth a look by a person.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "probability"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN where the membership is; 1 where there is one skill only."""
        assert inputs.membership is not None
        values = np.empty(inputs.n, np.float32)
        for first in task.track(range(0, inputs.n, BLOCK), "Measuring margins"):
            p = np.asarray(inputs.membership[first : first + BLOCK], np.float64)
            if p.shape[1] < 2:
                values[first : first + len(p)] = p[:, 0] * 0 + 1 if p.shape[1] else np.nan
                continue
            two = np.partition(p, -2, axis=1)[:, -2:]
            values[first : first + len(p)] = np.where(np.isnan(p).any(axis=1), np.nan, two[:, 1] - two[:, 0])
        return values
