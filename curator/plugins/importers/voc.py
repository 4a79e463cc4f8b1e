"""Pascal VOC: pictures, and an XML file with the boxes of each, as LabelImg and others write them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from curator.engine import packed
from curator.engine.api import CuratorError, Draft, InputError, Skip, Source, Task, importer
from curator.engine.json_text import json_text
from curator.engine.pictures import IMAGE_SUFFIXES
from curator.plugins.importers.drafts import clean, image_draft, most_frequent_first
from curator.plugins.importers.piles import Pile, first_names
from curator.plugins.importers.splits import WORDS, split_of_folder
from curator.plugins.importers.tables import is_picture_name
from curator.plugins.importers.walking import Found

LABEL = "Reading images"
FOLDERS = ("Annotations", "annotations", "xmls", "labels")
"""Folders beside that of the pictures in which the XML files may lie."""
PICTURES = ("JPEGImages", "images", "Images", "")
SETS = "ImageSets/Main"
LOOK_ENTRIES = 4000
LOOK_FILES = 5
LOOK_PICTURES = 200
MAX_BYTES = 2**22
LIST_BYTES = 2**26


@importer("voc", version=1, kinds={"image"})
@dataclass(frozen=True)
class Voc:
    """Pascal VOC (folder, ZIP or TAR): JPEGImages/ and Annotations/ with an .xml for each picture, or both together.

    Every picture is a sample; its record holds its boxes in pixels (left, top, width, height), each with what else is
    said of the object. The classes are those of its boxes, the most frequent first. A picture without a file of boxes
    is kept: it shows nothing of interest. The split is that of its folder, or the list in ImageSets/Main that names it.
    """

    def match(self, path: Path) -> float:
        """0.96 where an XML file of this form lies beside a picture or in a folder beside that of the pictures."""
        if not path.is_dir() and not (packed.is_archive(path) and path.is_file()):
            return 0.0
        names = list(first_names(path, LOOK_ENTRIES))
        pile, there = Pile.at(path), frozenset(names)
        texts = itertools.islice((name for name in names if name.lower().endswith(".xml")), LOOK_FILES)
        if any(_describes(pile, name) and _has_picture(pile, name, there) for name in texts):
            return 0.96
        pictures = itertools.islice(filter(is_picture_name, names), LOOK_PICTURES)  # a large folder hides the next one
        places = filter(None, (_boxes_of(pile, name) for name in pictures))
        return 0.96 if any(_describes(pile, place) for place in itertools.islice(places, LOOK_FILES)) else 0.0

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when there is no such XML file."""
        path = path.absolute()
        if not self.match(path):
            raise InputError(f"{path} has no XML files with boxes beside its pictures.", "Name the folder of both.")
        pile = Pile.at(path)
        return Source("image", pile.root, (path.name.split(".")[0] if pile.prefix else path.name) or "images", "voc")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of their paths."""
        pile = Pile.at(path.absolute())
        found = pile.walk(task)
        yield from (Skip(pile.address(skip.source), skip.reason) for skip in found.skips)
        splits, classes, used = _Splits(pile), set[str](), 0
        for name in task.track(found.images, LABEL):
            address = pile.address(name)
            place = _boxes_of(pile, name)
            used += bool(place)
            try:
                draft = image_draft(pile.root, address, split=split_of_folder(name) or splits.of(name))
                boxes = _read(pile.file(place)) if place else []
            except InputError as error:
                yield Skip(address, error.text)
                continue
            labels = most_frequent_first(box["category_name"] for box in boxes)
            classes.update(labels)
            record = json_text({"file_name": name, "annotations": boxes})
            yield draft._replace(labels=labels, record=clean(record))
        source.facts["categories"] = [{"id": number, "name": name} for number, name in enumerate(sorted(classes), 1)]
        _tell_rest(found, used, task)


def _tell_rest(found: Found, used: int, task: Task) -> None:
    if (left := found.others[".xml"] - used) > 0:
        task.log(f"{left} .xml files belong to no picture.")


class _Splits:
    """Which list in ImageSets/Main names a picture, by the folder that both lie in."""

    def __init__(self, pile: Pile) -> None:
        self._pile, self._known = pile, dict[str, dict[str, str]]()

    def of(self, image: str) -> str:
        """The split of a picture, "" for none."""
        above = image.rpartition("/")[0].rpartition("/")[0]
        if above not in self._known:
            self._known[above] = self._listed(f"{above}/{SETS}" if above else SETS)
        return self._known[above].get(image.rpartition("/")[2].rpartition(".")[0], "")

    def _listed(self, folder: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for word, split in WORDS.items():
            if not packed.exists(file := self._pile.file(f"{folder}/{word}.txt")):
                continue
            with packed.open_stream(file) as opened:
                lines = opened.read(LIST_BYTES).decode("utf-8-sig", "replace").splitlines()
            for line in filter(None, map(str.strip, lines)):
                found.setdefault(line.split()[0], split)
        return found


def _boxes_of(pile: Pile, image: str) -> str:
    """The XML file of a picture: beside it, or in a folder beside its own; "" for none."""
    folder, _, name = image.rpartition("/")
    above, stem = folder.rpartition("/")[0], name.rpartition(".")[0]
    places = [folder, *(f"{above}/{other}" if above else other for other in FOLDERS)]
    names = (f"{place}/{stem}.xml" if place else f"{stem}.xml" for place in places)
    return next((name for name in names if packed.exists(pile.file(name))), "")


def _has_picture(pile: Pile, described: str, there: frozenset[str]) -> bool:
    folder, _, name = described.rpartition("/")
    above, stem = folder.rpartition("/")[0], name.rpartition(".")[0]
    places = [folder, *("/".join(filter(None, (above, other))) for other in PICTURES)]
    wanted = (f"{place}/{stem}" if place else stem for place in places)
    endings = [suffix for ending in sorted(IMAGE_SUFFIXES) for suffix in (ending, ending.upper())]
    names = (name + ending for name in wanted for ending in endings)
    return any(name in there or packed.exists(pile.file(name)) for name in names)


def _describes(pile: Pile, name: str) -> bool:
    try:
        root = _parsed(pile.file(name))
    except (CuratorError, OSError):
        return False
    return root.tag == "annotation" and (root.find("object") is not None or root.find("size") is not None)


def _parsed(file: Path) -> ElementTree.Element:
    if packed.size_of(file) > MAX_BYTES:
        raise InputError(f"has a file of boxes larger than {MAX_BYTES // 2**20} MB")
    with packed.open_stream(file) as opened:
        content = opened.read()
    if b"<!ENTITY" in content or b"<!DOCTYPE" in content:  # these may stand for more text than any memory holds
        raise InputError("has boxes that cannot be read: the XML defines words of its own")
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise InputError(f"has boxes that cannot be read: {error}") from None


def _read(file: Path) -> list[dict[str, Any]]:
    """The boxes of a file, each with the plain things that are said of its object."""
    found = []
    for number, one in enumerate(_parsed(file).iter("object"), 1):
        texts = ((part.tag, (part.text or "").strip()) for part in one if not len(part))
        said: dict[str, Any] = {tag: clean(text) for tag, text in texts if text}
        kind = said.pop("name", "")
        if not kind:
            raise InputError(f"has boxes that cannot be read: object {number} has no name")
        box = one.find("bndbox")
        if box is None:
            found.append({"category_name": kind, **said})
            continue
        try:
            left, top, right, bottom = (float(box.findtext(side) or "") for side in ("xmin", "ymin", "xmax", "ymax"))
        except ValueError:
            raise InputError(f"has boxes that cannot be read: object {number} has no four numbers") from None
        sides = [round(side, 6) for side in (left, top, right - left, bottom - top)]
        if not all(map(math.isfinite, sides)):
            raise InputError(f"has boxes that cannot be read: object {number} has no four numbers")
        found.append({"category_name": kind, "bbox": sides, **said})
    return found
