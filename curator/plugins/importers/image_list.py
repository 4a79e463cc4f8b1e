"""A table that names picture files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer, param
from curator.engine.below import below
from curator.plugins.importers.drafts import ROWS_TWICE, first_of_each, row_draft
from curator.plugins.importers.piles import Pile, notable_names
from curator.plugins.importers.places import NAME_ROOT, ROOT_HELP, readable, root_of
from curator.plugins.importers.tables import Row, column_of, count_lines, is_picture_name, is_plain_list, look, read_csv

LABEL = "Reading images"
COLUMNS = ("file_name", "filepath", "file_path", "path", "image", "image_path", "filename", "source")
SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".lst"})
MOST_TABLES = 20


@importer("image-list", version=1, kinds={"image"})
@dataclass(frozen=True)
class ImageList:
    """A CSV or TSV table, or a plain list, of paths of pictures, also in a ZIP or TAR together with the pictures.

    The column is called file_name, filepath, path, image or source; a list of one column needs no header. Paths
    are absolute or relative to the folder of the list; what lies in an archive is named as photos.tar!in/x.png. The
    other columns are kept as the record; the class comes from label, class or category, the text from text, caption,
    name or title.
    """

    root: str = param("", help=ROOT_HELP)

    def match(self, path: Path) -> float:
        """0.9 with a header, 0.8 for a plain list, 0 when the first rows name no pictures."""
        return _sure(_table(path)) if path.is_file() else 0.0

    def open(self, path: Path) -> Source:
        """The root is the folder of the list, or the one that holds every absolute path in it as well.

        Raises:
            InputError: not a file, no column that names pictures, or the paths have no folder in common.
        """
        path = path.absolute()
        if not path.is_file():
            raise InputError(f"{path} is not a file.", "Name a CSV file that lists pictures.")
        if not look(_table(path), COLUMNS):
            raise InputError(f"{path.name} lists nothing.", f"A column of it must be called {' or '.join(COLUMNS)}.")
        if packed.is_archive(path):
            return Source("image", path.parent, path.name.split(".")[0], "image-list")
        root = root_of(self.root, path.parent) if self.root else _root(path)
        return Source("image", root, path.stem, "image-list")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of the list."""
        path = path.absolute()
        table, inside = _table(path), packed.is_archive(path)
        pile = Pile.at(path) if inside else Pile(source.root, advice=NAME_ROOT, rooted=bool(self.root))
        name = table.relative_to(path.parent).as_posix()
        folder = name.removeprefix(pile.prefix).rpartition("/")[0] if inside else below(path.parent, source.root)
        with packed.open_stream(table) as file:
            rows = read_csv(file, COLUMNS, plain=is_plain_list(table))
            rows = task.track(rows, LABEL, 0 if inside else count_lines(path))
            items = (_read_row(pile, folder, f"{name}#{row.place}", row) for row in rows)
            yield from first_of_each(items, ROWS_TWICE, task)


def _table(path: Path) -> Path:
    """The table itself, or the first in an archive, at its top or one folder below, that names pictures."""
    if not packed.is_archive(path):
        return path
    names = [n for n in notable_names(path) if Path(n).suffix.lower() in SUFFIXES and n.count("/") < 2]
    tables = [path.parent / packed.join(path.name, name) for name in sorted(names, key=lambda n: (n.count("/"), n))]
    return next((table for table in tables[:MOST_TABLES] if _sure(table)), path)


def _sure(table: Path) -> float:
    """0.9 with a header, 0.8 for a plain list, 0 when the first rows name no pictures."""
    if table.suffix.lower() not in SUFFIXES:
        return 0.0
    rows = [row for row in look(table, COLUMNS) if not row.reason]
    named = [is_picture_name(_name(row)) for row in rows]
    if not named or sum(named) * 2 < len(named):
        return 0.0
    return 0.9 if len(rows[0].values) > 1 else 0.8


def _name(row: Row) -> str:
    return row.values.get(column_of(row.values, COLUMNS)) or ""


def _is_absolute(name: str) -> bool:
    return "\0" not in name and Path(name).is_absolute()


def _root(path: Path) -> Path:
    folders: set[str] = set()
    with path.open("rb") as file:
        for row in read_csv(file, COLUMNS, plain=is_plain_list(path)):
            name = _name(row).strip()
            folders.add(str(_file_of(os.path.normpath(name)).parent if _is_absolute(name) else path.parent))
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:
        raise InputError(
            f"The pictures in {path.name} lie on different drives.", "Make one list for each drive and import them all."
        ) from None


def _file_of(name: str) -> Path:
    """The file itself, or the archive or table that it lies in."""
    place = packed.split(Path(name))
    return place[0] if place is not None else Path(name)


def _find(pile: Pile, name: str, folder: str) -> str:
    """The name inside the pile of a file, or of what lies in an archive or a table there."""
    try:
        return pile.find(name, folder)
    except InputError:
        place = None if pile.prefix or "\0" in name else packed.split(Path(name))
        if place is None:
            raise
    found = packed.join(pile.find(str(place[0]), folder), place[1])
    if not packed.exists(pile.root / found):
        raise InputError("is not there")
    return found


def _read_row(pile: Pile, folder: str, line: str, row: Row) -> Draft | Skip:
    name = _name(row).strip().removeprefix("file://")
    if row.reason or not name:
        return Skip(line, row.reason or "names no file")
    if name.startswith(("http://", "https://")):
        return Skip(f"{line}: {readable(name)}", "is an address on the web: fetch the picture first")
    try:
        return row_draft(pile.root, pile.address(_find(pile, name, folder)), row.values)
    except InputError as error:
        return Skip(f"{line}: {readable(name)}", error.text)
