"""The bundled piles: made by their scripts, with duplicates that can be told from the rest, and safely unpacked."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import zipfile
from collections import Counter

import numpy as np
import pytest

from curator.engine import resources
from curator.engine.demo import MARK, unpack, unpack_demo
from curator.engine.errors import InputError
from curator.engine.resources import resource
from curator.engine.task import Task
from curator.plugins.importers.image_folder import ImageFolder
from curator.plugins.importers.instructions import Instructions


@pytest.fixture(scope="module")
def piles(tmp_path_factory):
    return unpack_demo(tmp_path_factory.mktemp("demo") / "piles")


@pytest.fixture(scope="module")
def records():
    return [json.loads(line) for line in resource("demo", "instructions.jsonl").read_bytes().splitlines()]


def test_resources_are_found_and_missed():
    assert resource("demo").is_dir()
    with pytest.raises(InputError, match="resources/demo/none"):
        resource("demo", "none")


def test_an_installed_package_is_looked_at_first(tmp_path, monkeypatch):
    (tmp_path / "demo").mkdir()
    monkeypatch.setattr("curator.engine.resources.PLACES", (tmp_path, *resources.PLACES))
    assert resource("demo") == tmp_path / "demo"
    assert resource("demo", "emoji.zip").is_file()


def test_the_emoji_are_all_there(piles):
    images, _ = piles
    task = Task()
    drafts = list(ImageFolder().read(images, ImageFolder().open(images), task))
    assert len(drafts) == 3781
    rows = [json.loads(d.record) for d in drafts]
    assert len({r["category"] for r in rows}) == 9
    assert sum("skin" in r for r in rows) == 1875
    assert all(d.width == d.height == 64 and d.text and d.labels for d in drafts)
    assert "Apache License" in (images / "LICENSE-APACHE.txt").read_text(encoding="utf-8")
    assert "Noto Emoji" in (images / "LICENSE.txt").read_text(encoding="utf-8")
    assert resource("demo", "emoji.zip").stat().st_size < 20_000_000


def test_unpacking_again_changes_nothing_and_mends(piles):
    images, instructions = piles
    before = {p: p.stat().st_mtime_ns for p in (images, images / MARK, instructions)}
    assert unpack_demo(images.parent) == piles
    assert {p: p.stat().st_mtime_ns for p in before} == before
    (images / MARK).unlink()
    (images / "1f600.png").unlink()
    instructions.write_bytes(b"")
    assert unpack_demo(images.parent) == piles
    assert (images / "1f600.png").is_file()
    assert instructions.stat().st_size > 500_000


def test_the_archive_is_packed_the_same_each_time(piles, tmp_path):
    script = resource("demo", "make_emoji.py")
    subprocess.run([sys.executable, script, piles[0], tmp_path / "again.zip"], check=True, capture_output=True)
    assert (tmp_path / "again.zip").read_bytes() == resource("demo", "emoji.zip").read_bytes()


def test_the_generator_gives_the_shipped_bytes(tmp_path):
    script = resource("demo", "make_instructions.py")
    subprocess.run([sys.executable, script, tmp_path / "again.jsonl"], check=True, capture_output=True)
    assert (tmp_path / "again.jsonl").read_bytes() == resource("demo", "instructions.jsonl").read_bytes()


def test_the_records_are_as_described(piles, records):
    assert 1900 <= len(records) <= 2100
    sizes = Counter(r["task"] for r in records)
    assert len(sizes) >= 12
    assert max(sizes.values()) > 3 * min(sizes.values())
    planted = [r for r in records if "duplicate_of" in r]
    assert 0.12 <= len(planted) / len(records) <= 0.15
    place = {r["id"]: i for i, r in enumerate(records)}
    assert len(place) == len(records)
    for record in planted:
        original = records[place[record["duplicate_of"]]]
        assert place[original["id"]] < place[record["id"]]
        assert original["task"] == record["task"]
        assert "duplicate_of" not in original
        assert (original["instruction"], original["input"]) != (record["instruction"], record["input"])
    plain = [(r["instruction"], r["input"], r["output"]) for r in records if "duplicate_of" not in r]
    assert len(set(plain)) == len(plain)
    drafts = list(Instructions().read(piles[1], Instructions().open(piles[1]), Task()))
    assert [d.labels[0] for d in drafts] == [r["task"] for r in records]


def test_one_threshold_tells_planted_duplicates_from_the_rest(records):
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = ["\n".join((r["instruction"], r["input"], r["output"])) for r in records]
    counted = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit_transform(texts)
    vectors = TruncatedSVD(256, random_state=0).fit_transform(counted)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    planted = np.array(["duplicate_of" in r for r in records])
    kept: list[int] = []
    dropped = np.zeros(len(records), bool)
    for row, vector in enumerate(vectors):
        if kept and (vectors[kept] @ vector).max() >= 0.9:
            dropped[row] = True
        else:
            kept.append(row)
    right = (dropped & planted).sum()
    assert right / dropped.sum() >= 0.97
    assert right / planted.sum() >= 0.97


# Unsafe archives


def zipped(path, *members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, b"x")
    return path


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "C:/evil", "a\\..\\evil", "a//b"])
def test_an_archive_that_leads_out_is_refused(tmp_path, name):
    file = zipped(tmp_path / "x.zip", ("fine", stat.S_IFREG | 0o644), (name, stat.S_IFREG | 0o644))
    with pytest.raises(InputError, match="leads out of the folder"):
        unpack(file, tmp_path / "deep" / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.zip"]


def test_links_bombs_and_damage_are_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="holds the link"):
        unpack(zipped(tmp_path / "x.zip", ("link", stat.S_IFLNK | 0o777)), tmp_path / "out")
    (tmp_path / "bad.zip").write_bytes(b"PK nonsense")
    with pytest.raises(InputError, match="is damaged"):
        unpack(tmp_path / "bad.zip", tmp_path / "out")
    content = bytearray(zipped(tmp_path / "x.zip", ("a", stat.S_IFREG | 0o644)).read_bytes())
    content[content.index(b"x", 30)] = 0
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        unpack(tmp_path / "x.zip", tmp_path / "out")
    monkeypatch.setattr("curator.engine.demo.MAX_BYTES", 0)
    with pytest.raises(InputError, match="is larger than"):
        unpack(zipped(tmp_path / "x.zip", ("a", stat.S_IFREG | 0o644)), tmp_path / "out")
    assert not (tmp_path / "out").exists()
