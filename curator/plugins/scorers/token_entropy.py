"""How undecided a language model is along a response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer
from curator.engine.language import LanguageModelParams


@scorer("token-entropy", version=1, needs={"samples"}, kinds={"instruction"})
@dataclass(frozen=True)
class TokenEntropy(LanguageModelParams):
    """Mean entropy of the model's next-token probabilities over the response tokens: 0 is certain, high is undecided.

    Unlike perplexity it does not look at what the response says. (The scorer "entropy" is that of the membership.)
    Needs a language model (optional extra "llm").
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "nats"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a response."""
        from curator.engine.language.scoring import response_table

        return np.array(response_table(self, inputs, task)[:, 1])
