"""Chosen records into LLaMA-Factory's data folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.exporting import (
    Journal,
    atomic_file,
    atomic_folder,
    is_half_renamed,
    may_replace,
    renaming,
    resumable_files,
)
from curator.engine.provenance import write_provenance
from curator.engine.trainers import Data
from curator.engine.trainers.llama_factory import entry
from curator.plugins.exporters.placing import Placer, again, needed_bytes
from curator.plugins.exporters.record_files import Lines, need
from curator.plugins.exporters.split_files import SplitFiles

INFO = "dataset_info.json"


@exporter("llama-factory", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class LlamaFactoryData:
    """A file for LLaMA-Factory, and its entry merged into the dataset_info.json beside it.

    TARGET is the file, in LLaMA-Factory's data folder or any other (--dataset_dir); the data set is called as the file.
    Other entries keep their place and text. Pictures are named relative to that folder, or copied into NAME_images.
    """

    formatting: str = param("sharegpt", choices=("sharegpt", "alpaca", "messages"), help="Format of the records")
    images: str = param(
        "reference", choices=("reference", "absolute", "copy"), help="Name pictures where they are, or copy them"
    )

    suffix: ClassVar[str] = ".jsonl"
    beside: ClassVar[bool] = True

    @property
    def shape(self) -> str:
        """The format that records are converted to."""
        return self.formatting

    def media(self, target: Path) -> str:
        """The folder for copied pictures, relative to the one of the target."""
        return f"{target.stem}_images"

    def file_of(self, target: Path, split: str) -> str:
        """The name of the file of a split."""
        return f"{target.stem}_{split}{target.suffix}" if split else target.name

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write pictures and files, then the entry, and return the path of the file.

        Raises:
            InputError: nothing to export, the entry belongs to another file, dataset_info.json is not what it should
                be, content would be lost, the disk is full, or the target exists.
        """
        target, items = target.absolute(), again(items)
        replacing = may_replace(target) or is_half_renamed(target, info.key)
        files = {split: target.with_name(self.file_of(target, split)) for split in info.splits}
        known = _known(target.parent, {path.stem: path.name for path in files.values()})
        with ExitStack() as until_known:
            with (
                resumable_files({path.name: path for path in files.values()}, info.key, overwrite=replacing) as whole,
                self._pictures(items, target, info, task, replacing),
            ):
                counts, keys = self._records(items, *whole, target, info, task)
                until_known.enter_context(renaming(target, info.key))
            kind = frozenset(keys)
            data = Data(target.stem, "llama-factory", self.shape, {}, info.count, kind, pairs="rejected" in kind)
            _merge(target.parent, known, {path.stem: entry(data, path.name) for path in files.values()})
            first = next(iter(files.values()))
            write_provenance(first, info, sum(counts.values()))
        return first

    def _records(
        self, items: Iterable[ExportItem], folder: Path, journal: Journal, target: Path, info: ExportInfo, task: Task
    ) -> tuple[dict[str, int], set[str]]:
        """Writes the files of all splits into a folder; returns the records in each and the fields that they have."""
        array = target.suffix.lower() == ".json"

        def end(file: BinaryIO, count: int) -> None:
            Lines(file, array, count=count).end()

        with SplitFiles(folder, lambda split: self.file_of(target, split), journal, items, end=end) as files:
            keys = set[str](files.more.get("keys", ()))
            for item in files.track(task, "Writing records", info.count):
                lines = Lines(files.file(item.split), array, ascii_only=True, count=files.counts[item.split])
                lines.write(item, task)
                files.counts[item.split] = lines.count
                if not (named := json.loads(item.record or "{}").keys()) <= keys:
                    keys |= named
                    files.more["keys"] = sorted(keys)
            counts = files.finish()
        need(min(counts.get(split, 0) for split in info.splits), info)
        return counts, keys

    @contextmanager
    def _pictures(
        self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task, replacing: bool
    ) -> Iterator[None]:
        """Copies the pictures, when that is asked for; their folder gets its name when the block ends well, so that an
        export killed while records are written finds its pictures again."""
        if self.images != "copy":
            yield
            return
        needed, placer = needed_bytes(items, task, info.count), Placer("copy", task)
        folder = target.parent / self.media(target)
        with atomic_folder(folder, overwrite=replacing, needed=needed, key=info.key) as partial:
            journal = Journal(partial, info.key)
            for number, item in enumerate(task.track(items, "Copying images", info.count)):
                for name, path in zip(item.image_names, item.images, strict=True):
                    if reason := placer.resume(path, partial / name.partition("/")[2], number < journal.done):
                        raise InputError(f"{item.source} names the image {name}, which {reason}.", "Restore the file.")
                journal.note(number + 1)
            journal.note(info.count, now=True)
            yield


def _known(folder: Path, wanted: dict[str, str]) -> dict[str, Any]:
    """What dataset_info.json says now; raises :class:`InputError` when it is broken or a name is taken."""
    place = folder / INFO
    if not place.exists():
        return {}
    try:
        known = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{place} cannot be read: {error}.", "Mend it, or choose another folder.") from error
    if not isinstance(known, dict) or "features" in known:
        raise InputError(f"{place} is not a description for LLaMA-Factory.", "Choose another folder.")
    for name, file in wanted.items():
        other = known.get(name)
        if other is not None and (not isinstance(other, dict) or other.get("file_name") != file):
            raise InputError(f"The name “{name}” is taken in {place} by another file.", "Call the target otherwise.")
    return known


def _merge(folder: Path, known: dict[str, Any], entries: dict[str, Any]) -> None:
    text = json.dumps(known | entries, indent=2) + "\n"
    with atomic_file(folder / INFO, overwrite=True) as file:
        file.write(text.encode("ascii"))
