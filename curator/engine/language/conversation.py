"""What a record asks, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from curator.engine.dialogue import turns as turns_of

SPEAKERS = {"system": "system", "assistant": "assistant"}
"""Roles that every chat template knows; all others (tools) speak as the user."""


@dataclass(frozen=True)
class Conversation:
    """Turns up to the last answer, and that answer.

    Attributes:
        turns: (role, text) with the roles system, user and assistant; empty for plain text.
        response: the last answer of the record, or all of a plain text; "" when there is none.
    """

    turns: tuple[tuple[str, str], ...]
    response: str


def read_conversation(record: str, text: str = "") -> Conversation:
    """The conversation of an original record (JSON text) in any format that Curator reads.

    Of a pair of answers the better one counts. What is no such record is plain text: ``text``.
    """
    said = [(SPEAKERS.get(role, "user"), words.strip()) for role, words, _ in turns_of(record)]
    if not said:
        return Conversation((), text)
    last = max((i for i, (role, _) in enumerate(said) if role == "assistant"), default=-1)
    return Conversation(tuple(said[:last]), said[last][1]) if last >= 0 else Conversation(tuple(said), "")
