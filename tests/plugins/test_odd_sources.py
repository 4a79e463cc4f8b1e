"""Sources that are sound but odd: nothing of them is lost, and what is written of them is valid."""

from __future__ import annotations

import json
import shutil
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from laid_files import laid, read
from laid_files import png as picture

from curator.engine.api import Draft, InputError, Skip, Task
from curator.engine.boxes import Box, boxes_of
from curator.engine.import_preview import preview
from curator.engine.importing import find_importer
from curator.engine.json_text import json_text, without_halves
from curator.engine.packed import open_stream
from curator.engine.project import Project
from curator.engine.registry import registry
from curator.plugins.importers.coco import Coco
from curator.plugins.importers.piles import Pile
from curator.plugins.importers.yolo import Yolo
from curator.plugins.importers.yolo_description import Description, read_description

png = partial(picture, size=(6, 4))


@pytest.fixture(autouse=True, scope="module")
def known_plugins() -> None:
    registry().discover(None)


# JSON that any reader takes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1.5, "é", None, True]}, '{"a": [1.5, "é", null, true]}'),
        ({"a": float("inf"), "b": [float("-inf")]}, '{"a": 1e999, "b": [-1e999]}'),
        ([float("nan"), {"n": float("nan")}], '[null, {"n": null}]'),
        ({"\ud800": "\udfffé😀"}, '{"\\ud800": "\\udfffé😀"}'),
        (["Infinity", "\x00"], '["Infinity", "\\u0000"]'),
    ],
)
def test_json_is_valid_and_can_be_stored(value, text):
    assert json_text(value) == text
    text.encode("utf-8")
    json.loads(text, parse_constant=lambda word: pytest.fail(word))
    assert json.loads(json_text(value, ascii_only=True)) == json.loads(text)
    assert json_text(value, ascii_only=True).isascii()


def test_halves_become_question_marks():
    assert without_halves({"a\ud800": ["\udfff", 1, {"x": "é"}]}) == {"a?": ["?", 1, {"x": "é"}]}


ODD = ['{"prompt":"\\ud800 q","completion":"a","n":1e400}', '{"prompt":"q","completion":"b","\\udfff":[-1e999]}']


@pytest.mark.parametrize("format_", ["jsonl", "json", "messages", "llama-factory", "parquet"])
def test_numbers_beyond_a_float_and_halves_of_pairs_come_back(odd, tmp_path, format_):
    if format_ == "parquet":
        pytest.importorskip("pyarrow")
    target = tmp_path / ("out" if format_ == "parquet" else "out.json" if format_ == "json" else "out.jsonl")
    said: list[str] = []
    odd.submit_export(
        "all", target, format_, options={"allow_loss": True}, listener=lambda _, message: said.append(str(message))
    ).result()
    assert ("2 samples hold half of a surrogate pair" in "".join(said)) == (format_ == "parquet")
    drafts, skips, _ = read(target)
    assert [d.text.replace("�", "?") for d in drafts] == ["? q\na", "q\nb"] and not skips
    for draft in drafts:
        json.loads(draft.record, parse_constant=lambda word: pytest.fail(word))
    if format_ != "parquet":
        assert json.loads(drafts[0].record)["n"] == float("inf")
        assert "\udfff" in json.loads(drafts[1].record)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    root = tmp_path_factory.mktemp("odd")
    (root / "x.jsonl").write_text("\n".join(ODD), encoding="utf-8")
    with Project.create(root / "p.curator") as project:
        dataset = project.dataset(project.submit_import([root / "x.jsonl"]).result().focus[1])
        project._store.add_subset("all", dataset.id, [s.id for s in project.samples(dataset.id)], "all")
        yield project


def test_pictures_with_odd_records_are_written_in_formats_that_can_be_read_again(tmp_path):
    beside = '{"caption": "x", "v": 1e400, "s": "\\ud800"}'
    root = laid(tmp_path / "in", {"a.png": png(1), "a.json": beside, "b.png": png(2), "b.json": '{"v": 2.5}'})
    with Project.create(tmp_path / "p.curator") as project:
        dataset = project.dataset(project.submit_import([root]).result().focus[1])
        project._store.add_subset("all", dataset.id, [s.id for s in project.samples(dataset.id)], "all")
        for format_ in ("folder", "webdataset", "coco", "parquet"):
            if format_ == "parquet":
                pytest.importorskip("pyarrow")
            project.submit_export("all", tmp_path / format_, format_).result()
            drafts, skips, _ = read(tmp_path / format_)
            assert len(drafts) == 2 and not skips, format_
            assert "Infinity" not in drafts[0].record, format_


def test_shards_of_pictures_alone_are_known_by_what_the_writer_left(image_folder, tmp_path):
    with Project.create(tmp_path / "p.curator") as project:
        dataset = project.dataset(project.submit_import([image_folder("a.png", "b.png")]).result().focus[1])
        project._store.add_subset("all", dataset.id, [s.id for s in project.samples(dataset.id)], "all")
        project.submit_export("all", tmp_path / "out", "webdataset").result()
    assert [len(items) for items in read(tmp_path / "out")] == [2, 0, 0]


# Metadata


def test_metadata_with_a_mark_line_ends_in_quotes_and_rows_twice(tmp_path):
    table = b'\xef\xbb\xbffile_name,text\r\n"a.png","line one\r\nline ""two"", x"\r\nb.png,plain\r\n./a.png,again\r\n'
    drafts, skips, lines = read(laid(tmp_path, {"a.png": png(1), "b.png": png(2), "metadata.csv": table}))
    assert [(d.source, d.text) for d in drafts] == [("a.png", 'line one\r\nline "two", x'), ("b.png", "plain")]
    assert not skips and lines == ["1 rows name a picture that an earlier row names; the first row counts."]


def test_classes_as_real_numbers_and_under_capitals(tmp_path):
    rows = ['{"file_name": "a.png", "label": 1.0}', '{"File_Name": "b.png", "Label": "cat", "Caption": "c"}']
    drafts, _, _ = read(laid(tmp_path, {"a.png": png(1), "b.png": png(2), "metadata.jsonl": "\n".join(rows)}))
    assert [(d.labels, d.text) for d in drafts] == [(("1",), ""), (("cat",), "c")]


def test_a_list_of_cells_of_which_one_is_empty(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    picture = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    rows: list[dict[str, Any]] = [{"images": [None, {"bytes": png(1), "path": "a.png"}]}, {"images": [None]}]
    schema = arrow.schema([("images", arrow.list_(picture))])
    parquet.write_table(arrow.Table.from_pylist(rows, schema=schema), tmp_path / "t.parquet")
    drafts, skips, _ = read(tmp_path / "t.parquet")
    assert [d.images for d in drafts] == [("t.parquet!1/images.1/a.png",)]
    assert [s.reason for s in skips] == ["has no picture"]


# Detection


def test_coco_with_ids_of_other_kinds(tmp_path):
    about = {
        "images": [{"id": 7, "file_name": "a.png"}, {"id": "8", "file_name": "b.png"}, {"id": 9, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": 5}, {"id": 2, "name": "cat"}, {"id": 3}],
        "annotations": [
            {"id": 1, "image_id": "7", "category_id": "2", "bbox": [0, 0, 1, 1]},
            {"id": 2, "image_id": 8.0, "category_id": 1.0, "bbox": [0, 0, 1, 1]},
            {"id": 3, "image_id": 7, "category_id": 3, "bbox": [0, float("nan"), 1, float("inf")]},
            {"id": 4, "image_id": 7, "category_id": 2, "bbox": [1, 1, 2, 2], "iscrowd": 1,
             "segmentation": {"size": [4, 6], "counts": [0, 3, 21]}},
        ],
    }  # fmt: skip
    root = laid(tmp_path / "in", {"a.png": png(1), "b.png": png(2), "instances.json": json.dumps(about)})
    drafts, skips, lines = read(root)
    assert [(d.source, d.labels) for d in drafts] == [("a.png", ("cat",)), ("b.png", ("5",))] and not skips
    assert lines == ["1 entries of instances.json name a picture that an earlier one names; the first one counts."]
    with Project.create(tmp_path / "p.curator") as project:
        dataset = project.dataset(project.submit_import([root]).result().focus[1])
        project._store.add_subset("all", dataset.id, [s.id for s in project.samples(dataset.id)], "all")
        for format_ in ("coco", "yolo"):
            project.submit_export("all", tmp_path / format_, format_).result()
            assert [d.labels for d in read(tmp_path / format_)[0]] == [("cat",), ("5",)], format_


CLASSES = ["cat", "big, dog", 'a: "b"', "plain one"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [ 'cat',  # first\n  'big, dog', \"a: \\\"b\\\"\",\n  plain one ]\nnc: 4", CLASSES),
        ("names: {1: dog, 0: 'it''s'}", ["it's", "dog"]),
        ("names:\n  2: c  # the last\n  0: 'a: b'\n\n# note\nval: x", ["a: b", "1", "c"]),
        ("names:\r\n- a\r\n- b\r\nnc: 2", ["a", "b"]),
        ("nc: 3\ntrain: x", []),
        ("names: [a, b", ["a", "b"]),
    ],
)  # fmt: skip
def test_names_of_classes_in_every_form_of_yaml(tmp_path, text, names):
    laid(tmp_path, {"data.yaml": text})
    assert read_description(Pile.at(tmp_path)).names == names


def test_splits_of_data_yaml(tmp_path):
    yaml = (
        "path: .\ntrain:\n  - images/one\n  - ../images/two\nval: lists/val.txt\ntest: [./images/one/late, gone.txt]\n"
    )
    laid(tmp_path, {"data.yaml": yaml, "lists/val.txt": "./images/three/c.png\r\n\r\nimages/one/b.png\n"})
    found = read_description(Pile.at(tmp_path))
    names = ("one/a.png", "one/b.png", "two/x.png", "three/c.png", "one/late/z.png", "onetwo/a.png")
    splits = [found.split_of(f"images/{name}") for name in names]
    assert splits == ["train", "validation", "train", "validation", "test", ""]
    assert Description().split_of("images/a.png") == ""


# Boxes beside pictures, and pictures elsewhere

BOX = "1 0.5 0.5 0.5 0.5\n"


@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_boxes_beside_pictures_are_no_captions(tmp_path, form):
    files = {
        "classes.txt": "cat\ndog\n",
        "train/a.png": png(1),
        "train/a.txt": BOX + "0 0.1 0.1 0.2 0.2 \n" + BOX,
        "train/b.png": png(2),
        "train/b.txt": "",
        "train/c.png": png(3),
        "val/d.png": png(4),
        "val/d.txt": "0 0.1 0.1 0.3 0.1 0.3 0.3\n",
    }
    root = laid(tmp_path / "in", files)
    if form != "folder":
        root = Path(shutil.make_archive(str(tmp_path / "x"), form, root))
    candidates = {one.name: one.confidence for one in preview(root).candidates}
    assert max(candidates, key=lambda name: candidates[name]) == "yolo" and candidates["image-folder"] == 0.3
    drafts, skips, _ = read(root)
    found = [(d.source.removeprefix(f"{root.name}!")[-5:], d.labels, d.split, d.text) for d in drafts]
    assert found == [
        ("a.png", ("dog", "cat"), "train", ""),
        ("b.png", (), "train", ""),
        ("c.png", (), "train", ""),
        ("d.png", ("cat",), "validation", ""),
    ]
    assert not skips


@pytest.mark.parametrize("text", ["2 cats\n", "1 0.5 0.5 0.5\n", "1 0.5 0.5 0.5 7\n", BOX + "a cat\n", "1.5 0 0 1 1\n"])
def test_captions_that_begin_with_numbers_stay_captions(tmp_path, text):
    root = laid(tmp_path / "in", {"a.png": png(1), "a.txt": text, "b.png": png(2), "b.txt": BOX})
    assert [d.text for d in read(root)[0]] == [text.strip(), BOX.strip()]


def test_outlines_of_yolo_come_back_and_are_those_of_coco(tmp_path):
    outline = "0 0.100000 0.100000 0.500000 0.100000 0.500000 0.900000"
    files = {"data.yaml": "names: [cat, dog]", "images/a.png": png(1), "labels/a.txt": f"{outline}\n{BOX}"}
    root = laid(tmp_path / "in", files)
    with Project.create(tmp_path / "p.curator") as project:
        dataset = project.dataset(project.submit_import([root]).result().focus[1])
        project._store.add_subset("all", dataset.id, [s.id for s in project.samples(dataset.id)], "all")
        for format_ in ("coco", "yolo"):
            project.submit_export("all", tmp_path / format_, format_).result()
    drawn = read(root)[0][0].record
    assert boxes_of(drawn, 6, 4)[0] == Box("cat", 0.1, 0.1, 0.4, 0.8)
    (written,) = (tmp_path / "yolo" / "labels").rglob("a.txt")
    assert written.read_text(encoding="utf-8").splitlines()[0] == outline
    (about,) = (tmp_path / "coco" / "annotations").iterdir()
    one = json.loads(about.read_text(encoding="utf-8"))["annotations"][0]
    assert one["bbox"] == [0.6, 0.4, 2.4, 3.2] and one["area"] == 3.84 and one["category_id"] == 0
    assert one["segmentation"] == [[0.6, 0.4, 3.0, 0.4, 3.0, 3.6]] and not {"polygon", "outline in shares"} & set(one)
    assert boxes_of(read(tmp_path / "coco")[0][0].record, 6, 4)[0].name == "cat"


YAML = "path: ../pics\ntrain: images/train\nval: {val}\nnames: [cat, dog]\n"


def test_a_data_yaml_names_pictures_in_the_root_and_no_further(tmp_path):
    files = {
        "pics/images/train/a.png": png(1),
        "pics/labels/train/a.txt": BOX,
        "pics/images/other/b.png": png(2),
        "more/c.png": png(3),
        "here/coco8.yaml": YAML.format(val="../more"),
    }
    root = laid(tmp_path, files)
    file = root / "here" / "coco8.yaml"
    with pytest.raises(InputError) as said:
        Yolo().open(file)
    assert "“images/train” of data.yaml is not there" in said.value.hint and "--set root=FOLDER" in said.value.hint
    for path in (file, file.rename(file.with_name("data.yaml")).parent):
        file = root / "here" / "data.yaml"
        plugin = Yolo(root=str(root))
        drafts = [d for d in plugin.read(file, plugin.open(file), Task()) if isinstance(d, Draft)]
        assert [(d.source, d.labels, d.split) for d in drafts] == [
            ("more/c.png", (), "validation"),
            ("pics/images/train/a.png", ("dog",), "train"),
        ], path
    with pytest.raises(InputError, match="does not hold"):
        Yolo(root=str(root / "pics")).open(file)
    outside = laid(tmp_path / "x", {"in/data.yaml": YAML.format(val="../link")}) / "link"
    outside.symlink_to(root / "pics")
    with pytest.raises(InputError, match="no folder called labels"):
        Yolo(root=str(root / "x")).open(root / "x" / "in")


def test_coco_names_pictures_in_the_root_and_no_further(tmp_path):
    images = [{"id": 1, "file_name": "../pics/a.png"}, {"id": 2, "file_name": "../../out.png"}]
    about = {"images": images, "categories": [], "annotations": []}
    files = {"ds/json/x.json": json.dumps(about), "ds/pics/a.png": png(1), "out.png": png(2)}
    root = laid(tmp_path, files)
    file = root / "ds" / "json" / "x.json"

    def found(plugin):
        items = list(plugin.read(file, plugin.open(file), Task()))
        return [i.source for i in items if isinstance(i, Draft)], [i.reason for i in items if isinstance(i, Skip)]

    assert found(Coco())[0] == [] and all("--set root=FOLDER" in reason for reason in found(Coco())[1])
    assert found(Coco(root=str(root / "ds")))[0] == ["pics/a.png"]
    assert found(Coco(root=str(root)))[0] == ["ds/pics/a.png", "out.png"]
    pictures = str(root / "ds" / "pics")
    assert found(Coco(images=pictures))[0] == []
    assert found(Coco(images=pictures, root=str(root)))[0] == ["ds/pics/a.png", "out.png"]
    with pytest.raises(InputError, match="does not hold"):
        Coco(root=pictures).open(file)


def test_pictures_beside_an_archive_of_coco(tmp_path):
    about = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"id": 1, "image_id": 1, "caption": "A."}]}
    laid(tmp_path, {"pics/a.png": png(1)})
    with zipfile.ZipFile(tmp_path / "ann.zip", "w") as archive:
        archive.writestr("annotations/captions_val.json", json.dumps(about))
    drafts, skips, _ = read(tmp_path / "ann.zip")
    assert not drafts and "--set images=FOLDER" in skips[0].reason
    plugin = Coco(images=str(tmp_path / "pics"))
    assert [d.text for d in plugin.read(tmp_path / "ann.zip", plugin.open(tmp_path / "ann.zip"), Task())] == ["A."]


# Zstandard


def test_frames_of_zstandard_one_after_the_other(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    text = b"line of text\n" * 20_000
    whole = skippable + zstandard.compress(text) + skippable + zstandard.compress(b"") + zstandard.compress(text[::-1])
    (tmp_path / "x.zst").write_bytes(whole)
    with open_stream(tmp_path / "x.zst") as file:
        assert file.read() == text + text[::-1]
        file.seek(0)
        assert file.read(13) == text[:13]


# Tables as Excel writes them, lists, archives


def test_a_table_with_a_line_for_excel_and_columns_without_names(tmp_path):
    text = "sep=;\nprompt;completion;;\nq;a;;\nq2;a2;;note\nq3;a3\n"
    drafts, skips, _ = read(laid(tmp_path, {"x.csv": text}) / "x.csv")
    assert [d.text for d in drafts] == ["q\na", "q2\na2"] and json.loads(drafts[1].record)["column 4"] == "note"
    assert [(s.source, s.reason) for s in skips] == [("x.csv#5", "has 2 fields; the first line has 4")]
    drafts, skips, _ = read(
        laid(tmp_path / "in", {"a.png": png(1), "metadata.csv": "sep=,\nfile_name,label\na.png,x\n"})
    )
    assert [(d.source, d.labels) for d in drafts] == [("a.png", ("x",))] and not skips


def test_a_list_of_addresses(tmp_path):
    files = {"a.png": png(1), "l.csv": "path,label\nfile://a.png,x\nhttps://x.y/z.png,y\n"}
    drafts, skips, _ = read(laid(tmp_path, files) / "l.csv")
    assert [(d.source, d.labels) for d in drafts] == [("a.png", ("x",))]
    assert [s.reason for s in skips] == ["is an address on the web: fetch the picture first"]


def test_a_list_of_pictures_with_a_gap(tmp_path):
    talk = {"conversations": [{"from": "human", "value": "<image>q"}, {"from": "gpt", "value": "a"}]}
    lines = [json.dumps(talk | {"images": names}) for names in ([None, "a.png"], [None], [])]
    drafts, _, _ = read(laid(tmp_path, {"a.png": png(1), "x.jsonl": "\n".join(lines)}) / "x.jsonl")
    assert [d.images for d in drafts] == [("a.png",), (), ()]


def test_captions_of_coco_join_the_boxes_of_the_same_pictures(tmp_path):
    one, two, three = ({"id": number, "file_name": f"{name}.png"} for number, name in enumerate("abc", 1))
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}
    boxes = {"images": [one, two], "annotations": [box], "categories": [{"id": 1, "name": "cat"}]}
    words = [{"id": 1, "image_id": 1, "caption": "A cat."}, {"id": 2, "image_id": 3, "caption": "C."}]
    said = {"images": [one, three], "annotations": words}
    files = {f"images/{name}.png": png(number) for number, name in enumerate("abc")}
    texts = {f"annotations/{kind}_train.json": json.dumps(x) for kind, x in (("captions", said), ("instances", boxes))}
    drafts, skips, lines = read(laid(tmp_path, files | texts))
    assert [(d.source[-5:], d.labels, d.text) for d in drafts] == [
        ("a.png", ("cat",), "A cat."), ("b.png", (), ""), ("c.png", (), "C."),
    ]  # fmt: skip
    assert not skips and not lines


@pytest.mark.parametrize(
    ("inner", "words"), [({}, "It is empty"), ({"in.zip": b"PK"}, "unpack it, and import those in")]
)
def test_an_archive_without_anything_says_what_is_in_it(tmp_path, inner, words):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name, content in inner.items():
            archive.writestr(name, content)
    with pytest.raises(InputError) as caught:
        find_importer(tmp_path / "z.zip", None, registry())
    assert words in caught.value.hint
