"""From one instruction record, wherever it was read, to a Draft."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from curator.engine.api import Draft, InputError, Skip, Task
from curator.engine.pictures import read_bytes, read_header
from curator.plugins.importers.arrow_tables import CellName, Part
from curator.plugins.importers.drafts import clean, split_in
from curator.plugins.importers.json_records import TOO_DEEP, Lines, Raw, names_once, parsed_line, unusual_line
from curator.plugins.importers.mapping import View
from curator.plugins.importers.piles import Pile
from curator.plugins.importers.quick import Ways, quick
from curator.plugins.importers.raw_files import expected, read_raws
from curator.plugins.importers.shapes import labels_of, read_dialogue, recognise, text_of
from curator.plugins.importers.splits import WORDS

AUTO = "auto"
LABEL = "Reading records"
STRIDE = 50
"""Records between two looks at whether the user wants to stop."""
CONFIDENCE = {
    **{"messages": 0.95, "sharegpt": 0.95, "llava": 0.95, "alpaca": 0.95},
    **{"preference": 0.9, "prompt-completion": 0.85, "text": 0.5},
}
"""How sure a shape makes an Importer."""
_new = tuple.__new__
"""Makes a Draft of all its values in a third of the time."""
ELSEWHERE = ("http://", "https://", "data:", "s3://", "gs://")


def canonical(record: object) -> bytes:
    """The same bytes for the same record, however it is spaced and whatever the order of its fields."""
    try:
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, or half of a surrogate pair
        return json.dumps(record, sort_keys=True, separators=(",", ":")).encode("ascii")


@dataclass
class Pictures:
    """The pictures that records name, below one ``folder`` of a pile, or else ``beside`` the file. ``elsewhere`` counts
    those that are addresses."""

    pile: Pile
    folder: str = ""
    beside: str = ""
    elsewhere: int = 0

    def add(self, draft: Draft, names: list[str], feed: Callable[[bytes], None]) -> Draft:
        """The Draft with its pictures; their bytes go to ``feed``. Raises :class:`InputError` naming a bad one."""
        found: list[str] = []
        size = (0, 0)
        for name in names:
            if name.startswith(ELSEWHERE):
                self.elsewhere += 1
                continue
            try:
                if isinstance(name, CellName):
                    relative = name.address.relative_to(self.pile.root).as_posix()
                else:
                    relative = self.pile.address(self._find(name.removeprefix("file://")))
                width, height = self.look(relative, feed)
            except InputError as error:
                raise InputError(f"names the image {clean(name)[:200]}, which {error.text}") from error
            size = size if found else (width, height)
            found.append(relative)
        return draft._replace(images=tuple(found), width=size[0], height=size[1])

    def _find(self, name: str) -> str:
        try:
            return self.pile.find(name, self.folder)
        except InputError:
            if self.beside == self.folder:
                raise
            try:
                return self.pile.find(name, self.beside)
            except InputError:
                pass
            raise

    def look(self, relative: str, feed: Callable[[bytes], None]) -> tuple[int, int]:
        """Width and height of a picture whose bytes go to ``feed``; raises :class:`InputError`."""
        content = read_bytes(self.pile.root / relative)
        width, height, _ = read_header(content)
        feed(content)
        return width, height


@dataclass
class Shaping:
    """How records become Drafts: the shape wanted, the view on the columns, and where pictures are. ``doubled`` are
    the records that name a field twice, and the field."""

    pictures: Pictures
    format: str = AUTO
    view: View = field(default_factory=View)
    doubled: list[tuple[str, str]] = field(default_factory=list)
    _ways: Ways = field(default_factory=Ways)

    def tell(self, task: Task) -> None:
        """Log what was noticed on the way."""
        if elsewhere := self.pictures.elsewhere:
            task.log(f"{elsewhere} pictures are not files on this computer; their records are read as text.")
        if self.doubled:
            name, key = self.doubled[0]
            count = len(self.doubled)
            task.log(f"{count} records name a field twice, such as “{key}” in {name}; the last one counts.")

    def item(self, name: str, raw: Raw, split: str = "") -> Draft | Skip:
        """One record under the name ``name``."""
        _, line, value, reason, doubled, group = raw
        split = split or WORDS.get(group, "")
        if reason:
            return Skip(name, reason)
        if not isinstance(value, dict):
            return Skip(name, "is not a JSON object")
        if doubled:
            self.doubled.append((name, doubled))
        if self.is_plain and (seen := quick(value, self._ways)):
            text, labels, own = seen
            digest = hashlib.sha256(canonical(value)).hexdigest()
            return Draft(name, digest, text, line, (), 0, 0, labels, split or own)
        return self._whole(name, raw, split)

    def lines(self, begin: str, found: Lines, split: str = "") -> list[Draft | Skip]:
        """The records of many lines, named ``begin`` and the number of the line; as :meth:`item`, in less time."""
        made: list[Draft | Skip] = []
        look = self._ordinary if self.is_plain else _no_draft
        for place, line in enumerate(found.lines, found.before + 1):
            name = f"{begin}{place}"
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                if line.strip():
                    made.append(self.item(name, unusual_line(line, place), split))
                continue
            draft = look(name, line, value, split)
            made.append(self.item(name, parsed_line(line, place, value), split) if draft is None else draft)
        return made

    def _ordinary(self, name: str, line: bytes, value: Any, split: str) -> Draft | None:
        """The ordinary record of a line; None for what takes a closer look."""
        seen = quick(value, self._ways) if type(value) is dict else None
        if seen is None or not names_once(line, value):
            return None
        try:
            content = orjson.dumps(value, None, orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:
            return None
        text, labels, own = seen
        digest = hashlib.sha256(content).hexdigest()
        return _new(Draft, (name, digest, text, line.decode(), (), 0, 0, labels, split or own, ""))

    @cached_property
    def is_plain(self) -> bool:
        """Whether the short way will do for an ordinary record."""
        return self.format == AUTO and not self.view

    def _whole(self, name: str, raw: Raw, split: str) -> Draft | Skip:
        """A record that takes a closer look."""
        seen = self.view.of(raw.value)
        shape = recognise(seen)
        if not shape or (self.format != AUTO and not fits(shape, self.format)):
            return Skip(name, _unknown(raw.value, self.format))
        try:
            said = read_dialogue(seen, shape)
            text = clean(text_of(said))
            hashed = hashlib.sha256(canonical(raw.value))
            labels = tuple(clean(label) for label in labels_of(seen))
            draft = Draft(name, "", text, raw.text, labels=labels, split=split or split_in(seen))
            draft = self.pictures.add(draft, list(said.images), hashed.update)
        except InputError as error:
            return Skip(name, error.text)
        except RecursionError:
            return Skip(name, TOO_DEEP)
        return draft._replace(digest=hashed.hexdigest())


def _no_draft(name: str, line: bytes, value: Any, split: str) -> None:
    """Where every record takes a closer look."""


def fits(shape: str, wanted: str) -> bool:
    """Whether a record of a shape may be read as the one wanted."""
    return shape == wanted or {shape, wanted} == {"sharegpt", "llava"}


def _unknown(record: dict[str, Any], wanted: str) -> str:
    kind = "any known kind" if wanted == AUTO else f"the kind “{wanted}”"
    return f"is not a record of {kind}; its fields are: {', '.join(sorted(record)[:8])}"[:300]


def read_drafts(shaping: Shaping, part: Part, begin: str, task: Task, encoding: str = "") -> Iterator[Draft | Skip]:
    """What is in a file of records, each named ``begin`` and its number.

    Raises:
        InputError: the file as a whole cannot be read.
    """
    total, done = expected(part.file), 0
    for found in read_raws(part.file, encoding):
        if isinstance(found, Lines):
            task.step(LABEL, done, total)
            yield from (items := shaping.lines(begin, found, part.split))
            done += len(items)
        else:
            if not done % STRIDE:
                task.step(LABEL, done, total)
            yield shaping.item(f"{begin}{found.place}", found, part.split)
            done += 1
