"""How far a model's probabilities lie from the truth of a response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer
from curator.engine.language import LanguageModelParams


@scorer("el2n", version=1, needs={"samples"}, kinds={"instruction"})
@dataclass(frozen=True)
class El2n(LanguageModelParams):
    """Mean length of the error, softmax minus one-hot, over the response tokens: 0 is right and sure, 1.41 wrong.

    Bounded, so single odd tokens weigh less than in perplexity. For pictures see "probe-el2n". Needs a language model
    (optional extra "llm").

    Source: EL2N, Paul et al. 2021, by token as in Adapt-∞, arXiv 2410.10636.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "error"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a response."""
        from curator.engine.language.scoring import response_table

        return np.array(response_table(self, inputs, task)[:, 2])
