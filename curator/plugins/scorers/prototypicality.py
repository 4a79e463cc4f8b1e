"""How typical a sample is of its skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer


@scorer("prototypicality", version=1, needs={"vectors"})
@dataclass(frozen=True)
class Prototypicality:
    """Cosine of a sample to the mean of its skill: 1 is the very middle, low values are odd ones out.

    Without a clusterer the pile as a whole is the skill; noise is compared with the mean of the noise.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "cosine"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN for rows that are not alive."""
        assert inputs.vectors is not None
        values = np.full(inputs.n, np.nan, np.float32)
        skills = np.zeros(inputs.n, np.int32) if inputs.skills is None else np.asarray(inputs.skills)
        alive = skills[inputs.rows]
        for skill in task.track(np.unique(alive).tolist(), "Comparing with skills"):
            rows = inputs.rows[alive == skill]
            block = np.asarray(inputs.vectors[rows], np.float64)
            mean = block.mean(axis=0)
            length = float(np.linalg.norm(mean))
            values[rows] = block @ (mean / length) if length > 1e-12 else 0.0
        return values
