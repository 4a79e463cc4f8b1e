"""What the pictures of an export are called: in its records, and where they lie."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from curator.engine.dialogue import read_dialogue
from curator.engine.errors import InputError
from curator.engine.exporting import NAME_LIMIT, safe_name
from curator.engine.types import ExportItem

MODES = ("as-is", "told", "reference", "absolute", "copy")
ANEW = (
    "Choose a format that names pictures anew (messages, sharegpt, llava, alpaca, llama-factory), "
    "or parquet, which holds them."
)
ELSEWHERE = ("http://", "https://", "data:", "s3://", "gs://")


class Naming:
    """Names of pictures, by one of :data:`MODES`; the same for the same picture, without remembering any.

    "as-is" leaves them as the records have them (also where they lie in an archive or a table, which the records do not
    say); "told" is where records that stay as they are say that they lie, for copies beside them; "reference" names the
    file where it is, relative to ``base`` (the folder that the export lies in); "absolute" from the root of the disk;
    "copy" below ``folder`` of the export, under the path that it has in the dataset.
    """

    def __init__(self, mode: str, base: Path, folder: str = "images") -> None:
        self.mode, self._base, self._folder = mode, base, folder

    def names(self, item: ExportItem) -> tuple[str, ...]:
        """What each picture of a sample is called in the export."""
        if not item.images:
            return item.image_names
        if self.mode == "as-is":
            packed = item.record and any(item.image_file(number) is None for number in range(len(item.images)))
            return (self._told(item) if packed else ()) or item.image_names
        if self.mode == "told":
            return told_places(item)
        return tuple(self._name(item, number) for number in range(len(item.images)))

    def _name(self, item: ExportItem, number: int) -> str:
        if self.mode == "copy":
            return f"{self._folder}/{safe_path(item.image_names[number])}"
        path = item.image_file(number)
        if path is None:
            raise InputError(
                f"The picture {item.image_names[number]} lies inside an archive or a table.",
                "Let the export copy pictures: --set images=copy",
            )
        return str(path) if self.mode == "absolute" else Path(os.path.relpath(path, self._base)).as_posix()

    @staticmethod
    def _told(item: ExportItem) -> tuple[str, ...]:
        """The names that the record has for the pictures; () when those are not as many, or lead elsewhere."""
        named = named_in(item)
        plain = all(safe_path(name) == name for name in named)
        return tuple(named) if plain and len(named) == len(item.images) else ()

    def renaming(self, item: ExportItem) -> dict[str, str] | None:
        """Name in the record -> name in the export; None when nothing changes."""
        if self.mode in ("as-is", "told") or not item.images:
            return None
        found = dict(zip(named_in(item), item.image_names, strict=False))
        return found if any(old != new for old, new in found.items()) else None

    def finder(self, item: ExportItem) -> Callable[[str], bool]:
        """Whether a picture named in the export will be there."""
        names = named_in(item) if self.mode == "told" else item.image_names
        numbers = {name: number for number, (name, _) in enumerate(zip(names, item.images, strict=False))}

        def is_there(name: str) -> bool:
            if name.startswith(ELSEWHERE):
                return True
            if self.mode != "as-is" and (number := numbers.get(name)) is not None:
                return item.image_file(number) is None or item.images[number].is_file()
            return (self._base / name).is_file()

        return is_there


def named_in(item: ExportItem) -> list[str]:
    """The pictures that a record names, but for those on the web; [] when it cannot be read."""
    try:
        return [n for n in read_dialogue(json.loads(item.record)).images if not n.startswith(ELSEWHERE)]
    except (InputError, ValueError, RecursionError):
        return []


def told_places(item: ExportItem) -> tuple[str, ...]:
    """Where pictures have to lie below a folder so that a record in it finds them under the names that it has.

    Raises:
        InputError: a name leads out of the folder.
    """
    named = named_in(item)
    if len(named) != len(item.images):
        return item.image_names
    return tuple(_told_place(item, name, image) for name, image in zip(named, item.image_names, strict=True))


def _told_place(item: ExportItem, name: str, image: str) -> str:
    told = name.removeprefix("file://")
    for way in (told, told.replace("\\", "/")):
        place = posixpath.normpath(way)
        if not place.startswith(("/", "../")) and f"/{image}".endswith((f"/{place}", f"!{place}")):
            return place
    raise InputError(
        f"{item.source} names the picture {name}, which cannot lie there beside records that stay as they are.", ANEW
    )


def told_apart(items: Iterable[ExportItem]) -> Iterator[ExportItem]:
    """The items, as long as none of them has a picture where another one has another.

    Raises:
        InputError: two have.
    """
    taken, pairs = TakenNames(), TakenNames()
    for item in items:
        for name, path in zip(item.image_names, item.images, strict=True):
            exact = name.encode("utf-8", "surrogatepass").hex()  # whatever its case
            if taken.take(exact) == pairs.take(exact, str(path)):
                continue
            raise InputError(f"{item.source} and another record call different pictures {name}.", ANEW)
        yield item


def safe_path(name: str) -> str:
    """A path below a folder that any system can hold: each part made safe, and told from others that would be made the
    same by eight letters of its digest."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")] or ["_"]
    safe = [safe_name(part, {}) for part in parts]
    if "/".join(safe) != name:
        stem, dot, suffix = safe[-1].rpartition(".")
        stem, suffix = (stem, dot + suffix) if dot else (safe[-1], "")
        mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        safe[-1] = f"{stem[: NAME_LIMIT - 60]}-{mark}{suffix}"
    return "/".join(safe)


class TakenNames:
    """Safe file names that never meet, in 16 to 32 bytes for each: only a digest of a name is remembered.

    Two names whose digests of 64 bits are equal would count as one, and the second would get a number it did not need.
    """

    def __init__(self, *reserved: str) -> None:
        self._slots, self._used = array("Q", bytes(8 * 1024)), 0
        self._numbers: dict[int, int] = {}
        for name in reserved:
            self.take(name)

    def safe(self, name: str, folder: str = "") -> str:
        """A name like :func:`safe_name`'s, different from every other in ``folder``, case apart."""
        wanted = safe_name(name, {})
        if self.take(wanted, folder):
            return wanted
        key = _digest(folder, wanted)
        number = self._numbers.get(key, 1)
        while True:
            number += 1
            stem, dot, suffix = wanted.rpartition(".")
            stem, suffix = (stem, dot + suffix) if dot and len(suffix) <= 16 else (wanted, "")
            cut = stem.encode("utf-8")[: NAME_LIMIT - len(suffix.encode()) - 8].decode("utf-8", "ignore")
            made = f"{cut}-{number}{suffix}"
            if self.take(made, folder):
                self._numbers[key] = number
                return made

    def take(self, name: str, folder: str = "") -> bool:
        """Remember a name as it is; False when it is taken."""
        if self._used * 2 >= len(self._slots):
            old, self._slots, self._used = self._slots, array("Q", bytes(16 * len(self._slots))), 0
            for value in old:
                if value:
                    self._put(value)
        return self._put(_digest(folder, name))

    def _put(self, value: int) -> bool:
        place, last = value % len(self._slots), len(self._slots)
        while self._slots[place]:
            if self._slots[place] == value:
                return False
            place = place + 1 if place + 1 < last else 0
        self._slots[place] = value
        self._used += 1
        return True


def _digest(folder: str, name: str) -> int:
    text = f"{folder}/{name.casefold()}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") or 1
