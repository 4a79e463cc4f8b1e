"""Shards and LLaMA-Factory's description inside a ZIP or TAR: the same samples as unpacked, read in place."""

import io
import json
import tarfile
import zipfile

import pytest
from PIL import Image

from curator.engine import packed
from curator.engine.api import Draft, InputError, Task
from curator.engine.importing import find_importer
from curator.engine.pictures import read_bytes
from curator.engine.registry import registry
from curator.plugins.importers.llama_factory import LlamaFactory


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATOR_CACHE_DIR", str(tmp_path / "cache"))
    registry().discover(None)


def png(shade):
    file = io.BytesIO()
    Image.new("RGB", (6, 4), (shade, 90, 60)).save(file, "PNG")
    return file.getvalue()


def tar_of(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def shard(first):
    members = {}
    for number in range(first, first + 2):
        members |= {f"{number:05}.png": png(number), f"{number:05}.cls": str(number % 2).encode()}
        members |= {f"{number:05}.txt": f"words {number}".encode()}
    return tar_of(members)


CHATS = [{"q": f"look <image> {n}", "a": f"answer {n}", "pictures": [f"media/{n}.png"]} for n in range(2)]
SHARDS = {
    "train-00000.tar": shard(1), "train-00001.tar": shard(3), "test-00000.tar": shard(5),
    "classes.json": b'["dog", "cat"]', "sizes.json": b"{}",
}  # fmt: skip
DESCRIBED = {
    "dataset_info.json": json.dumps(
        {
            "mine": {"file_name": "mine.json", "columns": {"prompt": "q", "response": "a", "images": "pictures"}},
            "more": {"file_name": "more.jsonl"},
            "away": {"hf_hub_url": "x/y"},
            "gone": {"file_name": "gone.json"},
        }
    ).encode(),
    "mine.json": json.dumps(CHATS).encode(),
    "more.jsonl": b'{"instruction": "i", "input": "", "output": "o"}\n',
    "media/0.png": png(1),
    "media/1.png": png(2),
}


def drafts_of(path):
    spec, importer, sure = find_importer(path, None, registry())
    source = importer.open(path)
    found = list(importer.read(path, source, Task()))
    assert all(isinstance(draft, Draft) for draft in found), found
    contents = [[read_bytes(source.root / name) for name in draft.images] for draft in found]
    assert all(packed.exists(source.root / n) and packed.size_of(source.root / n) > 0 for d in found for n in d.images)
    told = [(d.digest, d.text, d.labels, d.split, d.width) for d in found]
    return spec.name, sure, contents, told, [d.source for d in found]


@pytest.mark.parametrize(("files", "name"), [(SHARDS, "webdataset"), (DESCRIBED, "llama-factory")])
@pytest.mark.parametrize("archive", ["a.zip", "a.tar", "one-folder.zip", "one-folder.tar"])
def test_an_archive_gives_what_the_folder_gives(tmp_path, files, name, archive):
    plain, path = tmp_path / "plain", tmp_path / archive
    for file, content in files.items():
        (plain / file).parent.mkdir(parents=True, exist_ok=True)
        (plain / file).write_bytes(content)
    inside = {f"folder/{n}" if archive.startswith("one") else n: content for n, content in files.items()}
    if archive.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
            for file, content in inside.items():
                opened.writestr(file, content)
    else:
        path.write_bytes(tar_of(inside))
    folder, found = drafts_of(plain), drafts_of(path)
    assert folder[0] == found[0] == name and found[1] >= 0.9
    assert found[2:4] == folder[2:4]
    before = f"{archive}!" + ("folder/" if archive.startswith("one") else "")
    assert found[4] == [before + source for source in folder[4]]
    if name == "webdataset":
        assert [told[2:4] for told in found[3]] == [(("cat",), "test"), (("dog",), "test")] + [
            (("cat",), "train"), (("dog",), "train")
        ] * 2  # fmt: skip


def test_the_columns_of_a_description_are_shown_with_their_roles(tmp_path):
    (tmp_path / "a.tar").write_bytes(tar_of(DESCRIBED))
    roles = {"q": "prompt", "a": "response", "pictures": "images"}
    roles |= {"instruction": "prompt", "input": "query", "output": "response"}
    assert LlamaFactory().columns(tmp_path / "a.tar") == roles
    assert "q" not in LlamaFactory("more").columns(tmp_path / "a.tar")


def test_an_archive_without_what_is_wanted_says_so(tmp_path):
    (tmp_path / "a.tar").write_bytes(tar_of({"x.json": b"[]"}))
    with pytest.raises(InputError, match=r"no dataset_info\.json"):
        LlamaFactory().open(tmp_path / "a.tar")
    (tmp_path / "b.tar").write_bytes(tar_of({"dataset_info.json": DESCRIBED["dataset_info.json"]}))
    assert LlamaFactory().match(tmp_path / "b.tar") == 0.5
    with pytest.raises(InputError, match="None of the files"):
        LlamaFactory().open(tmp_path / "b.tar")


def test_a_broken_shard_in_an_archive_is_named_and_the_others_are_read(tmp_path):
    (tmp_path / "a.tar").write_bytes(tar_of({"t-0.tar": shard(1), "t-1.tar": shard(3)[:700], "t-2.tar": b"no" * 600}))
    importer = find_importer(tmp_path / "a.tar", None, registry())[1]
    found = list(importer.read(tmp_path / "a.tar", importer.open(tmp_path / "a.tar"), Task()))
    assert [type(one).__name__ for one in found].count("Draft") == 3
    faults = {one.source: one.reason for one in found if not isinstance(one, Draft)}
    assert any(source.startswith("a.tar!t-1.tar") for source in faults)
    assert "not an archive" in faults["a.tar!t-2.tar"]
