"""open_clip: tables of paths and captions, or shards of WebDataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from curator.engine.trainers.base import Checking, Data, Finding, Record
from curator.engine.trainers.chats import missing

MOST_PIXELS = 25_000_000
LENGTH = 77


class OpenClip:
    """A sample needs a picture and a caption; what lacks one is dropped, pictures over 25 million pixels too."""

    name: ClassVar[str] = "open-clip"
    title: ClassVar[str] = "open_clip"
    formats: ClassVar[tuple[str, ...]] = ("webdataset", "open-clip-csv")
    length: ClassVar[int] = LENGTH

    def check(self, record: Record, about: Checking) -> Iterator[Finding]:
        """Picture, caption, size, length of the caption."""
        caption = record.get("text", record.get("title"))
        if not isinstance(caption, str) or not caption.strip():
            yield Finding("no-caption", "skip", "has no caption")
        elif about.length and (tokens := about.count(caption) + 2) > about.length:
            text = f"has a caption of {tokens} tokens; the trainer cuts at {about.length}"
            yield Finding("too-long", "cut", text, tokens - about.length)
        if not record.get("image"):
            yield Finding("no-picture", "skip", "has no picture")
        if about.size[0] * about.size[1] > MOST_PIXELS:
            text = f"has a picture of {about.size[0]} x {about.size[1]} pixels; the limit is {MOST_PIXELS:,}"
            yield Finding("too-large", "skip", text)
        yield from missing(record, about)

    def stanza(self, data: Data) -> tuple[str, str]:
        """The arguments of its ``train`` module."""
        file = next(iter(data.files.values()), "")
        if data.format == "webdataset":
            rest = f"--dataset-type webdataset --train-data '{file}' --train-num-samples {data.count}"
            note = "# Shards must not be fewer than workers x GPUs.\n"
        else:
            rest = (
                f"--dataset-type csv --train-data {file} --csv-img-key filepath --csv-caption-key title"
                " --csv-separator $'\\t'"
            )
            note = "# Run it in this folder: relative paths are relative to where it runs.\n"
        return "open_clip.txt", f"{note}python -m open_clip_train.main {rest} --model ViT-B-32\n"
