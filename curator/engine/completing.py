"""What could be written next in a filter: names of fields, and the values that a field has here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from curator.engine.browse import Field
from curator.engine.filter_language import quoted

MOST = 12
_TERM = re.compile(r'(?P<field>[a-z]+(?:\.[\w-]+)?)(?P<op>:|~|[<>]=?|!?=)(?P<value>"[^"]*"?|[^\s()",]*)$', re.I)
_START = re.compile(r"(?P<word>[a-z][\w.-]*)$", re.I)
OPERATORS = {"number": "<", "text": "~"}


@dataclass(frozen=True)
class Option:
    """One proposal: what to write, and what it means."""

    text: str
    words: str = ""


@dataclass(frozen=True)
class Completion:
    """Proposals for the part ``start`` to ``end`` of a filter's text."""

    start: int
    end: int
    options: tuple[Option, ...] = ()


def complete(text: str, cursor: int, fields: Sequence[Field]) -> Completion:
    """What could stand where the cursor is: values after ``field:``, else fields and values that begin alike."""
    before = text[:cursor]
    if before.count('"') % 2 == 1 and not _TERM.search(before):
        return Completion(cursor, cursor)
    if (found := _TERM.search(before)) is not None:
        field = next((f for f in fields if f.name == found["field"].lower()), None)
        return Completion(found.start("value"), cursor, _values(field, found["value"].strip('"')))
    found = _START.search(before)
    if found is None:
        return Completion(cursor, cursor)
    word = found["word"].lower()
    names = [Option(f.name + OPERATORS.get(f.kind, ":"), f.words) for f in fields if f.name.startswith(word)]
    values = [
        Option(f"{f.name}:{quoted(v)}", f.words)
        for f in fields
        for v in f.values
        if len(word) > 1 and f.name != "class" and v.lower().startswith(word)
    ]
    return Completion(found.start("word"), cursor, tuple([*names, *values][:MOST]))


def _values(field: Field | None, begun: str) -> tuple[Option, ...]:
    if field is None:
        return ()
    wanted = begun.lower()
    starts = [v for v in field.values if v.lower().startswith(wanted)]
    inside = [v for v in field.values if wanted in v.lower() and v not in starts]
    return tuple(Option(quoted(v)) for v in [*starts, *inside][:MOST])
