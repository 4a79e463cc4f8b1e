"""Instruction records in JSON and JSONL files."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from curator.engine.api import Draft, InputError, Skip, Source, Task, importer, param
from curator.engine.pictures import read_bytes, read_header
from curator.plugins.importers.drafts import clean
from curator.plugins.importers.json_records import HEAD, TOO_DEEP, Raw, read_records
from curator.plugins.importers.places import Places
from curator.plugins.importers.shapes import TEXTS, images_of, labels_of, recognise, text_of
from curator.plugins.importers.tables import LOOK_ROWS, count_lines

LABEL = "Reading records"
AUTO = "auto"
SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})
CONFIDENCE = {
    "messages": 0.95,
    "sharegpt": 0.95,
    "llava": 0.95,
    "alpaca": 0.95,
    "prompt-completion": 0.85,
    "preference": 0.9,
    "text": 0.5,
}
MAX_BYTES = 4 * 2**30
ELSEWHERE = ("http://", "https://", "data:", "s3://", "gs://")


@importer("instructions", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Instructions:
    """Instruction records: alpaca, sharegpt, messages (OpenAI), LLaVA and LLaMA-Factory with images.

    The file is JSONL, a JSON array, or one object around an array ({"data": [...]}). prompt/completion pairs and
    plain {"text": ...} are read too. Every record is kept as it stands in the file. A text in a top-level field task,
    category, label or class is the class. Pictures are looked for beside the file, or below the folder given; a
    record whose picture is missing is set aside, one that names a web address is read by its text.
    """

    format: str = param(AUTO, choices=(AUTO, *TEXTS), help="Shape of the records; auto looks at each of them")
    images: str = param("", help="Folder that the pictures named in records are relative to; default: beside the file")

    def match(self, path: Path) -> float:
        """How sure it is from at most 4 MB and 20 records: a share of :data:`CONFIDENCE`."""
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            return 0.0
        raws = _look(path)
        shapes = Counter(recognise(raw.value) for raw in raws)
        del shapes[""]
        if not shapes:
            return 0.0
        shape, _ = shapes.most_common(1)[0]
        return CONFIDENCE[shape] * (shapes.total() / len(raws))

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when the path is no file, is over 4 GB, or the folder of images is not there."""
        path = path.absolute()
        if not path.is_file():
            raise InputError(f"{path} is not a file.", "Name a JSON or JSONL file.")
        if path.stat().st_size > MAX_BYTES and _is_array(path):
            raise InputError(f"{path.name} is larger than 4 GB.", "Split it, or turn it into JSONL.")
        root = path.parent
        if self.images:
            folder = Path(self.images).expanduser().absolute()
            if not folder.is_dir():
                raise InputError(f"The folder of images {folder} does not exist.", "Check the parameter “images”.")
            root = Path(os.path.commonpath([path.parent, folder]))
        shapes = [self.format] if self.format != AUTO else [recognise(raw.value) for raw in _look(path)]
        named = [shape for shape in shapes if shape]
        found = "llava" if "llava" in named else next(iter(named), "")
        return Source("instruction", root, path.stem, found)

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Records in the order of the file."""
        path = path.absolute()
        folder = Path(self.images).expanduser().absolute() if self.images else path.parent
        pictures = _Pictures(source.root, "" if folder == source.root else folder.relative_to(source.root).as_posix())
        prefix = "" if path.parent == source.root else path.parent.relative_to(source.root).as_posix() + "/"
        total = 0 if _is_array(path) else count_lines(path)
        with path.open("rb") as file:
            for raw in task.track(read_records(file), LABEL, total):
                yield self._item(f"{prefix}{path.name}#{raw.place}", raw, pictures)
        if pictures.elsewhere:
            task.log(f"{pictures.elsewhere} pictures are not files on this computer; their records are read as text.")

    def _item(self, name: str, raw: Raw, pictures: _Pictures) -> Draft | Skip:
        shape = recognise(raw.value)
        if raw.reason:
            return Skip(name, raw.reason)
        if not isinstance(raw.value, dict):
            return Skip(name, "is not a JSON object")
        if not shape or (self.format != AUTO and not _fits(shape, self.format)):
            wanted = "any known kind" if self.format == AUTO else f"the kind “{self.format}”"
            return Skip(name, f"is not a record of {wanted}; its fields are: {', '.join(sorted(raw.value)[:8])}"[:300])
        try:
            text = clean(text_of(raw.value, shape))
            digest = hashlib.sha256(canonical(raw.value))
            draft = Draft(name, "", text, raw.text, labels=tuple(clean(label) for label in labels_of(raw.value)))
            draft = pictures.add(draft, images_of(raw.value), digest.update)
        except InputError as error:
            return Skip(name, error.text)
        except RecursionError:
            return Skip(name, TOO_DEEP)
        return replace(draft, digest=digest.hexdigest())


def canonical(record: object) -> bytes:
    """The same bytes for the same record, however it is spaced and whatever the order of its fields."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode("ascii")


def _fits(shape: str, wanted: str) -> bool:
    return shape == wanted or {shape, wanted} == {"sharegpt", "llava"}


class _Pictures:
    """The pictures that records name, below one folder of the root."""

    def __init__(self, root: Path, folder: str) -> None:
        self._places, self._folder, self.elsewhere = Places(root), folder, 0

    def add(self, draft: Draft, names: list[str], feed: Callable[[bytes], None]) -> Draft:
        """The Draft with its pictures; their bytes go to ``feed``. Raises :class:`InputError` naming a bad one."""
        found: list[str] = []
        size = (0, 0)
        for name in names:
            if name.startswith(ELSEWHERE):
                self.elsewhere += 1
                continue
            try:
                relative = self._places.find(name.removeprefix("file://"), self._folder)
                content = read_bytes(self._places.root / relative)
                width, height, _ = read_header(content)
            except InputError as error:
                raise InputError(f"names the image {clean(name)[:200]}, which {error.text}") from error
            feed(content)
            size = size if found else (width, height)
            found.append(relative)
        return replace(draft, images=tuple(found), width=size[0], height=size[1])


def _look(path: Path) -> list[Raw]:
    try:
        with path.open("rb") as file:
            head = io.BytesIO(file.read(HEAD))
    except OSError:
        return []
    cut = path.stat().st_size > HEAD
    raws = list(itertools.islice(read_records(head), LOOK_ROWS + 1))
    return raws[:LOOK_ROWS] if len(raws) > LOOK_ROWS or not cut else raws[:-1]


def _is_array(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] == b"["
