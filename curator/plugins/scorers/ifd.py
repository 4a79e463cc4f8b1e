"""How little an instruction helps with its response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer
from curator.engine.language import LanguageModelParams


@scorer("ifd", version=1, needs={"samples"}, kinds={"instruction"})
@dataclass(frozen=True)
class Ifd(LanguageModelParams):
    """Instruction-following difficulty: loss of the response with its instruction over its loss without.

    Near 0 the instruction gives the response away, near 1 it does not help; above 1 the two rarely belong together, so
    values just below 1 are the useful hard ones. Needs a language model (optional extra "llm").

    Source: Li et al., From Quantity to Quality, arXiv 2308.12032.
    """

    good: ClassVar[str] = "higher"
    unit: ClassVar[str] = "ratio of losses"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a response, or where the response is certain by itself."""
        from curator.engine.language.scoring import response_table

        given = np.asarray(response_table(self, inputs, task)[:, 0], np.float64)
        alone = np.asarray(response_table(self, inputs, task, alone=True)[:, 0], np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(alone > 0, given / alone, np.nan)
        return ratio.astype(np.float32)
