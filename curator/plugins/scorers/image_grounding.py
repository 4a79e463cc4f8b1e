"""How much a response needs its picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer
from curator.engine.language import LanguageModelParams


@scorer("image-grounding", version=1, needs={"samples"}, kinds={"instruction"})
@dataclass(frozen=True)
class ImageGrounding(LanguageModelParams):
    """Perplexity of the response without the picture over that with it: above 1 the picture helps, at 1 it is idle.

    Below 1 it misleads. "Without" keeps all tokens and blanks the pixels. Name a vision-language model
    (a folder, or ORG/NAME on the hub); records without pictures have no value. Needs the optional extra "llm".

    Source: Adapt-∞, arXiv 2410.10636.
    """

    good: ClassVar[str] = "higher"
    unit: ClassVar[str] = "ratio of perplexities"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a picture or a response.

        Raises:
            InputError: the model reads no pictures.
        """
        from curator.engine.language.grounding import grounding_table

        table = np.asarray(grounding_table(self, inputs, task), np.float64)
        with np.errstate(over="ignore"):
            return np.exp(table[:, 1] - table[:, 0]).astype(np.float32)
