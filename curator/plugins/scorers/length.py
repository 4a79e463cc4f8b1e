"""How much there is to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, param, scorer


@scorer("length", version=1, needs={"samples"})
@dataclass(frozen=True)
class Length:
    """Length of the text in characters or words.

    Neither long nor short is good by itself; very short answers teach little, very long ones are cut off by trainers.
    Samples without text have no value.
    """

    good: ClassVar[str] = "neither"
    unit: str = param("characters", choices=("characters", "words"), help="What to count")

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN where there is no text."""
        assert inputs.samples is not None
        values = np.full(inputs.n, np.nan, np.float32)
        texts = inputs.samples.texts(inputs.rows)
        for row, text in zip(
            inputs.rows.tolist(), task.track(texts, "Measuring length", len(inputs.rows)), strict=True
        ):
            if text:
                values[row] = len(text) if self.unit == "characters" else len(text.split())
        return values
