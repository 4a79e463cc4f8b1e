"""Instruction records understood: the one reader and writer of their formats.

:func:`turns` is all that most callers need; :func:`read_dialogue` gives everything, :func:`write_dialogue` writes it
in another format and :func:`losses` says what that would lose.
"""

from __future__ import annotations

import json

from curator.engine.dialogue.losing import Loss, converted, losses
from curator.engine.dialogue.model import MARK, Call, Dialogue, Picture, Turn
from curator.engine.dialogue.reading import read_dialogue
from curator.engine.dialogue.shapes import recognise
from curator.engine.dialogue.writing import PICTURES, TARGETS, Style, write_dialogue
from curator.engine.errors import InputError

__all__ = [
    "MARK", "PICTURES", "TARGETS", "Call", "Dialogue", "Loss", "Picture", "Style", "Turn", "converted", "losses",
    "parse", "read_dialogue", "recognise", "turns", "write_dialogue",
]  # fmt: skip


def parse(record: str) -> Dialogue:
    """The Dialogue of a record given as JSON text; raises :class:`InputError` with a plain reason."""
    try:
        value = json.loads(record)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not valid JSON: {error}") from error
    try:
        return read_dialogue(value)
    except RecursionError as error:
        raise InputError("is nested too deeply") from error


def turns(record: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is said in a record (JSON text): (role, text, names of pictures) for each turn, in order.

    Roles are "system", "user", "assistant" and "tool". Of a pair of answers the better one comes last. A turn that
    only calls tools has the calls as its text, "NAME ARGUMENTS", one a line. [] for what is not a known record.
    """
    try:
        found = parse(record)
    except InputError:
        return []
    return [(turn.role, _words(turn), turn.images) for turn in (*found.turns, *found.chosen)]


def _words(turn: Turn) -> str:
    calls = [f"{call.name} {call.arguments}" for call in turn.calls]
    return "\n".join(part for part in (turn.text, *calls) if part)
