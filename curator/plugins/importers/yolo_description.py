"""What a data.yaml of YOLO says, or a list of classes: their names, and which pictures belong to which split."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from curator.engine import packed
from curator.engine.api import InputError
from curator.engine.below import below
from curator.plugins.importers.piles import Pile, notable_names

DESCRIPTIONS = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
NAME_LISTS = ("classes.txt", "obj.names", "classes.names", "_darknet.labels")
"""Lists of the names of classes, one a line, as programs for drawing boxes leave them."""
LIST_FOLDERS = ("", "labels", "images", "train", "labels/train", "train/labels", "data", "obj_train_data")
MAX_BYTES = 2**20
LIST_BYTES = 2**28
SPLITS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
_QUOTED = r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^']|'')*'"
_COMMENT = re.compile(rf"({_QUOTED})|(?:^|(?<=\s))#[^\n]*", re.M)
_CLOSE = re.compile(rf"(?:{_QUOTED})|([\]}}])")
_PART = re.compile(rf"\s*(?:(\d+)\s*:\s*)?({_QUOTED}|[^,\n]+)")
_KEY = re.compile(r"^([A-Za-z_]+)\s*:[ \t]*(.*)$", re.M)
_LINE = re.compile(r"^\s*(?:-|(\d+)\s*:)\s+(.+?)\s*$|^\s*(\d+)\s*:(\S.*?)\s*$")


@dataclass(frozen=True)
class Description:
    """``names`` of the classes by number, one without a name being called by its number; ``folders`` and ``files``
    are of which split. ``lost`` are folders that are not there as it names them."""

    names: list[str] = field(default_factory=list)
    folders: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def split_of(self, image: str) -> str:
        """The split that a picture is put into, "" for none."""
        if found := self.files.get(image):
            return found
        inside = [folder for folder in self.folders if image.startswith(f"{folder}/")]
        return self.folders[max(inside, key=len)] if inside else ""

    def outside(self, top: str) -> list[str]:
        """The folders that do not lie in the folder ``top`` of the pile, none twice."""
        away = [f"{folder}/" for folder in self.folders if top and not f"{folder}/".startswith(f"{top}/")]
        return sorted(f[:-1] for f in away if not any(f != other and f.startswith(other) for other in away))


def find_description(pile: Pile) -> str:
    """The name of the data.yaml in a pile, "" for none."""
    if not pile.prefix:
        places = (posixpath.join(pile.top, name) for name in DESCRIPTIONS)
        return next((place for place in places if (pile.root / place).is_file()), "")
    names = sorted(notable_names(pile.root / pile.prefix[:-1]), key=lambda name: name.count("/"))
    return next((n for n in names if n.rpartition("/")[2] in DESCRIPTIONS and n.count("/") < 2), "")


def read_description(pile: Pile, called: str = "") -> Description:
    """What the data.yaml says, or one of that folder that is ``called`` otherwise. Of YAML lists, mappings and scalars
    are read, in one line or below each other."""
    name = posixpath.join(pile.top, called) if called else find_description(pile)
    said = _values(_text(pile, name)) if name and packed.size_of(pile.file(name)) <= MAX_BYTES else {}
    names = {number: text for number, text in said.get("names", {}).items() if number < 100_000}
    found = Description([names.get(number, str(number)) for number in range(max(names, default=-1) + 1)])
    found.names.extend([] if names else _listed_names(pile))
    folder = name.rpartition("/")[0]
    bases = [posixpath.join(folder, base) for base in said.get("path", {}).values()]
    for key, split in SPLITS.items():
        for place in said.get(key, {}).values():
            _learn(found, pile, [*bases, folder], place.replace("\\", "/"), split)
    return found


def _listed_names(pile: Pile) -> list[str]:
    """The names of classes in a list of its own, the nearest to the top; [] when there is none."""
    if pile.prefix:
        places = [n for n in notable_names(pile.root / pile.prefix[:-1]) if n.rpartition("/")[2] in NAME_LISTS]
    else:
        places = [posixpath.join(pile.top, folder, name) for folder in LIST_FOLDERS for name in NAME_LISTS]
        places = [place for place in places if _is_there(pile, place)]
    name = min(places, key=lambda place: (place.count("/"), place), default="")
    return [line.strip() for line in _text(pile, name).strip().splitlines()] if name else []


def _learn(found: Description, pile: Pile, bases: list[str], place: str, split: str) -> None:
    """A folder of pictures or a list of them; the first split that names it has it."""
    inside = _found(pile, bases, place)
    if not place.lower().endswith(".txt"):
        if inside:
            found.folders.setdefault(inside, split)
        if not (pile.prefix or _is_there(pile, inside)):
            found.lost.append(place)
        return
    try:
        listed = _text(pile, pile.find(inside), LIST_BYTES).splitlines()
    except InputError:
        return
    for line in filter(None, map(str.strip, listed)):
        found.files.setdefault(_absolute(pile, line) or _inside(pile, bases[-1], line), split)


def _found(pile: Pile, bases: list[str], place: str) -> str:
    """A path of data.yaml as seen from the pile: below the folder that it says to start from, or beside it."""
    if not pile.prefix:
        for base in bases:
            path = posixpath.join(base, place)
            inside = _absolute(pile, path) or posixpath.normpath(path)
            if not inside.startswith(("/", "..")) and _is_there(pile, inside):
                return "" if inside == "." else inside
    return _inside(pile, bases[-1], place)


def _is_there(pile: Pile, inside: str) -> bool:
    """Whether a file or a folder is there, and no link out of the pile."""
    path, root = os.path.realpath(pile.root / inside), os.path.realpath(pile.root)
    return os.path.exists(path) and os.path.commonpath([path, root]) == root  # noqa: PTH110 - too long is no error here


def _absolute(pile: Pile, path: str) -> str:
    """An absolute path as seen from the pile, "" for any other."""
    return below(Path(os.path.normpath(path)), pile.root) if os.path.isabs(path) and "\0" not in path else ""  # noqa: PTH117


def _inside(pile: Pile, folder: str, place: str) -> str:
    """A path as seen from the pile, where one that leads above the folder that is looked through is taken to start
    there, as in exports of Roboflow (../train/images)."""
    path = posixpath.normpath(posixpath.join(folder, place.replace("\\", "/")))
    top = posixpath.join(pile.top, "")
    path = path.removeprefix(top)
    while path.startswith("../"):
        path = path[3:]
    return "" if path in (".", "..") else top + path


def _text(pile: Pile, name: str, most: int = MAX_BYTES) -> str:
    with packed.open_stream(pile.file(name)) as opened:
        return opened.read(most).decode("utf-8-sig", "replace")


def _values(text: str) -> dict[str, dict[int, str]]:
    """Key -> its values by number, of the keys at the left edge."""
    text = _COMMENT.sub(lambda found: found[1] or "", text.replace("\r\n", "\n"))
    found = {}
    for key in _KEY.finditer(text):
        value = key[2].strip()
        if value[:1] in ("[", "{"):
            body = text[text.index(value[0], key.start(2)) + 1 :]
            end = next((close.start() for close in _CLOSE.finditer(body) if close[1]), len(body))
            parts: Iterator[tuple[str | None, str]] = ((p[1], p[2]) for p in _PART.finditer(body[:end]))
        elif value:
            parts = iter([(None, value)])
        else:
            parts = _below(text[key.end() :])
        numbered: dict[int, str] = {}
        for number, part in parts:
            if part.strip():
                numbered[int(number) if number and len(number) < 9 else len(numbered)] = _unquoted(part.strip())
        found[key[1]] = numbered
    return found


def _below(text: str) -> Iterator[tuple[str | None, str]]:
    """The entries of a list or a mapping whose lines follow each other."""
    for line in text.split("\n"):
        if not line.strip():
            continue
        if (entry := _LINE.match(line)) is None:
            return
        yield (entry[1], entry[2]) if entry[2] else (entry[3], entry[4])


def _unquoted(text: str) -> str:
    """A scalar of YAML: in double quotes with JSON's escapes, in single quotes with '' for one, or plain."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text
