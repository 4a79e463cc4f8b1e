"""Tables of pictures as they are handed around: names without endings, pictures in folders below, a box on each row."""

from __future__ import annotations

import json
import zipfile

import pytest
from laid_files import laid, png, read

from curator.engine.api import InputError, Task
from curator.engine.boxes import Box, boxes_of
from curator.engine.import_preview import preview
from curator.engine.importing import find_importer
from curator.engine.registry import registry
from curator.plugins.importers import box_table
from curator.plugins.importers.box_table import BoxTable
from curator.plugins.importers.image_list import ImageList


@pytest.fixture(autouse=True, scope="module")
def known_plugins() -> None:
    registry().discover(None)


COMPETITIONS = {
    "without endings, in a folder of a like name": (
        "image_id,label,split\n1000,0,train\n1001,3,val\n",
        ("train_images/1000.png", "train_images/1001.png", "test_images/1000.png"),
        (("0", "train"), ("3", "val")),
    ),
    "in one of several folders": (
        "Image Index,Class\n1.png,a\n2.png,b\n",
        ("images_001/images/1.png", "images_002/images/2.png"),
        (("a", ""), ("b", "")),
    ),
    "an id": ("id,category\nx1,cat\nx2,dog\n", ("train/x1.png", "train/x2.png"), (("cat", ""), ("dog", ""))),
    "a column of another meaning": (
        "source,image_id,class\nusask,x1,a\nusask,x2,b\n",
        ("x1.png", "x2.png"),
        (("a", ""), ("b", "")),
    ),
}


@pytest.mark.parametrize("case", COMPETITIONS)
@pytest.mark.parametrize("in_zip", [False, True])
def test_tables_of_competitions(tmp_path, case, in_zip):
    table, names, said = COMPETITIONS[case]
    files = {"train.csv": table} | {name: png(number) for number, name in enumerate(names)}
    path = laid(tmp_path / "in", files) / "train.csv"
    if in_zip:
        path = tmp_path / "in.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    drafts, skips, lines = read(path)
    found = [(d.source.removeprefix("in.zip!"), d.labels, d.split) for d in drafts]
    assert found == [(name, (label,), split) for name, (label, split) in zip(names, said, strict=False)]
    assert not skips and not lines


def test_a_table_whose_pictures_are_elsewhere_says_what_to_do(tmp_path):
    root = laid(
        tmp_path, {"a/train.csv": "image_id,breed\nx,pug\ny,pug\nz,pug\n", "b/in/x.png": png(1), "b/y.png": png(2)}
    )
    table = root / "a" / "train.csv"
    with pytest.raises(InputError) as said:
        find_importer(table, None, registry())
    assert "“x”" in said.value.hint and "--set images=FOLDER" in said.value.hint
    wanted = {"images": str(root / "b"), "label": "breed"}
    spec, _, _ = find_importer(table, None, registry(), wanted)
    assert spec.name == "image-list"
    drafts, skips, lines = read(table, spec.make(wanted))
    assert [(d.source, d.labels) for d in drafts] == [("b/in/x.png", ("pug",)), ("b/y.png", ("pug",))]
    assert [(s.source, s.reason) for s in skips] == [("train.csv#4: z", "is not there")] and not lines
    (advice,) = read(table, ImageList(images=str(root / "b")))[2]
    assert "--set label=COLUMN" in advice and advice.endswith("breed.")
    with pytest.raises(InputError, match="does not exist"):
        ImageList(images=str(root / "c")).open(table)
    with pytest.raises(InputError, match="has no column “file”"):
        ImageList(column="file").open(table)


@pytest.mark.parametrize("column", ["id", "file"])
def test_a_table_of_other_things_is_not_blamed_for_pictures(tmp_path, column):
    path = laid(tmp_path, {"t.csv": f"{column},Question,Answer\n1,q,a\n"}) / "t.csv"
    with pytest.raises(InputError) as said:
        find_importer(path, None, registry())
    assert "images" not in said.value.hint and "--map" in said.value.hint


def test_a_folder_with_a_table_names_it(tmp_path):
    laid(tmp_path, {"train.csv": "image_id,label\nx,1\n", "pics/x.png": png()})
    assert "import that file" in read(tmp_path)[2][-1] and "train.csv" in read(tmp_path)[2][-1]


OPEN_IMAGES = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded\n"
    "a1,xclick,/m/1,1,0.1,0.5,0.2,0.6,0\nb2,xclick,/m/2,1,0,1,0,1,1\na1,xclick,/m/2,1,0,0.5,0,0.5,0\n"
    "a1,xclick,/m/2,1,0.5,1,0.5,1,0\nc3,xclick,,,,,,,\nz9,xclick,/m/1,1,0,1,0,1,0\n"
)


def test_the_boxes_of_open_images(tmp_path, monkeypatch):
    files: dict[str, bytes | str] = {f"validation/{name}.png": png(i) for i, name in enumerate(("a1", "b2", "c3"))}
    files |= {"validation-bbox.csv": OPEN_IMAGES, "class-descriptions-boxable.csv": "/m/1,Cat\n/m/2,Dog\n"}
    table = laid(tmp_path, files) / "validation-bbox.csv"
    assert [one.name for one in preview(table).candidates][:2] == ["box-table", "image-list"]
    source = BoxTable().open(table)
    assert list(BoxTable().read(table, source, Task()))
    assert source.facts["categories"] == [{"id": 1, "name": "Cat"}, {"id": 2, "name": "Dog"}]
    drafts, skips, lines = read(table)
    assert [(d.source, d.labels) for d in drafts] == [
        ("validation/a1.png", ("Dog", "Cat")),
        ("validation/b2.png", ("Dog",)),
        ("validation/c3.png", ()),
    ]
    assert boxes_of(drafts[0].record, 10, 10) == [
        Box("Cat", pytest.approx(0.1), pytest.approx(0.2), pytest.approx(0.4), pytest.approx(0.4)),
        Box("Dog", 0, 0, 0.5, 0.5),
        Box("Dog", 0.5, 0.5, 0.5, 0.5),
    ]
    record = json.loads(drafts[0].record)["annotations"][0]
    assert record["IsOccluded"] == "0" and "ImageID" not in record and "XMin" not in record
    assert [s.source for s in skips] == ["validation-bbox.csv#7: z9"] and not lines
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(f"oi/{name}", content)
    assert [(d.labels, d.split) for d in read(tmp_path / "all.zip")[0]] == [(d.labels, "validation") for d in drafts]
    monkeypatch.setattr(box_table, "MOST_BYTES", 0)  # too large to gather
    drafts, _, lines = read(table)
    assert [len(json.loads(d.record)["annotations"]) for d in drafts] == [1, 1, 0]
    assert lines == ["1 pictures come again further down; what is said of them first counts."]


@pytest.mark.parametrize(
    "table",
    [
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,10,10,cat,1,2,4,6\n",
        'image_id,bbox,label\na,"[1.0, 2, 3, 4]",cat\n',
        "path;x1;y1;x2;y2;kind\na.png;1;2;4;6;cat\n",
    ],
)
def test_other_columns_of_boxes(tmp_path, table):
    path = laid(tmp_path, {"t.csv": table, "a.png": png()}) / "t.csv"
    spec, _, _ = find_importer(path, None, registry())
    assert spec.name == "box-table"
    (draft,), skips, _ = read(path, BoxTable(label="kind") if "kind" in table else None)
    assert draft.labels == ("cat",) and not skips
    assert json.loads(draft.record)["annotations"][0]["bbox"] == [1, 2, 3, 4]
    assert boxes_of(draft.record, 10, 10) == [Box("cat", 0.1, 0.2, pytest.approx(0.3), pytest.approx(0.4))]


def test_tables_in_an_archive_that_are_called_alike(tmp_path):
    boxes = "filename,class,xmin,ymin,xmax,ymax\n{}.png,cat,1,2,4,6\n"
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for number, (split, name) in enumerate((("train", "a"), ("valid", "b"), ("test", "a"))):
            archive.writestr(f"in/{split}/_boxes.csv", boxes.format(name))
            archive.writestr(f"in/{split}/{name}.png", png(number))
    drafts, skips, lines = read(tmp_path / "x.zip")
    assert [(d.source.removeprefix("x.zip!in/"), d.split) for d in drafts] == [
        ("test/a.png", "test"),
        ("train/a.png", "train"),
        ("valid/b.png", "validation"),
    ]
    assert not skips and not lines


def test_a_submission_is_not_what_a_competition_is_about(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("sample_submission.csv", "image_id,label\n1,0\n")
        archive.writestr("train.csv", "image_id,label\n1,7\n")
        archive.writestr("pics/1.png", png(1))
    assert [d.labels for d in read(tmp_path / "x.zip")[0]] == [("7",)]


@pytest.mark.parametrize("table", ["path,bbox\na.png,none\n", "path,label\na.png,x\n"])
def test_a_table_without_boxes_is_a_list(tmp_path, table):
    path = laid(tmp_path, {"t.csv": table, "a.png": png()}) / "t.csv"
    assert find_importer(path, None, registry())[0].name == "image-list"
    with pytest.raises(InputError, match="no columns of boxes"):
        BoxTable().open(path)
