"""How much a sample would move a language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, param, scorer
from curator.engine.language import LanguageModelParams


@scorer("grand", version=1, needs={"samples"}, kinds={"instruction"})
@dataclass(frozen=True)
class Grand(LanguageModelParams):
    """Length of the gradient of the response's loss with respect to one layer: high would change the model most.

    Comes for free where the encoder "gradient" looks at the same layer with the same model. Put it before other scorers
    of a language model, because its pass makes their numbers too. Needs a language model (optional extra "llm").

    Source: GraNd, Paul et al. 2021; Adapt-∞, arXiv 2410.10636.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "gradient norm"
    layer: int = param(-1, low=-1, help="Layer, counted from 0; -1 for the middle one", advanced=True)

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a response."""
        from curator.engine.language.scoring import gradient_lengths

        return np.array(gradient_lengths(self, self.layer, inputs, task))
