"""How bright a picture is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from curator.engine.api import Floats, Inputs, Task, picture_scores, scorer


@scorer("brightness", version=1, needs={"samples"})
@dataclass(frozen=True)
class Brightness:
    """Mean grey value of a picture: 0 is black, 1 is white.

    Very dark and very bright pictures are often failed ones. Transparency counts as white. Records without a picture
    have no value.
    """

    good: ClassVar[str] = "neither"
    unit: ClassVar[str] = "0 to 1"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a readable picture."""
        return picture_scores(inputs, task, "Measuring brightness", _mean, side=128)


def _mean(grey: Any) -> float:
    return float(grey.mean(dtype="float64"))
