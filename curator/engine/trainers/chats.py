"""Rules that several trainers share, on records as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curator.engine.dialogue import MARK
from curator.engine.trainers.base import Checking, Finding, Record


def roles(record: Record) -> list[str]:
    """Who speaks, as written, in ``messages`` or ``conversations``."""
    turns: Any = record.get("messages", record.get("conversations"))
    spoken = [turn for turn in turns if isinstance(turn, Mapping)] if isinstance(turns, list) else []
    return [str(turn.get("role", turn.get("from"))) for turn in spoken]


def pictures(record: Record) -> list[str]:
    """The pictures named beside the turns."""
    value = record.get("images", record.get("image"))
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str) and v]


def marks(about: Checking) -> int:
    """How often ``<image>`` stands in the texts."""
    found = about.dialogue
    spoken = (*found.turns, *found.chosen, *found.rejected) if found else ()
    return sum(turn.marked.count(MARK) for turn in spoken)


def system_marks(about: Checking) -> int:
    """How often ``<image>`` stands in a system text, where a trainer may not look for it."""
    turns = about.dialogue.turns if about.dialogue else ()
    return sum(turn.marked.count(MARK) for turn in turns[:1] if turn.role == "system")


def missing(record: Record, about: Checking, effect: str = "stop") -> Iterator[Finding]:
    """Pictures that are not where the trainer looks for them."""
    for name in pictures(record):
        if not about.is_file(name):
            yield Finding("missing-picture", effect, f"names the picture {name[:120]}, which the trainer will not find")
            return


def answer_tokens(about: Checking) -> tuple[int, int]:
    """Tokens of everything, and of what the assistant says."""
    found = about.dialogue
    if found is None:
        return 0, 0
    whole = answers = 0
    for turn in (*found.turns, *found.chosen):
        text = turn.text + "".join(call.arguments for call in turn.calls)
        tokens = about.count(text)
        whole += tokens
        answers += tokens if turn.role == "assistant" else 0
    return whole, answers


def too_long(about: Checking) -> Iterator[Finding]:
    """A record whose end is cut."""
    if about.length:
        whole, _ = answer_tokens(about)
        if whole > about.length:
            text = f"has {whole} tokens; the trainer cuts at {about.length}"
            yield Finding("too-long", "cut", text, whole - about.length)


def empty_answer(about: Checking, effect: str = "change") -> Iterator[Finding]:
    """A record whose last answer says nothing: trainers take it all the same."""
    found = about.dialogue
    last = (found.chosen or found.turns)[-1:] if found else ()
    if last and not last[0].calls and not last[0].text.strip() and not last[0].images:
        yield Finding("empty-answer", effect, "has an empty answer: it teaches to say nothing")
