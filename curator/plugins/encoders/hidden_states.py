"""How a language model reads each record: mean hidden states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from curator.engine.api import Task, encoder, param
from curator.engine.language import LanguageModelParams


@encoder("hidden-states", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class HiddenStates(LanguageModelParams):
    """Mean hidden state of a language model's middle layer over a record: the cheap neighbour of "gradient".

    Half a forward pass for each record, no gradients; the layers above are not computed. Vectors are as wide as the
    model (576 for the default one). Needs a language model (optional extra "llm").
    """

    layer: int = param(-1, low=-1, help="Layer, counted from 0; -1 for the middle one", advanced=True)

    duplicate_threshold: ClassVar[float] = 0.98

    def open(self, device: str, seed: int, task: Task) -> Any:
        """A session with the model loaded.

        Raises:
            NotReadyError: transformers or the weights are missing. InputError: there is no such model.
        """
        from curator.engine.language.sessions import HiddenSession

        return HiddenSession(self, device, task)
