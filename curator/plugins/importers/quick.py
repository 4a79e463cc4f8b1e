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


def quick_text(record: Mapping[str, Any]) -> str:
    """The text of an ordinary record of alpaca, messages or sharegpt; "" for any other."""
    if not OTHER.isdisjoint(record):
        return ""
    if "instruction" in record:
        if "messages" in record or "conversations" in record:
            return ""
        lines = [record["instruction"], record.get("input", ""), record.get("output")]
    elif "output" in record:
        return ""
    elif "messages" in record:
        lines = _turns(record["messages"], "role", "content")
    elif "conversations" in record:
        lines = _turns(record["conversations"], "from", "value")
    else:
        return ""
    try:
        text = "\n".join(filter(None, map(str.strip, lines)))
    except TypeError:  # not all are texts
        return ""
    return "" if MARKS[0] in text or MARKS[1] in text else text


def _turns(turns: Any, role_key: str, said_key: str) -> list[Any]:
    """What is said in plain turns; [None] when one of them is not plain."""
    if type(turns) is not list:
        return [None]
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
