"""Pictures in the cells of Parquet and Arrow tables, the form in which hubs hand them out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer, param
from curator.engine.below import prefix_below
from curator.engine.json_text import json_text
from curator.engine.packed.cells import cell_address
from curator.engine.pictures import MAX_BYTES, read_header
from curator.plugins.importers.arrow_tables import Part, parts_of, plain, read_rows, schema_of
from curator.plugins.importers.drafts import LABEL_KEYS, clean, digest_of, labels_of, read_image, split_in, text_of_row
from curator.plugins.importers.piles import Pile
from curator.plugins.importers.places import NAME_ROOT, ROOT_HELP, root_of
from curator.plugins.importers.tables import is_picture_name

LABEL = "Reading images"
BATCH = 64
"""Rows held at a time: their pictures are in memory."""
BYTES_NAMES = ("image", "img", "jpg", "jpeg", "png", "webp", "picture", "photo", "image_bytes", "bytes")
PATH_NAMES = ("image", "image_path", "file_name", "filepath", "file_path", "path", "filename")
CHATS = frozenset({"messages", "conversations", "instruction", "chosen"})
"""Columns of records with pictures, which are read as instructions."""
MAGIC = ((b"\xff\xd8", "jpg"), (b"\x89PNG", "png"), (b"RIFF", "webp"), (b"GIF8", "gif"), (b"BM", "bmp"))


@dataclass(frozen=True)
class Column:
    """The column with the pictures: ``form`` is "cell" (bytes) or "path"; ``many`` a list in each row."""

    name: str
    form: str
    many: bool = False
    classes: dict[str, list[str]] = field(default_factory=dict)


@importer("image-table", version=1, kinds={"image"})
@dataclass(frozen=True)
class ImageTable:
    """Pictures in a Parquet or Arrow table: as bytes in its cells, as Hugging Face stores them, or as paths.

    A single file, a folder of shards, a data set saved to disk by Hugging Face, or a ZIP or TAR of these. Each picture
    is read from its cell when it is needed; a table in an archive is copied into the cache, to be read with leaps. The
    other columns are the record; the class comes from label, class or category (numbers become the names that the
    table gives them), the text from text, caption, name or title. Where paths go up (../images/x.jpg), “root” is the
    folder that holds both the table and the pictures.
    """

    column: str = param("", help="Column with the pictures; default: the first that holds any")
    root: str = param("", help=ROOT_HELP)

    def match(self, path: Path) -> float:
        """1.0 for a saved data set, 0.95 for a table with pictures in it, 0.9 for one of paths, 0.4 where they belong
        to instruction records, else 0."""
        parts = parts_of(path)
        if not parts:
            return 0.0
        found = self._find(parts[0])
        if found is None:
            return 0.0
        if CHATS & set(schema_of(parts[0]).names):
            return 0.4
        saved = path.is_dir() and parts[0].file.suffix == ".arrow"
        return 1.0 if saved else 0.95 if found.form == "cell" else 0.9

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when there is no table, no column of pictures in it, or it is not below the root
        named."""
        path = path.absolute()
        parts = parts_of(path)
        if not parts:
            raise InputError(
                f"There is no Parquet or Arrow table at {path}.", "Name a file or the folder of the files."
            )
        if self._find(parts[0]) is None:
            raise InputError(
                f"{parts[0].name} has no column of pictures{f' called “{self.column}”' if self.column else ''}.",
                f"Its columns: {', '.join(schema_of(parts[0]).names[:20])}.",
            )
        root = path.parent if packed.is_archive(path) else root_of(self.root, _base(path))
        return Source("image", root, path.name if path.is_dir() else path.stem, "image-table")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Rows in the order of the files."""
        path, done = path.absolute(), 0
        if packed.is_archive(path):
            pile, prefix = Pile.at(path), ""
        else:
            pile = Pile(source.root, advice=NAME_ROOT, rooted=bool(self.root))
            prefix = prefix_below(_base(path), source.root)
        for inner in parts_of(path):
            part, column = replace(inner, name=prefix + inner.name), None
            try:
                column = self._find(part)
                if column is None:
                    yield Skip(part.name, "has no column of pictures")
                    continue
                classes = next((column.classes[key] for key in LABEL_KEYS if key in column.classes), None)
                if classes:
                    source.facts.setdefault("class_names", [str(name) for name in classes])
                for row, values in read_rows(part, BATCH):
                    task.step(LABEL, done)
                    done += 1
                    yield _item(pile, part, column, row, values)
            except InputError as error:
                yield Skip(part.name, error.text)
        task.step(LABEL, done, done)

    def _find(self, part: Part) -> Column | None:
        return find_column(schema_of(part), self.column, part)


def _base(path: Path) -> Path:
    """The folder that the names of the files are relative to."""
    return path if path.is_dir() else path.parent


def find_column(schema: Any, wanted: str = "", part: Part | None = None) -> Column | None:
    """The column that holds pictures, by what Hugging Face wrote beside the schema, by its type, or by its values."""
    features = _features(schema)
    classes = {k: f["names"] for k, f in features.items() if isinstance(f, dict) and isinstance(f.get("names"), list)}
    names = [wanted] if wanted else list(schema.names)
    for name in names:
        if name in schema.names and (form := _form(schema.field(name).type, features.get(name), name, bool(wanted))):
            return Column(name, *form, classes)
    if CHATS & set(schema.names):
        return None
    return _path_column(schema, wanted, classes, part)


def _features(schema: Any) -> dict[str, Any]:
    try:
        about = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = about["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _form(kind: Any, feature: Any, name: str, wanted: bool) -> tuple[str, bool] | None:
    text = str(kind)
    many = text.startswith(("list<", "large_list<", "fixed_size_list<"))
    said = feature
    for _ in range(2):  # a list is written as [feature] or as {"feature": ..., "_type": "List"}
        said = said[0] if isinstance(said, list) and said else said
        said = said.get("feature", said) if isinstance(said, dict) else said
    is_image = isinstance(said, dict) and said.get("_type") == "Image"
    has_bytes = "bytes: binary" in text or "bytes: large_binary" in text
    if has_bytes and (is_image or "path: " in text):
        return "cell", many
    if text in ("binary", "large_binary") and (is_image or wanted or name.lower() in BYTES_NAMES):
        return "cell", False
    return None


def _path_column(schema: Any, wanted: str, classes: dict[str, list[str]], part: Part | None) -> Column | None:
    names = [wanted] if wanted else [n for key in PATH_NAMES for n in schema.names if n.lower() == key]
    names = [n for n in names if n in schema.names and str(schema.field(n).type) in ("string", "large_string")]
    if not names or part is None:
        return None
    for _, row in read_rows(part, 20):
        return next((Column(n, "path", False, classes) for n in names if is_picture_name(row.get(n))), None)
    return None


def _item(pile: Pile, part: Part, column: Column, row: int, values: dict[str, Any]) -> Draft | Skip:
    source = f"{part.name}#{row}"
    cells = values.get(column.name)
    listed = cells if column.many and isinstance(cells, list) else [cells]
    record = plain(values)
    try:
        there = [(i, cell) for i, cell in enumerate(listed) if cell is not None]
        found = [_picture(pile, part, column, row, cell, i) for i, cell in there]
        if not found:
            raise InputError("has no picture")
    except InputError as error:
        return Skip(source, error.text)
    images = tuple(address for address, *_ in found)
    digests = [digest for _, digest, _, _ in found]
    digest = digest_of(digests)
    labels = labels_of(_named(record, column.classes))
    words = json_text(record)
    split = split_in(record) or part.split
    return Draft(source, digest, text_of_row(record), clean(words), images, *found[0][2:], labels, split)


def _picture(pile: Pile, part: Part, column: Column, row: int, cell: Any, number: int) -> tuple[str, str, int, int]:
    """(address, digest, width, height); raises :class:`InputError`."""
    name = cell.get("path") if isinstance(cell, dict) else cell if isinstance(cell, str) else None
    content = cell.get("bytes") if isinstance(cell, dict) else cell
    if isinstance(content, bytes):
        if len(content) > MAX_BYTES:
            raise InputError(f"is {len(content) / 2**20:.0f} MB large; the limit is {MAX_BYTES // 2**20} MB")
        width, height, _ = read_header(content)
        member = cell_address(row, column.name, _name(name, row, content), number if column.many else None)
        return packed.join(part.name, member), hashlib.sha256(content).hexdigest(), width, height
    if not isinstance(name, str):
        raise InputError("has no picture")
    inner = pile.find(name, part.name.removeprefix(pile.prefix).rpartition("/")[0])
    return (pile.address(inner), *read_image(pile.file(inner)))


def _name(name: Any, row: int, content: bytes) -> str:
    """What to call a picture that has no name of its own, or one that cannot be shown."""
    last = clean(name).replace("\\", "/").rpartition("/")[2] if isinstance(name, str) else ""
    if last and last not in (".", "..") and last.isprintable() and len(last) <= 200:
        return last
    return f"{row:07}.{next((ending for magic, ending in MAGIC if content.startswith(magic)), 'tif')}"


def _named(record: dict[str, Any], classes: dict[str, list[str]]) -> dict[str, Any]:
    """The record with numbers of classes replaced by their names; only the columns that give labels."""
    found = {}
    for key in LABEL_KEYS:
        value = record.get(key)
        names = classes.get(key)
        if names and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
            value = str(names[value])
        found[key] = value
    return found
