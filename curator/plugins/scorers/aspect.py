"""How wide a picture is for its height."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from curator.engine.api import Floats, Inputs, Task, header_scores, scorer


@scorer("aspect", version=1, needs={"samples"})
@dataclass(frozen=True)
class Aspect:
    """Width over height as displayed: 1 is square, below 1 upright; very large or small values are banners and strips.

    Encoders cut or squeeze pictures to a square, so they see little of extreme ones. Records without a picture have no
    value.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "width over height"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a readable picture."""
        return header_scores(inputs, task, "Measuring shapes", lambda width, height: width / height)
