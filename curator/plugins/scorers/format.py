"""How well formed an instruction record is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from curator.engine.api import Floats, Inputs, Task, scorer
from curator.engine.language import Conversation, read_conversation

REMAINS = re.compile(r"<\|[a-z_]+\|>|\[/?INST\]|<</?SYS>>|###\s*(Instruction|Response|Human|Assistant):|</?s>", re.I)
BROKEN = re.compile("\ufffd|Ã[\u0080-\u00bf]|&(amp|lt|gt|quot|nbsp|#\\d+);")
REFUSAL = re.compile(
    r"\bas an? (ai|artificial intelligence)\b|\bi('m| am) (sorry|unable)\b.{0,40}\b(can't|cannot|to)\b", re.I
)
ENDINGS = tuple(".!?。！？…\"'”’»)]}`*:;>")
SHORT = 12
"""Words up to which an answer need not end like a sentence."""


@scorer("format", version=1, needs={"samples"}, kinds={"instruction"})
@dataclass(frozen=True)
class Format:
    """Share of seven checks of form that a record passes: 1 is well formed.

    It asks something; it answers something; the answer does not repeat the question; a long answer ends like a
    sentence; nothing is left of chat templates; no broken characters or HTML escapes, and code fences close; the answer
    is no refusal. Checks of form say nothing about truth.
    """

    good: ClassVar[str] = "higher"
    unit: ClassVar[str] = "share of checks"

    def score(self, inputs: Inputs, task: Task) -> Floats:
        """float32 [n], NaN where there is neither question nor answer."""
        assert inputs.samples is not None
        values = np.full(inputs.n, np.nan, np.float32)
        both = zip(inputs.samples.records(inputs.rows), inputs.samples.texts(inputs.rows), strict=True)
        found = task.track(both, "Checking the form", len(inputs.rows))
        for row, (record, text) in zip(inputs.rows.tolist(), found, strict=True):
            said = read_conversation(record, text)
            if said.response or said.turns:
                values[row] = np.mean(checks(said))
        return values


def checks(said: Conversation) -> tuple[bool, ...]:
    """The seven checks, True where passed; plain text without a prompt passes those of prompts."""
    asked = "\n".join(text for role, text in said.turns if role == "user").strip()
    answer = said.response.strip()
    whole = f"{asked}\n{answer}"
    return (
        bool(asked) or not said.turns,
        bool(answer),
        not answer or answer.lower() != asked.lower(),
        len(answer.split()) <= SHORT or answer.endswith(ENDINGS),
        not REMAINS.search(whole),
        not BROKEN.search(whole) and whole.count("```") % 2 == 0,
        not REFUSAL.search(answer[:300]),
    )
