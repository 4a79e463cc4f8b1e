"""Pictures whose boxes stand in XML files, as VOC and programs for drawing boxes have them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from laid_files import laid, png

from curator.engine.api import Draft, InputError, Skip, Task
from curator.engine.boxes import Box, boxes_of
from curator.engine.importing import find_importer
from curator.engine.registry import registry
from curator.plugins.importers.voc import Voc


@pytest.fixture(autouse=True, scope="module")
def known_plugins() -> None:
    registry().discover(None)


def xml(*boxes: tuple[str, int, int, int, int]) -> str:
    objects = "".join(
        f"<object><name>{name}</name><truncated>1</truncated><part><name>head</name></part><bndbox><xmin>{a}</xmin>"
        f"<ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox></object>"
        for name, a, b, c, d in boxes
    )
    return f"<annotation><filename>x.png</filename><size><width>10</width></size>{objects}</annotation>"


DOG = xml(("dog", 1, 2, 4, 6), ("cat", 0, 0, 10, 10), ("dog", 1, 1, 2, 2))
LAYOUTS: dict[str, tuple[str, str, dict[str, bytes | str]]] = {
    "voc": ("VOC2012/JPEGImages/", "VOC2012/Annotations/", {"VOC2012/ImageSets/Main/train.txt": "a 1\nb -1\n"}),
    "beside": ("train/", "train/", {}),
    "top": ("images/train/", "images/train/", {}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", ["folder", "zip", "tar"])
def test_boxes_in_xml(tmp_path, layout, form):
    pictures, texts, files = LAYOUTS[layout]
    files |= {f"{pictures}{name}.png": png(number) for number, name in enumerate("abc")}
    files |= {f"{texts}a.xml": DOG, f"{texts}b.xml": xml(), f"{texts}z.xml": xml()}
    root = laid(tmp_path / "in", files)
    if form != "folder":
        root = Path(shutil.make_archive(str(tmp_path / "x"), form, root))
    spec, importer, _ = find_importer(root, None, registry())
    assert spec.name == "voc"
    lines: list[str] = []
    source = importer.open(root)
    drafts = list(importer.read(root, source, Task(on_log=lines.append)))
    end = "" if layout == "voc" else "train"
    assert [(d.source.rpartition("!")[2], d.labels, d.split) for d in drafts] == [
        (f"{pictures}a.png", ("dog", "cat"), "train"),
        (f"{pictures}b.png", (), "train"),
        (f"{pictures}c.png", (), end),
    ]
    assert boxes_of(drafts[0].record, 10, 10)[:2] == [
        Box("dog", 0.1, 0.2, pytest.approx(0.3), pytest.approx(0.4)),
        Box("cat", 0, 0, 1, 1),
    ]
    assert json.loads(drafts[0].record)["annotations"][0]["truncated"] == "1"
    assert source.facts["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    assert lines == ["1 .xml files belong to no picture."]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<annotation><object>", "no element found"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation/>', "defines words of its own"),
        ("<annotation><object><name>a</name><bndbox><xmin>1</xmin></bndbox></object></annotation>", "no four numbers"),
        ("<annotation><object/></annotation>", "object 1 has no name"),
        (xml(("a", 0, 0, 1, 1)).replace("<xmin>0", "<xmin>nan"), "no four numbers"),
    ],
)
def test_broken_files_of_boxes_set_their_picture_aside(tmp_path, text, reason):
    root = laid(tmp_path, {"a.png": png(1), "a.xml": DOG, "b.png": png(2), "b.xml": text})
    items = list(Voc().read(root, Voc().open(root), Task()))
    assert [type(item) for item in items] == [Draft, Skip] and reason in items[1].reason


def test_a_folder_too_large_to_look_through_hides_no_other(tmp_path, monkeypatch):
    root = laid(tmp_path, {"JPEGImages/a.png": png(1), "Annotations/a.xml": DOG})
    for names in (["JPEGImages/a.png"], ["Annotations/a.xml"]):
        monkeypatch.setattr("curator.plugins.importers.voc.first_names", lambda path, limit, names=names: iter(names))
        assert Voc().match(root) == 0.96


def test_other_xml_is_no_voc(tmp_path):
    root = laid(tmp_path, {"a.png": png(1), "a.xml": "<svg/>", "b.xml": DOG})
    assert Voc().match(root) == 0
    with pytest.raises(InputError, match="no XML files with boxes"):
        Voc().open(root)
