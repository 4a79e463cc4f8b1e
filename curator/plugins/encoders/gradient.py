"""What each record would teach a language model: gradients of its response, projected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from curator.engine.api import Task, encoder, param
from curator.engine.language import LanguageModelParams


@encoder("gradient", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Gradient(LanguageModelParams):
    """Gradient vectors of a language model: two records are close when they would change it in the same way.

    For each record the gradient of the response's loss with respect to the weights of one layer (the middle one, as in
    the paper), projected at random onto fewer numbers while it is computed, and brought to length one. Records
    without a response have no vector. A vision-language model reads each record with its pictures. The pass leaves
    the numbers for the scorers perplexity, token-entropy, el2n and grand, which then cost nothing. Needs a language
    model (optional extra "llm"); expect 1 to 3 records a second on a laptop with the small default model, and see
    "hidden-states" for large piles.

    Source: Adapt-∞, arXiv 2410.10636 (width 8,192 there); the projection is made of rank-one directions, see
    docs/adapt-infinity.md.
    """

    width: int = param(512, low=16, high=8192, help="Numbers of a vector; 8,192 as published", unit="dimensions")
    layer: int = param(-1, low=-1, help="Layer, counted from 0; -1 for the middle one", advanced=True)
    projection: str = param("rademacher", choices=("rademacher", "gaussian"), help="Random directions", advanced=True)
    projection_seed: int = param(0, low=0, high=1_000_000, help="Seed of the directions", advanced=True)

    duplicate_threshold: ClassVar[float] = 0.98

    def open(self, device: str, seed: int, task: Task) -> Any:
        """A session that loads the model when it is first needed.

        Raises:
            NotReadyError: transformers or the weights are missing. InputError: there is no such model.
        """
        from curator.engine.language.sessions import GradientSession

        return GradientSession(self, device, task)
