"""Instruction records in files of JSON, JSONL, CSV, TSV, Parquet and Arrow."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer, param
from curator.engine.below import below, prefix_below
from curator.plugins.importers.json_records import NOT_TEXT, Raw, check_encoding
from curator.plugins.importers.mapping import HELP, ROLES, View, parse_map, roles_of
from curator.plugins.importers.piles import Pile
from curator.plugins.importers.places import NAME_IMAGES, NAME_ROOT, ROOT_HELP, root_of
from curator.plugins.importers.raw_files import is_array, is_record_file, look, record_parts
from curator.plugins.importers.record_drafts import AUTO, CONFIDENCE, Pictures, Shaping, read_drafts
from curator.plugins.importers.shapes import TEXTS, recognise

MAX_BYTES = 4 * 2**30
LOOK_PARTS = 3


@importer("instructions", version=2, kinds={"instruction"})
@dataclass(frozen=True)
class Instructions:
    """Instruction records: alpaca, sharegpt, messages (OpenAI), LLaVA and LLaMA-Factory with images.

    The file is JSONL, a JSON array, or one object around an array ({"data": [...]}), plain or packed as .gz, .bz2, .xz
    or .zst; or a table: CSV, TSV, Parquet, Arrow. prompt/completion and question/answer pairs, pairs of a chosen and a
    rejected answer, and plain {"text": ...} are read too. Every record is kept as it stands in the file. A text in a
    top-level field task, category, label or class is the class. Pictures are looked for beside the file, in the archive
    that it is in, or below the folder given; where names go up (../images/x.jpg), “root” is the folder that holds both,
    or that folder is imported. A record whose picture is missing is set aside, one that names a web address is read by
    its text.
    """

    roles: ClassVar = tuple(ROLES)

    format: str = param(AUTO, choices=(AUTO, *TEXTS), help="Shape of the records; auto looks at each of them")
    images: str = param("", help="Folder that the pictures named in records are relative to; default: beside the file")
    root: str = param("", help=ROOT_HELP)
    map: str = param("", help=HELP)
    encoding: str = param(
        "", help="Encoding of a text file, such as cp1252; default: UTF-8, or what its first bytes say"
    )

    def match(self, path: Path) -> float:
        """How sure it is from at most 4 MB and 20 records: a share of :data:`CONFIDENCE`."""
        parts = record_parts(path) if path.is_dir() or packed.is_archive(path) or is_record_file(path) else []
        if not parts:
            return 0.0
        check_encoding(self.encoding)
        view, fields = View(parse_map(self.map)), dict[str, None]()
        for part in parts[:LOOK_PARTS]:  # the first may be a description of the others
            raws = look(part.file, encoding=self.encoding)
            shapes = Counter(_shape(raw, view) for raw in raws)
            del shapes[""]
            if shapes:
                shape, _ = shapes.most_common(1)[0]
                return CONFIDENCE[shape] * (shapes.total() / len(raws))
            if raws and all(raw.reason == NOT_TEXT for raw in raws):
                which = f"holds {part.name}, which " if len(parts) > 1 else ""
                raise InputError(f"{which}is not UTF-8", "Say what encoding it has: --set encoding=cp1252")
            fields |= dict.fromkeys(name for raw in raws if isinstance(raw.value, dict) for name in raw.value)
        if fields:
            named = [name if len(name) <= 40 else f"{name[:39]}…" for name in list(fields)[:8]]
            raise InputError(f"holds records of no known kind, with the fields {', '.join(named)}", _example(named))
        return 0.0

    def columns(self, path: Path) -> dict[str, str]:
        """Column -> role of the first records, "" for what is kept in the record only; for a look before an import."""
        parts = record_parts(path)
        raws = look(parts[0].file, encoding=self.encoding) if parts else []
        return roles_of([raw.value for raw in raws if isinstance(raw.value, dict)], View(parse_map(self.map)))

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when the path is no file, is over 4 GB, or the folder of images is not there."""
        path = path.absolute()
        check_encoding(self.encoding)
        parts = record_parts(path)
        if not parts:
            raise InputError(
                f"There are no files of records at {path}.", "Name a JSON, JSONL, CSV, TSV, Parquet or Arrow file."
            )
        if packed.plain_suffix(path) == ".json" and path.stat().st_size > MAX_BYTES and is_array(path):
            raise InputError(f"{path.name} is larger than 4 GB.", "Split it, or turn it into JSONL.")
        root = path if path.is_dir() else path.parent
        if self.images:
            folder = Path(self.images).expanduser().absolute()
            if not folder.is_dir():
                raise InputError(f"The folder of images {folder} does not exist.", "Check the parameter “images”.")
            root = Path(os.path.commonpath([root, folder]))
        if not (packed.is_archive(path) and not self.images):
            root = root_of(self.root, root)
        view = View(parse_map(self.map))
        shapes = [self.format] if self.format != AUTO else [_shape(raw, view) for raw in look(parts[0].file)]
        named = [shape for shape in shapes if shape]
        found = "llava" if "llava" in named else next(iter(named), "")
        return Source("instruction", root, _stem(path), found)

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Records in the order of the files."""
        path = path.absolute()
        base = path if path.is_dir() else path.parent
        folder = Path(self.images).expanduser().absolute() if self.images else base
        place = below(folder, source.root)
        inside = packed.is_archive(path) and path.is_file() and not self.images
        pile = Pile.at(path) if inside else Pile(source.root, advice=NAME_ROOT, rooted=bool(self.root))
        pile.lost = "" if self.images else NAME_IMAGES
        pictures = Pictures(pile, place)
        shaping = Shaping(pictures, self.format, View(parse_map(self.map)))
        prefix = prefix_below(base, source.root)
        parts = record_parts(path)
        for part in parts:
            beside = f"{prefix}{part.name}".removeprefix(pile.prefix).rpartition("/")[0]
            pictures.folder, pictures.beside = (beside, "") if inside else (place, beside)
            try:
                yield from read_drafts(shaping, part, f"{prefix}{part.name}#", task, self.encoding)
            except InputError as error:
                if len(parts) == 1:
                    raise
                yield Skip(prefix + part.name, error.text)
        shaping.tell(task)


def _shape(raw: Raw, view: View) -> str:
    return recognise(view.of(raw.value)) if isinstance(raw.value, dict) else ""


def _example(names: list[str]) -> str:
    """How to say what the fields mean, with those that there are."""
    roles = ("prompt", "response") if len(names) > 1 else ("text",)
    chosen = [f'--map "{name}={role}"' for name, role in zip(names, roles, strict=False)]
    return f"If these are instruction records, say what their fields mean, such as {' '.join(chosen)}."


def _stem(path: Path) -> str:
    """The name without its endings: "a" of ``a.jsonl.gz``."""
    return Path(path.stem).stem if path.suffix.lower() in packed.COMPRESSED else path.stem
