"""How sharp a picture is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from curator.engine.api import Floats, Inputs, Task, picture_scores, scorer


@scorer("sharpness", version=1, needs={"samples"})
@dataclass(frozen=True)
class Sharpness:
    """Variance of the Laplacian of the grey picture: low is blurred or plain, high is sharp or noisy.

    Measured at 512 pixels on the longer side, so that size does not decide. Only means something between pictures of
    like content. Records without a picture have no value.

    Source: Pech-Pacheco et al. 2000.
    """

    good: ClassVar[str] = "higher"
    unit: ClassVar[str] = "variance of grey values 0 to 255"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN without a readable picture of at least 3 x 3 pixels."""
        return picture_scores(inputs, task, "Measuring sharpness", laplacian_variance)


def laplacian_variance(grey: Any) -> float:
    """Variance of the sum of the four neighbours minus four times the middle, on the 0 to 255 scale."""
    if min(grey.shape) < 3:
        return float("nan")
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(((around - 4 * grey[1:-1, 1:-1]) * 255).var(dtype="float64"))
