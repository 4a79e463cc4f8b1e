"""A table that names picture files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer, param
from curator.engine.below import below
from curator.plugins.importers.drafts import (
    LABEL_KEYS,
    ROWS_TWICE,
    TEXT_KEYS,
    first_of_each,
    labels_of,
    row_draft,
    split_in,
)
from curator.plugins.importers.finding import COLUMNS, NUMBERED, Finder, column_in
from curator.plugins.importers.piles import Pile, notable_names
from curator.plugins.importers.places import NAME_IMAGES, NAME_ROOT, ROOT_HELP, readable, root_of
from curator.plugins.importers.tables import Row, column_of, count_lines, is_picture_name, is_plain_list, look, read_csv

LABEL = "Reading images"
HEADER = (*COLUMNS, *NUMBERED)
SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".lst"})
MOST_TABLES = 20
LATER = ("submission", "test")
FEW = 5
KNOWN = frozenset((*LABEL_KEYS, *TEXT_KEYS))


@importer("image-list", version=1, kinds={"image"})
@dataclass(frozen=True)
class ImageList:
    """A CSV or TSV table, or a plain list, of paths of pictures, also in a ZIP or TAR together with the pictures.

    The column is called file_name, filepath, path, image, image_id, source or the like; a list of one column needs no
    header. Names are absolute or relative to the folder of the list, or those of files in folders below it, with or
    without their ending; what lies in an archive is named as photos.tar!in/x.png. The other columns are kept as the
    record; the class comes from label, class or category, or the column given, the text from text, caption, name or
    title.
    """

    root: str = param("", help=ROOT_HELP)
    images: str = param("", help="Folder that the names are relative to; default: that of the list, and those below it")
    column: str = param("", help="Column with the names of the pictures; default: the first that holds any")
    label: str = param("", help="Column with the class; default: label, class or category")

    def match(self, path: Path) -> float:
        """0.9 with a header, 0.8 for a plain list, 0 when the first rows name no pictures.

        Raises:
            InputError: a column that should name pictures names none that can be found.
        """
        if not path.is_file():
            return 0.0
        path = path.absolute()
        table = table_at(path)
        rows = first_rows(table)
        column = column_in(rows, self.column)
        if sure := _sure(rows, column, table):
            return sure
        if not rows or not column or column.lower() not in (*NUMBERED, self.column.lower()):
            return 0.0
        finder = self.finder(path, table, Pile.at(path) if self._inside(path) else Pile(self._base(path)))
        names = [name for row in rows[:FEW] if (name := name_in(row, column))]
        if any(_is_found(finder, name) for name in names):
            return 0.85
        if not names or (column.lower() in ("id", "file") and not self.column):
            return 0.0
        raise InputError(
            f"{path.name} names pictures in its column {column}, such as “{readable(names[0])[:100]}”, "
            "but they are not found.",
            "Say where they are: --set images=FOLDER",
        )

    def columns(self, path: Path) -> dict[str, str]:
        """Column -> role of those that the parameters or the values tell; for a look before an import."""
        rows = first_rows(table_at(path.absolute()))
        found = {column_in(rows, self.column): "image", column_in(rows, self.label) if self.label else "": "label"}
        return {column: role for column, role in found.items() if column}

    def open(self, path: Path) -> Source:
        """The root is the folder of the list, or the one that holds every absolute path in it as well.

        Raises:
            InputError: not a file, no column that names pictures, or the paths have no folder in common.
        """
        path = path.absolute()
        if not path.is_file():
            raise InputError(f"{path} is not a file.", "Name a CSV file that lists pictures.")
        rows = first_rows(table_at(path))
        if not rows:
            raise InputError(f"{path.name} lists nothing.", f"A column of it must be called {' or '.join(COLUMNS)}.")
        column = column_in(rows, self.column)
        if self.column and not column:
            raise InputError(f"{path.name} has no column “{self.column}”.", f"Here: {', '.join(rows[0].values)}.")
        if self._inside(path):
            return Source("image", path.parent, path.name.split(".")[0], "image-list")
        base = self._base(path)
        root = root_of(self.root, base) if self.root or self.images else _root(path, column)
        return Source("image", root, path.name.split(".")[0] if packed.is_archive(path) else path.stem, "image-list")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of the list."""
        path = path.absolute()
        first = first_rows(table_at(path))
        if not self.label and (advice := _advice(first, column_in(first, self.column))):
            task.log(advice)
        pile = self.pile(path, source)
        items = (item for table in tables_at(path) for item in self.read_table(path, table, pile, task))
        yield from first_of_each(items, ROWS_TWICE, task)

    def read_table(self, path: Path, table: Path, pile: Pile, task: Task) -> Iterator[Draft | Skip]:
        """What the rows of one of the tables give."""
        finder, column = self.finder(path, table, pile), column_in(first_rows(table), self.column)
        name = table.relative_to(path.parent).as_posix()
        with packed.open_stream(table) as file:
            rows = read_csv(file, HEADER, plain=is_plain_list(table))
            for row in task.track(rows, LABEL, 0 if packed.is_archive(path) else count_lines(path)):
                yield self._item(pile, finder, f"{name}#{row.place}", row, column)

    def pile(self, path: Path, source: Source) -> Pile:
        """Where pictures lie."""
        inside = self._inside(path)
        pile = Pile.at(path) if inside else Pile(source.root, advice=NAME_ROOT, rooted=bool(self.root))
        pile.lost = "" if self.images else NAME_IMAGES
        return pile

    def _item(self, pile: Pile, finder: Finder, line: str, row: Row, column: str) -> Draft | Skip:
        name = name_in(row, column).removeprefix("file://")
        if row.reason or not name:
            return Skip(line, row.reason or "names no file")
        if name.startswith(("http://", "https://")):
            return Skip(f"{line}: {readable(name)}", "is an address on the web: fetch the picture first")
        try:
            address = pile.address(finder.find(name))
            draft = row_draft(pile.root, address, row.values, split=split_in(row.values))
        except InputError as error:
            return Skip(f"{line}: {readable(name)}", error.text)
        return draft._replace(labels=labels_of(row.values, (self.label,))) if self.label else draft

    def _inside(self, path: Path) -> bool:
        """Whether the pictures lie in the archive that the table is in."""
        return packed.is_archive(path) and not self.images

    def _base(self, path: Path) -> Path:
        """The folder that holds the list, and that of the pictures."""
        if not self.images:
            return path.parent
        folder = Path(self.images).expanduser().absolute()
        if not folder.is_dir():
            raise InputError(f"The folder of images {folder} does not exist.", "Check the parameter “images”.")
        return Path(os.path.commonpath([path.parent, folder]))

    def finder(self, path: Path, table: Path, pile: Pile) -> Finder:
        """Who finds the pictures that a table names."""
        if self.images:
            folder = below(Path(self.images).expanduser().absolute(), pile.root)
        elif pile.prefix:
            folder = table.relative_to(path.parent).as_posix().removeprefix(pile.prefix).rpartition("/")[0]
        else:
            folder = below(path.parent, pile.root)
        return Finder(pile, folder, table.stem.rpartition("!")[2])


def first_rows(table: Path) -> list[Row]:
    """The first rows; [] where the ending is not that of a list."""
    return look(table, HEADER) if table.suffix.lower() in SUFFIXES else []


def table_at(path: Path) -> Path:
    """The table itself, or the first of :func:`tables_at`; the path where there is none."""
    return next(iter(tables_at(path)), path)


def tables_at(path: Path) -> tuple[Path, ...]:
    """The table itself, or those in an archive that name pictures: the first, at its top or at most two folders below,
    and all that are called the same, as train/labels.csv and test/labels.csv are. What is called after tests and
    submissions comes last."""
    if not packed.is_archive(path):
        return (path,)
    names = [n for n in notable_names(path) if Path(n).suffix.lower() in SUFFIXES and n.count("/") < 3]
    names.sort(key=lambda n: (any(word in n.rpartition("/")[2].lower() for word in LATER), n.count("/"), n))
    tables = [path.parent / packed.join(path.name, name) for name in names[:MOST_TABLES]]
    found = next((table for table in tables if _is_list(table)), None)
    alike = (t for t in tables if found is not None and _last(t) == _last(found))
    return tuple(table for table in alike if table == found or _is_list(table))


def _last(table: Path) -> str:
    return table.name.rpartition("!")[2]


def _is_list(table: Path) -> bool:
    rows = first_rows(table)
    column = column_in(rows)
    return _sure(rows, column, table) > 0 or column.lower() in NUMBERED


def _sure(rows: list[Row], column: str, table: Path) -> float:
    """0.9 with a header, 0.8 for a plain list, 0 when the first rows name no pictures."""
    rows = [row for row in rows if not row.reason]
    named = [is_picture_name(name_in(row, column)) for row in rows]
    if not named or sum(named) * 2 < len(named):
        return 0.0
    return 0.9 if len(rows[0].values) > 1 else 0.8


def name_in(row: Row, column: str) -> str:
    """What a row calls its picture, "" for nothing."""
    return (row.values.get(column) or row.values.get(column_of(row.values, COLUMNS)) or "").strip()


def _advice(rows: list[Row], column: str) -> str:
    """What to say where none of the other columns is known, "" for nothing."""
    others = [name for name in (rows[0].values if rows else ()) if name and name != column]
    if not others or {name.lower() for name in others} & KNOWN:
        return ""
    shown = ", ".join(others[:8])
    return f"No column is called {', '.join(LABEL_KEYS)}; if one is the class, say which (--set label=COLUMN): {shown}."


def _is_found(finder: Finder, name: str) -> bool:
    try:
        return bool(finder.find(name))
    except InputError:
        return False


def _is_absolute(name: str) -> bool:
    return "\0" not in name and Path(name).is_absolute()


def _root(path: Path, column: str) -> Path:
    folders: set[str] = set()
    with path.open("rb") as file:
        for row in read_csv(file, HEADER, plain=is_plain_list(path)):
            name = name_in(row, column)
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
