"""What lies in a folder of pictures."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from curator.engine.api import Skip, Task
from curator.engine.pictures import IMAGE_SUFFIXES
from curator.plugins.importers.places import FOLLOW, LEAVES, Places, readable, storable

METADATA_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
IGNORED = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
OWN = "curation.json"
SIDECARS = (".txt", ".json")
TABLES = (".csv", ".tsv")
MANY = 5_000_000
MOST_TABLES = 3


@dataclass
class Found:
    """Paths relative to the root, with forward slashes. ``others`` counts files that are no pictures, by suffix;
    ``sidecars`` are the .txt and .json files among them, ``tables`` the first tables."""

    images: list[str] = field(default_factory=list)
    metadata: list[str] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    sidecars: set[str] = field(default_factory=set)
    tables: list[str] = field(default_factory=list)

    def pass_over(self, name: str) -> None:
        """Count a file that is no picture; one that may belong to a picture is remembered."""
        suffix = Path(name).suffix.lower()
        self.others[suffix or "no ending"] += 1
        if suffix in SIDECARS and len(self.sidecars) < MANY:
            self.sidecars.add(name)
        elif suffix in TABLES and len(self.tables) < MOST_TABLES:
            self.tables.append(name)


def walk(root: Path, task: Task, *, top: str = "", links: bool = False) -> Found:
    """Every picture and table of metadata below the folder ``top`` of ``root``, sorted by path.

    Hidden files and what systems leave behind are passed over; a link to a folder is not followed, and is a Skip
    when it leaves the root, unless ``links`` may lead anywhere.
    """
    found, places, pending = Found(), Places(root, links=links), [f"{top}/" if top else ""]
    while pending:
        prefix = pending.pop()
        task.step("Looking for images", len(found.images))
        try:
            entries = list(os.scandir(root / prefix))
        except OSError as error:
            found.skips.append(Skip(readable(prefix) or ".", f"cannot be opened: {error.strerror}"))
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower() in IGNORED:
                continue
            path = prefix + entry.name
            if entry.is_symlink() and not places.holds(os.path.realpath(entry.path)):
                found.skips.append(Skip(readable(path), f"{LEAVES}{FOLLOW}"))
            elif entry.is_dir(follow_symlinks=False):
                pending.append(path + "/")
            elif (reason := _fault(entry)) is not None:
                _sort_file(found, path, entry, reason)
    found.images.sort()
    found.metadata.sort()
    found.skips.sort(key=lambda skip: skip.source)
    return found


def _fault(entry: os.DirEntry[str]) -> str | None:
    """Why what is no folder is no file either, "" for a file; None for a link to a folder."""
    try:
        if entry.is_dir():
            return None
        return "" if entry.is_file() else "is not there" if entry.is_symlink() else "is not a plain file"
    except OSError as error:  # a link that leads to itself
        return f"cannot be opened: {error.strerror}"


def _sort_file(found: Found, path: str, entry: os.DirEntry[str], reason: str) -> None:
    suffix = Path(entry.name).suffix.lower()
    if suffix not in IMAGE_SUFFIXES:
        if entry.name.lower() in METADATA_NAMES:
            found.metadata.append(path)
        elif entry.name != OWN:
            found.pass_over(path)
    elif not storable(path):
        found.skips.append(Skip(readable(path), "has a name that is not UTF-8"))
    elif reason:
        found.skips.append(Skip(path, reason))
    else:
        found.images.append(path)


def first_files(root: Path, limit: int) -> Iterator[str]:
    """Names of a few files below a folder, for a quick look; stops after ``limit`` entries."""
    pending, seen = [str(root)], 0
    while pending and seen < limit:
        try:
            with os.scandir(pending.pop(0)) as entries:
                for entry in entries:
                    seen += 1
                    if seen > limit:
                        return
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        yield entry.path
        except OSError:
            continue
