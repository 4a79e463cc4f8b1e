"""A folder of pictures, with class sub-folders or a table of metadata or neither."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from curator.engine.api import Draft, InputError, Skip, Source, Task, importer
from curator.plugins.importers.drafts import image_draft, row_draft
from curator.plugins.importers.places import Places, readable
from curator.plugins.importers.tables import Row, column_of, count_lines, is_picture_name, look, read_csv, read_jsonl
from curator.plugins.importers.walking import METADATA_NAMES, Found, first_files, walk

LABEL = "Reading images"
COLUMNS = ("file_name",)
LOOK_ENTRIES = 2000
SPLITS = frozenset({"train", "training", "valid", "validation", "val", "dev", "test", "testing", "eval", "evaluation"})
"""Sub-folders that divide a dataset and are no classes."""


@importer("image-folder", version=1, kinds={"image"})
@dataclass(frozen=True)
class ImageFolder:
    """A folder of pictures: JPEG, PNG, WebP, GIF (first frame), BMP and TIFF, sub-folders included.

    When there is more than one folder of pictures and none lies at the top, the name of the last folder is the class.
    A metadata.csv or metadata.jsonl with a column file_name is read as in the ImageFolder of Hugging Face: the
    pictures it lists, each with its row as the record; the class comes from the column label, class or category,
    the text from text, caption, name or title.
    """

    def match(self, path: Path) -> float:
        """0.98 with metadata, 0.6 with pictures, else 0."""
        if not path.is_dir():
            return 0.0
        if any(_names_files(path / name) for name in METADATA_NAMES):
            return 0.98
        return 0.6 if any(is_picture_name(file) for file in first_files(path, LOOK_ENTRIES)) else 0.0

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when the path is not a folder."""
        if not path.is_dir():
            raise InputError(f"{path} is not a folder.", "Name the folder that holds the pictures.")
        return Source("image", path.absolute(), path.absolute().name or "images", "image-folder")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of their paths, or of the metadata."""
        found = walk(source.root, task)
        yield from found.skips
        if found.others:
            endings = ", ".join(f"{count} {ending}" for ending, count in found.others.most_common(8))
            task.log(f"{found.others.total()} files passed over that are no pictures: {endings}.")
        tables = [name for name in found.metadata if _names_files(source.root / name)]
        if tables:
            yield from _read_tables(source.root, tables, len(found.images), task)
        else:
            yield from _read_plain(source.root, found, task)


def _names_files(table: Path) -> bool:
    rows = look(table, COLUMNS, table.suffix.lower() == ".jsonl") if table.is_file() else []
    return any(column_of(row.values, COLUMNS) for row in rows)


def _read_plain(root: Path, found: Found, task: Task) -> Iterator[Draft | Skip]:
    classes = _has_classes(found.images)
    for name in task.track(found.images, LABEL):
        try:
            yield image_draft(root, name, (name.split("/")[-2],) if classes else ())
        except InputError as error:
            yield Skip(name, error.text)


def _has_classes(images: list[str]) -> bool:
    folders = {name.rpartition("/")[0] for name in images}
    return len(folders) > 1 and "" not in folders and not {f.rpartition("/")[2].lower() for f in folders} <= SPLITS


def _read_tables(root: Path, tables: list[str], there: int, task: Task) -> Iterator[Draft | Skip]:
    places, seen, twice, done = Places(root), set(), 0, 0
    total = sum(count_lines(root / table) for table in tables)
    for table in tables:
        with (root / table).open("rb") as file:
            rows = read_jsonl(file) if table.lower().endswith(".jsonl") else read_csv(file, COLUMNS)
            for row in rows:
                task.step(LABEL, done, total)
                done += 1
                item = _read_row(places, table, row)
                if item.source in seen:
                    twice += 1
                    continue
                seen.add(item.source)
                yield item
    task.step(LABEL, total, total)
    if twice:
        task.log(f"{twice} rows name a picture that an earlier row names; the first row counts.")
    if (left := there - len(seen)) > 0:
        task.log(f"{left} pictures are not named in {', '.join(tables)} and were left out.")


def _read_row(places: Places, table: str, row: Row) -> Draft | Skip:
    line = f"{table}#{row.place}"
    if row.reason:
        return Skip(line, row.reason)
    name = row.values.get(column_of(row.values, COLUMNS))
    if not isinstance(name, str):
        return Skip(line, "has no file_name")
    folder = table.rpartition("/")[0]
    try:
        relative = places.find(name, folder)
        return row_draft(places.root, relative, row.values, row.record)
    except InputError as error:
        return Skip(readable(name.replace("\0", "\\0")) or line, error.text)
