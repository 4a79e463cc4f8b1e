"""Records out of JSON and JSONL files, one by one, each with its text exactly as it stands in the file."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, NoReturn, TextIO

import orjson

from curator.engine.api import InputError

RECORD_LIMIT = 64 * 2**20
FIRST_READ = 2**20
HEAD = 4 * 2**20
BLOCK = 64 * 1024
SPLITS = "train|test|validation|valid|val|dev"
WRAPPERS = f"data|records|examples|instances|samples|rows|{SPLITS}"
_SCALAR = r'(?:"(?:[^"\\]|\\.)*"|-?[\d.eE+-]+|true|false|null)'
_WRAPPER = re.compile(rf'\s*\{{(?:\s*"[^"]*"\s*:\s*{_SCALAR}\s*,)*\s*"({WRAPPERS})"\s*:\s*\[')
_KEY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*(\[?)')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.S)
_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,]*")
BAD_BYTE = "\udcff"
"""Stands for bytes that are not the text they should be: half of a pair, which no sound file decodes to."""
NOT_TEXT = "holds bytes that are not UTF-8"
_ON_ERROR = "curator-bad-byte"
codecs.register_error(_ON_ERROR, lambda error: (BAD_BYTE, error.end))  # type: ignore[attr-defined]
TOO_LONG = f"is longer than {RECORD_LIMIT // 2**20} MB"
TOO_DEEP = "is nested too deeply"


class Raw(NamedTuple):
    """One record: ``place`` is its 1-based line or number, ``text`` what stands in the file; ``value`` that parsed,
    unless ``reason`` says why not. ``doubled`` is a field that it names twice, "" for none; ``group`` is what the list
    that it stands in is called, where a file holds several."""

    place: int
    text: str = ""
    value: Any = None
    reason: str = ""
    doubled: str = ""
    group: str = ""


class Lines(NamedTuple):
    """Lines of JSONL in UTF-8, not yet looked at, some of them blank; ``before`` is how many came before them."""

    before: int
    lines: list[bytes]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"{\0", "utf-16-le"),
    (b"[\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
    (b"\0[", "utf-16-be"),
)
"""First bytes that give an encoding away; the longer ones first, because one begins like another."""


def check_encoding(encoding: str) -> None:
    """Raise :class:`InputError` for a name of an encoding that is not known; "" is none."""
    try:
        known = not encoding or codecs.lookup(encoding)._is_text_encoding
    except LookupError:
        known = False
    if not known:
        raise InputError(f"There is no encoding called “{encoding}”.", "Examples: utf-8, cp1252, shift_jis.")


def open_text(file: BinaryIO, encoding: str = "") -> io.TextIOWrapper:
    """Text in the encoding named, or in UTF-8, UTF-16 or UTF-32 as the first bytes tell, without the mark; bytes that
    do not fit come out as :data:`BAD_BYTE`. Where lines end in a carriage return alone, each comes out as a newline."""
    head = file.read(BLOCK)
    file.seek(0)
    encoding = encoding or next((name for mark, name in MARKS if head.startswith(mark)), "utf-8-sig")
    newline = None if b"\r" in head and b"\n" not in head else "\n"
    return io.TextIOWrapper(file, encoding=encoding, errors=_ON_ERROR, newline=newline)


def read_records(file: BinaryIO, encoding: str = "") -> Iterator[Raw]:
    """Every record that :func:`read_many` finds, one by one."""
    for found in read_many(file, encoding):
        if isinstance(found, Raw):
            yield found
        else:
            parsed = (parse_line(line, place) for place, line in enumerate(found.lines, found.before + 1))
            yield from (raw for raw in parsed if raw is not None)


def read_many(file: BinaryIO, encoding: str = "") -> Iterator[Lines | Raw]:
    """Records of JSONL, of a JSON array, of arrays inside one object (``{"train": [...], "test": [...]}``), or of
    objects one after the other; which of these it is shows in the first 4 MB. Those of JSONL in UTF-8 come as they are,
    many at a time, to be parsed with :func:`parse_line`. Closes the file at the end."""
    text = open_text(file, encoding)
    head = text.read(HEAD)
    usual = text.encoding == "utf-8-sig" and text.newlines is None
    text.detach()
    file.seek(0)
    with open_text(file, encoding) as text:
        start = head[_SPACE.match(head).end() :][:1]  # type: ignore[union-attr]
        wrapper = _WRAPPER.match(head) if start == "{" else None
        if start == "[":
            yield from _read_elements(_Window(text, head.index("[") + 1), "]")
        elif wrapper and not _first_line_is_record(head):
            yield from _read_lists(text, wrapper.end(), wrapper[1])
        elif start == "{" and not _has_whole_line(head):
            yield from _read_elements(_Window(text, 0), "")
        elif usual:
            file.seek(3 if file.read(3) == codecs.BOM_UTF8 else 0)
            yield from _read_byte_lines(file)
        else:
            yield from read_lines(text)


def _first_line_is_record(head: str) -> bool:
    """A line of JSONL may start like a wrapper; it is one when more lines of its sort follow."""
    lines = [line for line in head.split("\n", 3)[:3] if line.strip()]
    return len(lines) > 1 and all(isinstance(_parse(line).value, dict) for line in lines[:2])


def _has_whole_line(head: str) -> bool:
    """Whether one of the first lines is a JSON object by itself, which makes the file JSONL."""
    lines = head.split("\n", 20)
    return len(lines) == 1 or any(isinstance(_parse(line).value, dict) for line in lines[:20])


def _read_byte_lines(file: BinaryIO) -> Iterator[Lines | Raw]:
    """Many lines at a time, without their ends; a line too long is a Raw with a reason."""
    place = 0
    while block := file.read(BLOCK):
        ended = block.endswith(b"\n")
        if not ended:
            block += file.readline(RECORD_LIMIT)
            ended = block.endswith(b"\n")
        lines = block.split(b"\n")
        if ended:
            lines.pop()
        if b"\r" in block:
            lines = [line.rstrip(b"\r") for line in lines]
        if len(lines[-1]) >= RECORD_LIMIT:
            while not ended and (block := file.readline(RECORD_LIMIT)):
                ended = block.endswith(b"\n")
            yield Lines(place, lines[:-1])
            yield Raw(place + len(lines), reason=TOO_LONG)
        else:
            yield Lines(place, lines)
        place += len(lines)


def parse_line(line: bytes, place: int) -> Raw | None:
    """The record of one line; None for a line that is blank."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return unusual_line(line, place) if line.strip() else None
    return parsed_line(line, place, value)


def parsed_line(line: bytes, place: int, value: Any) -> Raw:
    """The record of one line that was parsed to ``value`` already."""
    if type(value) is dict and not names_once(line, value):
        return unusual_line(line, place)
    return Raw(place, line.decode(), value)


def unusual_line(line: bytes, place: int) -> Raw:
    """The record of one line as the slower parser sees it, which names every fault and keeps every digit."""
    return _parse(line.decode("utf-8", _ON_ERROR), place)


def names_once(line: bytes, value: dict[str, Any]) -> bool:
    """Whether what a line says is ``value`` and no more: no object in it names a field twice.

    Told from the quotation marks, two for each name and each text. It is False also where there is a float that may
    stand for an integer too long for this parser, whose digits only the other one keeps.
    """
    flat = set(map(type, value.values())) == _TEXT
    expected = 4 * len(value) if flat else _quotes(value)
    if (count := line.count(b'"')) == expected:
        return True
    if expected < 0 or b"\\" not in line:
        return False
    bare = line.replace(b"\\\\", b"") if b"\\\\" in line else line  # a backslash before a mark now means: in a text
    return count - bare.count(b'\\"') == expected


_TEXT = {str}
LONGEST = 2.0**63
"""Integers at least as far from zero may come out as floats."""


def _quotes(value: dict[str, Any]) -> int:
    """The quotation marks around all names and texts; a negative number when there is a float beyond the integers."""
    count = 0
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        kind = type(one)
        if kind is str:
            count += 2
        elif kind is dict:
            count += 2 * len(one)
            waiting += one.values()
        elif kind is list:
            waiting += one
        elif kind is float and not -LONGEST < one < LONGEST:
            return -1
    return count


def read_lines(text: TextIO) -> Iterator[Raw]:
    """One record for each line that is not blank. A line too long or not JSON has a reason."""
    place = 0
    while line := text.readline(RECORD_LIMIT):
        place += 1
        if len(line) == RECORD_LIMIT and not line.endswith("\n"):
            while (rest := text.readline(RECORD_LIMIT)) and not rest.endswith("\n"):
                pass
            yield Raw(place, reason=TOO_LONG)
            continue
        line = line.removesuffix("\n").removesuffix("\r")
        if line.strip():
            yield _parse(line, place)


def _parse(text: str, place: int = 0) -> Raw:
    if BAD_BYTE in text:
        return Raw(place, text, reason=NOT_TEXT)
    try:
        value = _DECODER.decode(text)
        return Raw(place, text, value, doubled=_doubled(text) if isinstance(value, dict) else "")
    except (ValueError, RecursionError) as error:
        return Raw(place, text, reason=_fault(error))


def _doubled(text: str) -> str:
    """A field that some object of a JSON text names twice, "" for none."""
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            names = [key for key, _ in pairs]
            found.append(next(name for name in names if names.count(name) > 1))

    json.loads(text, object_pairs_hook=look)
    return found[0][:100] if found else ""


def _fault(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return TOO_DEEP
    if isinstance(error, json.JSONDecodeError):
        return f"is not valid JSON: {error.msg.removesuffix(' starting at')} at character {error.pos + 1}"
    return f"is not valid JSON: {error}"


class _Window:
    """The part of a text that is being looked at; the rest waits in the file."""

    def __init__(self, text: TextIO, skip: int) -> None:
        self._text, self._step = text, FIRST_READ
        self.held, self.at, self.ended = text.read(HEAD), skip, False

    def more(self) -> bool:
        """Read on, twice as much each time; False when there is nothing left."""
        self.held, self.at = self.held[self.at :], 0
        part = self._text.read(self._step)
        self._step = min(self._step * 2, RECORD_LIMIT)
        self.held += part
        self.ended = not part
        return not self.ended

    def take(self, end: int) -> None:
        """Go on to ``end``; the next read is a small one again."""
        self.at, self._step = end, FIRST_READ


def _read_lists(text: TextIO, skip: int, name: str) -> Iterator[Raw]:
    """The elements of all lists of one object that are called as lists of records are; the first is ``name``."""
    window, place, known = _Window(text, skip), 0, WRAPPERS.split("|")
    while name:
        for raw in _read_elements(window, "]", place):
            place = raw.place
            yield raw._replace(group=name)
        name = _next_list(window, known)
    if window.held[window.at : window.at + 1] != "}":
        yield Raw(place + 1, reason="is missing: the file is cut off or broken after this list")


def _next_list(window: _Window, known: list[str]) -> str:
    """Go on to the next list in an object that is called by one of the names; "" when there is none."""
    while True:
        window.at = _BETWEEN.match(window.held, window.at).end()  # type: ignore[union-attr]
        key = _KEY.match(window.held, window.at)
        if key is None or key.end() == len(window.held):
            if window.held[window.at : window.at + 1] not in ("", '"') or not window.more():
                return ""
        elif key[2] and key[1] in known:
            window.take(key.end())
            return key[1]
        else:
            window.take(key.start(2))
            if not _element(window, 0).text:
                return ""


def _read_elements(window: _Window, closing: str, place: int = 0) -> Iterator[Raw]:
    """The elements of a list, numbered on from ``place``; of a file where ``closing`` is ""."""
    while True:
        window.at = _BETWEEN.match(window.held, window.at).end()  # type: ignore[union-attr]
        if window.at == len(window.held):
            if window.more():
                continue
            if closing:
                yield Raw(place + 1, reason="is missing: the file is cut off before its closing bracket")
            return
        if closing and window.held[window.at] == closing:
            window.take(window.at + 1)
            return
        place += 1
        raw = _element(window, place)
        yield raw
        if not raw.text:
            return


def _element(window: _Window, place: int) -> Raw:
    """The element that starts here. One with a reason and no text ends the file: nothing after it can be found."""
    while True:
        fault = ""
        try:
            value, end = _DECODER.raw_decode(window.held, window.at)
        except (ValueError, RecursionError) as error:
            fault, value, end = _fault(error), None, 0
            if "Unterminated" not in fault:  # a long text that goes on is not searched for brackets
                end = _balanced(window.held, window.at)
        if end and (end < len(window.held) or window.ended):
            found = window.held[window.at : end]
            window.take(end)
            if BAD_BYTE in found:
                return Raw(place, found, reason=NOT_TEXT)
            return Raw(place, found, value, fault, _doubled(found) if value is not None else "")
        if len(window.held) - window.at > RECORD_LIMIT:
            return Raw(place, reason=TOO_LONG + "; nothing after it was read")
        if not window.more() and not end:
            return Raw(place, reason=(fault or "is cut off") + "; nothing after it was read")


def _balanced(text: str, start: int) -> int:
    """Where an element that does not parse ends, by its brackets; 0 when it does not end here."""
    if text[start] not in "[{":
        return 0
    depth = 0
    for token in _TOKEN.finditer(text, start):
        sign = token[0]
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth == 0:
                return token.end()
    return 0
