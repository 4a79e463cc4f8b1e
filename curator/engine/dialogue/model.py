"""One instruction record, whatever its format: who says what, with which pictures, and which answer is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MARK = "<image>"
"""Stands for a picture inside a text, in the formats that name pictures beside it."""


@dataclass(frozen=True)
class Picture:
    """A picture at its place in a turn.

    ``name`` is the path or address that the record gives; "" for a mark that no picture belongs to. ``form`` is the
    type of content part that named it ("image_url", "image"), "" where a mark in the text did.
    """

    name: str
    form: str = ""


@dataclass(frozen=True)
class Call:
    """An assistant's call of a tool. ``arguments`` is JSON text; ``id`` is "" in formats that have none."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True)
class Turn:
    """What one speaker says.

    Attributes:
        role: "system", "user", "assistant" or "tool"; a role that no format knows stays as it is written.
        parts: texts and pictures in order; () for a turn that says nothing (a call alone).
        calls: tools that are called.
        call_id: the call that a tool answers, "" where the format does not say.
        name: the name of the speaker or tool, if given.
        train: whether a trainer learns from the turn; None = the trainer decides.
        border: characters of the text that stood in a field before the rest (alpaca's ``instruction`` before its
            ``input``); 0 = it was one text.
        listed: the content was a list of parts.
        alias: the role as it was written, where the format spells it otherwise ("developer").
        extra: other fields of the turn.
    """

    role: str
    parts: tuple[str | Picture, ...] = ()
    calls: tuple[Call, ...] = ()
    call_id: str = ""
    name: str = ""
    train: bool | None = None
    border: int = 0
    listed: bool = False
    alias: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The words alone; parts follow one another without a break."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def marked(self) -> str:
        """The words with ``<image>`` where a picture stands."""
        return "".join(part if isinstance(part, str) else MARK for part in self.parts)

    @property
    def images(self) -> tuple[str, ...]:
        """Names of the pictures, in order."""
        return tuple(part.name for part in self.parts if isinstance(part, Picture) and part.name)


@dataclass(frozen=True)
class Dialogue:
    """A record as turns.

    Attributes:
        turns: system first if there is one. Of a preference pair, what comes before the two answers.
        chosen: the better answer of a pair, () when the record is no pair.
        rejected: the worse answer of a pair.
        tools: descriptions of tools ({"name", "description", "parameters"}); () for none.
        tools_text: their JSON text, where the record has one that is spelled in its own way; "" = the usual way.
        unplaced: pictures that the record names without saying where they stand.
        desirable: whether the answer is a good one, for records that say so (KTO); None = not said.
        unusual: fields that were spelled otherwise than the format does.
        extra: all other fields of the record.
    """

    turns: tuple[Turn, ...]
    chosen: tuple[Turn, ...] = ()
    rejected: tuple[Turn, ...] = ()
    tools: tuple[Any, ...] = ()
    tools_text: str = ""
    unplaced: tuple[str, ...] = ()
    desirable: bool | None = None
    unusual: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def images(self) -> tuple[str, ...]:
        """Every picture that is named, in the order of the turns, those without a place last."""
        spoken = (*self.turns, *self.chosen, *self.rejected)
        return tuple(name for turn in spoken for name in turn.images) + self.unplaced

    @property
    def is_pair(self) -> bool:
        """Whether it holds two answers to compare."""
        return bool(self.chosen or self.rejected)
