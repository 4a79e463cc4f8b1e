"""How undecided the membership of a sample is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer

BLOCK = 16_384


@scorer("entropy", version=1, needs={"membership"})
@dataclass(frozen=True)
class Entropy:
    """Entropy of the membership: 0 is wholly one skill, high values lie between many.

    With zero-shot classes this is the uncertainty of the encoder.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "nats"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n]: -sum p ln p of each row of the membership; NaN where that is NaN."""
        assert inputs.membership is not None
        values = np.empty(inputs.n, np.float32)
        for first in task.track(range(0, inputs.n, BLOCK), "Measuring entropy"):
            p = np.asarray(inputs.membership[first : first + BLOCK], np.float64)
            with np.errstate(divide="ignore", invalid="ignore"):
                terms = np.where(p > 0, -p * np.log(p), p * 0)
            values[first : first + len(p)] = terms.sum(axis=1)
        return values
