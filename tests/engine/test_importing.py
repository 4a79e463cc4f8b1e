"""Which Importer reads what."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from curator.engine.errors import InputError
from curator.engine.importing import find_importer
from curator.engine.registry import registry


@pytest.fixture(scope="module")
def plugins():
    registry().discover()
    return registry()


def found(path, plugins, name=None):
    spec, importer, sure = find_importer(path, name, plugins)
    assert isinstance(importer, spec.cls)
    return spec.name, round(sure, 2)


def test_pictures(image_folder, plugins):
    root = image_folder("a/1.png", "b/2.png")
    assert found(root, plugins) == ("image-folder", 0.6)
    (root / "metadata.csv").write_text("file_name,label\na/1.png,x\n", encoding="utf-8")
    assert found(root, plugins) == ("image-folder", 0.98)
    (root / "list.csv").write_text("path,label\na/1.png,x\n", encoding="utf-8")
    assert found(root / "list.csv", plugins) == ("image-list", 0.9)


@pytest.mark.parametrize(
    ("record", "sure"),
    [
        ({"messages": [{"role": "user", "content": "x"}]}, 0.95),
        ({"conversations": [{"from": "human", "value": "x"}]}, 0.95),
        ({"instruction": "x", "output": "y"}, 0.95),
        ({"prompt": "x", "completion": "y"}, 0.85),
        ({"text": "x"}, 0.5),
    ],
)
def test_records(tmp_path, plugins, record, sure):
    file = tmp_path / "x.json"
    file.write_text(json.dumps([record] * 30), encoding="utf-8")
    assert found(file, plugins) == ("instructions", sure)


def test_looking_reads_little(tmp_path, plugins):
    file = tmp_path / "big.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for _ in range(12):
            out.write(json.dumps({"instruction": "x" * 900_000, "output": "y"}) + "\n")
    assert found(file, plugins) == ("instructions", 0.95)


def test_a_name_wins(tmp_path, plugins, image_folder):
    assert found(image_folder("a.png"), plugins, "image-folder") == ("image-folder", 0.6)
    with pytest.raises(InputError, match="no importer called “nope”"):
        find_importer(tmp_path, "nope", plugins)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "It is empty"),
        (("a.parquet", "b.parquet"), "It holds 2 .parquet. "),
        (("a.rar",), "unpack any other archive"),
        (("a.jsonl",), "Name the files themselves"),
        (("README",), "1 file without an ending. Looked for: box-table"),
    ],
)
def test_nothing_found_says_what_is_there_and_what_to_do(tmp_path, plugins, names, words):
    for name in names:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="looks like pictures or instruction records") as caught:
        find_importer(tmp_path, None, plugins)
    assert words in caught.value.hint


def test_a_missing_path(tmp_path, plugins):
    with pytest.raises(InputError, match="does not exist"):
        find_importer(tmp_path / "no", None, plugins)


def test_an_importer_that_fails_to_look_does_not_stop_the_others(image_folder, plugins):
    class Broken:
        def match(self, path):
            raise RuntimeError

    broken = SimpleNamespace(role="importer", name="broken", summary="Broken.", make=Broken)
    good = plugins.get("importer", "image-folder")
    both = SimpleNamespace(all=lambda: (broken, good))
    assert find_importer(image_folder("a.png"), None, both)[0] is good


@pytest.mark.real_data
def test_a_description_of_datasets_is_read_as_such(shared_data, plugins):
    found = find_importer(shared_data / "instruct" / "llamafactory" / "dataset_info.json", None, plugins)
    assert (found[0].name, found[2]) == ("llama-factory", 1.0)
