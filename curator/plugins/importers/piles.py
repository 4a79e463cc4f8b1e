"""A folder of pictures, or an archive of one, seen alike: what lies in it, and where a name leads."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from curator.engine import packed
from curator.engine.api import InputError, Skip, Task
from curator.engine.below import below
from curator.engine.pictures import IMAGE_SUFFIXES
from curator.plugins.importers.places import LOST, OPEN_ABOVE, Places, readable, resolved, root_of
from curator.plugins.importers.walking import IGNORED, METADATA_NAMES, OWN, SIDECARS, Found, first_files, walk

DESCRIBING = (
    *(".parquet", ".arrow", ".csv", ".tsv", ".lst", ".jsonl", ".ndjson", ".yaml", ".yml", ".tar"),
    *(".names", ".labels"),
)
DESCRIPTIONS = frozenset({"dataset_info.json"})
MOST_SIDECARS = 2000


@dataclass
class Pile:
    """Names are those inside the pile; :meth:`address` gives what a Draft carries, relative to ``root``. ``advice`` is
    said of a name that leads out of it; with ``links`` a link to a file may lead anywhere. ``top`` is the folder in it
    that is looked through, "" for all; with ``rooted`` names that are not found beside may be relative to the root.
    ``lost`` is said of a name that is not there."""

    root: Path
    prefix: str = ""
    names: frozenset[str] | None = None
    advice: str = OPEN_ABOVE
    links: bool = False
    top: str = ""
    rooted: bool = False
    lost: str = ""
    _places: Places = field(init=False)

    def __post_init__(self) -> None:
        self._places = Places(self.root, self.advice, links=self.links)

    @classmethod
    def at(cls, path: Path, *, root: str = "", advice: str = OPEN_ABOVE, links: bool = False) -> Pile:
        """The pile at a path: a folder or an archive. Names in a folder may lead into ``root``, a folder above it;
        raises :class:`InputError` when that does not hold it."""
        path = path.absolute()
        if path.is_file():
            return cls(path.parent, packed.join(path.name, ""))
        above = root_of(root, path)
        return cls(above, advice=advice, links=links, top=below(path, above), rooted=bool(root))

    def walk(self, task: Task) -> Found:
        """Everything in it, sorted by name."""
        if not self.prefix:
            return walk(self.root, task, top=self.top, links=self.links)
        found, members = Found(), Counter[str]()
        for number, member in enumerate(packed.members(self.root / self.prefix[:-1])):
            task.step("Looking for images", number)
            members[member.name] += 1
            _sort_member(found, member, members[member.name])
        found.images.sort()
        found.metadata.sort()
        self.names = frozenset(members)
        return found

    def address(self, name: str) -> str:
        """The path of a name, relative to the root."""
        return self.prefix + name

    def file(self, name: str) -> Path:
        """The absolute path or address of a name."""
        return self.root / (self.prefix + name)

    def inside(self, name: str) -> str:
        """A name as seen from the folder that is looked through; one outside of it as it is."""
        return name.removeprefix(f"{self.top}/") if self.top else name

    def find(self, name: str, folder: str = "") -> str:
        """The name inside the pile of what is called ``name`` in ``folder``; raises :class:`InputError`."""
        try:
            return self._find_member(name, folder) if self.prefix else self._find_file(name, folder)
        except InputError as error:
            if error.text == LOST and self.lost:
                raise InputError(LOST + self.lost) from None
            raise

    def _find_member(self, name: str, folder: str) -> str:
        if self.names is None:
            self.walk(Task())
        assert self.names is not None
        known = "/".join(filter(None, (folder, name))) in self.names
        inner = resolved(name if known else name.replace("\\", "/"), folder)
        if inner not in self.names:
            raise InputError(LOST)
        return inner

    def _find_file(self, name: str, folder: str) -> str:
        try:
            return self._places.find(name, folder)
        except InputError:
            if not (self.rooted and folder):
                raise
            try:
                return self._places.find(name)
            except InputError:
                pass
            raise


def _sort_member(found: Found, member: packed.Member, times: int) -> None:
    base = member.name.rpartition("/")[2]
    folders = member.name.lower().split("/")
    if not member.name:
        found.skips.append(Skip("(the archive)", member.reason))
    elif base.startswith(".") or IGNORED & set(folders):
        return
    elif times > 1 and not member.reason:
        found.skips.append(Skip(f"{member.name} ({times})", "occurs twice in the archive; the first one counts"))
    elif base.lower() in METADATA_NAMES and not member.reason:
        found.metadata.append(member.name)
    elif member.reason:
        found.skips.append(Skip(readable(member.name), member.reason))
    elif Path(base).suffix.lower() in IMAGE_SUFFIXES:
        found.images.append(member.name)
    elif base != OWN:
        found.pass_over(member.name)


def notable_names(archive: Path) -> tuple[str, ...]:
    """Names in an archive of what may describe its other members: tables, lists, shards, and the first thousands of
    texts and JSON files; () when it cannot be read."""
    try:
        about = archive.stat()
        return _notable(archive, about.st_mtime_ns, about.st_size)
    except (InputError, OSError):
        return ()


@lru_cache(maxsize=8)
def _notable(archive: Path, changed: int, size: int) -> tuple[str, ...]:
    found, many = [], Counter[str]()
    for member in packed.members(archive):
        suffix = Path(member.name).suffix.lower()
        if member.reason or suffix not in DESCRIBING + SIDECARS or IGNORED & set(member.name.lower().split("/")):
            continue
        many[suffix] += 1
        known = suffix in DESCRIBING or member.name.rpartition("/")[2] in DESCRIPTIONS
        if known or many[suffix] <= MOST_SIDECARS:
            found.append(member.name)
    return tuple(found)


def first_names(path: Path, limit: int) -> Iterator[str]:
    """Names of a few files in a folder or an archive, for a quick look."""
    if path.is_dir():
        yield from (os.path.relpath(name, path) for name in first_files(path, limit))
        return
    try:
        for number, member in enumerate(packed.members(path)):
            if number >= limit:
                return
            if member.name and not member.reason:
                yield member.name
    except InputError:
        return
