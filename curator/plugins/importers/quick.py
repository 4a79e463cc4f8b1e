"""The short way for the ordinary record: most lines of most files are a few plain texts.

Whatever is out of the ordinary is left to :mod:`curator.engine.dialogue`; what is read here is read the same there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SPOKEN = frozenset({"user", "assistant", "human", "gpt"})
SILENT = frozenset({"system"})
OTHER = frozenset(
    {"history", "chosen", "rejected", "chosen_response", "rejected_response", "image", "images", "tools", "system"}
    | {"conversation", "segments", "videos", "audios", "preferred_output", "preferred_completion", "completions"}
    | {"kto_tag", "prompt", "question", "query", "text"}
)
"""Fields with which a record is not an ordinary one."""
MARKS = ("<image>", "<__dj__image>")


def quick_text(record: Mapping[str, Any]) -> tuple[str, str] | None:
    """Shape and text of an ordinary record of alpaca, messages or sharegpt; None for any other."""
    if "instruction" in record:
        if "messages" in record or "conversations" in record or not OTHER.isdisjoint(record):
            return None
        lines = [record["instruction"], record.get("input", ""), record.get("output")]
        shape = "alpaca"
    elif "messages" in record or "conversations" in record:
        shape = "messages" if "messages" in record else "sharegpt"
        if "output" in record or not OTHER.isdisjoint(record):
            return None
        lines = _turns(record["messages" if shape == "messages" else "conversations"], shape == "messages")
    else:
        return None
    found = []
    for line in lines:
        if type(line) is not str or MARKS[0] in line or MARKS[1] in line:
            return None
        if line := line.strip():
            found.append(line)
    return (shape, "\n".join(found)) if found else None


def _turns(turns: Any, messages: bool) -> list[Any]:
    """What is said in plain turns; [None] when one of them is not plain."""
    if type(turns) is not list:
        return [None]
    role_key, said_key = ("role", "content") if messages else ("from", "value")
    lines = []
    for turn in turns:
        if type(turn) is not dict or len(turn) != 2:
            return [None]
        role, said = turn.get(role_key), turn.get(said_key)
        if role in SPOKEN:
            lines.append(said)
        elif role not in SILENT or type(said) is not str:
            return [None]
    return lines
