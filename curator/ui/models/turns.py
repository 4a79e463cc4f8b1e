"""An instruction record as readable turns. No Qt here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_SHOWN = 100_000
"""Characters of one turn that are shown."""

SPEAKERS = {
    "human": "User",
    "user": "User",
    "gpt": "Assistant",
    "assistant": "Assistant",
    "system": "System",
    "tool": "Tool",
}
FIELDS = (
    ("system", "System"), ("instruction", "Instruction"), ("prompt", "Prompt"), ("question", "Question"),
    ("input", "Input"), ("context", "Context"), ("output", "Response"), ("response", "Response"),
    ("completion", "Response"), ("answer", "Response"),
)  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """Who says what."""

    speaker: str
    text: str


def turns(record: str, text: str = "") -> list[Turn]:
    """The turns of a record (JSON text): chat messages, sharegpt conversations, or the fields of an instruction.

    Anything else is shown as its text.
    """
    try:
        data = json.loads(record) if record else None
    except (ValueError, RecursionError):
        data = None
    found: list[Turn] = []
    if isinstance(data, dict):
        for key in ("messages", "conversations"):
            if isinstance(data.get(key), list):
                found = list(_messages(data[key]))
                break
        found = found or list(_fields(data))
    return found or ([Turn("Text", text[:MAX_SHOWN])] if text else [])


def _messages(messages: list[Any]) -> Iterator[Turn]:
    for message in messages:
        if not isinstance(message, dict):
            continue
        speaker = str(message.get("role", message.get("from", "?")))
        content = _words(message.get("content", message.get("value", "")))
        yield Turn(SPEAKERS.get(speaker.lower(), speaker), content[:MAX_SHOWN])


def _fields(data: dict[str, Any]) -> Iterator[Turn]:
    for key, title in FIELDS:
        value = data.get(key)
        if isinstance(value, str) and value.strip():
            yield Turn(title, value[:MAX_SHOWN])


def _words(content: Any) -> str:
    if isinstance(content, list):
        parts = [p.get("text") or f"[{p.get('type', 'part')}]" if isinstance(p, dict) else str(p) for p in content]
        return "\n".join(str(p) for p in parts)
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
