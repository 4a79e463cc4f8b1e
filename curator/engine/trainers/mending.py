"""Records that a trainer would skip or stop at, made fit without adding a word of content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from curator.engine.dialogue import Dialogue, Picture, Turn

SHORTENED = "too-long"
ALTERNATE = frozenset({"odd-turns", "role-order", "first-turn", "no-answer"})
MARKED = frozenset({"image-count", "no-mark", "no-picture", "many-marks"})
FIXABLE = ALTERNATE | MARKED | {SHORTENED}
"""Rules that :func:`mended` knows how to meet, where the record allows."""


def mended(dialogue: Dialogue, rules: Sequence[str]) -> Dialogue:
    """The record with turns that alternate from a question to an answer, and a mark for each picture.

    Roles get their usual names. Neighbouring turns of one speaker become one, joined by an empty line; answers before
    the first question and questions after the last answer are left out. A picture without a place goes to the front of
    the first question; a mark without a picture is taken out. From one that is too long the last question and all
    that follows it are left out, once, unless it is the first. Nothing changes that ``rules`` (of findings) do not ask
    for.
    """
    asked = set(rules)
    if asked & MARKED:
        dialogue = _pictured(dialogue)
    if asked & ALTERNATE:
        named = tuple(replace(turn, alias="") if turn.alias else turn for turn in dialogue.turns)
        dialogue = replace(dialogue, turns=_alternating(named, dialogue.is_pair))
    if SHORTENED in asked and not dialogue.is_pair:
        dialogue = replace(dialogue, turns=_without_last_question(dialogue.turns))
    return dialogue


def _without_last_question(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """A part of a talk that ends with a whole answer; one with a picture in what would go stays as it is."""
    asked = [place for place, turn in enumerate(turns) if turn.role == "user"]
    if len(asked) < 2 or any(turn.images for turn in turns[asked[-1] :]):
        return turns
    return turns[: asked[-1]]


def _pictured(dialogue: Dialogue) -> Dialogue:
    spoken = (dialogue.turns, dialogue.chosen, dialogue.rejected)
    sides = [tuple(_without_bare_marks(turn) for turn in side) for side in spoken]
    turns = list(sides[0])
    first = next((n for n, turn in enumerate(turns) if turn.role == "user"), None)
    unplaced = dialogue.unplaced
    if first is not None and unplaced:
        marks: list[str | Picture] = []
        for name in unplaced:
            marks += [Picture(name), "\n"]
        turns[first] = replace(turns[first], parts=(*marks, *turns[first].parts))
        unplaced = ()
    return replace(dialogue, turns=tuple(turns), chosen=sides[1], rejected=sides[2], unplaced=unplaced)


def _without_bare_marks(turn: Turn) -> Turn:
    parts = tuple(p for p in turn.parts if not (isinstance(p, Picture) and not p.name))
    parts = tuple(p.replace("<image>", "") if isinstance(p, str) else p for p in parts)
    return turn if parts == turn.parts else replace(turn, parts=parts)


def _alternating(turns: tuple[Turn, ...], pair: bool) -> tuple[Turn, ...]:
    system = [turn for turn in turns[:1] if turn.role == "system"]
    spoken: list[Turn] = []
    for turn in turns[len(system) :]:
        side = _asks(turn)
        if not spoken and not side:
            continue
        if spoken and _asks(spoken[-1]) == side:
            if turn.calls or spoken[-1].calls or turn.role != spoken[-1].role:
                return turns  # calls and answers of tools cannot become one turn
            spoken[-1] = replace(spoken[-1], parts=(*spoken[-1].parts, "\n\n", *turn.parts), border=0)
        else:
            spoken.append(turn)
    while spoken and _asks(spoken[-1]) != pair:
        spoken.pop()
    return (*system, *spoken) if spoken else turns


def _asks(turn: Turn) -> bool:
    return turn.role != "assistant"
