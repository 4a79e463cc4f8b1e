"""WebDataset: TAR shards whose members belong together by the name before the first dot."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from curator.engine import packed
from curator.engine.api import Draft, InputError, Skip, Source, Task, importer
from curator.engine.json_text import json_text
from curator.engine.packed.archives import read_at
from curator.engine.packed.streams import plain_tar
from curator.engine.pictures import IMAGE_SUFFIXES, MAX_BYTES, read_header
from curator.plugins.importers.drafts import clean, digest_of, labels_of, text_of_row
from curator.plugins.importers.piles import first_names, notable_names
from curator.plugins.importers.splits import split_of_file
from curator.plugins.importers.tables import is_picture_name

LABEL = "Reading shards"
LOOK_MEMBERS = 60
CLASS_NAMES = "classes.json"
SIZES = "sizes.json"
"""How many samples each shard has, as the writer of shards notes beside them."""
WORDS = ("txt", "caption", "text")
CLASSES = ("cls", "label", "class", "cls.txt")
SMALL = 16 * 2**20
"""Bytes of a text, a class or a JSON record."""


@dataclass
class _Group:
    """The members of one sample, by what follows the first dot of their names."""

    key: str
    members: dict[str, packed.Member] = field(default_factory=dict)


@importer("webdataset", version=1, kinds={"image"})
@dataclass(frozen=True)
class WebDataset:
    """WebDataset: TAR shards, a folder of them, or a ZIP or TAR of that, read from front to back without unpacking.

    Members with the same name up to the first dot are one sample: its picture (.jpg .png .webp ...), class (.cls), text
    (.txt) and record (.json); img2dataset writes the same. A classes.json beside the shards names the numbers of .cls.
    Nothing is unpickled: any other member is passed over.
    """

    def match(self, path: Path) -> float:
        """0.95 when members of the first shard pair up by name, else 0."""
        shards = _shards(path)
        if not shards:
            return 0.0
        if not packed.on_disk(shards[0]):  # a look into it would copy it into the cache
            return 0.9
        try:
            groups = []
            for group in _groups(shards[0], Counter(), []):
                groups.append(group)
                if len(groups) >= LOOK_MEMBERS // 2:
                    break
        except InputError:
            return 0.0
        pictured = [g for g in groups if any(_is_picture(ending) for ending in g.members)]
        paired = [g for g in pictured if len(g.members) > 1]
        if not paired:
            told = len(shards) > 1 or (path / SIZES).is_file()
            return 0.5 if pictured and path.is_dir() and told else 0.0
        return 0.95 * len(pictured) / len(groups)

    def open(self, path: Path) -> Source:
        """Raises :class:`InputError` when there is no TAR."""
        path = path.absolute()
        if not _shards(path):
            raise InputError(f"There are no TAR shards at {path}.", "Name a .tar file or a folder of them.")
        root = path if path.is_dir() else path.parent
        return Source("image", root, path.name if path.is_dir() else path.name.split(".")[0], "webdataset")

    def read(self, path: Path, source: Source, task: Task) -> Iterator[Draft | Skip]:
        """Samples in the order of the shards."""
        others: Counter[str] = Counter()
        done = 0
        for shard in _shards(path.absolute()):
            name = shard.relative_to(source.root).as_posix()
            skips: list[Skip] = []
            split, classes = split_of_file(name), _class_names(shard)
            if classes:
                source.facts.setdefault("class_names", classes)
            try:
                archive = packed.laid_out(shard)
                with plain_tar(archive).open("rb") as file:
                    for group in _groups(archive, others, skips):
                        task.step(LABEL, done)
                        done += 1
                        yield from _drain(skips, name)
                        yield _item(file, name, group, split, classes)
            except (InputError, OSError) as error:
                yield Skip(name, getattr(error, "text", str(error)))
            yield from _drain(skips, name)
        task.step(LABEL, done, done)
        if others:
            endings = ", ".join(f"{count} .{ending}" for ending, count in others.most_common(8))
            task.log(f"{others.total()} members passed over that are no picture, class, text or JSON: {endings}.")


def _class_names(shard: Path) -> list[str]:
    """Names of the classes by number, where a classes.json beside the shard lists them."""
    file = shard.parent / CLASS_NAMES
    if (place := packed.split(shard)) is not None:
        container, member = place
        file = Path(packed.join(str(container), member.removesuffix(member.rpartition("/")[2]) + CLASS_NAMES))
    try:
        if not packed.exists(file) or packed.size_of(file) > SMALL:
            return []
        with packed.open_stream(file) as opened:
            names = json.loads(opened.read())
    except (InputError, OSError, ValueError, RecursionError):
        return []
    return [clean(n) for n in names] if isinstance(names, list) and all(isinstance(n, str) for n in names) else []


def _drain(skips: list[Skip], shard: str) -> Iterator[Skip]:
    """What was set aside so far, under its address; a fault of the shard itself under its name."""
    yield from (Skip(packed.join(shard, s.source) if s.source else shard, s.reason) for s in skips)
    skips.clear()


def _shards(path: Path) -> list[Path]:
    """The shards at a path: itself, those of a folder, or the addresses of those in an archive that holds shards."""
    if path.is_file():
        if not packed.is_archive(path):
            return []
        names = [name for name in notable_names(path) if name.lower().endswith(".tar")]
        if names:
            pictures = any(is_picture_name(name) for name in first_names(path, LOOK_MEMBERS))
            return [] if pictures else [path.parent / packed.join(path.name, name) for name in sorted(names)]
        return [] if path.suffix.lower() == ".zip" else [path]
    if not path.is_dir():
        return []
    return sorted(f for f in path.iterdir() if f.name.lower().endswith(".tar") and f.is_file() and not f.is_symlink())


def _groups(shard: Path, others: Counter[str], skips: list[Skip]) -> Iterator[_Group]:
    """Members that stand side by side under one key; what cannot be one goes to ``skips`` or ``others``."""
    group = _Group("")
    for member in packed.members(shard):
        base = member.name.rpartition("/")[2]
        if member.name and (base.startswith(".") or (base.startswith("__") and base.endswith("__"))):
            continue
        if member.reason:
            skips.append(Skip(member.name, member.reason))
            continue
        folder, slash, _ = member.name.rpartition("/")
        stem, _, ending = base.partition(".")
        key, ending = folder + slash + stem, ending.lower()
        if key != group.key:
            if group.members:
                yield group
            group = _Group(key)
        if not (_is_picture(ending) or ending in (*WORDS, *CLASSES, "json")):
            others[ending or "no ending"] += 1
        elif ending in group.members:
            skips.append(Skip(member.name, f"is a second member .{ending} of one sample; the first one counts"))
        else:
            group.members[ending] = member
    if group.members:
        yield group


def _is_picture(ending: str) -> bool:
    return "." + ending.rpartition(".")[2] in IMAGE_SUFFIXES


def _item(file: BinaryIO, shard: str, group: _Group, split: str, classes: list[str]) -> Draft | Skip:
    pictures = [m for ending, m in group.members.items() if _is_picture(ending)]
    source = packed.join(shard, pictures[0].name if pictures else group.key)
    if not pictures:
        return Skip(source, "has no picture; its members are: " + ", ".join(f".{e}" for e in sorted(group.members)))
    try:
        record = _record(file, group)
        digests, sizes = [], []
        for member in pictures:
            content = read_at(file, member, MAX_BYTES)
            sizes.append(read_header(content)[:2])
            digests.append(hashlib.sha256(content).hexdigest())
    except InputError as error:
        return Skip(source, error.text)
    images = tuple(packed.join(shard, m.name) for m in pictures)
    digest = digest_of(digests)
    said = record.get("json")
    row = said if isinstance(said, dict) else {}
    text = next((record[w] for w in WORDS if record.get(w)), "") or text_of_row(row)
    number = record.get("cls")
    named = classes[number] if isinstance(number, int) and number < len(classes) else ""
    labels = (named,) if named else labels_of(record, CLASSES) or labels_of(row)
    words = json_text(record)
    return Draft(source, digest, text, words, images, *sizes[0], labels, split)


def _record(file: BinaryIO, group: _Group) -> dict[str, Any]:
    """Everything but the pictures, by ending; a class that is a number is one."""
    found: dict[str, Any] = {"__key__": group.key}
    for ending, member in group.members.items():
        if _is_picture(ending):
            continue
        text = clean(read_at(file, member, SMALL).decode("utf-8-sig", "replace"))
        if ending == "json":
            try:
                found[ending] = json.loads(text)
            except (ValueError, RecursionError) as error:
                said = error if isinstance(error, ValueError) else "nested too deeply"
                raise InputError(f"has a member .json that is not valid JSON: {said}") from error
        else:
            text = text.strip()
            found[ending] = int(text) if ending == "cls" and text.isdecimal() and len(text) < 10 else text
    return found
