"""What each sample would teach a simple probe: gradients without a language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from curator.engine.api import Task, encoder, param


@encoder("probe-gradient", version=1)
@dataclass(frozen=True)
class ProbeGradient:
    """Gradient vectors of a linear probe on another encoder's vectors: near are samples that err alike and look alike.

    For piles without a language model, pictures too. The probe learns the classes where every sample has one, else the
    skills that k-means finds. Such vectors group samples by how the probe errs as much as by what they are; for
    finding skills the plain vectors are often better.

    Source: Adapt-∞ (arXiv 2410.10636) with the gradient of softmax regression, which factorises.
    """

    base: str = param("auto", help="Name of the encoder whose vectors the probe stands on; auto = the best here")
    width: int = param(256, low=16, high=8192, help="Numbers of a vector", unit="dimensions")
    k: int = param(0, low=0, high=16384, help="Skills that the probe learns without classes; 0 = by the pile")

    duplicate_threshold: ClassVar[float] = 0.98

    def available(self) -> tuple[bool, str]:
        """Always: some encoder is."""
        return True, "stands on another encoder"

    def open(self, device: str, seed: int, task: Task) -> Any:
        """A session; the other encoder is opened when the pile is read."""
        from curator.engine.probe_gradients import ProbeGradientSession

        return ProbeGradientSession(self, device, seed, task)
