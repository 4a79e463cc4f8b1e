"""From a record of any known format to a :class:`Dialogue`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from curator.engine.dialogue.chat import read_turns
from curator.engine.dialogue.model import MARK, Dialogue, Picture, Turn
from curator.engine.dialogue.shapes import CHOSEN, REJECTED, Fields, fields_of, recognise
from curator.engine.errors import InputError

Record = Mapping[str, Any]
PAIR = frozenset(CHOSEN + REJECTED)
T = TypeVar("T")


def read_dialogue(record: object, shape: str = "") -> Dialogue:
    """The record as turns.

    Args:
        record: a parsed JSON value.
        shape: the format it is in, "" = by looking; see :func:`recognise`.

    Raises:
        InputError: what is wrong with it, to be put behind its place: "has no role in turn 3".
    """
    shape = shape or recognise(record)
    if not shape or not isinstance(record, Mapping):
        raise InputError("is not a record of any known kind")
    if shape == "preference":
        found = _read_preference(record)
    elif shape in ("messages", "sharegpt", "llava"):
        found = _read_chat(record)
    elif shape == "text":
        rest = {k: v for k, v in record.items() if k != "text"}
        found = Dialogue((Turn("assistant", _text(record, "text")),), extra=rest)
    else:
        found = _read_fields(record, fields_of(record) or Fields(shape, "instruction"))
    return _with_pictures(_with_verdict(_with_tools(found)))


def _with_verdict(found: Dialogue) -> Dialogue:
    """Whether the answer is a good one, out of the other fields."""
    if "label" not in found.extra and "kto_tag" not in found.extra:
        return found
    rest = dict(found.extra)
    verdict = next((rest.pop(k) for k in ("kto_tag", "label") if isinstance(rest.get(k), bool)), None)
    return found if verdict is None else replace(found, desirable=verdict, extra=rest)


def _read_chat(record: Record) -> Dialogue:
    """Turns in one list."""
    key = next(k for k in ("messages", "conversations", "conversation", "segments") if isinstance(record.get(k), list))
    rest = {k: v for k, v in record.items() if k != key}
    unusual: tuple[str, ...] = (key,) if key in ("conversation", "segments") else ()
    turns: tuple[Turn, ...]
    if key == "segments":
        turns = tuple(_segment(part, number) for number, part in enumerate(record[key], 1))
    elif key == "conversation":
        turns = _pairs(record[key], "conversation", "human", "assistant")
    else:
        turns = read_turns(record[key])
    if isinstance(rest.get("system"), str):
        turns = _system(rest.pop("system"), turns)
        unusual += ("system",)
    found = Dialogue(turns, unusual=unusual, extra=rest)
    return _with_pair(found)


def _segment(part: Any, number: int) -> Turn:
    if not isinstance(part, Mapping) or not isinstance(part.get("text"), str):
        raise InputError(f"has no text in turn {number}")
    return Turn("assistant" if part.get("label") else "user", (part["text"],))


def _read_fields(record: Record, fields: Fields) -> Dialogue:
    """Turns in fields: what alpaca, prompt/completion and their relatives are."""
    rest = dict(record)
    turns = _pairs(rest.pop("history", None) or [], "history", 0, 1)
    if fields.system and isinstance(rest.get(fields.system), str):
        turns = _system(rest.pop(fields.system), turns)
    turns += _prompt(rest, fields)
    key = next((k for k in fields.answers if rest.get(k) is not None), "")
    named = ((fields.prompt, ("instruction", "prompt")), (fields.addition, ("", "input")))
    unusual = tuple(k for k, usual in named if k not in usual)
    if key:
        usual = "output" if fields.shape == "alpaca" else "completion"
        unusual += (key,) if key != usual else ()
        turns += _answer(rest.pop(key), key)
    for name in fields.answers:
        if name in rest and rest[name] is None:
            del rest[name]
    return _with_pair(Dialogue(turns, unusual=unusual, extra=rest))


def _prompt(rest: dict[str, Any], fields: Fields) -> tuple[Turn, ...]:
    """The prompt as a turn, or as the turns that it is a list of."""
    value = rest.pop(fields.prompt)
    if isinstance(value, list) and fields.shape != "alpaca":
        return read_turns(value)
    said = _text({fields.prompt: value}, fields.prompt)
    addition = _text(rest, fields.addition) if fields.addition else ()
    if fields.addition:
        rest.pop(fields.addition, None)
    if not addition or addition == ("",):
        return (Turn("user", said),)
    whole = said[0] + ("\n" if said[0] else "") + addition[0]
    return (Turn("user", (whole,), border=len(said[0])),)


def _read_preference(record: Record) -> Dialogue:
    """A pair without turns of its own: whole conversations, or those of ``input``."""
    rest = dict(record)
    turns: tuple[Turn, ...] = ()
    unusual: tuple[str, ...] = ()
    given = rest.get("input")
    if isinstance(given, Mapping) and isinstance(given.get("messages"), list):
        rest.pop("input")
        rest = {k: v for k, v in given.items() if k != "messages"} | rest
        turns, unusual = read_turns(given["messages"]), ("input",)
    elif isinstance(given, str):
        rest.pop("input")
        turns, unusual = (Turn("user", (given,)),), ("input",)
    return _with_pair(Dialogue(turns, unusual=unusual, extra=rest))


def _with_pair(found: Dialogue) -> Dialogue:
    """The two answers out of the other fields; what both begin with belongs before them.

    Turns that are the better side itself are no prompt: some files give that side twice, once as ``messages``.
    """
    if found.extra.keys().isdisjoint(PAIR):
        return found
    rest = {key: value for key, value in found.extra.items() if value is not None or key not in PAIR}
    sides, unusual = [], found.unusual
    for names in (CHOSEN, REJECTED):
        key = next((k for k in names if k in rest), "")
        unusual += (key,) if key not in ("", names[0]) else ()
        sides.append(_answer(rest.pop(key), key) if key else ())
    chosen, rejected = sides
    if not (chosen or rejected):
        return found
    silent = len(found.turns) > 0 and found.turns[0].role == "system"
    stay, cut = repeated(found.turns, chosen, rejected, silent)
    turns, chosen, rejected = found.turns[:stay], chosen[cut:], rejected[cut:]
    while len(chosen) > 1 and len(rejected) > 1 and chosen[0] == rejected[0]:
        turns, chosen, rejected = (*turns, chosen[0]), chosen[1:], rejected[1:]
    return replace(found, turns=turns, chosen=chosen, rejected=rejected, unusual=unusual, extra=rest)


def repeated(turns: Sequence[T], chosen: Sequence[T], rejected: Sequence[T], silent: int) -> tuple[int, int]:
    """Of the turns before a pair, how many stay; and how many each side loses, because they are said before it.

    Sides may begin with all the turns or with those after the first ``silent`` ones (a system text); and turns that
    are the better side itself do not stay.
    """
    for lead in (turns, turns[silent:]):
        count = len(lead)
        if lead == chosen:
            return len(turns) - count, 0
        if 0 < count < len(chosen) and chosen[:count] == lead == rejected[:count]:
            return len(turns), count
    return len(turns), 0


def _answer(value: Any, key: str) -> tuple[Turn, ...]:
    if isinstance(value, list):
        return read_turns(value) if value else ()
    if isinstance(value, Mapping):
        return read_turns([value])
    return (Turn("assistant", _text({key: value}, key)),)


def _pairs(value: Any, key: str, first: str | int, second: str | int) -> tuple[Turn, ...]:
    """Turns out of a list of pairs [user, assistant]."""
    if not isinstance(value, list):
        raise InputError(f"has a field “{key}” that is not a list")
    turns: list[Turn] = []
    for pair in value:
        try:
            said = (pair[first], pair[second])
        except (KeyError, IndexError, TypeError):
            said = (None, None)
        whole = isinstance(pair, list | Mapping) and len(pair) == 2
        if not whole or not all(isinstance(text, str) for text in said):
            raise InputError(f"has a {key} that is not made of pairs of texts")
        turns += [Turn("user", (said[0],)), Turn("assistant", (said[1],))]
    return tuple(turns)


def _system(text: str, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return (Turn("system", (text,)), *turns)


def _with_tools(found: Dialogue) -> Dialogue:
    """Descriptions of tools out of the other fields, when they are a list or the JSON text of one."""
    if "tools" not in found.extra:
        return found
    value = found.extra.get("tools")
    text = value if isinstance(value, str) else ""
    if text.strip():
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return found
    rest = {key: other for key, other in found.extra.items() if key != "tools"}
    if value is None or value == "":
        return replace(found, extra=rest)
    if not isinstance(value, list):
        return found
    tools = tuple(_function(tool) for tool in value)
    usual = json.dumps(tools, ensure_ascii=False) if tools else ""
    return replace(found, tools=tools, tools_text="" if text == usual else text, extra=rest)


def _function(tool: Any) -> Any:
    """The description inside OpenAI's {"type": "function", "function": ...}."""
    wrapped = isinstance(tool, Mapping) and set(tool) == {"type", "function"} and tool["type"] == "function"
    return tool["function"] if wrapped else tool


def _text(record: Record, key: str) -> tuple[str, ...]:
    value = record.get(key)
    if value is None:
        return ("",)
    if not isinstance(value, str):
        raise InputError(f"has a field “{key}” that is not text")
    return (value,)


def _with_pictures(found: Dialogue) -> Dialogue:
    """Marks become pictures, in order, where the record names pictures beside its turns."""
    if "image" not in found.extra and "images" not in found.extra:
        return found
    rest = dict(found.extra)
    named: list[str] = []
    for key in ("image", "images"):
        value = rest.get(key)
        values = [one for one in value if one is not None] if isinstance(value, list) else [value]
        names = [v.get("path") if isinstance(v, Mapping) else v for v in values]
        texts = [name for name in names if isinstance(name, str) and name]
        if texts and len(texts) == len(values):
            named += texts
            del rest[key]
        elif value is None or values == []:
            rest.pop(key, None)
    if not named:
        return replace(found, extra=rest)
    waiting = list(named)
    sides = [tuple(_placed(turn, waiting) for turn in side) for side in (found.turns, found.chosen, found.rejected)]
    return replace(
        found, turns=sides[0], chosen=sides[1], rejected=sides[2], unplaced=tuple(waiting), extra=rest
    )  # fmt: skip


def _placed(turn: Turn, waiting: list[str]) -> Turn:
    parts: list[str | Picture] = []
    for part in turn.parts:
        if isinstance(part, Picture):  # a part without a name of its own takes the next picture
            parts.append(part if part.name or not waiting else replace(part, name=waiting.pop(0)))
            continue
        for number, text in enumerate(part.split(MARK)):
            if number:
                parts.append(Picture(waiting.pop(0) if waiting else ""))
            if text or part == "":
                parts.append(text)
    return replace(turn, parts=tuple(parts))
