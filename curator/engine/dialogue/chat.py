"""Turns of chats: OpenAI's messages, sharegpt's conversations, and what lies between the two.

A role that no format knows is kept as it is, in lower case; writers refuse it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from curator.engine.dialogue.model import Call, Picture, Turn
from curator.engine.errors import InputError

ROLES = {
    "system": "system", "developer": "system",
    "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bot": "assistant",
    "model": "assistant", "function_call": "assistant",
    "tool": "tool", "observation": "tool", "function": "tool",
}  # fmt: skip
USUAL = {
    "from": {"system", "human", "gpt", "function_call", "observation"},
    "role": {"system", "user", "assistant", "tool"},
}
_PICTURE_KEYS = ("path", "url", "image", "value", "base64", "image_url")
_KNOWN = frozenset(
    {"role", "from", "content", "value", "tool_calls", "tool_call_id", "name", "weight", "train", "loss_weight"}
)


def read_turns(turns: Any) -> tuple[Turn, ...]:
    """The turns of a list; raises :class:`InputError` saying what is wrong with which."""
    if not isinstance(turns, list) or not turns:
        raise InputError("has no turns")
    return tuple(_turn(turn, number) for number, turn in enumerate(turns, 1))


def _turn(turn: Any, number: int) -> Turn:
    said = turn.get("role", turn.get("from")) if isinstance(turn, Mapping) else None
    if not isinstance(said, str):
        raise InputError(f"has no role in turn {number}")
    role = ROLES.get(said.lower(), said.lower())
    content = turn.get("content", turn.get("value"))
    extra = {key: value for key, value in turn.items() if key not in _KNOWN}
    alias = "" if said in USUAL["role" if "role" in turn else "from"] else said
    if said == "function_call" and "from" in turn and isinstance(content, str):
        calls = _written_calls(content)
        if calls:
            return Turn(role, calls=calls, alias=alias, extra=extra, train=_train(turn, extra))
    calls = _calls(turn, extra)
    parts = _parts(content, number, bool(calls))
    if said == "function_call":
        alias = said  # words that are not the call they should be
    call_id, name = (turn.get(key) for key in ("tool_call_id", "name"))
    return Turn(
        role, parts, calls,
        call_id if isinstance(call_id, str) else "", name if isinstance(name, str) else "",
        _train(turn, extra), 0, isinstance(content, list), alias, extra,
    )  # fmt: skip


def _train(turn: Mapping[str, Any], extra: dict[str, Any]) -> bool | None:
    """The loss mask of a turn; one that is neither yes nor no stays as it is in ``extra``."""
    for key in ("weight", "train", "loss_weight"):
        value = turn.get(key)
        if value is not None and value in (0, 1):
            return bool(value)
        if value is not None:
            extra[key] = value
    return None


def _parts(content: Any, number: int, has_calls: bool) -> tuple[str | Picture, ...]:
    if isinstance(content, str):
        return (content,)
    if isinstance(content, list):
        return tuple(_part(part) for part in content)
    if content is not None or not has_calls:
        raise InputError(f"has no text in turn {number}")
    return ()


def _part(part: Any) -> str | Picture:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        return ""
    form = part.get("type")
    if isinstance(form, str) and form.startswith(("image", "input_image")):
        value = next((part[key] for key in _PICTURE_KEYS if part.get(key)), "")
        value = value.get("url", value.get("path")) if isinstance(value, Mapping) else value
        return Picture(value if isinstance(value, str) else "", form)
    said = part.get("text", part.get("value"))
    return said if isinstance(said, str) else ""


def _calls(turn: Mapping[str, Any], extra: dict[str, Any]) -> tuple[Call, ...]:
    calls = turn.get("tool_calls")
    found = [_call(call) for call in calls] if isinstance(calls, list) else []
    if isinstance(turn.get("function_call"), Mapping):  # how OpenAI wrote it before there were several
        found.append(_call(turn["function_call"]))
        extra.pop("function_call", None)
    return tuple(call for call in found if call is not None)


def _call(call: Any) -> Call | None:
    if not isinstance(call, Mapping):
        return None
    function = call.get("function", call)
    if not isinstance(function, Mapping):
        return None
    name, id_ = function.get("name"), call.get("id")
    arguments = function.get("arguments", "")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return Call(name if isinstance(name, str) else "", text, id_ if isinstance(id_, str) else "")


def _written_calls(text: str) -> tuple[Call, ...]:
    """The calls that sharegpt writes as JSON text: one object, or a list of them; () when it is neither."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    values = value if isinstance(value, list) else [value]
    calls = [_call(v) for v in values if isinstance(v, Mapping) and isinstance(v.get("name"), str)]
    found = tuple(call for call in calls if call is not None)
    return found if len(found) == len(values) else ()
