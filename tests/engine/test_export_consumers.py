"""The tools that people train with open what is exported. Each is skipped where it is not installed."""

from __future__ import annotations

import gc
import hashlib
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from curator.engine.api import Draft, ExportInfo, ExportItem, Task
from curator.engine.importing import find_importer
from curator.engine.pictures import read_bytes
from curator.engine.registry import registry
from curator.plugins.exporters.coco import Coco
from curator.plugins.exporters.folder import Folder
from curator.plugins.exporters.parquet import Parquet
from curator.plugins.exporters.records import Jsonl
from curator.plugins.exporters.tables_of_paths import OpenClipCsv, PlainList
from curator.plugins.exporters.webdataset import WebDataset
from curator.plugins.exporters.yolo import Yolo

pytestmark = pytest.mark.filterwarnings("default")

COLOURS = {"cat": "red", "dog": "blue"}


@pytest.fixture
def quiet_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package ``datasets``, offline and with its cache in a temporary folder."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "hf")
    datasets.disable_progress_bars()
    return datasets


def pictures(folder: Path, count: int = 6, odd: bool = False) -> list[ExportItem]:
    """Samples of pictures with names that look like splits, a class and a caption."""
    items = []
    for number in range(count):
        label = list(COLOURS)[number % 2]
        path = folder / label / f"test station {number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (5, 4 + number), COLOURS[label]).save(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        name = f"{label}/{path.name}"
        mixed = {"odd": number if number % 3 else "x"} if odd else {}
        record = json.dumps({"file_name": name, "n": number} | mixed)
        items.append(
            ExportItem(
                number + 1, name, digest, f"a {label}", record, (path,), (name,), (label,), None, None, "", "",
                split="train" if number < 4 else "test",
            )
        )  # fmt: skip
    return items


def record_item(number: int, record: dict, split: str = "") -> ExportItem:
    text = json.dumps(record)
    return ExportItem(number, f"x#{number}", "d", "", text, (), (), (), None, None, "", "", split)


INFO = ExportInfo("image", "image-folder", "pile", "best", 6, {"seed": 1}, ("train", "test"))
WHOLE = ExportInfo("image", "image-folder", "pile", "best", 6, {"seed": 1})


def undivided(items: list[ExportItem]) -> list[ExportItem]:
    return [item._replace(split="") for item in items]


@pytest.mark.parametrize("layout", ["class", "flat"])
@pytest.mark.parametrize("divided", [True, False])
def test_datasets_reads_an_image_folder(tmp_path, quiet_datasets, layout, divided):
    items = pictures(tmp_path / "in")
    out = Folder(layout=layout).export(
        items if divided else undivided(items), tmp_path / "out", INFO if divided else WHOLE, Task()
    )
    data = quiet_datasets.load_dataset(str(out))
    assert {name: len(split) for name, split in data.items()} == ({"train": 4, "test": 2} if divided else {"train": 6})
    row = data["train"][0]
    label = data["train"].features["label"]
    name = label.int2str(row["label"]) if layout == "class" else row["label"]
    assert row["image"].getpixel((0, 0)) == ((255, 0, 0) if name == "cat" else (0, 0, 255))
    if layout == "flat":
        assert sorted(data["train"]["n"])[:3] == [0, 1, 2]


def test_datasets_reads_parquet_with_pictures(tmp_path, quiet_datasets):
    named = replace(INFO, facts={"class_names": ["yak", "dog"]})  # the numbers that the source gives
    out = Parquet().export(pictures(tmp_path / "in", odd=True), tmp_path / "out", named, Task())
    assert sorted(p.name for p in (out / "data").iterdir()) == [
        "test-00000-of-00001.parquet",
        "train-00000-of-00001.parquet",
    ]
    data = quiet_datasets.load_dataset(str(out))
    assert {name: len(split) for name, split in data.items()} == {"train": 4, "test": 2}
    train = data["train"]
    assert train.features["label"].names == ["yak", "dog", "cat"]
    assert [train.features["label"].int2str(row["label"]) for row in train] == ["cat", "dog", "cat", "dog"]
    assert train[1]["image"].size == (5, 5) and train[1]["text"] == "a dog" and train[1]["n"] == 1
    assert train["odd"][:2] == ['"x"', "1"]
    raw = train.cast_column("image", quiet_datasets.Image(decode=False))
    assert hashlib.sha256(raw[0]["image"]["bytes"]).hexdigest() == pictures(tmp_path / "in")[0].digest


def test_parquet_in_several_groups_and_files(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    items = []
    for number in range(8):
        path = tmp_path / f"{number}.png"
        path.write_bytes(b"\x89PNG" + bytes([number]) * 600_000)
        items.append(
            ExportItem(number, path.name, "d", "", "", (path,), (path.name,), (), None, None, "", "")
        )  # fmt: skip
    info = ExportInfo("image", "", "pile", "best", 8)
    out = Parquet(group_megabytes=1, shard_megabytes=3).export(items, tmp_path / "out", info, Task())
    files = sorted((out / "data").iterdir())
    assert [p.name for p in files] == ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]
    assert sum(parquet.ParquetFile(p).metadata.num_rows for p in files) == 8
    for path in files:
        about = parquet.ParquetFile(path).metadata
        assert about.num_row_groups > 1


def test_datasets_reads_parquet_of_records(tmp_path, quiet_datasets):
    image = tmp_path / "a.png"
    Image.new("RGB", (3, 2), "red").save(image)
    records = [
        {
            "messages": [{"role": "user", "content": "<image>q"}, {"role": "assistant", "content": "a"}],
            "images": ["a.png"],
        },
        {"messages": [{"role": "user", "content": "r"}, {"role": "assistant", "content": "b", "weight": 1}], "x": None},
    ]
    items = [record_item(n, record) for n, record in enumerate(records)]
    items[0] = items[0]._replace(images=(image,), image_names=("a.png",))
    info = ExportInfo("instruction", "messages", "pile", "best", 2)
    data = quiet_datasets.load_dataset(str(Parquet().export(items, tmp_path / "out", info, Task())))["train"]
    assert data[0]["images"][0].size == (3, 2) and data[1]["images"] == []
    assert [m["content"] for m in data[1]["messages"]] == ["r", "b"]


def test_datasets_reads_json_in_splits(tmp_path, quiet_datasets):
    items = [record_item(n, {"text": f"t{n}"}, "train" if n else "test") for n in (1, 2, 0)]
    info = ExportInfo("instruction", "text", "pile", "best", 3, splits=("train", "test"))
    data = quiet_datasets.load_dataset(str(Jsonl().export(items, tmp_path / "out", info, Task())))
    assert data["train"]["text"][:] == ["t1", "t2"] and data["test"]["text"][:] == ["t0"]


def test_webdataset_reads_shards(tmp_path):
    webdataset = pytest.importorskip("webdataset")
    items = pictures(tmp_path / "in")
    out = WebDataset(most_samples=2).export(items, tmp_path / "out", INFO, Task())
    shards = sorted(str(p) for p in out.glob("*.tar"))
    assert [Path(p).name for p in shards] == ["test-000000.tar", "train-000000.tar", "train-000001.tar"]
    assert WebDataset().file_of(out, "train") == "train-{000000..000001}.tar"
    assert json.loads((out / "sizes.json").read_text(encoding="utf-8")) == {
        "train-000000.tar": 2, "train-000001.tar": 2, "test-000000.tar": 2
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its files to the collector
        samples = list(webdataset.WebDataset(shards[1:], shardshuffle=False, empty_check=False))
        decoded = next(iter(webdataset.WebDataset(shards[0], shardshuffle=False, empty_check=False).decode("pil")))
        gc.collect()
    assert [hashlib.sha256(s["png"]).hexdigest() for s in samples] == [item.digest for item in items[:4]]
    assert [(s["txt"], s["cls"]) for s in samples] == [(b"a cat", b"0"), (b"a dog", b"1")] * 2
    assert json.loads(samples[1]["json"])["n"] == 1
    assert decoded["png"].size == (5, 8) and decoded["cls"] == 0


def test_datasets_reads_shards(tmp_path, quiet_datasets):
    out = WebDataset().export(pictures(tmp_path / "in"), tmp_path / "out", INFO, Task())
    data = quiet_datasets.load_dataset(str(out))
    assert {name: len(split) for name, split in data.items()} == {"train": 4, "test": 2}
    assert data["train"][0]["png"].size == (5, 4)


def test_open_clip_reads_a_table(tmp_path):
    out = OpenClipCsv().export(iter(undivided(pictures(tmp_path / "in"))), tmp_path / "out.tsv", WHOLE, Task())
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0].split("\t") == ["filepath", "title"] and len(lines) == 7
    path, title = lines[1].split("\t")
    assert Path(path).is_file() and title == "a cat"
    relative = OpenClipCsv("relative").export(pictures(tmp_path / "in"), tmp_path / "tables", INFO, Task())
    first = (relative / "train.tsv").read_text(encoding="utf-8").splitlines()[1].split("\t")[0]
    assert first == "../in/cat/test station 0.png"
    names = PlainList("source").export(undivided(pictures(tmp_path / "in")), tmp_path / "l.txt", WHOLE, Task())
    assert names.read_text(encoding="utf-8").splitlines()[0] == "cat/test station 0.png"


@pytest.mark.parametrize(
    "exporter", [Folder(), Folder(layout="flat"), WebDataset(most_samples=2), Parquet(), Coco(), Yolo()], ids=repr
)
def test_what_is_exported_is_imported_again(tmp_path, exporter):
    if isinstance(exporter, Parquet):
        pytest.importorskip("pyarrow")
    boxes = isinstance(exporter, Coco | Yolo)
    items = boxed(tmp_path / "in") if boxes else undivided(pictures(tmp_path / "in"))
    out = exporter.export(items, tmp_path / "out", WHOLE, Task())
    registry().discover(None)
    spec, importer, sure = find_importer(out, None, registry())
    named = {Parquet: "image-table", WebDataset: "webdataset", Coco: "coco", Yolo: "yolo"}
    assert sure > 0.5 and spec.name == named.get(type(exporter), "image-folder")
    source = importer.open(out)
    drafts = [d for d in importer.read(out, source, Task()) if isinstance(d, Draft)]
    by_picture = {i.digest: i.labels for i in items}
    assert len(drafts) == len(items)
    digests = [hashlib.sha256(read_bytes(source.root / d.images[0])).hexdigest() for d in drafts]
    assert sorted(digests) == sorted(by_picture)
    if not boxes and not isinstance(exporter, WebDataset):
        assert [d.labels for d in drafts] == [by_picture[digest] for digest in digests]


def boxed(folder: Path) -> list[ExportItem]:
    items = undivided(pictures(folder, 3))
    first = {
        "id": 77, "file_name": "x", "license": 3,
        "annotations": [
            {"id": 5, "image_id": 77, "category_id": 9, "bbox": [1, 1, 2, 2], "area": 4, "iscrowd": 0,
             "segmentation": [[1, 1, 3, 1, 3, 3]], "category_name": "cat"},
            {"id": 6, "image_id": 77, "category_id": 2, "bbox": [0, 0, 9, 9], "category_name": "dog"},
        ],
    }  # fmt: skip
    second = {"annotations": [{"yolo": [0.5, 0.5, 0.2, 0.4], "category_id": 9, "category_name": "cat"}]}
    return [
        items[0]._replace(record=json.dumps(first)),
        items[1]._replace(record=json.dumps(second)),
        items[2]._replace(record="{}"),
    ]


def test_pycocotools_reads_a_subset(tmp_path):
    out = Coco().export(boxed(tmp_path / "in"), tmp_path / "out", WHOLE, Task())
    file = out / "annotations" / "instances_train.json"
    about = json.loads(file.read_text(encoding="utf-8"))
    assert about["categories"] == [
        {"id": 2, "name": "dog", "supercategory": ""},
        {"id": 9, "name": "cat", "supercategory": ""},
    ]
    assert [(image["id"], image["width"], image["height"]) for image in about["images"]] == [
        (77, 5, 4), (1, 5, 5), (2, 5, 6)
    ]  # fmt: skip
    pycocotools = pytest.importorskip("pycocotools.coco")
    coco = pycocotools.COCO(str(file))
    assert coco.getImgIds(catIds=coco.getCatIds(["cat"])) and len(coco.loadAnns(coco.getAnnIds(77))) == 2
    assert coco.loadAnns(coco.getAnnIds(1))[0]["bbox"] == [2.0, 1.5, 1.0, 2.0]
    assert coco.annToMask(coco.loadAnns(5)[0]).sum() > 0
    assert all((out / "images" / image["file_name"]).is_file() for image in coco.loadImgs(coco.getImgIds()))


def test_yolo_has_boxes_in_shares(tmp_path):
    out = Yolo().export(boxed(tmp_path / "in"), tmp_path / "out", WHOLE, Task())
    labels = sorted((out / "labels" / "train").glob("*.txt"))
    assert [p.read_text(encoding="ascii").splitlines() for p in labels] == [
        ["1 0.400000 0.500000 0.400000 0.500000", "0 0.500000 0.500000 1.000000 1.000000"],
        ["1 0.500000 0.500000 0.200000 0.400000"],
        [],
    ]
    assert sorted(p.stem for p in (out / "images" / "train").iterdir()) == [p.stem for p in labels]
    assert (out / "data.yaml").read_text(encoding="utf-8") == (
        'path: .\ntrain: images/train\nval: images/train\nnames:\n  0: "dog"\n  1: "cat"\n'
    )
