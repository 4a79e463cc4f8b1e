"""Fields of records on their way out: renamed, left out, or only those that are asked for."""

from __future__ import annotations

from typing import Any

from curator.engine.errors import InputError
from curator.engine.export_options import ExportOptions, renames

WEIGHT = "weight"
OWN: dict[str, frozenset[str]] = {
    "alpaca": frozenset(
        {"instruction", "input", "output", "system", "history", "tools", "images", "chosen", "rejected", "kto_tag"}
    ),
    "sharegpt": frozenset({"conversations", "system", "tools", "images", "chosen", "rejected", "kto_tag"}),
    "messages": frozenset({"messages", "tools", "images", "chosen", "rejected", "kto_tag"}),
    "llava": frozenset({"id", "image", "conversations"}),
    "prompt-completion": frozenset({"prompt", "completion", "label", "tools", "images"}),
    "preference": frozenset(
        {"prompt", "chosen", "rejected", "tools", "images", "input", "preferred_output", "non_preferred_output"}
    ),
}
"""The fields that belong to each format itself, which no rule takes away."""


class FieldRules:
    """What the options say of fields; :attr:`any` is False when they leave every record as it is."""

    def __init__(self, options: ExportOptions, shape: str) -> None:
        self._own = OWN.get(shape, frozenset())
        self._renames = renames(options.rename)
        self._include, self._drop = frozenset(options.include), frozenset(options.drop)
        self._weights = options.weights == "column"
        self.any = bool(self._renames or self._include or self._drop or self._weights)
        if taken := self._own & self._drop:
            raise InputError(f"The field “{min(taken)}” belongs to the format itself.", "Leave it out of: drop.")

    def apply(self, record: dict[str, Any], weight: float | None) -> dict[str, Any]:
        """The record by these rules, its fields in the order they had.

        Raises:
            InputError: two fields would have the same name.
        """
        made: dict[str, Any] = {}
        for key, value in record.items():
            wanted = key in self._own or ((not self._include or key in self._include) and key not in self._drop)
            if wanted:
                name = self._renames.get(key, key)
                if name in made:
                    raise InputError(f"Two fields would be called “{name}”.", "Rename only one of them.")
                made[name] = value
        if self._weights:
            if WEIGHT in made:
                raise InputError(f"The records have a field “{WEIGHT}” already.", "Rename it, or use: weights=table")
            made[WEIGHT] = weight
        return made
