"""How typical a sample is of its skill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from curator.engine.api import Floats, Inputs, Task, cosine_to_own_skill, scorer


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
        return cosine_to_own_skill(inputs, task)
