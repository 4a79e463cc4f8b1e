"""A folder of pictures, or an archive of one, with class sub-folders or a table of metadata or neither."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from curator.engine import packed
from curator.engine.api import CuratorError, Draft, InputError, Skip, Source, Task, importer, param
from curator.plugins.importers.arrow_tables import Part, read_part
from curator.plugins.importers.drafts import (
    ROWS_TWICE,
    clean,
    digest_of,
    first_of_each,
    image_draft,
    read_image,
    row_draft,
    split_in,
    text_of_row,
)
from curator.plugins.importers.piles import Pile, first_names
from curator.plugins.importers.places import NAME_ROOT, ROOT_HELP, readable
from curator.plugins.importers.splits import WORDS, split_of_folder
from curator.plugins.importers.tables import (
    LOOK_ROWS,
    Row,
    column_of,
    count_lines,
    is_picture_name,
    look,
    read_csv,
    read_jsonl,
)
from curator.plugins.importers.walking import METADATA_NAMES, Found
from curator.plugins.importers.yolo_boxes import lie_beside

LABEL = "Reading images"
COLUMNS = ("file_name", "file_names")
ENDINGS = ("_file_name", "_file_names")
LOOK_ENTRIES = 2000
CAPTION_BYTES = 2**20


@importer("image-folder", version=1, kinds={"image"})
@dataclass(frozen=True)
class ImageFolder:
    """A folder of pictures (JPEG, PNG, WebP, GIF, BMP, TIFF), sub-folders included, or a ZIP or TAR of one.

    When there is more than one folder of pictures and none lies at the top, the name of the last folder is the class;
    folders called train, validation, test and the like are the split. A .txt of the same name beside a picture is its
    text, a .json its record. A metadata.csv, .jsonl or .parquet with a column file_name is read as in the ImageFolder
    of Hugging Face: the pictures it lists, each with its row as the record; the class comes from the column label,
    class or category, the text from text, caption, name or title; where names go up (../images/x.jpg), “root” is the
    folder that holds both. An archive is read in place.
    """

    links: bool = param(False, help="Follow links to pictures that lie elsewhere; links to folders are never followed")
    root: str = param("", help=ROOT_HELP)

    def match(self, path: Path) -> float:
        """0.98 with metadata, 0.6 with pictures, 0.3 where boxes lie beside them and no captions, else 0."""
        if path.is_dir():
            if any(_names_files(path / name) for name in METADATA_NAMES):
                return 0.98
        elif not (packed.is_archive(path) and path.is_file()):
            return 0.0
        names = list(first_names(path, LOOK_ENTRIES))
        near = [n for n in names if n.count("/") < 2 and n.rpartition("/")[2] in METADATA_NAMES]
        tables = [path.parent / packed.join(path.name, n) for n in near]
        if path.is_file() and any(_names_files(table) for table in tables):
            return 0.98
        if not any(is_picture_name(name) for name in names):
            return 0.0
        return 0.3 if lie_beside(path) else 0.6

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when the path is neither a folder nor an archive, or not below the root named."""
        if not path.is_dir() and not (packed.is_archive(path) and path.is_file()):
            raise InputError(f"{path} is not a folder.", "Name the folder that holds the pictures.")
        pile = self._pile(path)
        name = path.absolute().name
        return Source("image", pile.root, (name.split(".")[0] if pile.prefix else name) or "images", "image-folder")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Pictures in the order of their paths, or of the metadata."""
        pile = self._pile(path)
        found = pile.walk(task)
        yield from (Skip(pile.address(skip.source), skip.reason) for skip in found.skips)
        tables = [name for name in found.metadata if _names_files(pile.file(name))]
        beside = set() if tables else found.sidecars
        paired = beside & {name.rpartition(".")[0] + ending for name in found.images for ending in (".txt", ".json")}
        others = found.others - Counter(name[name.rindex(".") :].lower() for name in paired)
        if others:
            endings = ", ".join(f"{count} {ending}" for ending, count in others.most_common(8))
            task.log(f"{others.total()} files passed over that are no pictures: {endings}.")
        if found.tables and not tables:
            named = " or ".join(sorted(found.tables))
            how = "unpack it all, and import that file" if pile.prefix else "import that file instead"
            task.log(f"If {named} says more of the pictures, {how}.")
        if tables:
            yield from _read_tables(pile, tables, found.images, task)
        else:
            yield from _read_plain(pile, found, paired, task)

    def _pile(self, path: Path) -> Pile:
        return Pile.at(path, root=self.root, advice=NAME_ROOT, links=self.links)


def _names_files(table: Path) -> bool:
    return any(names_column(row.values) for row in _look(table))


def names_column(values: Mapping[str, Any]) -> str:
    """The column that names the picture: file_name, file_names, or the first that ends in _file_name; "" for none."""
    return column_of(values, COLUMNS) or next((n for n in values if n.lower().endswith(ENDINGS)), "")


def _look(table: Path) -> list[Row]:
    if not packed.exists(table):
        return []
    try:
        if table.suffix.lower() == ".parquet":
            return list(itertools.islice(_rows(table), LOOK_ROWS))
        if not table.is_file():
            with packed.open_stream(table) as file:
                return list(itertools.islice(_parse(table.name, file), LOOK_ROWS))
    except (CuratorError, OSError):
        return []
    return look(table, COLUMNS, table.suffix.lower() == ".jsonl", header=True)


def _rows(table: Path) -> Iterator[Row]:
    """The rows of a table of metadata, on disk or in an archive."""
    if table.suffix.lower() == ".parquet":
        for raw in read_part(Part(table, table.name, "")):
            yield Row(raw.place, raw.value, raw.text)
        return
    with packed.open_stream(table) as file:
        yield from _parse(table.name, file)


def _parse(name: str, file: BinaryIO) -> Iterator[Row]:
    return read_jsonl(file) if name.lower().endswith(".jsonl") else read_csv(file, COLUMNS, header=True)


def _read_plain(pile: Pile, found: Found, paired: set[str], task: Task) -> Iterator[Draft | Skip]:
    classes = _has_classes([pile.inside(name) for name in found.images])
    for name in task.track(found.images, LABEL):
        label = (clean(name.split("/")[-2]),) if classes else ()
        stem = name.rpartition(".")[0]
        address = pile.address(name)
        try:
            text, record = _beside(pile, stem, paired)
            draft = image_draft(pile.root, address, label, split_of_folder(pile.inside(name)), text)
            yield draft._replace(record=record) if record else draft
        except InputError as error:
            yield Skip(address, error.text)


def _beside(pile: Pile, stem: str, paired: set[str]) -> tuple[str, str]:
    """Caption and record that lie beside a picture in a file of its name, "" for none; one that is broken is none."""
    text = record = ""
    if stem + ".txt" in paired:
        text = clean(_small(pile.file(stem + ".txt"))).strip()
    if stem + ".json" in paired:
        try:
            words = _small(pile.file(stem + ".json"))
            value = json.loads(words)
        except (ValueError, RecursionError):
            return text, ""
        if isinstance(value, dict):
            text, record = text or text_of_row(value), clean(words)
    return text, record


def _small(file: Path) -> str:
    try:
        with packed.open_stream(file) as opened:
            return opened.read(CAPTION_BYTES).decode("utf-8-sig", "replace")
    except (CuratorError, OSError):
        return ""


def _has_classes(images: list[str]) -> bool:
    folders = {name.rpartition("/")[0] for name in images}
    return len(folders) > 1 and "" not in folders and not {f.rpartition("/")[2].lower() for f in folders} <= set(WORDS)


def _read_tables(pile: Pile, tables: list[str], there: list[str], task: Task) -> Iterator[Draft | Skip]:
    named: set[str] = set()
    yield from first_of_each(_read_rows(pile, tables, named, task), ROWS_TWICE, task)
    if left := sum(name not in named for name in there):
        task.log(f"{left} pictures are not named in {', '.join(tables)} and were left out.")


def _read_rows(pile: Pile, tables: list[str], named: set[str], task: Task) -> Iterator[Draft | Skip]:
    """What each row of each table gives; the pictures that they name are added to ``named``."""
    done, total = (
        0,
        sum(count_lines(pile.file(t)) for t in tables if pile.file(t).is_file() and not t.endswith(".parquet")),
    )
    for table in tables:
        try:
            for row in _rows(pile.file(table)):
                task.step(LABEL, done, total)
                done += 1
                item, names = _read_row(pile, table, row)
                named.update(names)
                yield item
        except InputError as error:
            yield Skip(pile.address(table), error.text)
    task.step(LABEL, done, done)


def _read_row(pile: Pile, table: str, row: Row) -> tuple[Draft | Skip, list[str]]:
    """What a row gives, and the pictures that it names."""
    line = f"{pile.address(table)}#{row.place}"
    if row.reason:
        return Skip(line, row.reason), []
    value = row.values.get(names_column(row.values))
    names: list[Any] = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        return Skip(line, "has no file_name"), []
    inner: list[str] = []
    try:
        inner = [pile.find(name, table.rpartition("/")[0]) for name in names]
        first = pile.address(inner[0])
        split = split_in(row.values) or split_of_folder(pile.inside(inner[0]))
        draft = row_draft(pile.root, first, row.values, row.record, split)
        if len(inner) == 1:
            return draft, inner
        images = tuple(pile.address(name) for name in inner)
        digests = [draft.digest, *(read_image(pile.file(name))[0] for name in inner[1:])]
        return draft._replace(images=images, source=line, digest=digest_of(digests)), inner
    except InputError as error:
        return Skip(f"{line}: {readable(str(names[0]))}", error.text), inner
