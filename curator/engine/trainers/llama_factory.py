"""LLaMA-Factory: the rules of its ``converter.py``, ``mm_plugin.py`` and ``processor``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from curator.engine.trainers.base import Checking, Data, Finding, Record
from curator.engine.trainers.chats import empty_answer, marks, missing, pictures, roles, system_marks, too_long

ASKS = {"sharegpt": {"human", "observation"}, "messages": {"user", "tool"}}
ANSWERS = {"sharegpt": {"gpt", "function_call"}, "messages": {"assistant", "function_call"}}
"""The roles as they are written, by the tags of :func:`entry`; others make a record be skipped."""
COLUMNS = {
    "alpaca": ("prompt", "query", "response", "system", "history", "tools", "images", "chosen", "rejected", "kto_tag"),
    "sharegpt": ("messages", "system", "tools", "images", "chosen", "rejected", "kto_tag"),
}
FIELDS = {"prompt": "instruction", "query": "input", "response": "output"}


class LlamaFactory:
    """A wrong order or an odd number of turns is skipped with a warning; a wrong number of pictures stops training."""

    name: ClassVar[str] = "llama-factory"
    title: ClassVar[str] = "LLaMA-Factory"
    formats: ClassVar[tuple[str, ...]] = ("llama-factory", "sharegpt", "alpaca", "messages")
    length: ClassVar[int] = 2048

    def check(self, record: Record, about: Checking) -> Iterator[Finding]:
        """Turn order, odd turns, ``<image>`` against pictures, missing files, length."""
        if about.shape in ("sharegpt", "messages"):
            yield from self._turns(record, about.shape)
            if about.shape == "messages" and isinstance(record.get("tools"), list):
                yield Finding("tools-list", "stop", "has “tools” as a list, not as JSON text; write sharegpt instead")
            if about.shape == "messages" and about.dialogue and any(t.calls for t in about.dialogue.turns):
                text = "calls tools in “tool_calls”, which these columns do not read; write sharegpt instead"
                yield Finding("tool-calls", "change", text)
        elif about.shape == "llava":
            yield Finding("llava-image", "stop", "has a text as “image”; LLaMA-Factory wants a list “images”")
        elif about.shape not in ("alpaca", "image"):
            yield Finding("format", "skip", f"is in the format “{about.shape}”, which has no columns here")
        if pictures(record) or "images" in record:
            number, named = marks(about) - system_marks(about), len(pictures(record))
            if number != named:
                text = f"has {number} <image> marks for {named} pictures"
                yield Finding("image-count", "stop", text)
        elif marks(about):
            yield Finding("bare-mark", "change", "has <image> but names no picture; a model that sees stops at it")
        yield from missing(record, about)
        yield from empty_answer(about)
        yield from too_long(about)

    def _turns(self, record: Record, shape: str) -> Iterator[Finding]:
        spoken = roles(record)
        if spoken[:1] == ["system"]:
            spoken = spoken[1:]
        wrong = next((n for n, r in enumerate(spoken, 1) if r not in (ANSWERS if n % 2 == 0 else ASKS)[shape]), 0)
        if wrong:
            yield Finding("role-order", "skip", f"has “{spoken[wrong - 1]}” as turn {wrong}, where it is not expected")
        pair = isinstance(record.get("chosen"), Mapping | list)
        if len(spoken) % 2 != (1 if pair else 0) or not spoken:
            even = "an even" if pair else "an odd"
            yield Finding("odd-turns", "skip", f"has {even} number of turns ({len(spoken)})")

    def stanza(self, data: Data) -> tuple[str, str]:
        """Entries for dataset_info.json, and the command."""
        entries = {f"{data.name}_{split}" if split else data.name: entry(data, f) for split, f in data.files.items()}
        names = ",".join(entries)
        text = (
            "# Entries for dataset_info.json in the folder that holds the data:\n"
            f"{json.dumps(entries, indent=2)}\n\n"
            "# Then, with your model and template:\n"
            f"llamafactory-cli train --stage {'dpo' if data.pairs else 'sft'} --do_train --dataset_dir . "
            f"--dataset {names} --model_name_or_path MODEL --template TEMPLATE --cutoff_len {self.length} "
            "--output_dir out\n"
        )
        return "llama-factory.txt", text


def entry(data: Data, file: str) -> dict[str, Any]:
    """The description of one file for ``dataset_info.json``. Every column that is used is listed, because giving any
    sets all others to null; the same for tags."""
    kind = "alpaca" if data.shape == "alpaca" else "sharegpt"
    fields = {name: FIELDS.get(name, name) for name in COLUMNS[kind]}
    if kind == "sharegpt":
        fields["messages"] = "messages" if data.shape == "messages" else "conversations"
    columns = {name: field for name, field in fields.items() if field in data.keys or (name, kind) in _ALWAYS}
    made: dict[str, Any] = {"file_name": file, "formatting": kind}
    if data.pairs:
        made["ranking"] = True
        columns.pop("response", None)
    made["columns"] = columns
    if data.shape == "messages":
        made["tags"] = {
            "role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant",
            "observation_tag": "tool", "function_tag": "function_call", "system_tag": "system",
        }  # fmt: skip
    return made


_ALWAYS = {("prompt", "alpaca"), ("query", "alpaca"), ("response", "alpaca"), ("messages", "sharegpt")}
