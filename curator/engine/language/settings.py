"""The parameters that all plugins with a language model share: equal ones share one pass over the pile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curator.engine.params import param

READING = 2
"""Version of how records become tokens and tokens numbers; raise it when either changes."""


@dataclass(frozen=True)
class LanguageModelParams:
    """Which model, how much of a record it reads, and in which number format it computes."""

    model: str = param(
        "", help="A folder, a GGUF file, or ORG/NAME on the hub; empty for the installed SmolLM2-135M-Instruct"
    )
    max_tokens: int = param(
        384, low=16, high=131_072, help="Cut longer records; the middle of the prompt goes first", unit="tokens"
    )
    dtype: str = param(
        "auto",
        choices=("auto", "float32", "bfloat16"),
        help="Number format; auto = bfloat16 on a GPU, float32 on a CPU",
        advanced=True,
    )

    def available(self) -> tuple[bool, str]:
        """Whether the model can be read here without a network, and why. Imports nothing heavy."""
        from curator.engine.language.source import readiness

        return readiness(self.model)

    def about(self, device: str) -> dict[str, Any]:
        """All that decides what a pass over a record gives, for fingerprints; reads the files of the model."""
        from curator.engine.language.source import find_model

        return {
            "model": find_model(self.model).identity,
            "max_tokens": self.max_tokens,
            "dtype": self.number_format(device),
            "reading": READING,
        }

    def number_format(self, device: str) -> str:
        """The number format that "auto" stands for."""
        if self.dtype != "auto":
            return self.dtype
        return "bfloat16" if device == "cuda" else "float32"
