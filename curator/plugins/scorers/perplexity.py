"""How surprising a response is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer
from curator.engine.language import LanguageModelParams


@scorer("perplexity", version=1, needs={"samples"}, kinds={"instruction"})
@dataclass(frozen=True)
class Perplexity(LanguageModelParams):
    """Perplexity of the response, given its prompt: 1 is certain, high is surprising.

    exp of the mean of -ln p over the response tokens. Low values teach little, the highest are often noise. Needs a
    language model (optional extra "llm"); scorers with the same model share one pass over the pile.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "perplexity"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a response."""
        from curator.engine.language.scoring import response_table

        with np.errstate(over="ignore"):
            values: Floats = np.exp(response_table(self, inputs, task)[:, 0])
        return values
