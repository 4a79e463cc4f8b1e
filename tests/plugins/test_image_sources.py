"""Pictures in tables, archives, shards and detection folders: the same Samples as from a plain folder."""

import hashlib
import io
import json
import tarfile
import zipfile

import pytest
from PIL import Image

from curator.engine.api import Draft, InputError, Skip, Task
from curator.engine.boxes import Box, boxes_of
from curator.engine.importing import find_importer
from curator.engine.packed import archives
from curator.engine.pictures import read_bytes
from curator.engine.registry import registry
from curator.plugins.importers.coco import Coco
from curator.plugins.importers.image_folder import ImageFolder
from curator.plugins.importers.image_table import ImageTable
from curator.plugins.importers.instructions import Instructions
from curator.plugins.importers.llama_factory import LlamaFactory
from curator.plugins.importers.raw_files import record_parts
from curator.plugins.importers.webdataset import WebDataset
from curator.plugins.importers.yolo import Yolo


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATOR_CACHE_DIR", str(tmp_path / "cache"))
    registry().discover()


class Log(Task):
    def __init__(self):
        self.lines = []
        super().__init__(on_log=self.lines.append)


def read(importer, path, task=None):
    source = importer.open(path)
    items = list(importer.read(path, source, task or Task()))
    drafts = [i for i in items if isinstance(i, Draft)]
    for draft in drafts:  # whatever a Draft names can be read through the one door
        assert hashlib.sha256(read_bytes(source.root / draft.images[0])).hexdigest() == draft.digest or draft.images[1:]
    return drafts, {i.source: i.reason for i in items if isinstance(i, Skip)}


def png(shade=0, size=(6, 4)):
    file = io.BytesIO()
    Image.new("RGB", size, (shade, 90, 60)).save(file, "PNG")
    return file.getvalue()


def tar(path, files, mode="w"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            content = content if isinstance(content, bytes) else str(content).encode()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def packed_like(path, files):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    return tar(path, files, "w:gz" if path.name.endswith(".gz") else "w")


def unpacked(root, files):
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else str(content).encode())
    return root


# Folders and archives of folders


TREE = {
    f"{split}/{kind}/{i}.png": png(i * 9 + j)
    for split in ("train", "val")
    for j, kind in enumerate(("cat", "dog"))
    for i in range(3)
}
LISTED = {
    "metadata.csv": b"file_name,label,caption\nin/b.png,x,bee\na.png,y,ay\n../out.png,z,no\n",
    "a.png": png(1),
    "in/b.png": png(2),
}


@pytest.mark.parametrize("files", [TREE, LISTED], ids=["classes", "metadata"])
@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_an_archive_of_a_folder_gives_what_the_folder_gives(tmp_path, files, name):
    plain, skips = read(ImageFolder(), unpacked(tmp_path / "a", files))
    path = packed_like(tmp_path / name, files)
    assert ImageFolder().match(path) == ImageFolder().match(tmp_path / "a") > 0
    inside, packed_skips = read(ImageFolder(), path)
    keys = ("digest", "text", "record", "labels", "split", "width", "height")
    assert [[getattr(d, k) for k in keys] for d in inside] == [[getattr(d, k) for k in keys] for d in plain]
    assert [d.source for d in inside] == [f"{name}!{d.source}" for d in plain]
    assert plainly(packed_skips, name) == plainly(skips)
    assert find_importer(path, None, registry())[0].name == "image-folder"


def plainly(skips, archive=""):
    """Without the archive and the advice."""
    return {source.removeprefix(f"{archive}!"): reason.partition(":")[0] for source, reason in skips.items()}


def test_splits_and_classes_of_a_tree(tmp_path):
    drafts, _ = read(ImageFolder(), unpacked(tmp_path, TREE))
    assert {(d.split, d.labels) for d in drafts} == {(s, (k,)) for s in ("train", "validation") for k in ("cat", "dog")}


def test_captions_and_records_beside_pictures(tmp_path):
    files = {"a.png": png(1), "a.txt": "a cat", "a.json": '{"caption": "x", "key": "0"}', "b.png": png(2), "n.txt": "?"}
    task = Log()
    drafts, _ = read(ImageFolder(), unpacked(tmp_path, files), task)
    assert [(d.text, d.record) for d in drafts] == [("a cat", files["a.json"]), ("", "")]
    assert task.lines == ["1 files passed over that are no pictures: 1 .txt."]


def test_other_names_of_the_column(tmp_path):
    unpacked(
        tmp_path / "one",
        {"a.png": png(1), "m.png": png(2), "metadata.jsonl": '{"photo_file_name": "a.png", "mask": 3}'},
    )
    assert ImageFolder().match(tmp_path / "one") == 0.98
    assert [d.source for d in read(ImageFolder(), tmp_path / "one")[0]] == ["a.png"]
    unpacked(
        tmp_path / "many", {"a.png": png(1), "b.png": png(2), "metadata.jsonl": '{"file_names": ["a.png", "b.png"]}'}
    )
    drafts, _ = read(ImageFolder(), tmp_path / "many")
    assert [(d.source, d.images) for d in drafts] == [("metadata.jsonl#1", ("a.png", "b.png"))]


def test_metadata_in_parquet(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    unpacked(tmp_path, {"a.png": png(1), "b.png": png(2)})
    rows = [{"file_name": "b.png", "label": "x"}, {"file_name": "gone.png", "label": "y"}]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "metadata.parquet")
    drafts, skips = read(ImageFolder(), tmp_path)
    assert [(d.source, d.labels) for d in drafts] == [("b.png", ("x",))] and skips == {
        "metadata.parquet#2: gone.png": "is not there"
    }
    assert find_importer(tmp_path, None, registry())[0].name == "image-folder"


def test_bad_members_of_an_archive_are_set_aside(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in (("../up.png", tarfile.REGTYPE), ("l.png", tarfile.SYMTYPE), ("d.png", tarfile.BLKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for content in (png(1), png(2)):
            info = tarfile.TarInfo("a.png")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    drafts, skips = read(ImageFolder(), tmp_path / "a.tar")
    assert [d.source for d in drafts] == ["a.tar!a.png"]
    assert skips == {
        "a.tar!../up.png": "leaves the folder of the dataset",
        "a.tar!l.png": "is a link; links inside archives are not followed",
        "a.tar!d.png": "is not a plain file",
        "a.tar!a.png (2)": "occurs twice in the archive; the first one counts",
    }


# Tables


def table(path, rows, features=None, **more):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    made = arrow.Table.from_pylist(rows)
    if features:
        made = made.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".arrow":
        with arrow.ipc.new_stream(path, made.schema) as out:
            out.write_table(made, max_chunksize=2)
    else:
        parquet.write_table(made, path, **more)
    return path


CELLS = [{"image": {"bytes": png(i), "path": f"{i}.png"}, "label": i % 2, "caption": f"no {i}"} for i in range(7)]
FEATURES = {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}


@pytest.mark.parametrize("name", ["train-00000-of-00001.parquet", "train.arrow"])
def test_pictures_in_cells(tmp_path, name):
    path = table(tmp_path / name, CELLS, FEATURES)
    assert find_importer(path, None, registry())[0].name == "image-table"
    drafts, skips = read(ImageTable(), path)
    assert not skips
    list(ImageTable().read(path, source := ImageTable().open(path), Task()))
    assert source.facts == {"class_names": ["cat", "dog"]}
    assert [d.source for d in drafts] == [f"{name}#{i + 1}" for i in range(7)]
    assert [(d.labels, d.text, d.split) for d in drafts[:2]] == [
        (("cat",), "no 0", "train"),
        (("dog",), "no 1", "train"),
    ]
    assert drafts[3].images == (f"{name}!4/image/3.png",)
    assert json.loads(drafts[3].record) == {"image": {"path": "3.png"}, "label": 1, "caption": "no 3"}


def test_other_forms_of_cells(tmp_path):
    raw = [{"jpg": png(1), "id": "x"}, {"jpg": None, "id": "y"}, {"jpg": b"no picture", "id": "z"}]
    drafts, skips = read(ImageTable(), table(tmp_path / "raw.parquet", raw))
    assert [d.images for d in drafts] == [("raw.parquet!1/jpg/0000001.png",)]
    assert skips["raw.parquet#2"] == "has no picture" and "no picture that can" not in skips["raw.parquet#3"]
    many = [{"images": [{"bytes": png(1), "path": None}, {"bytes": png(2), "path": "../../x.png"}]}]
    drafts, _ = read(ImageTable(), table(tmp_path / "many.parquet", many))
    assert drafts[0].images == ("many.parquet!1/images.0/0000001.png", "many.parquet!1/images.1/x.png")
    unpacked(tmp_path, {"in/a.png": png(3)})
    paths = [{"filepath": "in/a.png", "title": "t"}, {"filepath": "/etc/passwd", "title": "u"}]
    drafts, skips = read(ImageTable(), table(tmp_path / "paths.parquet", paths))
    assert [(d.images, d.text) for d in drafts] == [(("in/a.png",), "t")]
    assert plainly(skips) == {"paths.parquet#2": "leaves the folder of the dataset"}
    chat = table(tmp_path / "chat.parquet", [{"prompt": "q", "completion": "a"}])
    assert ImageTable().match(chat) == 0
    with pytest.raises(InputError, match="no column of pictures"):
        ImageTable().open(chat)


def test_a_data_set_saved_to_disk(tmp_path):
    for split in ("train", "test"):
        table(tmp_path / "saved" / split / "data-00000-of-00001.arrow", CELLS[:3], FEATURES)
        state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": split}
        (tmp_path / "saved" / split / "state.json").write_text(json.dumps(state), encoding="utf-8")
    (tmp_path / "saved" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}', encoding="utf-8")
    spec, importer, sure = find_importer(tmp_path / "saved", None, registry())
    assert (spec.name, sure) == ("image-table", 1.0)
    drafts, _ = read(importer, tmp_path / "saved")
    assert [d.split for d in drafts] == ["train"] * 3 + ["test"] * 3


def test_what_datasets_itself_writes_is_read(tmp_path):
    datasets = pytest.importorskip("datasets")
    images = [Image.new("RGB", (5, 5), (i, 0, 0)) for i in range(4)]
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b"])})
    made = datasets.Dataset.from_dict({"image": images, "label": [0, 1, 1, 0]}, features=features)
    made.save_to_disk(str(tmp_path / "disk"))
    made.to_parquet(str(tmp_path / "hub" / "data" / "train-00000-of-00001.parquet"))
    for place in ("disk", "hub"):
        spec, importer, _ = find_importer(tmp_path / place, None, registry())
        drafts, skips = read(importer, tmp_path / place)
        assert (
            spec.name == "image-table" and not skips and [d.labels for d in drafts] == [("a",), ("b",), ("b",), ("a",)]
        )
    chats = datasets.Dataset.from_list(
        [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}]
    )
    chats.save_to_disk(str(tmp_path / "chats"))
    spec, importer, _ = find_importer(tmp_path / "chats", None, registry())
    items = list(importer.read(tmp_path / "chats", importer.open(tmp_path / "chats"), Task()))
    assert spec.name == "instructions" and [i.text for i in items] == ["q\na"]


# WebDataset


def shard(start=0):
    files = {}
    for i in range(start, start + 3):
        files |= {f"{i:05}.jpg": png(i), f"{i:05}.cls": str(i % 2), f"{i:05}.txt": f"words {i}"}
    return files


def test_shards_are_read_in_order(tmp_path):
    for i in range(2):
        tar(tmp_path / "set" / f"train-{i:04}.tar", shard(i * 3) | {f"{i}.json": "{}", f"{i * 3:05}x.pyd": b"\x80"})
    spec, importer, _ = find_importer(tmp_path / "set", None, registry())
    assert spec.name == "webdataset"
    task = Log()
    drafts, skips = read(importer, tmp_path / "set", task)
    assert [d.source for d in drafts] == [f"train-{i // 3:04}.tar!{i:05}.jpg" for i in range(6)]
    assert [(d.labels, d.text, d.split) for d in drafts[:2]] == [
        (("0",), "words 0", "train"),
        (("1",), "words 1", "train"),
    ]
    assert json.loads(drafts[1].record) == {"__key__": "00001", "cls": 1, "txt": "words 1"}
    assert set(skips) == {"train-0000.tar!0", "train-0001.tar!1"} and all("has no picture" in r for r in skips.values())
    assert task.lines == ["2 members passed over that are no picture, class, text or JSON: 2 .pyd."]


def test_what_webdataset_itself_writes_is_read(tmp_path):
    wds = pytest.importorskip("webdataset")
    with wds.ShardWriter(str(tmp_path / "s-%05d.tar"), maxcount=2, verbose=0) as out:
        for i in range(4):
            out.write({"__key__": f"a/{i}", "png": png(i), "json": {"caption": f"c{i}"}, "cls": i})
    drafts, skips = read(WebDataset(), tmp_path)
    assert not skips and [(d.text, d.labels) for d in drafts] == [(f"c{i}", (str(i),)) for i in range(4)]


def test_faults_of_a_shard(tmp_path):
    whole = tar(
        tmp_path / "a.tar", {"1.jpg": png(1), "1.json": "{broken", "2.jpg": b"no", "2.cls": "1", "3.JPG": png(3)}
    ).read_bytes()
    drafts, skips = read(WebDataset(), tmp_path / "a.tar")
    assert [d.source for d in drafts] == ["a.tar!3.JPG"]
    assert "not valid JSON" in skips["a.tar!1.jpg"] and "not a picture" in skips["a.tar!2.jpg"]
    (tmp_path / "b.tar").write_bytes(tar(tmp_path / "b.tar", shard()).read_bytes()[: 1024 * 5 + 100])
    drafts, skips = read(WebDataset(), tmp_path / "b.tar")
    assert [d.source for d in drafts] == ["b.tar!00000.jpg", "b.tar!00001.jpg"]
    assert "cut off or damaged" in skips["b.tar"]
    assert whole


# Detection


COCO = {
    "images": [
        {"id": 7, "file_name": "a.png", "width": 6, "height": 4},
        {"id": 8, "file_name": "b.png"},
        {"id": 9, "file_name": "../../../x.png"},
        {"id": 10},
    ],
    "categories": [{"id": 3, "name": "cat"}, {"id": 5, "name": "dog"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 3, "bbox": [0, 0, 3, 2], "iscrowd": 0},
        {"id": 2, "image_id": 7, "category_id": 5, "bbox": [3, 2, 30, 2]},
        {"id": 3, "image_id": 7, "category_id": 5, "bbox": [1, 1, 1, 1]},
        {"id": 4, "image_id": 99, "category_id": 5, "bbox": [1, 1, 1, 1]},
    ],
}


@pytest.mark.parametrize("layout", ["side", "annotations", "folder"])
def test_coco(tmp_path, layout):
    place = {
        "side": "instances.json",
        "annotations": "annotations/instances_val2017.json",
        "folder": "annotations/x.json",
    }
    below = "val2017/" if layout == "annotations" else "" if layout == "side" else "images/"
    unpacked(tmp_path, {place[layout]: json.dumps(COCO), f"{below}a.png": png(1), f"{below}b.png": png(2)})
    path = tmp_path if layout == "folder" else tmp_path / place[layout]
    spec, importer, _ = find_importer(path, None, registry())
    assert spec.name == "coco"
    drafts, skips = read(importer, path)
    assert [(d.source, d.labels) for d in drafts] == [(f"{below}a.png", ("dog", "cat")), (f"{below}b.png", ())]
    record = json.loads(drafts[0].record)
    assert record["id"] == 7 and [a["category_name"] for a in record["annotations"]] == ["cat", "dog", "dog"]
    assert sorted(plainly(skips).values()) == [
        "belongs to no image of the file",
        "has no file_name",
        "leaves the folder of the dataset",
    ]
    assert boxes_of(drafts[0].record, 6, 4) == [
        Box("cat", 0, 0, 0.5, 0.5),
        Box("dog", 0.5, 0.5, 0.5, 0.5),
        Box("dog", 1 / 6, 0.25, 2 / 6 - 1 / 6, 0.25),
    ]


def test_coco_captions_and_bad_files(tmp_path):
    about = {
        "images": COCO["images"][:1],
        "annotations": [{"id": 1, "image_id": 7, "caption": "A cat."}, {"id": 2, "image_id": 7, "caption": "Two."}],
    }
    unpacked(tmp_path, {"captions.json": json.dumps(about), "a.png": png(1)})
    drafts, _ = read(Coco(), tmp_path / "captions.json")
    assert [d.text for d in drafts] == ["A cat.\nTwo."]
    (tmp_path / "captions.json").write_text('{"images": [{"file_name": "a.png"}], "annotations": [', encoding="utf-8")
    assert "is not valid JSON" in read(Coco(), tmp_path / "captions.json")[1]["captions.json"]


@pytest.mark.parametrize(
    "names",
    ["names: [cat, 'dog']", "names:\n  0: cat\n  1: dog\nnc: 2", "names:\n- cat\n- dog\n", "names: {0: cat, 1: dog}"],
)
def test_yolo(tmp_path, names):
    files = {
        "data.yaml": f"path: .\ntrain: images/train\n{names}\n",
        "images/train/a.png": png(1),
        "images/train/b.png": png(2),
        "images/val/c.png": png(3),
        "labels/train/a.txt": "1 0.5 0.5 0.5 0.5\n0 0.25 0.25 0.5 0.5\n1 0.5 0.5 0.1 0.1\n",
        "labels/val/c.txt": "cat 1 2 3\n",
    }
    unpacked(tmp_path, files)
    spec, importer, _ = find_importer(tmp_path, None, registry())
    assert spec.name == "yolo"
    drafts, skips = read(importer, tmp_path)
    assert [(d.source[-5:], d.labels, d.split) for d in drafts] == [
        ("a.png", ("dog", "cat"), "train"),
        ("b.png", (), "train"),
    ]
    assert "line 1 is “cat 1 2 3”" in skips["images/val/c.png"]
    assert boxes_of(drafts[0].record, 6, 4)[0] == Box("dog", 0.25, 0.25, 0.5, 0.5)
    assert Yolo().match(tmp_path / "images") == 0


BOXED = {
    "ds/annotations/instances_train.json": json.dumps(COCO),
    "ds/images/a.png": png(1),
    "ds/images/b.png": png(2),
}
YOLOED = {
    "data.yaml": "names: [cat, dog]",
    "images/train/a.png": png(1),
    "images/val/c.png": png(3),
    "labels/train/a.txt": "1 0.5 0.5 0.5 0.5",
}
LIST = {"list.tsv": "filepath\ttitle\nin/a.png\tone\n../b.png\ttwo\n", "in/a.png": png(4)}


def tabled(tmp_path):
    rows = [{"image": {"bytes": png(n), "path": f"{n}.png"}, "label": n % 2} for n in range(3)]
    return {"data/train-00000-of-00001.parquet": table(tmp_path / "made.parquet", rows).read_bytes()}


def pathed(tmp_path):
    made = table(tmp_path / "made.parquet", [{"file_name": "a.png", "text": "one"}, {"file_name": "b.png"}])
    return {"metadata.parquet": made.read_bytes(), "a.png": png(1), "b.png": png(2)}


def talks(tmp_path):
    return {"x.parquet": table(tmp_path / "made.parquet", [{"prompt": "q", "completion": "a"}]).read_bytes()}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
@pytest.mark.parametrize(
    ("importer", "files"),
    [("coco", BOXED), ("yolo", YOLOED), ("image-list", LIST), ("image-table", tabled), ("image-folder", pathed)],
)
def test_an_archive_gives_what_it_gives_unpacked(tmp_path, importer, files, name):
    files = files(tmp_path) if callable(files) else files
    root = unpacked(tmp_path / "plain", files)
    path = packed_like(tmp_path / name, files)
    plain = root / "ds" if "ds/images/a.png" in files else root / "list.tsv" if "list.tsv" in files else root
    spec, found, _ = find_importer(path, None, registry())
    assert spec.name == importer == find_importer(plain, None, registry())[0].name
    drafts, skips = read(found, path)
    before, said = read(spec.make(), plain)
    assert len(drafts) and sorted(plainly(skips).values()) == sorted(plainly(said).values())
    told = [(d.digest, d.labels, d.text, d.split, d.width) for d in drafts]
    assert told == [(d.digest, d.labels, d.text, d.split, d.width) for d in before]
    assert all(d.images[0].startswith(f"{name}!") for d in drafts)
    assert sorted(p.name for p in tmp_path.iterdir() if p.name not in ("cache", "made.parquet")) == [name, "plain"]


def test_tables_of_records_in_an_archive(tmp_path):
    path = packed_like(tmp_path / "a.zip", talks(tmp_path))
    spec, found, _ = find_importer(path, None, registry())
    assert spec.name == "instructions"
    (draft,) = found.read(path, found.open(path), Task())
    assert draft.source == "a.zip!x.parquet#1" and json.loads(draft.record) == {"prompt": "q", "completion": "a"}


def test_the_notes_of_a_saved_data_set_in_an_archive_are_no_records(tmp_path):
    names = ("ds/dataset_dict.json", "ds/train/dataset_info.json", "ds/train/state.json", "ds/train/data-0.arrow")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    assert [part.name for part in record_parts(tmp_path / "a.zip")] == ["a.zip!ds/train/data-0.arrow"]


def test_records_in_an_archive_find_their_pictures_there(tmp_path):
    told = [{"image": name, "conversations": [{"from": "human", "value": "<image>q"}, {"from": "gpt", "value": "a"}]}
            for name in ("images/a.png", "top/b.png", "../../up.png")]  # fmt: skip
    info = {"x": {"file_name": "x.jsonl", "columns": {"images": "images"}}}  # is no COCO, though it speaks of images
    files = {"ds/about.json": json.dumps(info)}
    files |= {"ds/x.jsonl": "".join(json.dumps(t) + "\n" for t in told), "ds/images/a.png": png(1), "top/b.png": png(2)}
    path = packed_like(tmp_path / "a.zip", files)
    spec, found, _ = find_importer(path, None, registry())
    assert spec.name == "instructions"
    other, *drafts, bad = found.read(path, found.open(path), Task())
    assert [d.images for d in drafts] == [("a.zip!ds/images/a.png",), ("a.zip!top/b.png",)]
    assert "leaves the folder" in bad.reason and drafts[0].width == 6 and "about.json" in other.source
    rooted = Instructions(root=str(tmp_path.parent))  # an archive is its own root
    source = rooted.open(path)
    _, first, *_ = rooted.read(path, source, Task())
    assert (first.source, first.images, source.root) == (drafts[0].source, drafts[0].images, tmp_path)


def test_a_table_in_an_archive_that_is_damaged_or_a_bomb(tmp_path, monkeypatch):
    content = packed_like(tmp_path / "a.zip", tabled(tmp_path)).read_bytes()
    place = content.index(b"PAR1") if b"PAR1" in content else 200
    (tmp_path / "bad.zip").write_bytes(content[:place] + bytes(40) + content[place + 40 :])
    with pytest.raises(InputError, match=r"damaged|cut off|cannot be read as a table"):
        ImageTable().open(tmp_path / "bad.zip")
    monkeypatch.setattr(archives, "SLACK", 0)
    packed_like(tmp_path / "bomb.zip", {"x.parquet": bytes(2**22)})
    with pytest.raises(InputError, match="more than 300 times"):
        ImageTable().open(tmp_path / "bomb.zip")
    left = [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and p.name.startswith(".")]
    assert not left


@pytest.mark.parametrize(
    "record",
    [
        "",
        "{",
        "[1]",
        '{"annotations": 3}',
        '{"annotations": [{"bbox": [1, 2, NaN, 4]}, 5]}',
        '{"annotations": [{"bbox": [9, 9, 1, 1]}]}',
        '{"objects": {"bbox": 4}}',
    ],
)
def test_records_without_sound_boxes_have_none(record):
    assert boxes_of(record, 4, 4) == []


def test_boxes_in_columns():
    record = json.dumps({"objects": {"bbox": [[0, 0, 2, 2], [1, 1]], "category": [4]}})
    assert boxes_of(record, 4, 4) == [Box("4", 0, 0, 0.5, 0.5)]


# LLaMA-Factory


def test_what_a_description_describes(tmp_path):
    described = {
        "plain": {"file_name": "a.json"},
        "mapped": {"file_name": "b.jsonl", "columns": {"prompt": "q", "response": "a"}},
        "chat": {
            "file_name": "c.json",
            "formatting": "sharegpt",
            "columns": {"messages": "talk", "images": "pics"},
            "tags": {"role_tag": "who", "content_tag": "says", "user_tag": "u", "assistant_tag": "a"},
        },
        "again": {"file_name": "a.json"},
        "far": {"hf_hub_url": "org/name"},
        "gone": {"file_name": "gone.json"},
        "astray": {"file_name": "../../etc/passwd"},
    }
    talk = [{"who": "human", "says": "<image>q"}, {"who": "gpt", "says": "r"}]
    files = {
        "dataset_info.json": json.dumps(described),
        "a.json": json.dumps([{"instruction": "i", "input": "", "output": "o"}]),
        "b.jsonl": '{"q": "why", "a": "because", "text": "unlisted"}\n',
        "c.json": json.dumps([{"talk": talk, "pics": ["x.png"]}]),
        "x.png": png(1),
    }
    unpacked(tmp_path, files)
    spec, importer, sure = find_importer(tmp_path, None, registry())
    assert (spec.name, sure) == ("llama-factory", 1.0)
    task = Log()
    items = list(importer.read(tmp_path, importer.open(tmp_path), task))
    assert [(i.source, i.text) for i in items if isinstance(i, Draft)] == [
        ("a.json#1", "i\no"),
        ("b.jsonl#1", "why\nbecause"),
        ("c.json#1", "q\nr"),
    ]
    assert items[2].images == ("x.png",)
    assert task.lines == ["3 entries are not on this computer and were left out, such as “far”."]
    skips = {i.source: i.reason for i in items if isinstance(i, Skip)}
    assert skips["dataset_info.json#again"] == "describes the file a.json again, after “plain”"
    assert [d.source for d in read_entries(tmp_path, "mapped")] == ["b.jsonl#1"]
    for entries, words in (("nope", "has no entry “nope”"), ("far", "lies elsewhere")):
        with pytest.raises(InputError, match=words):
            LlamaFactory(entries=entries).open(tmp_path)


def read_entries(path, entries):
    importer = LlamaFactory(entries=entries)
    return list(importer.read(path, importer.open(path), Task()))


def test_a_dataset_info_of_hugging_face_is_another_matter(tmp_path):
    unpacked(tmp_path, {"dataset_info.json": '{"features": {"a": {"dtype": "string"}}, "splits": {}}'})
    assert LlamaFactory().match(tmp_path) == 0


@pytest.mark.real_data
def test_the_demo_files_of_llama_factory(shared_data):
    folder = shared_data / "instruct" / "llamafactory"
    importer = LlamaFactory(entries="alpaca_en_demo, dpo_en_demo, glaive_toolcall_en_demo, identity")
    items = list(importer.read(folder, importer.open(folder), Task()))
    assert len([i for i in items if isinstance(i, Draft)]) > 900
    assert not [i for i in items if isinstance(i, Skip)]
