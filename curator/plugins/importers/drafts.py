"""From a picture file, or a row of a table that names one, to a Draft."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from curator.engine.api import Draft, Skip, Task
from curator.engine.json_text import json_text
from curator.engine.pictures import read_bytes, read_header

LABEL_KEYS = ("label", "class", "category")
TEXT_KEYS = ("text", "caption", "name", "title")
ROWS_TWICE = "rows name a picture that an earlier row names; the first row counts."


def read_image(path: Path) -> tuple[str, int, int]:
    """sha256 of the bytes, width and height as displayed; raises :class:`InputError` with a plain reason."""
    content = read_bytes(path)
    width, height, _ = read_header(content)
    return hashlib.sha256(content).hexdigest(), width, height


def digest_of(digests: Sequence[str]) -> str:
    """The digest of a sample by those of its pictures: of one picture its own."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def clean(text: str) -> str:
    """Text that can be stored: without NUL and without half of a surrogate pair."""
    if text.isascii():
        return text.replace("\0", " ")
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def most_frequent_first(names: Iterable[str]) -> tuple[str, ...]:
    """Each name once, such as the classes of the boxes of a picture; names that are as frequent by the alphabet."""
    counts = Counter(names)
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def labels_of(row: Mapping[str, Any], keys: tuple[str, ...] = LABEL_KEYS) -> tuple[str, ...]:
    """The classes that a row gives, from the first of ``keys`` that holds any."""
    for key in keys:
        value = _value(row, key)
        values = value if isinstance(value, list) else [value]
        whole = [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]
        found = [clean(str(v)).strip() for v in whole if isinstance(v, str | int) and not isinstance(v, bool)]
        if any(found):
            return tuple(dict.fromkeys(label for label in found if label))
    return ()


def _value(row: Mapping[str, Any], key: str) -> Any:
    """What a row says under a name, however that is spelled; None for nothing."""
    return row[key] if key in row else next((value for name, value in row.items() if name.lower() == key), None)


def text_of_row(row: Mapping[str, Any]) -> str:
    """The words that a row gives for its picture, or ""."""
    found = (_value(row, key) for key in TEXT_KEYS)
    return next((clean(value) for value in found if isinstance(value, str) and value.strip()), "")


def image_draft(root: Path, relative: str, labels: tuple[str, ...] = (), split: str = "", text: str = "") -> Draft:
    """A picture that nothing but its place tells about; raises :class:`InputError` with a plain reason."""
    digest, width, height = read_image(root / relative)
    return Draft(relative, digest, text, "", (relative,), width, height, labels, split)


def row_draft(root: Path, relative: str, row: Mapping[str, Any], record: str = "", split: str = "") -> Draft:
    """A picture with the row that names it; ``record`` is the row as it was written, if it was JSON."""
    digest, width, height = read_image(root / relative)
    record = record or json_text(row)
    return Draft(relative, digest, text_of_row(row), record, (relative,), width, height, labels_of(row), split)


def first_of_each(
    items: Iterator[Draft | Skip], words: str, task: Task, seen: set[str] | None = None
) -> Iterator[Draft | Skip]:
    """The items without those whose picture an earlier one names; at the end ``words`` are told of how many those were.

    ``seen`` are the pictures named before, which those named here join.
    """
    seen, twice = set() if seen is None else seen, 0
    for item in items:
        if item.source in seen:
            twice += 1
            continue
        seen.add(item.source)
        yield item
    if twice:
        task.log(f"{twice} {words}")


def split_in(record: Mapping[str, Any]) -> str:
    """The split that a record names itself, "" for none."""
    value = record.get("split")
    return clean(value)[:100] if isinstance(value, str) else ""
