"""Axolotl: chat templates and its other data types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from curator.engine.trainers.base import Checking, Data, Finding, Record
from curator.engine.trainers.chats import empty_answer, missing, too_long


class Axolotl:
    """Records longer than ``sequence_len`` are dropped; tool arguments must be text in every row."""

    name: ClassVar[str] = "axolotl"
    title: ClassVar[str] = "Axolotl"
    formats: ClassVar[tuple[str, ...]] = ("messages", "alpaca", "sharegpt", "preference")
    length: ClassVar[int] = 2048

    def check(self, record: Record, about: Checking) -> Iterator[Finding]:
        """Shape, role order, an answer to learn from, missing files, length."""
        if about.shape not in ("messages", "alpaca", "sharegpt", "preference", "image"):
            yield Finding("format", "stop", f"is in the format “{about.shape}”, which Axolotl has no type for")
        found = about.dialogue
        if found is not None and not found.is_pair:
            if not any(t.role == "assistant" and t.train is not False for t in found.turns):
                yield Finding("nothing-to-learn", "skip", "has no answer that is trained: every label would be masked")
            if found.turns and found.turns[-1].role == "user":
                yield Finding("no-answer", "change", "ends with a question; its last turn teaches nothing")
        if about.shape == "messages" and found is not None and found.images and "images" in record:
            yield Finding("image-column", "change", "has pictures beside its turns; they go into the first turn")
        yield from missing(record, about)
        yield from empty_answer(about)
        for finding in too_long(about):
            yield Finding(finding.rule, "skip", finding.text.replace("cuts at", "drops it beyond"), finding.tokens)

    def stanza(self, data: Data) -> tuple[str, str]:
        """The ``datasets`` block of its YAML."""
        blocks = [_block(data, file, split) for split, file in data.files.items() if not _is_test(split)]
        tests = [_block(data, file, split) for split, file in data.files.items() if _is_test(split)]
        text = "datasets:\n" + "".join(blocks)
        if tests:
            text += "test_datasets:\n" + "".join(tests)
        text += f"sequence_len: {self.length}\n" + ("rl: dpo\n" if data.pairs else "")
        return "axolotl.yaml", text + "# axolotl train axolotl.yaml\n"


def _is_test(split: str) -> bool:
    return split in ("test", "validation", "val", "eval", "dev", "valid")


def _block(data: Data, file: str, split: str) -> str:
    kind = "chat_template" if data.shape in ("messages", "sharegpt") else "alpaca"
    if data.pairs:
        kind = "chat_template.default"
    lines = [f"  - path: {file}", "    ds_type: json", f"    type: {kind}"]
    if _is_test(split):
        lines.append("    split: train")
    if data.shape == "messages" and kind.startswith("chat"):
        lines += ["    field_messages: messages", '    roles_to_train: ["assistant"]', "    train_on_eos: turn"]
        lines += ["    message_field_training: train"] if "train" in data.tags else []
        lines += ["    field_tools: tools"] if "tools" in data.keys else []
    if data.shape == "sharegpt":
        lines += [
            "    field_messages: conversations",
            "    message_property_mappings:\n      role: from\n      content: value",
            "    roles:\n      user: [human]\n      assistant: [gpt, function_call]\n      system: [system]\n"
            "      tool: [observation]",
            '    roles_to_train: ["assistant"]',
        ]
    return "\n".join(lines) + "\n"
