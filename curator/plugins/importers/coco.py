"""COCO: pictures with boxes or captions, described in one JSON file."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer, param
from curator.engine.below import below
from curator.engine.json_text import json_text
from curator.plugins.importers.drafts import (
    clean,
    first_of_each,
    image_draft,
    labels_of,
    most_frequent_first,
    split_in,
    text_of_row,
)
from curator.plugins.importers.json_records import HEAD
from curator.plugins.importers.piles import Pile, notable_names
from curator.plugins.importers.places import NAME_IMAGES, NAME_ROOT, ROOT_HELP, readable, root_of
from curator.plugins.importers.splits import split_of_file

LABEL = "Reading images"
MAX_BYTES = 4 * 2**30
FEW = 20
FOLDERS = ("", "images", "{stem}", "../images", "../{stem}", "../images/{stem}", "..")
"""Where the pictures of ``annotations/instances_train2017.json`` may be, seen from it; {stem} is "train2017"."""
ANNOTATIONS = ("annotations", "")
_PICTURES, _BOXES = re.compile(r'"images"\s*:\s*\['), re.compile(r'"annotations"\s*:\s*\[')


@importer("coco", version=1, kinds={"image"})
@dataclass(frozen=True)
class Coco:
    """COCO: images, annotations and categories in one JSON file, boxes or captions.

    Name the JSON file, or the folder, ZIP or TAR that holds it (itself or in annotations/). Every picture is a sample;
    its record is its entry with all its annotations in it, each with the name of its category. The classes are the
    categories of its boxes, the most frequent first; the text is its captions. Where the entry of a picture itself has
    a label or a text, that counts too. Pictures without annotations are kept, and so are categories that none has.
    Captions in a file of their own (captions_val.json beside instances_val.json) go with the boxes. Where names go up
    (../images/x.jpg), “root” is the folder that holds both the JSON file and the pictures.
    """

    images: str = param("", help="Folder of the pictures; default: looked for beside the JSON file")
    root: str = param("", help=ROOT_HELP)

    def match(self, path: Path) -> float:
        """0.97 for a file of this form, a little less for a folder with one, else 0."""
        if path.is_file() and not packed.is_archive(path):
            return 0.97 if path.suffix.lower() == ".json" and _looks_like(path) else 0.0
        return 0.965 if _files(path) else 0.0

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when there is no such file, or a folder named is not there or does not fit."""
        path = path.absolute()
        if not _files(path):
            raise InputError(f"There is no COCO file at {path}.", "Name the JSON file with images and annotations.")
        name = path.name if path.is_dir() else path.name.split(".")[0] if packed.is_archive(path) else path.stem
        if self._inside(path):
            return Source("image", path.parent, name, "coco")
        return Source("image", root_of(self.root, self._base(path)), name, "coco")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of the file."""
        path, seen = path.absolute(), set[str]()
        inside = self._inside(path)
        pile = Pile.at(path) if inside else Pile(source.root, advice=NAME_ROOT, rooted=bool(self.root))
        pile.lost = "" if self.images else NAME_IMAGES
        for file, captions in _with_captions(_files(path)):
            try:
                yield from self._read_file(file, captions, pile, seen, source.facts, task)
            except InputError as error:
                yield Skip(readable(file.name), error.text)

    def _inside(self, path: Path) -> bool:
        """Whether the pictures lie in the archive that is read."""
        return packed.is_archive(path) and not self.images

    def _base(self, path: Path) -> Path:
        """The folder that pictures are looked for in."""
        if self.images:
            folder = Path(self.images).expanduser().absolute()
            if not folder.is_dir():
                raise InputError(f"The folder of images {folder} does not exist.", "Check the parameter “images”.")
            return folder
        if path.is_file() and path.parent.name == "annotations":
            return path.parent.parent
        return path if path.is_dir() else path.parent

    def _read_file(
        self, file: Path, captions: list[Path], pile: Pile, seen: set[str], facts: dict[str, Any], task: Task
    ) -> Iterator[Draft | Skip]:
        entries, by_image, faults = _load(file, facts, task)
        yield from faults
        for other in captions:
            try:
                more, said, faults = _load(other, facts, task)
            except InputError as error:
                yield Skip(readable(other.name), error.text)
                continue
            yield from faults
            _join(entries, by_image, more, said)
        folder = below(self._base(file), pile.root) if self.images else _folder(pile, file, entries)
        numbered = enumerate(task.track(entries, LABEL))
        items = (_item(pile, folder, file, number, entry, by_image) for number, entry in numbered)
        words = f"entries of {file.name} name a picture that an earlier one names; the first one counts."
        yield from first_of_each(items, words, task, seen)


def _with_captions(files: list[Path]) -> list[tuple[Path, list[Path]]]:
    """The files, each with those that hold the captions of its pictures: instances_val.json and captions_val.json."""
    captions = [file for file in files if file.stem.startswith("captions")]
    groups = []
    for file in (file for file in files if file not in captions):
        mine = [one for one in captions if one.stem.rpartition("_")[2] == file.stem.rpartition("_")[2]]
        captions = [one for one in captions if one not in mine]
        groups.append((file, mine))
    return groups + [(one, []) for one in captions]


def _join(
    entries: list[Any],
    by_image: dict[Any, list[dict[str, Any]]],
    more: list[Any],
    said: dict[Any, list[dict[str, Any]]],
) -> None:
    """Add what is said of the same pictures, and pictures of which nothing was known under their id."""
    known = {_id(entry.get("id")): entry.get("file_name") for entry in entries if isinstance(entry, dict)}
    for entry in more:
        number = _id(entry.get("id")) if isinstance(entry, dict) else None
        if number is None or (number in known and known[number] != entry.get("file_name")):
            continue
        if number not in known:
            entries.append(entry)
        by_image[number] = by_image.get(number, []) + said.get(number, [])


def _looks_like(file: Path) -> bool:
    try:
        if not file.is_file():
            return _head_looks_like(file)
        with file.open("rb") as opened:
            head = opened.read(HEAD).decode("utf-8-sig", "replace")
            opened.seek(max(0, file.stat().st_size - HEAD // 4))
            head += opened.read().decode("utf-8", "replace")
    except (OSError, InputError):
        return False
    return head.lstrip()[:1] == "{" and '"images"' in head and '"annotations"' in head and '"file_name"' in head


def _head_looks_like(file: Path) -> bool:
    """The same for a member of an archive, whose end only unpacking it would show."""
    with packed.open_stream(file) as opened:
        head = opened.read(HEAD).decode("utf-8-sig", "replace")
    pictures = _PICTURES.search(head) and '"file_name"' in head
    return head.lstrip()[:1] == "{" and bool(pictures or (_BOXES.search(head) and '"image_id"' in head))


def _files(path: Path) -> list[Path]:
    """The description itself, or those in a folder or an archive, at its top or in annotations/."""
    if path.is_file() and not packed.is_archive(path):
        return [path]
    if path.is_file():
        names = [n for n in notable_names(path) if n.lower().endswith(".json") and _is_place(n.rpartition("/")[0])]
        found = [path.parent / packed.join(path.name, name) for name in sorted(names)]
    else:
        found = [f for place in ANNOTATIONS for f in sorted((path / place).glob("*.json")) if f.is_file()]
    return [f for f in found if not f.is_symlink() and _looks_like(f)]


def _is_place(folder: str) -> bool:
    """Whether descriptions may lie in a folder of an archive, which often holds one folder with everything in it."""
    return folder in ANNOTATIONS or folder.count("/") == 0 or folder.partition("/")[2] in ANNOTATIONS


def _load(
    file: Path, facts: dict[str, Any], task: Task
) -> tuple[list[Any], dict[Any, list[dict[str, Any]]], list[Skip]]:
    """The entries of images, annotations by image id, and annotations that belong nowhere. What no picture shows goes
    to ``facts``: all categories, the licences, and what the first file says of itself."""
    if file.is_file() and file.stat().st_size > MAX_BYTES:
        raise InputError("is larger than 4 GB")
    task.step("Reading annotations", 0)
    try:
        with packed.open_stream(file) as opened:
            whole = json.loads(opened.read().decode("utf-8-sig"), parse_constant=lambda word: None)
    except (ValueError, RecursionError) as error:
        said = error if isinstance(error, ValueError) else "nested too deeply"
        raise InputError(f"is not valid JSON: {said}") from error
    if not isinstance(whole, dict) or not isinstance(whole.get("images"), list):
        raise InputError("has no list of images")
    listed = [c for c in whole.get("categories") or [] if isinstance(c, dict) and _id(c.get("id")) is not None]
    kinds = {_id(c["id"]): _said_of(c) for c in listed}
    _learn(facts, whole, listed)
    known = _Ids(e.get("id") for e in whole["images"] if isinstance(e, dict))
    named = _Ids(kinds)
    by_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    faults = []
    for number, one in enumerate(whole.get("annotations") or []):
        image = known.find(one.get("image_id")) if isinstance(one, dict) else None
        if image is None:
            faults.append(Skip(f"{file.name}#annotations[{number}]", "belongs to no image of the file"))
            continue
        category = named.find(one.get("category_id"))
        by_image[image].append(one if category is None else one | kinds[category])
    return whole["images"], by_image, faults


def _id(value: Any) -> int | str | None:
    """An id as it is compared: a whole number that was written as 7.0 is 7; None for what can be none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int | str) else None


class _Ids:
    """Ids that others refer to, as numbers or as texts."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._exact = {found for value in values if (found := _id(value)) is not None}
        self._texts = {str(value): value for value in self._exact}

    def find(self, value: Any) -> int | str | None:
        """The id that is meant, None for none."""
        wanted = _id(value)
        if wanted is None or wanted in self._exact:
            return wanted
        return self._texts.get(str(wanted))


def _learn(facts: dict[str, Any], whole: dict[str, Any], categories: list[dict[str, Any]]) -> None:
    for name, values in (("categories", categories), ("licenses", whole.get("licenses"))):
        known = facts.get(name, [])
        more = [one for one in values if one not in known] if isinstance(values, list) else []
        if known or more:
            facts[name] = known + more
    if isinstance(whole.get("info"), dict):
        facts.setdefault("info", whole["info"])


def _said_of(category: dict[str, Any]) -> dict[str, Any]:
    """What an annotation gets from its category: its name and the one above it."""
    name = category.get("name")
    said = str(name) if isinstance(name, int) else name
    found = {"category_name": said, "supercategory": category.get("supercategory")}
    return {key: value for key, value in found.items() if value not in (None, "")}


def _folder(pile: Pile, file: Path, entries: list[Any]) -> str:
    """The folder of the pile in which a few pictures, the first or some from anywhere, are found."""
    few = [*entries[:FEW], *entries[FEW :: max(1, len(entries) // FEW)]]
    names = [e["file_name"] for e in few if isinstance(e, dict) and isinstance(e.get("file_name"), str)]
    stem = file.stem.split("_", 1)[-1]
    base = Path(os.path.relpath(file, pile.root)).as_posix().removeprefix(pile.prefix).rpartition("/")[0]
    for pattern in FOLDERS:
        below = posixpath.normpath(posixpath.join(base, pattern.format(stem=stem)))
        below = "" if below == "." else below
        if below.startswith(".."):
            continue
        for name in names:
            try:
                pile.find(name, below)
                return below
            except InputError:
                continue
    return ""


def _item(
    pile: Pile, folder: str, file: Path, number: int, entry: Any, by_image: dict[Any, list[dict[str, Any]]]
) -> Draft | Skip:
    name = entry.get("file_name") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        return Skip(f"{file.name}#images[{number}]", "has no file_name")
    annotations = by_image.get(_id(entry.get("id")), [])
    try:
        split = split_in(entry) or split_of_file(file.name)
        draft = image_draft(pile.root, pile.address(pile.find(name, folder)), split=split)
    except InputError as error:
        return Skip(readable(name) or "(no name)", error.text)
    captions = [clean(a["caption"]) for a in annotations if isinstance(a.get("caption"), str)]
    kinds = (one.get("category_name") for one in annotations)
    boxed = most_frequent_first(clean(kind) for kind in kinds if isinstance(kind, str))
    labels = tuple(dict.fromkeys((*labels_of(entry), *boxed)))
    record = json_text({**entry, "annotations": annotations})
    text = "\n".join(captions) or text_of_row(entry)
    return draft._replace(labels=labels, text=text, record=clean(record))
