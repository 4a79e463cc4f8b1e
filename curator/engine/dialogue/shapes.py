"""Which format an instruction record is in, by its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CHATS = ("messages", "sharegpt", "llava")
ANSWERS = ("output", "completion", "response", "answer", "RESPONSE", "summary", "message_2")
CHOSEN = ("chosen", "chosen_response", "preferred_output", "preferred_completion")
REJECTED = ("rejected", "rejected_response", "non_preferred_output", "non_preferred_completion")


@dataclass(frozen=True)
class Fields:
    """The fields that hold prompt, addition, system text and answer of a record; "" = there is none. With ``must`` the
    addition has to be there, as a text, and none under the usual name."""

    shape: str
    prompt: str
    addition: str = ""
    system: str = ""
    answers: tuple[str, ...] = ANSWERS[:4]
    must: bool = False


FIELDS = (
    Fields("alpaca", "instruction", "context", "system", ("response",), must=True),
    Fields("alpaca", "instruction", "input", "system"),
    Fields("alpaca", "INSTRUCTION", answers=("RESPONSE",)),
    Fields("prompt-completion", "prompt", system="system", answers=("completion", "response", "output")),
    Fields("prompt-completion", "question", system="system_prompt", answers=("answer", "response", "output")),
    Fields("prompt-completion", "query", system="system", answers=("response",)),
    Fields("prompt-completion", "article", answers=("summary",)),
    Fields("prompt-completion", "message_1", answers=("message_2",)),
)
"""Formats whose parts are fields of their own; the first whose prompt and an answer are there fits."""


def fields_of(record: Mapping[str, object]) -> Fields | None:
    """The first of :data:`FIELDS` that the record fits."""
    for fields in FIELDS:
        if fields.must and ("input" in record or not isinstance(record.get(fields.addition, 0), str | None)):
            continue
        if fields.prompt in record and any(key in record for key in fields.answers + CHOSEN):
            return fields
    return None


def recognise(record: object) -> str:
    """The name of the format, or "" for none: messages, sharegpt, llava, alpaca, prompt-completion, preference, text.

    A pair of answers belongs to the format of the turns before it; "preference" is one that has nothing but the pair,
    or names its turns ``input``.
    """
    if not isinstance(record, dict):
        return ""
    if isinstance(record.get("messages"), list):
        return "messages"
    if isinstance(record.get("conversations"), list):
        return "llava" if isinstance(record.get("image"), str | list) else "sharegpt"
    if isinstance(record.get("conversation"), list) or isinstance(record.get("segments"), list):
        return "sharegpt"
    if (fields := fields_of(record)) is not None:
        return fields.shape
    if any(key in record for key in CHOSEN) and any(key in record for key in REJECTED):
        return "preference"
    return "text" if isinstance(record.get("text"), str) else ""
