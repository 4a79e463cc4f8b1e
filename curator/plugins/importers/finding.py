"""The pictures that a table names: also by names without their ending, and in folders below that of the table."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from curator.engine import packed
from curator.engine.api import InputError
from curator.engine.below import below
from curator.engine.pictures import IMAGE_SUFFIXES
from curator.plugins.importers.piles import Pile
from curator.plugins.importers.places import LOST
from curator.plugins.importers.tables import Row, column_of, is_picture_name

COLUMNS = ("file_name", "filepath", "file_path", "path", "image", "image_path", "filename", "source")
NUMBERED = ("image_id", "imageid", "image_name", "image name", "imagename", "image index", "img", "file", "id")
"""Columns that often hold names without an ending."""
ENDINGS = (".jpg", ".png", ".jpeg", ".webp", ".JPG", ".JPEG", ".PNG", ".tif", ".tiff", ".bmp", ".gif")
MOST_FOLDERS = 64
MOST_SEARCHES = 200
"""Names that are looked for everywhere in vain; those that follow are looked for where others were."""


def column_in(rows: Sequence[Row], wanted: str = "") -> str:
    """The column that names pictures: the one that is wanted, the first that holds names of pictures, else the first
    that may; "" for none."""
    values = next((row.values for row in rows if not row.reason), {})
    if wanted:
        return column_of(values, (wanted.lower(),))
    there = [column for name in (*COLUMNS, *NUMBERED) if (column := column_of(values, (name,)))]
    for column in there:
        named = [is_picture_name(row.values.get(column)) for row in rows if not row.reason]
        if sum(named) * 2 >= len(named):
            return column
    return next((column for column in there if column.lower() in NUMBERED), there[0] if there else "")


class Finder:
    """Finds pictures by the names of a table called ``stem``, which lies in ``folder`` of the pile.

    A name that is not found there is looked for in the folders below, those that share a word with the table first, and
    one without an ending with the usual ones.
    """

    def __init__(self, pile: Pile, folder: str, stem: str) -> None:
        self._pile, self._folder, self._stem = pile, folder, stem
        self._known: list[tuple[str, str]] = []
        self._folders: list[str] | None = None
        self._vain = 0

    def find(self, name: str) -> str:
        """The name inside the pile of a picture, or of what lies in an archive or a table there; raises
        :class:`InputError`."""
        try:
            return self._exactly(name)
        except InputError as error:
            found = self._elsewhere(name) if error.text.startswith(LOST) and not name.startswith("/") else None
            if found is None:
                raise
            return found

    def _exactly(self, name: str) -> str:
        try:
            return self._pile.find(name, self._folder)
        except InputError:
            place = None if self._pile.prefix or "\0" in name else packed.split(Path(name))
            if place is None:
                raise
        found = packed.join(self._pile.find(str(place[0]), self._folder), place[1])
        if not packed.exists(self._pile.root / found):
            raise InputError(LOST)
        return found

    def _elsewhere(self, name: str) -> str | None:
        if (found := self._first(name, self._known)) is not None:
            return found
        if self._vain >= MOST_SEARCHES:
            return None
        if self._folders is None:
            self._folders = [self._folder, *sorted(_folders(self._pile, self._folder), key=self._order)]
        found = self._first(name, itertools.product(self._folders, ("",) if is_picture_name(name) else ENDINGS))
        self._vain += found is None
        return found

    def _first(self, name: str, places: Iterable[tuple[str, str]]) -> str | None:
        for place in places:
            try:
                found = self._pile.find(name + place[1], place[0])
            except InputError:
                continue
            if place not in self._known:
                self._known.insert(0, place)
            return found
        return None

    def _order(self, folder: str) -> tuple[bool, int, str]:
        words = set(folder.lower().replace("-", "_").replace("/", "_").split("_"))
        return not words & set(self._stem.lower().replace("-", "_").split("_")), folder.count("/"), folder


def _folders(pile: Pile, top: str) -> Iterator[str]:
    """Folders at most two below one of the pile, in which pictures may lie."""
    if pile.prefix:
        names = pile.names or ()
        pictured = {n.rpartition("/")[0] for n in names if Path(n).suffix.lower() in IMAGE_SUFFIXES}
        yield from sorted(folder for folder in pictured if not top or folder.startswith(f"{top}/"))[:MOST_FOLDERS]
        return
    near = sorted(_subfolders(pile.root / top))[:MOST_FOLDERS]
    deep = itertools.chain.from_iterable(sorted(_subfolders(folder)) for folder in near)
    yield from (below(folder, pile.root) for folder in [*near, *itertools.islice(deep, MOST_FOLDERS)])


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            found = (entry for entry in entries if not entry.name.startswith("."))
            return [Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
