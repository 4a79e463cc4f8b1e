"""How much a text repeats itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, param, scorer


@scorer("repetition", version=1, needs={"samples"})
@dataclass(frozen=True)
class Repetition:
    """Share of word sequences of a text that occurred in it before: 0 repeats nothing, near 1 is a loop.

    Looping answers of language models and boilerplate stand out. Samples without text have no value.

    Source: duplicate n-grams, a quality filter of Rae et al. 2021 (Gopher).
    """

    good: ClassVar[str] = "lower"
    unit: ClassVar[str] = "share"
    words: int = param(3, low=1, high=20, help="Words of a sequence", unit="words")

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN where there is no text."""
        assert inputs.samples is not None
        values = np.full(inputs.n, np.nan, np.float32)
        texts = inputs.samples.texts(inputs.rows)
        for row, text in zip(
            inputs.rows.tolist(), task.track(texts, "Counting repeats", len(inputs.rows)), strict=True
        ):
            said = text.lower().split()
            if said:
                count = max(1, len(said) - self.words + 1)
                values[row] = 1 - len({tuple(said[i : i + self.words]) for i in range(count)}) / count
        return values
