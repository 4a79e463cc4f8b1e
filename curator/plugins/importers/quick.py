"""The short way for the ordinary record: most lines of most files are a few plain texts.

Whatever is out of the ordinary is left to :mod:`curator.engine.dialogue`; what is read here is read the same there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from curator.engine.dialogue.reading import repeated
from curator.engine.dialogue.shapes import CHOSEN, REJECTED, fields_of
from curator.plugins.importers.drafts import clean, split_in
from curator.plugins.importers.shapes import LABEL_KEYS

SPOKEN = frozenset({"user", "assistant", "human", "gpt"})
USUAL = frozenset({"user", "assistant"})
"""The roles of conversations that are compared: each role has one name there."""
SILENT = frozenset({"system"})
SYSTEM = frozenset({"system", "system_prompt"})
OTHER = frozenset({"history", "image", "images", "conversation", "segments"})
"""Fields with which a record is not an ordinary one. Those for the system's text, tools and verdicts are not among
them: nothing of them is in the text of a record."""
PAIR = frozenset(CHOSEN + REJECTED)
MARKS = ("<image>", "<__dj__image>")
MOST_WAYS = 1000
"""Sets of fields remembered; records that all differ in their fields must not fill the memory."""
Said = Callable[[Mapping[str, Any]], Iterable[Any]]
Turns = list[tuple[str, str]]


class Way(NamedTuple):
    """How ordinary records with the same fields are read: ``said`` gives the texts (TypeError for what is not plain),
    ``labels`` are those fields that may give the class, ``split`` says whether one names the split."""

    said: Said
    labels: tuple[str, ...]
    split: bool


class Ways(dict[tuple[str, ...], Way | None]):
    """The way for each list of fields, None where records with these are not ordinary ones."""

    def __missing__(self, fields: tuple[str, ...]) -> Way | None:
        said = _pair_way(fields) if PAIR & set(fields) else _plain_way(fields)
        way = None
        if said is not None and not OTHER & set(fields):
            way = Way(said, tuple(key for key in LABEL_KEYS if key in fields), "split" in fields)
        if len(self) < MOST_WAYS:
            self[fields] = way
        return way


def _plain_way(fields: tuple[str, ...]) -> Said | None:
    """Of turns in one list, of turns in fields, or of one text."""
    if "messages" in fields:
        return partial(_turns, "messages", "role", "content")
    if "conversations" in fields:
        return partial(_turns, "conversations", "from", "value")
    keys = _keys(fields) or tuple({"text"} & set(fields))
    return itemgetter(*keys) if len(keys) > 1 else (lambda record: (record[keys[0]],)) if keys else None


def _pair_way(fields: tuple[str, ...]) -> Said | None:
    """Of two answers to one prompt, or of two conversations that begin with it."""
    better, worse = (next((key for key in names if key in fields), "") for names in (CHOSEN, REJECTED))
    before = ("messages",) if "messages" in fields else _keys(fields)
    if not better or not worse or "conversations" in fields or (not before and "input" in fields):
        return None
    return partial(_pair, before, better, worse)


def _keys(fields: tuple[str, ...]) -> tuple[str, ...]:
    """The fields that hold prompt, addition and answer, in this order; () where the prompt is not a field."""
    known = fields_of(dict.fromkeys(fields))
    if known is None:
        return ()
    answer = next((key for key in known.answers if key in fields), "")
    return tuple(key for key in (known.prompt, known.addition, answer) if key and key in fields)


def quick(record: Mapping[str, Any], ways: Ways) -> tuple[str, tuple[str, ...], str] | None:
    """The text, the labels and the split of an ordinary record; None for any other."""
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


def _turns(key: str, role_key: str, said_key: str, record: Mapping[str, Any]) -> list[str]:
    """What is said in plain turns; raises TypeError when one of them is not plain."""
    return [said for role, said in _plain(record[key], role_key, said_key, SPOKEN) if role not in SILENT]


def _plain(turns: Any, role_key: str, said_key: str, spoken: frozenset[str]) -> Turns:
    """Turns that are no more than a role, a ``spoken`` or a silent one, and a text; TypeError for any other."""
    if type(turns) is not list:
        raise TypeError
    found: Turns = []
    for turn in turns:
        if type(turn) is not dict or len(turn) != 2:
            raise TypeError
        role, said = turn.get(role_key), turn.get(said_key)
        if type(said) is not str or (role not in spoken and role not in SILENT):
            raise TypeError
        found.append((role, said))
    return found


def _pair(before: tuple[str, ...], better: str, worse: str, record: Mapping[str, Any]) -> list[Any]:
    """What is said before two answers, and in the better one; raises TypeError for what is not plain.

    What both sides begin with is said once, and so is a conversation that is the better side itself.
    """
    given = [record[key] for key in before]
    chosen, rejected = _side(record[better]), _side(record[worse])
    if before == ("messages",):
        fits = type(given[0]) is list
    elif len(before) > 1:  # the parts are one turn, or two
        fits = all(type(value) is str for value in (*given, record[better]))
    else:
        fits = before == ("prompt",) or not given or type(given[0]) is str
    if not fits:
        raise TypeError
    turns = [turn for said in given for turn in _side(said, "user")]
    said_so = any(role in SILENT for role, _ in (*turns, *chosen, *rejected))
    if said_so and not SYSTEM.isdisjoint(record):  # whether the two are the same takes a closer look
        raise TypeError
    silent = bool(turns) and turns[0][0] in SILENT
    stay, cut = repeated(turns, chosen, rejected, silent)
    return [said for role, said in (*turns[:stay], *chosen[cut:]) if role not in SILENT]


def _side(value: Any, role: str = "assistant") -> Turns:
    """The turns of what is a text that ``role`` says, or a list of plain turns."""
    if type(value) is str:
        return [(role, value)]
    if not value:
        raise TypeError
    return _plain(value, "role", "content", USUAL)
