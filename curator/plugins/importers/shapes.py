"""The text, the pictures and the class of an instruction record; its formats are :mod:`curator.engine.dialogue`'s.

The text of a record is what the turns say, in order, one below the other: prompt, answer, results of tools and the
calls. System prompts, descriptions of tools, names of roles and ``<image>`` marks are left out, because they are the
same in many records and would make all of them look alike to an encoder. Of a pair of answers it is the chosen one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from curator.engine.api import InputError
from curator.engine.dialogue import Dialogue, Turn, read_dialogue, recognise

__all__ = ["TEXTS", "labels_of", "read_dialogue", "recognise", "text_of"]

Record = Mapping[str, Any]
LABEL_KEYS = ("task", "category", "label", "class")
TEXTS = ("alpaca", "sharegpt", "messages", "llava", "prompt-completion", "preference", "text")
"""The formats that are read."""
_IMAGE_MARK = re.compile(r"<image>|<__dj__image>")


def text_of(found: Dialogue) -> str:
    """The text that an encoder reads; see the module. Raises :class:`InputError` when there is none."""
    lines = [_IMAGE_MARK.sub("", line).strip() for turn in (*found.turns, *found.chosen) for line in _lines(turn)]
    text = "\n".join(line for line in lines if line)
    if not text:
        raise InputError("has no text")
    return text


def _lines(turn: Turn) -> Iterator[str]:
    if turn.role == "system":
        return
    if turn.border:
        yield turn.text[: turn.border]
        yield turn.text[turn.border :]
    elif turn.listed:
        yield from (part for part in turn.parts if isinstance(part, str))
    else:
        yield turn.text
    yield from (f"{call.name} {call.arguments}" for call in turn.calls)


def labels_of(record: Record) -> tuple[str, ...]:
    """The class given by a text in ``task``, ``category``, ``label`` or ``class``, if any."""
    for key in LABEL_KEYS:
        value = record.get(key)
        if isinstance(value, str) and (label := value.strip()):
            return (label,)
    return ()
