"""Piles of pictures drawn at random: import, export in every format, import again: nothing that the format holds is
lost. More of them: CURATOR_EXAMPLES=200."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.engine.api import Draft, InputError, Task
from curator.engine.importing import find_importer
from curator.engine.pictures import read_bytes
from curator.engine.project import Project
from curator.engine.registry import registry

EXAMPLES = int(os.environ.get("CURATOR_EXAMPLES", "8"))
SPLITS = ("train", "validation", "test")
names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\!"), min_size=1, max_size=12)
file_names = st.one_of(names, st.sampled_from(["metadata", "con", "x.y", "Ä", "ä", "-", "train", "a b", "."]))
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=15).map(lambda text: text.strip())
classes = st.one_of(st.sampled_from(["", "cat", "Cat", "train", "a/b", "7", '"x"', "é: #1"]), words)
numbers = st.integers(-(2**40), 2**40)
more = st.sampled_from([numbers, st.booleans(), words, st.lists(numbers, min_size=1, max_size=2)])
sides = st.integers(0, 4)
BOXED = ("cat", 'a "dog"', "é: #1", "it's", "7")


def png(number: int, width: int = 8, height: int = 6) -> bytes:
    """A sound picture that differs from every other."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    row = b"\0" + struct.pack(">I", number) + bytes(3 * width - 4)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(row * height, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@st.composite
def piles(draw: st.DrawFn, boxes: bool = False) -> list[dict[str, Any]]:
    """Rows of metadata: perhaps a class, a text, a split, another field; the names of one picture or of several."""
    kind = draw(more)
    return [draw(rows(kind, boxes)) for _ in range(draw(st.integers(1, 5)))]


@st.composite
def rows(draw: st.DrawFn, kind: Any, boxes: bool) -> dict[str, Any]:
    many = 1 if boxes else draw(st.sampled_from([1, 1, 2]))
    row: dict[str, Any] = {"pictures": [draw(file_names) for _ in range(many)]}
    known = {"label": classes, "text": words, "split": st.sampled_from(("", *SPLITS)), "more": st.none() | kind}
    row |= {key: draw(values) for key, values in known.items() if draw(st.booleans())}
    if boxes:
        row.pop("label", None)
        listed = draw(st.lists(st.tuples(st.sampled_from(BOXED), sides, sides), max_size=3))
        row["annotations"] = [{"category_name": name, "bbox": [x, y, 2, 1]} for name, x, y in listed]
    return row


def write_pile(root: Path, pile: list[dict[str, Any]]) -> Path:
    """As an ImageFolder with metadata: every picture under a name of its own below numbered folders."""
    lines = []
    for number, row in enumerate(pile):
        placed = []
        for part, name in enumerate(row["pictures"]):
            place = root / f"{number}" / f"{part}" / f"{name}.png"
            place.parent.mkdir(parents=True)
            place.write_bytes(png(number * 10 + part))
            placed.append(place.relative_to(root).as_posix())
        about = {"file_name": placed[0]} if len(placed) == 1 else {"file_names": placed}
        lines.append(json.dumps(about | {key: value for key, value in row.items() if key != "pictures"}))
    (root / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return root


Seen = dict[str, Any]


def seen_at(path: Path) -> list[Seen]:
    """What an import of a path finds, sample by sample."""
    _, importer, _ = find_importer(path, None, registry())
    source = importer.open(path)
    found = list(importer.read(path, source, Task()))
    assert all(isinstance(draft, Draft) for draft in found), found
    return [seen_of(source.root, draft) for draft in found]


def seen_of(root: Path, draft: Draft) -> Seen:
    record = json.loads(draft.record) if draft.record else {}
    inner = record.get("json")
    record = inner if isinstance(inner, dict) else record
    listed = record.get("annotations")
    boxes = [(box["category_name"], box.get("bbox") or pixels(box["yolo"])) for box in listed or []]
    return {
        "pictures": [hashlib.sha256(read_bytes(root / name)).hexdigest() for name in draft.images],
        "digest": draft.digest,
        "label": draft.labels[0] if draft.labels else "",
        "labels": draft.labels,
        "text": draft.text,
        "split": draft.split or "train",
        "more": record.get("more"),
        "boxes": [(name, [round(side, 3) for side in box]) for name, box in boxes],
    }


def pixels(shares: list[float]) -> list[float]:
    x, y, w, h = shares
    return [(x - w / 2) * 8, (y - h / 2) * 6, w * 8, h * 6]


def there_and_back(
    pile: list[dict[str, Any]], exports: list[tuple[str, dict[str, Any], dict[str, Any]]]
) -> Iterator[Any]:
    """(format, what was there, what is there after an export and an import) for each of the exports."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = write_pile(folder / "pile", pile)
        with Project.create(folder / "p.curator") as project:
            store = project._store
            dataset = store.dataset(project.submit_import([root]).result().focus[1])
            samples = store.samples(dataset.id, 0, 1000)
            store.add_subset("best", dataset.id, [sample.id for sample in samples], "add")
            before = seen_at(root)
            assert len(before) == len(samples) == len(pile)
            for number, (format_, params, options) in enumerate(exports):
                suffix = getattr(registry().get("exporter", format_).make({}), "suffix", "")
                target = folder / f"out{number}{suffix}"
                project.submit_export("best", target, format_, params, options=options).result()
                after = seen_at(target) if target.exists() else []
                yield format_, before, after


def same(before: list[Seen], after: list[Seen], *keys: str) -> None:
    """The same samples in any order, as far as the keys tell."""

    def sorted_by_picture(found: list[Seen]) -> list[list[Any]]:
        return sorted(([one["pictures"], *(one[key] for key in keys)] for one in found), key=lambda one: one[0])

    assert sorted_by_picture(after) == sorted_by_picture(before)


KEPT = ("keep",)
WHOLE = [
    ("folder", {}, {}),
    ("folder", {"layout": "flat"}, {"split": KEPT}),
    ("webdataset", {"most_samples": 2}, {"split": KEPT}),
    ("webdataset", {"most_megabytes": 1}, {"split": KEPT, "order": "shuffle", "seed": 1}),
    ("parquet", {}, {"split": KEPT}),
]


@settings(max_examples=EXAMPLES, deadline=None)
@given(piles())
def test_pictures_with_classes_and_words(pile):
    exports = WHOLE if has_arrow() else [one for one in WHOLE if one[0] != "parquet"]
    for format_, before, after in there_and_back(pile, exports):
        if format_ == "webdataset":  # the class stands for a caption that is missing
            before = [{**one, "text": one["text"] or one["label"]} for one in before]
        same(before, after, "digest", "label", "text", "split", "more")


@settings(max_examples=EXAMPLES, deadline=None)
@given(piles(boxes=True))
def test_pictures_with_boxes(pile):
    exports = [("coco", {}, {"split": KEPT}), ("coco", {}, {}), ("yolo", {}, {"split": KEPT}), ("folder", {}, {})]
    for format_, before, after in there_and_back(pile, exports):
        if format_ != "folder":
            before = [{**one, "labels": by_frequency([name for name, _ in one["boxes"]])} for one in before]
        same(before, after, "digest", "labels", "split", "boxes", *(() if format_ == "yolo" else ("text", "more")))


def by_frequency(found: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(found), key=lambda name: (-found.count(name), name)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(piles(boxes=True))
def test_lists_of_pictures(pile):
    exports = [("csv", {"paths": "absolute"}, {}), ("list", {}, {}), ("open-clip-csv", {}, {})]
    for format_, before, after in there_and_back(
        pile, exports[:2] + exports[2:] * any(row.get("text") for row in pile)
    ):
        if format_ == "open-clip-csv":
            before = [{**one, "text": " ".join(one["text"].split())} for one in before if one["text"]]
        same(before, after, "digest", *(("text",) if format_ == "open-clip-csv" else ()))


def has_arrow() -> bool:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


@pytest.fixture(autouse=True, scope="module")
def known_plugins() -> None:
    registry().discover(None)


def test_ids_and_supercategories_of_coco_come_back(tmp_path):
    """A subset of a COCO file is that file without what was left out."""
    root = tmp_path / "in"
    (root / "images").mkdir(parents=True)
    for number in range(3):
        (root / "images" / f"{number}.png").write_bytes(png(number))
    kinds = [
        {"id": 9, "name": "cat", "supercategory": "animal", "keypoints": ["nose"]},
        {"id": 4, "name": "cup", "supercategory": ""},
        {"id": 0, "name": "yak"},  # no picture shows it
    ]
    boxes = [
        {"id": 70 + n, "image_id": 50 + n, "category_id": (9, 4, 9)[n], "bbox": [1, 1, 2, 2], "area": 4, "iscrowd": 0}
        for n in range(3)
    ]
    images = [{"id": 50 + n, "file_name": f"{n}.png", "width": 8, "height": 6, "license": n} for n in range(3)]
    said = {"info": {"year": 2020}, "licenses": [{"id": 1, "name": "CC0"}]}
    described = {**said, "images": images, "annotations": boxes, "categories": kinds}
    (root / "annotations").mkdir()
    (root / "annotations" / "instances_train.json").write_text(json.dumps(described), encoding="utf-8")
    with Project.create(tmp_path / "p.curator") as project:
        store = project._store
        dataset = store.dataset(project.submit_import([root]).result().focus[1])
        samples = store.samples(dataset.id, 0, 9)
        store.add_subset("best", dataset.id, [sample.id for sample in samples[:2]], "add")
        store.add_subset("cats", dataset.id, [samples[0].id], "add")
        project.submit_export("best", tmp_path / "out", "coco").result()
        project.submit_export("cats", tmp_path / "yolo", "yolo").result()
    found = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text(encoding="utf-8"))
    assert found == {**said, "images": images[:2], "annotations": boxes[:2], "categories": kinds}
    assert coco_again(tmp_path, tmp_path / "out")["categories"] == kinds  # and once more, from the subset
    names = coco_again(tmp_path, tmp_path / "yolo")["categories"]  # by the order of the ids, which YOLO does not have
    assert [(one["id"], one["name"]) for one in names] == [(0, "yak"), (1, "cup"), (2, "cat")]


def coco_again(tmp_path, source):
    """What COCO says of one picture of a pile that is imported anew."""
    with Project.create(tmp_path / f"{source.name}.curator") as project:
        store = project._store
        dataset = store.dataset(project.submit_import([source]).result().focus[1])
        store.add_subset("one", dataset.id, [store.samples(dataset.id, 0, 1)[0].id], "add")
        out = project.submit_export("one", tmp_path / f"{source.name}-again", "coco").result().notes[0]
    (found,) = (Path(out) / "annotations").glob("*.json")
    return json.loads(found.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["a.tar", "a.zip", "a.parquet"])
def test_lists_of_pictures_in_archives_come_back(tmp_path, name):
    """As they are where Curator can read them; as files of their own where others must."""
    captions = ["one", "two"]
    packed_as(tmp_path / name, captions)
    exports = [
        ("csv", {"paths": "absolute"}, "x.csv"),
        ("open-clip-csv", {"images": "copy"}, "clip"),
        ("open-clip-csv", {"images": "copy", "paths": "relative"}, "near"),
        ("list", {"images": "copy"}, "list"),
    ]
    with Project.create(tmp_path / "p.curator") as project:
        store = project._store
        dataset = store.dataset(project.submit_import([tmp_path / name]).result().focus[1])
        samples = store.samples(dataset.id, 0, 9)
        assert len(samples) == 2
        store.add_subset("best", dataset.id, [sample.id for sample in samples], "add")
        for format_ in ("open-clip-csv", "list"):
            with pytest.raises(InputError, match="has no path of its own"):
                project.submit_export("best", tmp_path / "no", format_).result()
        for format_, params, target in exports:
            project.submit_export("best", tmp_path / target, format_, params).result()
            (file,) = (tmp_path / target).glob("records.*") if format_ != "csv" else [tmp_path / target]
            again = store.dataset(project.submit_import([file], f"again {target}").result().focus[1])
            found = store.samples(again.id, 0, 9)
            assert [one.digest for one in found] == [one.digest for one in samples]
            if format_ == "open-clip-csv":
                assert [one.text for one in found] == captions
                assert all((again.root / one.source).is_file() for one in found)


def packed_as(path: Path, captions: list[str]) -> None:
    """Pictures with words in an archive or a table; in folders of the same names of files."""
    files = {f"{n}/x.png": png(n) for n in range(len(captions))}
    files |= {f"{n}/x.txt": text.encode() for n, text in enumerate(captions)}
    if path.suffix == ".parquet":
        arrow = pytest.importorskip("pyarrow")
        import pyarrow.parquet as parquet

        rows = [{"image": {"bytes": png(n), "path": "x.png"}, "text": text} for n, text in enumerate(captions)]
        parquet.write_table(arrow.Table.from_pylist(rows), path)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w") as tar:
            for name, content in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))


def test_numbers_of_classes_of_shards_stay(tmp_path):
    """A subset of numbered classes, and of named ones, has the numbers of the pile."""
    for names in (None, ["ant", "bee", "cat"]):
        root = tmp_path / str(bool(names))
        root.mkdir()
        files = {f"{n}.png": png(n) for n in range(3)} | {f"{n}.cls": str(n).encode() for n in range(3)}
        with tarfile.open(root / "train-000000.tar", "w") as tar:
            for name, content in sorted(files.items()):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        if names:
            (root / "classes.json").write_text(json.dumps(names), encoding="utf-8")
        with Project.create(root / "p.curator") as project:
            store = project._store
            dataset = store.dataset(project.submit_import([root]).result().focus[1])
            store.add_subset("last", dataset.id, [store.samples(dataset.id, 0, 9)[2].id], "add")
            project.submit_export("last", root / "out", "webdataset").result()
        with tarfile.open(root / "out" / "train-000000.tar") as tar:
            (member,) = (one for one in tar if one.name.endswith(".cls"))
            assert tar.extractfile(member).read() == b"2"
        assert json.loads((root / "out" / "classes.json").read_text(encoding="utf-8"))[2] == (names or "012")[2]
