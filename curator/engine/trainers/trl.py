"""TRL: the SFT and DPO trainers of Hugging Face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from curator.engine.trainers.base import Checking, Data, Finding, Record
from curator.engine.trainers.chats import empty_answer, missing, too_long


class Trl:
    """It knows messages, prompt/completion and preference pairs; other fields than those make it stop."""

    name: ClassVar[str] = "trl"
    title: ClassVar[str] = "TRL"
    formats: ClassVar[tuple[str, ...]] = ("messages", "prompt-completion", "preference")
    length: ClassVar[int] = 1024

    def check(self, record: Record, about: Checking) -> Iterator[Finding]:
        """Shape, one kind of content, an answer at the end, missing files, length."""
        if about.shape not in ("messages", "prompt-completion", "preference", "image"):
            yield Finding("format", "stop", f"is in the format “{about.shape}”, whose fields TRL does not know")
        found = about.dialogue
        if found is not None:
            if found.turns and not found.is_pair and found.turns[-1].role != "assistant":
                yield Finding("no-answer", "change", "does not end with an answer; the end teaches a question")
            if about.shape == "messages" and found.images and any("<image>" in t.marked for t in found.turns):
                yield from _placeholders(record)
        yield from missing(record, about)
        yield from empty_answer(about, "change")
        yield from too_long(about)

    def stanza(self, data: Data) -> tuple[str, str]:
        """A script that loads the files as TRL wants them."""
        files = ", ".join(f'"{split or "train"}": "{file}"' for split, file in data.files.items())
        kind = "DPO" if data.pairs else "SFT"
        builder = "parquet" if data.format == "parquet" else "json"
        text = (
            "from datasets import load_dataset\n"
            f"from trl import {kind}Config, {kind}Trainer\n\n"
            f'data = load_dataset("{builder}", data_files={{{files}}})\n'
            f'trainer = {kind}Trainer("MODEL", train_dataset=data["{next(iter(data.files)) or "train"}"],\n'
            f'                     args={kind}Config(output_dir="out", max_length={self.length}))\n'
            "trainer.train()\n"
        )
        return "train_trl.py", text


def _placeholders(record: Record) -> Iterator[Finding]:
    turns = record.get("messages")
    texts = [t.get("content") for t in turns if isinstance(t, dict)] if isinstance(turns, list) else []
    if any(isinstance(text, str) and "<image>" in text for text in texts):
        yield Finding("image-marks", "change", "has <image> in its text, which TRL reads as words; write placeholders")
