"""What a conversion between formats of instruction records would lose.

Nothing is taken on trust from a table: the record is written in the other format, read again, and compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from curator.engine.dialogue.model import Call, Dialogue, Picture, Turn
from curator.engine.dialogue.reading import read_dialogue
from curator.engine.dialogue.writing import Style, write_dialogue
from curator.engine.errors import InputError


@dataclass(frozen=True, order=True)
class Loss:
    """One thing that a record would lose: ``text`` names it ("the rejected answer").

    ``severe``: content goes, so it needs a yes. Otherwise every word stays, but the record could not be turned back
    into exactly what it was ("instruction and input become one text").
    """

    text: str
    severe: bool = True


def losses(record: object, target: str, style: Style | None = None, shape: str = "") -> tuple[Loss, ...]:
    """What would be lost if the record (a parsed JSON value) were written in the format ``target``; () = nothing.

    A record that cannot be read or does not fit at all gives one Loss: "the whole record: REASON".
    """
    return converted(record, target, style, shape)[1]


def converted(
    record: object, target: str, style: Style | None = None, shape: str = ""
) -> tuple[dict[str, Any] | None, tuple[Loss, ...]]:
    """The record in the format ``target``, None when it does not fit at all, and what :func:`losses` says."""
    try:
        before = read_dialogue(record, shape)
        written = write_dialogue(before, target, style)
        after = read_dialogue(written)
    except InputError as error:
        return None, (Loss(f"the whole record: {error.text}"),)
    return written, () if before == after else tuple(sorted(set(_compare(before, after))))


def _compare(before: Dialogue, after: Dialogue) -> Iterator[Loss]:
    if before.is_pair and not after.is_pair:
        yield Loss("the rejected answer")
        before = replace(before, turns=before.turns + before.chosen, chosen=(), rejected=())
    yield from _compare_sides(before, after)
    if before.tools != after.tools:
        yield Loss("descriptions of tools")
    elif before.tools_text != after.tools_text:
        yield Loss("how descriptions of tools are spaced", severe=False)
    if before.desirable != after.desirable:
        yield Loss("whether the answer is a good one")
    if before.images != after.images:
        yield Loss("pictures after the first" if before.images[:1] == after.images[:1] else "pictures")
    if len(before.unplaced) != len(after.unplaced) and before.images == after.images:
        yield Loss("that a picture has no place in the text", severe=False)
    for key, value in before.extra.items():
        if key not in after.extra or after.extra[key] != value:
            yield Loss(f"the field “{key}”")
    for key in set(before.unusual) - set(after.unusual):
        yield Loss(f"the name of the field “{key}”", severe=False)


def _compare_sides(before: Dialogue, after: Dialogue) -> Iterator[Loss]:
    sides = [(a, b) for a, b in zip(_sides(before), _sides(after), strict=True)]
    system = [turn for turn in before.turns if turn.role == "system"]
    if system and not any(turn.role == "system" for turn in after.turns):
        yield Loss("the system text")
        sides[0] = (tuple(t for t in sides[0][0] if t.role != "system"), sides[0][1])
    for old, new in sides:
        for a, b in zip_longest(old, new):
            if a is None or b is None:
                yield Loss("turns")
            else:
                yield from _compare_turns(a, b)


def _sides(dialogue: Dialogue) -> list[tuple[Turn, ...]]:
    """Turns, better and worse answer, with the numbers that a writer gives to calls taken off."""
    return [_unnumbered(side) for side in (dialogue.turns, dialogue.chosen, dialogue.rejected)]


def _unnumbered(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    if not any(turn.calls or turn.call_id for turn in turns):
        return turns
    ids = [call.id for turn in turns for call in turn.calls]
    if any(id_ and id_ != f"call_{number}" for number, id_ in enumerate(ids, 1)):
        return turns
    return tuple(
        replace(turn, calls=tuple(replace(call, id="") for call in turn.calls), call_id="")
        if turn.calls or turn.role == "tool" else turn
        for turn in turns
    )  # fmt: skip


def _compare_turns(a: Turn, b: Turn) -> Iterator[Loss]:
    if a.role != b.role:
        yield Loss("who speaks")
    if _joined(a) != _joined(b):
        same_words = a.text == b.text
        yield Loss("places of pictures" if same_words else "words beside a call" if a.calls else "words")
    elif a.listed != b.listed or _forms(a) != _forms(b) or len(a.parts) != len(b.parts):
        yield Loss("how content is split into parts", severe=False)
    yield from _compare_calls(a, b)
    if a.name != b.name:
        yield Loss("names of speakers")
    if a.train != b.train:
        yield Loss("which turns are trained")
    if a.border != b.border:
        yield Loss("instruction and input become one text", severe=False)
    if a.alias != b.alias:
        yield Loss(f"the role's name “{a.alias}”", severe=False)
    for key in a.extra:
        if key not in b.extra or b.extra[key] != a.extra[key]:
            yield Loss(f"the field “{key}” of turns")


def _joined(turn: Turn) -> list[str]:
    """Words and marks, however they are split."""
    return ["".join(part if isinstance(part, str) else "\0" for part in turn.parts)]


def _forms(turn: Turn) -> list[str]:
    return [part.form for part in turn.parts if isinstance(part, Picture)]


def _compare_calls(a: Turn, b: Turn) -> Iterator[Loss]:
    if [_meaning(call) for call in a.calls] != [_meaning(call) for call in b.calls]:
        yield Loss("calls of tools")
    elif [call.arguments for call in a.calls] != [call.arguments for call in b.calls]:
        yield Loss("how arguments of calls are spaced", severe=False)
    if a.call_id != b.call_id or [call.id for call in a.calls] != [call.id for call in b.calls]:
        yield Loss("ids of calls")


def _meaning(call: Call) -> tuple[str, Any]:
    try:
        return call.name, json.loads(call.arguments)
    except (ValueError, RecursionError):
        return call.name, call.arguments
