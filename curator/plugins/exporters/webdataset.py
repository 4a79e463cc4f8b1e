"""Chosen samples as WebDataset shards."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from curator.engine.api import ExportInfo, ExportItem, InputError, Task, exporter, param
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.json_text import json_text
from curator.engine.provenance import write_provenance
from curator.plugins.exporters.boxes import ordered
from curator.plugins.exporters.card import write_card
from curator.plugins.exporters.folder import record_of
from curator.plugins.exporters.placing import again, needed_bytes

BLOCK = 512


@exporter("webdataset", version=2)
@dataclass(frozen=True)
class WebDataset:
    """Tar files train-000000.tar and so on: for each sample a picture, .txt (its caption), .cls (its class) and .json.

    Members of one sample lie side by side under one key. The picture is copied byte for byte. The name of the class
    stands for a caption that is missing. A sample with several pictures has them as KEY.0.jpg, KEY.1.png. Classes are
    numbered as the source numbers them, else by their names in order; classes.json lists them, sizes.json tells the
    samples of each shard. Shuffle with the option order=shuffle.
    """

    most_samples: int = param(10_000, low=1, help="Samples in one shard at most", unit="samples")
    most_megabytes: int = param(1000, low=1, help="Size of one shard at most", unit="MB")

    suffix: ClassVar[str] = ""

    def file_of(self, target: Path, split: str) -> str:
        """The pattern of the shards of a split."""
        shards = sorted(path.name for path in target.glob(f"{split or 'train'}-*.tar"))
        if len(shards) < 2:
            return shards[0] if shards else ""
        first, last = (name.removesuffix(".tar").rpartition("-")[2] for name in (shards[0], shards[-1]))
        return f"{split or 'train'}-{{{first}..{last}}}.tar"

    def export(self, items: Iterable[ExportItem], target: Path, info: ExportInfo, task: Task) -> Path:
        """Write the shards and return the folder; a sample whose picture is missing is reported and left out.

        Raises:
            InputError: nothing to export, no picture is there any more, the disk is full, or the target exists.
        """
        items = again(items)
        needed = needed_bytes(items, task, info.count) + info.count * 4 * BLOCK
        classes = {name: n for n, name in enumerate(ordered({i.labels[0] for i in items if i.labels}, info.facts))}
        with atomic_folder(target, needed=needed, key=info.key) as folder:
            journal = Journal(folder, info.key)
            shards = _Shards(folder, journal, self.most_samples, self.most_megabytes * 1_000_000)
            for number, item in enumerate(task.track(items, "Writing shards", info.count)):
                if number < journal.done:
                    continue
                try:
                    members = list(_members(item, classes))
                except InputError as error:
                    task.problem(item.source, error.text)
                    shards.left_out += 1
                    continue
                shards.add(item.split or "train", f"{number:09d}", members, number)
            shards.close(info.count)
            if not shards.sizes:
                raise InputError("None of the chosen samples can be read any more.", "Connect the disk they are on.")
            for name, value in (("sizes.json", shards.sizes), ("classes.json", list(classes))):
                if value:
                    (folder / name).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
            write_card(folder, info, {split: f"{split or 'train'}-*.tar" for split in info.splits})
            write_provenance(folder, info, sum(shards.sizes.values()), shards.left_out)
        return target


def _members(item: ExportItem, classes: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """(extension, content) of the members of a sample; raises :class:`InputError` for a picture that is missing."""
    for number, name in enumerate(item.image_names):
        ending = Path(name).suffix.lower().lstrip(".") or "jpg"
        yield (ending if len(item.images) == 1 else f"{number}.{ending}"), item.read_image(number)
    caption = item.text or (item.labels[0] if item.labels else "")
    if item.images and caption:
        yield "txt", caption.encode("utf-8", "replace")
    if item.labels and item.images:
        yield "cls", str(classes[item.labels[0]]).encode("ascii")
    record = record_of(item)
    if record or not item.images:
        came_so = "__key__" not in item.record or not item.images
        yield "json", (item.record if came_so and item.record else json_text(record)).encode("utf-8", "replace")


class _Shards:
    """The shards of a folder, one open at a time; a finished one is noted in the journal."""

    def __init__(self, folder: Path, journal: Journal, most: int, size: int) -> None:
        self._folder, self._journal, self._most, self._size = folder, journal, most, size
        self._archive: tarfile.TarFile | None = None
        self._split, self._name, self._bytes = "", "", 0
        self.sizes: dict[str, int] = dict(journal.state.get("sizes", {}))
        self.left_out = int(journal.state.get("left_out", 0))

    def add(self, split: str, key: str, members: list[tuple[str, bytes]], number: int) -> None:
        """Write the members of one sample, into a new shard when this one is full or of another split."""
        size = sum(BLOCK + -(-len(content) // BLOCK) * BLOCK for _, content in members)
        full = self._archive and (self.sizes[self._name] >= self._most or self._bytes + size > self._size)
        if self._archive is None or full or split != self._split:
            self.close(number)
            self._open(split)
        assert self._archive is not None
        for ending, content in members:
            about = tarfile.TarInfo(f"{key}.{ending}")
            about.size = len(content)
            self._archive.addfile(about, io.BytesIO(content))
        self.sizes[self._name] += 1
        self._bytes += size

    def _open(self, split: str) -> None:
        count = sum(name.rpartition("-")[0] == split for name in self.sizes)
        self._split, self._name, self._bytes = split, f"{split}-{count:06d}.tar", 0
        self._archive = tarfile.open(self._folder / self._name, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        self.sizes[self._name] = 0

    def close(self, done: int) -> None:
        """Finish the shard that is open; ``done`` items are then on the disk."""
        if self._archive is not None:
            self._archive.close()
            self._archive = None
            self._journal.note(done, {"sizes": self.sizes, "left_out": self.left_out}, now=True)
