"""Broken and hostile sources: each with a clear message, the sound samples kept, nothing written elsewhere."""

import bz2
import gzip
import io
import json
import os
import struct
import sys
import tarfile
import zipfile
import zlib

import pytest
from PIL import Image

from curator.engine.errors import CuratorError
from curator.engine.packed import streams
from curator.engine.project import Project

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links and devices of POSIX")
GOOD = {"prompt": "a good question", "completion": "a good answer"}
LINE = json.dumps(GOOD).encode() + b"\n"


def png(size=(6, 4)):
    file = io.BytesIO()
    Image.new("RGB", size, "green").save(file, "PNG")
    return file.getvalue()


def huge_png(width, height):
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + crc + png()[33:]


def folder(path, **files):
    for name, content in {"good.png": png(), **files}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def picture(name, content):
    return lambda path: folder(path / "pictures", **{name: content})


def lines(*broken, name="a.jsonl", start=b""):
    def make(path):
        (path / name).write_bytes(
            start + LINE + b"".join(line + b"\n" for line in broken) + LINE.replace(b"good", b"fine")
        )
        return path / name

    return make


def yolo(boxes):
    files = {"images/x.png": png(), "images/good.png": png(), "labels/x.txt": boxes, "data.yaml": b"names: [c]"}
    return lambda path: folder(path / "yolo", **files)


def zstandard_cut(path):
    zstandard = pytest.importorskip("zstandard")
    whole = zstandard.compress(LINE * 3 + os.urandom(999).hex().encode())
    (path / "x.jsonl.zst").write_bytes(whole[:-300])
    return path / "x.jsonl.zst"


def raw(name, content):
    def make(path):
        (path / name).write_bytes(content)
        return path / name

    return make


def tar(name, members, cut=None, mode="w"):
    def make(path):
        with tarfile.open(path / name, mode) as archive:
            for member in [("good.png", png(), tarfile.REGTYPE, ""), *members]:
                info = tarfile.TarInfo(member[0])
                info.type, info.linkname = member[2], member[3]
                info.size = len(member[1]) if member[2] == tarfile.REGTYPE else 0
                archive.addfile(info, io.BytesIO(member[1]))
        if cut is not None:
            (path / name).write_bytes((path / name).read_bytes()[:cut])
        return path / name

    return make


def regular(name, content=b"x"):
    return (name, content, tarfile.REGTYPE, "")


def zipped(members, change=None):
    def make(path):
        with zipfile.ZipFile(path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("good.png", png())
            for name, content in members.items():
                archive.writestr(name, content)
        if change:
            (path / "a.zip").write_bytes(change((path / "a.zip").read_bytes()))
        return path / "a.zip"

    return make


def liar(content):
    """The member says that it unpacks to a thousand bytes."""
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = content.rfind(mark) + at
        content = content[:place] + (1000).to_bytes(4, "little") + content[place + 4 :]
    return content


def encrypted(content):
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = content.rfind(mark) + at
        content = content[:place] + b"\x01\x00" + content[place + 2 :]
    return content


def metadata(*rows):
    text = "file_name,label\ngood.png,x\n" + "".join(row + "\n" for row in rows)
    return lambda path: folder(path / "pictures", **{"metadata.csv": text.encode()})


def link(target):
    def make(path):
        root = folder(path / "pictures")
        (root / "link.png").symlink_to(target)
        return root

    return make


def pipe(path):
    root = folder(path / "pictures")
    os.mkfifo(root / "pipe.png")
    return root


def parquet(change):
    def make(path):
        arrow = pytest.importorskip("pyarrow")
        import pyarrow.parquet as pq

        rows = [{"image": {"bytes": png(), "path": "a.png"}}, {"image": {"bytes": change, "path": "../../evil.png"}}]
        pq.write_table(arrow.Table.from_pylist(rows), path / "a.parquet")
        return path / "a.parquet"

    return make


def torn_parquet(path):
    content = parquet(png())(path).read_bytes()
    (path / "a.parquet").write_bytes(content[: len(content) - 20])
    return path / "a.parquet"


def saved(state):
    def make(path):
        (path / "saved").mkdir()
        (path / "saved" / "state.json").write_text(state, encoding="utf-8")
        return path / "saved"

    return make


def coco_json(annotations):
    images = [{"id": 1, "file_name": "good.png"}, {"id": 2, "file_name": "../../x.png"}]
    return json.dumps({"images": images, "annotations": annotations}).encode()


def coco(annotations):
    return lambda path: folder(path / "pictures", **{"instances.json": coco_json(annotations)}) / "instances.json"


DEEP = b'{"prompt": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
FILE, LINKS = tarfile.REGTYPE, "links inside archives are not followed"
CASES = {
    # pictures
    "empty picture": (picture("x.png", b""), "is empty (0 bytes)"),
    "picture cut off": (picture("x.png", png()[:-9]), "is cut off"),
    "text called picture": (picture("x.jpg", b"hello"), "is not a picture that can be read"),
    "60,000 x 60,000": (picture("x.png", huge_png(60_000, 60_000)), "is 60000 x 60000 pixels; the limit is"),
    "largest sides there are": (picture("x.png", huge_png(2**31 - 1, 2**31 - 1)), "pixels"),
    "no pixels": (picture("x.png", huge_png(0, 5)), "is not a picture that can be read"),
    "SVG called PNG": (picture("x.png", b"<svg xmlns='x'/>"), "is not a picture that can be read"),
    "link out of the folder": (link("/etc/passwd"), "leaves the folder of the dataset"),
    "link to nowhere": (link("nowhere.png"), "is not there"),
    "link to a device": (link("/dev/zero"), "leaves the folder of the dataset"),
    "named pipe": (pipe, "is not a plain file"),
    "link to itself": (link("link.png"), "cannot be opened: Too many levels of symbolic links"),
    # names
    "metadata leads up": (metadata("../../etc/passwd,x"), "leaves the folder of the dataset"),
    "metadata is absolute": (metadata("/etc/passwd,x"), "leaves the folder of the dataset"),
    "metadata of Windows": (metadata("C:\\data\\x.png,x"), "leaves the folder of the dataset"),
    "metadata of another share": (metadata("\\\\host\\share\\x.png,x"), "leaves the folder of the dataset"),
    "metadata with NUL": (metadata("a\0.png,x"), "leaves the folder of the dataset"),
    "metadata with too many cells": (metadata("a.png,x,y,z"), "has 4 fields; the first line has 2"),
    "name of 5,000 letters": (metadata("n" * 5000 + ".png,x"), "cannot be opened"),
    "picture missing": (metadata("gone.png,x"), "is not there"),
    # records
    "not JSON": (lines(b"{broken"), "is not valid JSON"),
    "nested 10,000 deep": (lines(DEEP), "is nested too deeply"),
    "NaN": (lines(b'{"prompt": NaN, "completion": "x"}'), "NaN is not a JSON value"),
    "not UTF-8": (lines(b'{"prompt": "\xff\xfe", "completion": "x"}'), "holds bytes that are not UTF-8"),
    "columns of mixed types": (lines(b'{"prompt": 3, "completion": ["x"]}'), "that is not text"),
    "a list among objects": (lines(b"[1, 2]"), "is not a JSON object"),
    "other fields": (lines(b'{"a": 1}'), "is not a record of any known kind"),
    "no text": (lines(b'{"prompt": "", "completion": " "}'), "has no text"),
    "integer of 5,000 digits": (lines(b'{"text": "x", "n": ' + b"9" * 5000 + b"}"), "is not valid JSON"),
    "record leads up": (lines(b'{"text": "x", "images": ["../../x.png"]}'), "leaves the folder"),
    "array cut off": (raw("a.json", b"[" + LINE + b", " + LINE[:20]), "nothing after it was read"),
    "doubled columns": (raw("a.csv", b"prompt,prompt\na,b\n"), "two columns"),
    "quote without end": (raw("a.csv", b'prompt,completion\na,b\n"c,d\n'), "fields; the first line has 2"),
    # packed
    "not packed": (raw("a.jsonl.gz", LINE * 3), "cannot be unpacked"),
    "packed and cut off": (raw("a.jsonl.gz", gzip.compress(os.urandom(900))[:500]), "cannot be unpacked"),
    "zstandard cut off": (zstandard_cut, "x.jsonl.zst cannot be unpacked: the file is cut off"),
    "bomb of lines": (raw("a.jsonl.gz", gzip.compress(LINE * 3 + b" " * (9 * 2**20))), "unpacks to more than"),
    "bomb of a tar": (raw("a.tar.bz2", bz2.compress(bytes(9 * 2**20))), "unpacks to more than"),
    "tar cut off": (tar("a.tar", [regular("x.png", png())], cut=1024 + 600), "is cut off"),
    "tar leads up": (tar("a.tar", [regular("../../x.png", png())]), "leaves the folder of the dataset"),
    "tar is absolute": (tar("a.tar", [regular("/etc/x.png", png())]), "leaves the folder of the dataset"),
    "tar of Windows": (tar("a.tar", [regular("C:\\x.png", png())]), "leaves the folder of the dataset"),
    "tar with a link": (tar("a.tar", [("x.png", b"", tarfile.SYMTYPE, "/etc/passwd")]), LINKS),
    "tar with a hard link": (tar("a.tar", [("x.png", b"", tarfile.LNKTYPE, "good.png")]), LINKS),
    "tar with a device": (tar("a.tar", [("x.png", b"", tarfile.CHRTYPE, "")]), "is not a plain file"),
    "tar with a name twice": (tar("a.tar", [regular("good.png", png((9, 9)))]), "occurs twice in the archive"),
    "tar packed and cut off": (tar("a.tar.gz", [], cut=60, mode="w:gz"), "cannot be unpacked"),
    "list in a tar is absolute": (tar("a.tar", [regular("a.csv", b"file_path\ngood.png\n/etc/x.png\n")]), "leaves the"),
    "COCO in a zip leads up": (zipped({"instances.json": coco_json([])}), "leaves the folder of the dataset"),
    "YOLO of no number": (yolo(b"nan 0.5 0.5 0.1 0.1"), "line 1 has not five numbers"),
    "YOLO beyond numbers": (yolo(b"1e400 0.5 0.5 0.1 0.1"), "line 1 has not five numbers"),
    "zip leads up": (zipped({"../../x.png": png()}), "leaves the folder of the dataset"),
    "zip of Windows leads up": (zipped({"..\\..\\x.png": png()}), "leaves the folder of the dataset"),
    "zip bomb": (zipped({"x.png": bytes(300 * 2**20)}), "MB large; the limit is 256 MB"),
    "zip that lies": (zipped({"x.png": bytes(2**20)}, liar), "is cut off"),
    "zip encrypted": (zipped({"x.png": png()}, encrypted), "is encrypted"),
    "zip cut off": (zipped({}, lambda content: content[:-30]), "is not an archive that can be read"),
    # tables and descriptions
    "cell that is no picture": (parquet(b"no picture"), "is not a picture that can be read"),
    "cell without bytes leads up": (parquet(None), "leaves the folder of the dataset"),
    "table torn": (torn_parquet, "cannot be read as a table"),
    "saved set leads up": (saved('{"_data_files": [{"filename": "../../x.arrow"}]}'), "names a file outside"),
    "saved set is not JSON": (saved("{"), "cannot be read"),
    "COCO leads up": (coco([]), "leaves the folder of the dataset"),
    "COCO with a list as an id": (coco([{"image_id": [1], "category_id": [1]}]), "belongs to no image"),
    "COCO of no image": (coco([{"image_id": 9, "bbox": [0, 0, 1, 1]}]), "belongs to no image"),
    # what is no source at all
    "device": (lambda path: "/dev/null", "looks like"),
    "nothing there": (lambda path: path / "none", "does not exist"),
    "empty file": (raw("a.jsonl", b""), "looks like"),
    "pickle": (raw("a.pkl", b"\x80\x04K\x01."), "looks like"),
}  # fmt: skip
WHOLE = {name for name, (_, words) in CASES.items() if words in ("looks like", "does not exist", "two columns")}
WHOLE |= {"bomb of lines", "not packed", "packed and cut off", "bomb of a tar", "tar packed and cut off", "zip cut off"}
WHOLE |= {"zstandard cut off", "table torn", "saved set leads up", "saved set is not JSON"}
"""Sources that give nothing at all."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with Project.create(tmp_path_factory.mktemp("bad") / "p.curator") as made:
        yield made


def snapshot(path):
    return {str(f): f.lstat().st_size for f in sorted(path.rglob("*"))}


@posix
@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_named_and_the_rest_is_kept(project, tmp_path, monkeypatch, name):
    monkeypatch.setenv("CURATOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(streams, "SLACK", 2**20)
    source = tmp_path / "source"
    source.mkdir()
    make, words = CASES[name]
    path = make(source)
    before = snapshot(tmp_path)
    try:
        changes = project.submit_import([str(path)], name.replace(",", "")).result()
    except CuratorError as error:
        assert name in WHOLE, error
        said, kept = [f"{error.text} {error.hint}"], 0
    else:
        dataset = project.dataset(changes.focus[1])
        said = [s.reason for s in project.skips(dataset.id)]
        kept = dataset.size
    assert any(words in text for text in said), said
    assert all(text and "Traceback" not in text and "\0" not in text for text in said)
    assert kept >= (0 if name in WHOLE else 1)
    left = {f: size for f, size in snapshot(tmp_path).items() if not f.startswith(str(tmp_path / "cache"))}
    assert left == before
    cached = [f for f in snapshot(tmp_path / "cache") if "archives" in f and f.endswith(".tar")]
    assert len(cached) <= 1


def test_there_are_enough_of_them():
    assert len(CASES) >= 40


def test_a_field_named_twice_is_said(project, tmp_path):
    (tmp_path / "twice.jsonl").write_bytes(LINE + b'{"prompt": "q", "completion": "old", "completion": "new"}\n')
    job = project.submit_import([str(tmp_path / "twice.jsonl")])
    job.result()
    assert "1 records name a field twice, such as “completion” in twice.jsonl#2; the last one counts." in job.log
    dataset = project.dataset("twice")
    assert [s.text for s in project.samples(dataset.id)][1] == "q\nnew"
    assert '"old"' in project.samples(dataset.id)[1].record
