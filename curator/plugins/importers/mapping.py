"""What columns mean when their names do not say so: ``question_text=prompt, gold=response``.

The roles are those of LLaMA-Factory's ``dataset_info.json``. A record is *viewed* under the names that the shapes know;
the record itself is kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from curator.engine.api import InputError

ROLES = {
    "prompt": "instruction",
    "query": "input",
    "response": "output",
    "system": "system",
    "history": "history",
    "messages": "conversations",
    "tools": "tools",
    "images": "images",
    "image": "image",
    "chosen": "chosen",
    "rejected": "rejected",
    "kto_tag": "kto_tag",
    "text": "text",
    "label": "label",
    "split": "split",
    "id": "id",
}
"""Role -> the field that the shapes look for."""
IGNORED = "ignore"
USUAL_KEYS = frozenset({"", "role", "from", "content", "value"})
HELP = "Columns that mean something else than they are called: question=prompt,gold=response; roles: " + ", ".join(
    (*ROLES, IGNORED)
)


def parse_map(text: str) -> dict[str, str]:
    """Column -> role from ``a=prompt, b=response``; raises :class:`InputError` for an unknown role."""
    found: dict[str, str] = {}
    for part in text.split(","):
        if not part.strip():
            continue
        column, sign, role = (piece.strip() for piece in part.rpartition("="))
        if not sign or not column:
            raise InputError(f"“{part.strip()}” maps nothing.", "Write COLUMN=ROLE, with commas between.")
        if role not in ROLES and role != IGNORED:
            raise InputError(f"There is no role “{role}”.", f"Roles: {', '.join((*ROLES, IGNORED))}.")
        found[column] = role
    return found


KNOWN = {
    **{field: role for role, field in ROLES.items()},
    **dict.fromkeys(("messages", "conversation", "segments"), "messages"),
    **dict.fromkeys(("prompt", "question", "INSTRUCTION", "article", "message_1"), "prompt"),
    **dict.fromkeys(("completion", "response", "answer", "RESPONSE", "summary", "message_2"), "response"),
    **dict.fromkeys(("task", "category", "class"), "label"),
    **dict.fromkeys(("chosen_response", "preferred_output"), "chosen"),
    **dict.fromkeys(("rejected_response", "non_preferred_output"), "rejected"),
    "system_prompt": "system",
}
"""Columns that need no mapping, and their roles."""
DOLLY = frozenset({"instruction", "context", "response"})
"""Columns of Dolly and its like, of which the second is an addition to the prompt."""


def roles_of(records: list[dict[str, Any]], view: View) -> dict[str, str]:
    """Column -> role of all columns of some records, "" for those that mean nothing."""
    columns = dict.fromkeys(name for record in records for name in record)
    seen = {name: view.columns.get(name) or ("" if view.only else KNOWN.get(name, "")) for name in columns}
    if not view.only and seen.keys() >= DOLLY and "input" not in seen:
        seen["context"] = seen["context"] or "query"
    return {name: "" if role == IGNORED else role for name, role in seen.items()}


@dataclass(frozen=True)
class View:
    """How the records of a source are looked at.

    Attributes:
        columns: column -> role, for those that are not called what they are.
        only: True when columns that are not listed mean nothing (LLaMA-Factory's rule).
        role_key, content_key: fields of a turn, when they are not role/from and content/value.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    only: bool = False
    role_key: str = ""
    content_key: str = ""

    def __bool__(self) -> bool:
        return bool(self.columns or self.only or self.role_key or self.content_key)

    def of(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """The record under the names that the shapes know."""
        if not self:
            return record
        seen = {} if self.only else {k: v for k, v in record.items() if k not in self.columns}
        for column, role in self.columns.items():
            if role != IGNORED and column in record:
                seen[self._name(role, record[column])] = record[column]
        for key in ("messages", "conversations", "chosen", "rejected"):
            if key in seen and not {self.role_key, self.content_key} <= USUAL_KEYS:
                seen[key] = self._turns(seen[key])
        return seen

    def _name(self, role: str, value: Any) -> str:
        """Turns are called after their own keys, so that both shapes of them are known again."""
        first = value[0] if role == "messages" and isinstance(value, list) and value else None
        return "messages" if isinstance(first, dict) and "role" in first else ROLES[role]

    def _turns(self, value: Any) -> Any:
        turns = value if isinstance(value, list) else [value]
        if not all(isinstance(turn, dict) for turn in turns):
            return value
        keys = {self.role_key or "from": "from", self.content_key or "value": "value"}
        return [{keys.get(k, k): v for k, v in turn.items()} for turn in turns]
