"""The shapes of instruction records: which one a record has, its text, its pictures and its class.

The text of a record is what the turns say, in order, one below the other: prompt, answer, results of tools and the
calls. System prompts, descriptions of tools, names of roles and ``<image>`` marks are left out, because they are the
same in many records and would make all of them look alike to an encoder. Of a pair of answers it is the chosen one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from curator.engine.api import InputError

Record = Mapping[str, Any]
LABEL_KEYS = ("task", "category", "label", "class")
UNSPOKEN = frozenset({"system", "developer"})
ANSWERS = ("output", "completion", "response", "answer", "chosen", "chosen_response")
_IMAGE_MARK = re.compile(r"<image>|<__dj__image>")
_PAIRS = (("prompt", ("completion", "response", "chosen")), ("question", ("answer", "response", "chosen")))
_PICTURE_KEYS = ("path", "url", "image", "value", "image_url")


def recognise(record: object) -> str:
    """The name of the shape, or "" for none of them."""
    if not isinstance(record, dict):
        return ""
    if isinstance(record.get("messages"), list):
        return "messages"
    if isinstance(record.get("conversations"), list):
        return "llava" if isinstance(record.get("image"), str | list) else "sharegpt"
    if "instruction" in record and any(key in record for key in ANSWERS):
        return "alpaca"
    if any(prompt in record and any(key in record for key in answers) for prompt, answers in _PAIRS):
        return "prompt-completion"
    return "text" if isinstance(record.get("text"), str) else ""


def text_of(record: Record, shape: str) -> str:
    """The text that an encoder reads; see the module. Raises :class:`InputError` saying what is wrong."""
    lines = [_IMAGE_MARK.sub("", line).strip() for line in TEXTS[shape](record)]
    text = "\n".join(line for line in lines if line)
    if not text:
        raise InputError("has no text")
    return text


def _string(record: Record, key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"has a field “{key}” that is not text")
    return value


def _alpaca(record: Record) -> Iterator[str]:
    history = record.get("history") or []
    if not isinstance(history, list):
        raise InputError("has a field “history” that is not a list")
    for pair in history:
        if not isinstance(pair, list) or not all(isinstance(part, str) for part in pair):
            raise InputError("has a history that is not made of pairs of texts")
        yield from pair
    yield _string(record, "instruction")
    yield _string(record, "input")
    yield from _answer(record)


def _answer(record: Record) -> Iterator[str]:
    for key in ANSWERS:
        value = record.get(key)
        if isinstance(value, list):
            yield from _turns(value)
            return
        if isinstance(value, Mapping):
            yield from _turns([value])
            return
        if value is not None:
            yield _string(record, key)
            return


def _prompt(record: Record) -> Iterator[str]:
    key = "prompt" if "prompt" in record else "question"
    if isinstance(record[key], list):
        yield from _turns(record[key])
    else:
        yield _string(record, key)
    yield from _answer(record)


def _messages(record: Record) -> Iterator[str]:
    yield from _turns(record["messages"])
    if "chosen" in record:
        yield from _answer({"chosen": record["chosen"]})


def _conversations(record: Record) -> Iterator[str]:
    yield from _turns(record["conversations"])
    if "chosen" in record:
        yield from _answer({"chosen": record["chosen"]})


def _text(record: Record) -> Iterator[str]:
    yield _string(record, "text")


TEXTS: dict[str, Callable[[Record], Iterator[str]]] = {
    "alpaca": _alpaca,
    "sharegpt": _conversations,
    "messages": _messages,
    "llava": _conversations,
    "prompt-completion": _prompt,
    "text": _text,
}
"""The shapes, and how each is read."""


def _turns(turns: list[Any]) -> Iterator[str]:
    if not turns:
        raise InputError("has no turns")
    for number, turn in enumerate(turns, 1):
        role = turn.get("role", turn.get("from")) if isinstance(turn, dict) else None
        if not isinstance(role, str):
            raise InputError(f"has no role in turn {number}")
        if role.lower() not in UNSPOKEN:
            yield from _turn(turn, number)


def _turn(turn: Record, number: int) -> Iterator[str]:
    content = turn.get("content", turn.get("value"))
    calls = turn.get("tool_calls")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and not _is_picture(part):
                said = part.get("text", part.get("value"))
                yield said if isinstance(said, str) else ""
            elif isinstance(part, str):
                yield part
    elif content is not None or not (calls or turn.get("function_call")):
        raise InputError(f"has no text in turn {number}")
    for call in calls if isinstance(calls, list) else []:
        function = call.get("function", call) if isinstance(call, dict) else {}
        if isinstance(function, dict):
            arguments = function.get("arguments", "")
            said = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            yield f"{function.get('name', '')} {said}"


def _is_picture(part: Record) -> bool:
    return isinstance(part.get("type"), str) and part["type"].startswith(("image", "input_image"))


def images_of(record: Record) -> list[str]:
    """Paths and addresses of the pictures of a record, in order, as it names them."""
    named: list[Any] = []
    for key in ("image", "images"):
        value = record.get(key)
        named += value if isinstance(value, list) else [value]
    for key in ("messages", "prompt"):
        turns = record.get(key)
        for turn in turns if isinstance(turns, list) else []:
            content = turn.get("content") if isinstance(turn, dict) else None
            parts = content if isinstance(content, list) else []
            named += [_picture_of(part) for part in parts if isinstance(part, dict) and _is_picture(part)]
    found = [n.get("path") if isinstance(n, dict) else n for n in named]
    return [name for name in found if isinstance(name, str) and name]


def _picture_of(part: Record) -> object:
    value = next((part[key] for key in _PICTURE_KEYS if key in part), None)
    return value.get("url") if isinstance(value, dict) else value


def labels_of(record: Record) -> tuple[str, ...]:
    """The class given by a text in ``task``, ``category``, ``label`` or ``class``, if any."""
    found = (record.get(key) for key in LABEL_KEYS)
    label = next((value.strip() for value in found if isinstance(value, str) and value.strip()), "")
    return (label,) if label else ()
