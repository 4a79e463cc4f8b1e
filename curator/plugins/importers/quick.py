"""The short way for the ordinary record: most lines of most files are a few plain texts.

Whatever is out of the ordinary is left to :mod:`curator.engine.dialogue`; what is read here is read the same there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from curator.plugins.importers.drafts import clean, split_in
from curator.plugins.importers.shapes import LABEL_KEYS

SPOKEN = frozenset({"user", "assistant", "human", "gpt"})
SILENT = frozenset({"system"})
OTHER = frozenset(
    {"history", "chosen", "rejected", "chosen_response", "rejected_response", "image", "images", "tools", "system"}
    | {"conversation", "segments", "videos", "audios", "preferred_output", "preferred_completion", "completions"}
    | {"kto_tag", "prompt", "question", "query", "text"}
)
"""Fields with which a record is not an ordinary one."""
MARKS = ("<image>", "<__dj__image>")
MOST_WAYS = 1000
"""Sets of fields remembered; records that all differ in their fields must not fill the memory."""


class Way(NamedTuple):
    """How ordinary records with the same fields are read: ``said`` gives the texts (TypeError for what is not plain),
    ``labels`` are those fields that may give the class, ``split`` says whether one names the split."""

    said: Callable[[Mapping[str, Any]], Iterable[Any]]
    labels: tuple[str, ...]
    split: bool


class Ways(dict[tuple[str, ...], Way | None]):
    """The way for each list of fields, None where records with these are not ordinary ones."""

    def __missing__(self, fields: tuple[str, ...]) -> Way | None:
        way = _way(frozenset(fields))
        if len(self) < MOST_WAYS:
            self[fields] = way
        return way


def _way(fields: frozenset[str]) -> Way | None:
    turns = fields & {"messages", "conversations"}
    said: Callable[[Mapping[str, Any]], Iterable[Any]]
    if fields & OTHER:
        return None
    if {"instruction", "output"} <= fields and not turns:
        said = itemgetter(*(key for key in ("instruction", "input", "output") if key in fields))
    elif fields & {"instruction", "output"}:
        return None
    elif "messages" in fields:
        said = partial(_turns, "messages", "role", "content")
    elif "conversations" in fields:
        said = partial(_turns, "conversations", "from", "value")
    else:
        return None
    return Way(said, tuple(key for key in LABEL_KEYS if key in fields), "split" in fields)


def quick(record: Mapping[str, Any], ways: Ways) -> tuple[str, tuple[str, ...], str] | None:
    """The text, the labels and the split of an ordinary record of alpaca, messages or sharegpt; None for any other."""
    way = ways[tuple(record)]
    if way is None:
        return None
    try:
        text = "\n".join(filter(None, map(str.strip, way.said(record))))
    except TypeError:  # not all are texts
        return None
    if not text or ("<" in text and (MARKS[0] in text or MARKS[1] in text)):
        return None
    labels: tuple[str, ...] = ()
    for key in way.labels:
        if isinstance(label := record[key], str) and (label := label.strip()):
            labels = (clean(label),)
            break
    if "\0" in text or not text.isascii():
        text = clean(text)
    return text, labels, split_in(record) if way.split else ""


def _turns(key: str, role_key: str, said_key: str, record: Mapping[str, Any]) -> list[Any]:
    """What is said in plain turns; raises TypeError when one of them is not plain."""
    turns = record[key]
    if type(turns) is not list:
        raise TypeError
    lines = []
    for turn in turns:
        if type(turn) is not dict or len(turn) != 2:
            raise TypeError
        role, said = turn.get(role_key), turn.get(said_key)
        if role in SPOKEN:
            lines.append(said)
        elif role not in SILENT or type(said) is not str:
            raise TypeError
    return lines
