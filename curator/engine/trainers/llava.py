"""LLaVA: the rules of ``llava/train/train.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from curator.engine.dialogue import MARK
from curator.engine.trainers.base import Checking, Data, Finding, Record
from curator.engine.trainers.chats import empty_answer, missing, roles, too_long


class Llava:
    """The whole file is read as one JSON array; ``<image>`` goes to the front of its turn; roles must alternate."""

    name: ClassVar[str] = "llava"
    title: ClassVar[str] = "LLaVA"
    formats: ClassVar[tuple[str, ...]] = ("llava",)
    length: ClassVar[int] = 2048

    def check(self, record: Record, about: Checking) -> Iterator[Finding]:
        """Shape, one picture as a text, roles, marks, missing files, length."""
        if about.shape not in ("llava", "image"):
            yield Finding("format", "stop", f"is in the format “{about.shape}”; LLaVA reads its own only")
            return
        image = record.get("image")
        if image is not None and not isinstance(image, str):
            yield Finding("image-list", "stop", "has a list of pictures; LLaVA's trainer wants one path")
        spoken = roles(record)
        if spoken[:1] != ["human"]:
            yield Finding("first-turn", "change", "does not begin with “human”; that first turn is dropped")
        spoken = spoken[1:] if spoken[:1] != ["human"] else spoken
        if any(role != ("gpt" if number % 2 else "human") for number, role in enumerate(spoken)):
            yield Finding("role-order", "stop", "has turns of human and gpt that do not alternate")
        texts = [str(turn.get("value", "")) for turn in record.get("conversations", []) if isinstance(turn, dict)]
        number = sum(text.count(MARK) for text in texts)
        if image and not number:
            yield Finding("no-mark", "change", "has a picture but no <image>; the picture is not shown to the model")
        if number and not image:
            yield Finding("no-picture", "stop", "has <image> but no picture")
        if any(text.count(MARK) > 1 for text in texts):
            yield Finding("many-marks", "change", "has several <image> in a turn; they become one")
        if any(MARK in text and not text.startswith(MARK) for text in texts):
            yield Finding("mark-moves", "change", "has <image> inside a turn; it moves to the front")
        yield from missing(record, about)
        yield from empty_answer(about, "change")
        yield from too_long(about)

    def stanza(self, data: Data) -> tuple[str, str]:
        """The two arguments of its training script."""
        file = next(iter(data.files.values()), "data.json")
        return "llava.txt", f"# In LLaVA's scripts/v1_5/finetune.sh:\n--data_path {file} --image_folder .\n"
