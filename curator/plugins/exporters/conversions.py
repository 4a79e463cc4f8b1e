"""Chosen instruction records in another format than they came in.

The engine converts: an exporter says by ``shape`` and ``style()`` what its records are to be, and is handed them so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from curator.engine.api import ExportInfo, ExportItem, Task, exporter, param
from curator.engine.dialogue import Style
from curator.plugins.exporters.record_files import write_records

IMAGES = ("reference", "absolute", "copy")
IMAGES_HELP = "How records name pictures: relative to the file, from the root of the disk, or copied along (TARGET is then a folder)"  # noqa: E501
CONTENT = ("texts", "messages")
CONTENT_HELP = "Prompts and answers as texts, or as lists of messages, which hold system texts, tools and many turns"


@dataclass(frozen=True)
class _Conversion:
    """What the formats have in common: a file named .json holds an array, any other one record a line."""

    images: str = param("reference", choices=IMAGES, help=IMAGES_HELP)

    suffix: ClassVar[str] = ".jsonl"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the records in the order given and return the path.

        Raises:
            InputError: nothing to export, content would be lost, the disk is full, or the target exists.
        """
        suffix = ".json" if target.suffix.lower() == ".json" else self.suffix
        return write_records(items, target, info, task, copy=self.images == "copy", suffix=suffix)


@exporter("alpaca", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Alpaca(_Conversion):
    """Alpaca records: instruction, input, output; with system, history, images, or chosen and rejected where there are.

    A TARGET named .json is one array, any other name gives one record a line; with splits it is a folder.
    """

    shape: ClassVar[str] = "alpaca"


@exporter("sharegpt", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Sharegpt(_Conversion):
    """Sharegpt records: conversations of from and value; tools as JSON text, images beside the turns.

    A TARGET named .json is one array, any other name gives one record a line; with splits it is a folder.
    """

    shape: ClassVar[str] = "sharegpt"


@exporter("messages", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Messages(_Conversion):
    """OpenAI's messages of role and content, with tools and calls of tools.

    Pictures stand as <image> in the text with a list images beside the turns (LLaMA-Factory), as parts of the content
    with a web address (OpenAI) or a path (Axolotl), or as bare parts with the list beside (TRL); auto keeps parts where
    the source has parts.
    """

    pictures: str = param("auto", choices=("auto", "marks", "image_url", "path", "placeholder"), help="How turns show")
    mask: str = param("weight", choices=("weight", "train"), help="Field that says whether a turn is trained, if known")

    shape: ClassVar[str] = "messages"

    def style(self) -> Style:
        """What the format leaves open."""
        return Style(pictures=self.pictures, mask=self.mask)


@exporter("llava", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Llava(_Conversion):
    """LLaVA's JSON array: image, one path relative to the file, and conversations of human and gpt."""

    suffix: ClassVar[str] = ".json"
    shape: ClassVar[str] = "llava"


@exporter("prompt-completion", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class PromptCompletion(_Conversion):
    """Prompt and completion (TRL): as texts, or as lists of messages."""

    content: str = param("texts", choices=CONTENT, help=CONTENT_HELP)

    shape: ClassVar[str] = "prompt-completion"

    def style(self) -> Style:
        """What the format leaves open."""
        return Style(as_turns=self.content == "messages")


@exporter("preference", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Preference(_Conversion):
    """Preference pairs: prompt, chosen, rejected (TRL), or OpenAI's input, preferred_output, non_preferred_output."""

    content: str = param("texts", choices=(*CONTENT, "openai"), help=CONTENT_HELP + "; or the names that OpenAI uses")

    shape: ClassVar[str] = "preference"

    def style(self) -> Style:
        """What the format leaves open."""
        return Style(as_turns=self.content == "messages", openai=self.content == "openai")
