"""What goes out: whole or not at all, byte for byte, and readable again."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import string
import subprocess
import sys
import textwrap
import time
from collections import namedtuple
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from curator.engine.api import Cancelled, Draft, ExportInfo, ExportItem, InputError, Task
from curator.engine.exporting import atomic_file, atomic_folder, remove_existing, safe_name
from curator.plugins.exporters.csv_list import CsvList
from curator.plugins.exporters.folder import Folder
from curator.plugins.exporters.records import Json, Jsonl
from curator.plugins.importers.image_folder import ImageFolder
from curator.plugins.importers.image_list import ImageList
from curator.plugins.importers.instructions import Instructions

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals and links of POSIX")


def imported(importer, path):
    source = importer.open(path)
    drafts = [d for d in importer.read(path, source, Task()) if isinstance(d, Draft)]
    items = [
        ExportItem(
            rank, d.source, d.digest, d.text, d.record, tuple(source.root / i for i in d.images), d.images, d.labels,
            1 / rank, None, "because", "skill 1",
        )
        for rank, d in enumerate(drafts, 1)
    ]  # fmt: skip
    return items, ExportInfo(
        source.kind, source.format, source.name, "best", len(items), {"seed": 7, "odd": float("nan")}
    )


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def entries(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


# Folders


@pytest.mark.parametrize("mode", ["copy", "hardlink", "symlink"])
@pytest.mark.parametrize("layout", ["class", "flat", "auto"])
def test_a_folder_holds_the_same_bytes_and_is_read_again(image_folder, tmp_path, mode, layout):
    items, info = imported(ImageFolder(), image_folder("cat/1.png", "cat/2.png", "dog/1.png"))
    target = tmp_path / "out" / "chosen"
    assert Folder(mode, layout).export(iter(items), target, info, Task()) == target
    found = {hashlib.sha256(p.read_bytes()).hexdigest() for p in target.rglob("*.png")}
    assert found == {i.digest for i in items}
    if layout == "flat":
        assert names(target) == ["1-2.png", "1.png", "2.png", "README.md", "curation.json", "metadata.jsonl"]
    else:
        assert names(target) == ["README.md", "cat/1.png", "cat/2.png", "curation.json", "dog/1.png"]
    if mode != "symlink":
        again, _ = imported(ImageFolder(), target)
        assert sorted((i.digest, i.labels) for i in again) == sorted((i.digest, i.labels) for i in items)
    assert entries(target.parent) == ["chosen"]


def test_metadata_keeps_the_record_and_nothing_of_the_choice(image_folder, tmp_path):
    root = image_folder("a.png", "b.png")
    rows = [{"file_name": "b.png", "category": "x", "n": [1]}, {"file_name": "a.png", "category": "ü"}]
    (root / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    items, info = imported(ImageFolder(), root)
    target = Folder(layout="flat").export(items, tmp_path / "out", info, Task())
    lines = (target / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [r | {"label": r["category"]} for r in rows]
    about = json.loads((target / "curation.json").read_text(encoding="utf-8"))
    assert about["provenance"] == {"seed": 7, "odd": None}
    assert (about["count"], about["left_out"], about["subset"]) == (2, 0, "best")


def test_a_missing_picture_is_reported_and_left_out(image_folder, tmp_path):
    root = image_folder("a/1.png", "b/2.png", "b/3.png")
    items, info = imported(ImageFolder(), root)
    (root / "b" / "2.png").unlink()
    problems = []
    task = Task(on_problem=problems.append)
    target = Folder().export(items, tmp_path / "out", info, task)
    assert [(p.source, p.reason) for p in problems] == [("b/2.png", "is not there any more")]
    assert names(target) == ["README.md", "a/1.png", "b/3.png", "curation.json"]
    assert json.loads((target / "curation.json").read_text(encoding="utf-8"))["left_out"] == 1
    for item in items:
        item.images[0].unlink(missing_ok=True)
    with pytest.raises(InputError, match="None of the chosen pictures"):
        Folder().export(items, tmp_path / "none", info, Task())
    assert entries(tmp_path) == ["out", "pictures"]


def test_a_hard_link_that_cannot_be_made_is_a_copy(image_folder, tmp_path, monkeypatch):
    items, info = imported(ImageFolder(), image_folder("a.png", "b.png"))

    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.link", refuse)
    said = []
    target = Folder("hardlink").export(items, tmp_path / "out", info, Task(on_log=said.append))
    assert said == ["Hard links are not possible here (Invalid cross-device link); files are copied instead."]
    assert len(list(target.glob("*.png"))) == 2


def test_classes_with_dangerous_names(image_folder, tmp_path):
    items, info = imported(ImageFolder(), image_folder("a/1.png", "b/2.png"))
    wild = [i._replace(labels=(label,)) for i, label in zip(items, ("../../x", "CON"), strict=True)]
    target = Folder(layout="class").export(wild, tmp_path / "out", info, Task())
    assert names(target) == ["README.md", "_CON/2.png", "__.._x/1.png", "curation.json"]
    assert entries(tmp_path) == ["out", "pictures"]


# Records


def written(tmp_path, records, name="in.jsonl"):
    file = tmp_path / name
    file.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    return file


def test_jsonl_is_byte_exact(tmp_path):
    lines = ['{"text":  "a" , "n": 1.50}', '{"n": 1e3, "text": "\\u00e9é"}', '{"text": "b", "text": "c"}']
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    items, info = imported(Instructions(), file)
    out = Jsonl().export(iter(reversed(items)), tmp_path / "out.jsonl", info, Task())
    assert out.read_bytes() == ("\n".join(reversed(lines)) + "\n").encode()
    about = json.loads((tmp_path / "out.jsonl.curation.json").read_text(encoding="utf-8"))
    assert (about["count"], about["format"], about["provenance"]["seed"]) == (3, "text", 7)
    array = Json().export(iter(items), tmp_path / "out.json", info, Task())
    assert [json.loads(line) for line in lines] == json.loads(array.read_text(encoding="utf-8"))
    assert all(line in array.read_text(encoding="utf-8") for line in lines)


def test_records_over_several_lines_become_one(tmp_path):
    file = tmp_path / "in.json"
    file.write_text(json.dumps([{"text": "a\nb  c", "n": {"x": []}}], indent=4), encoding="utf-8")
    items, info = imported(Instructions(), file)
    out = Jsonl().export(items, tmp_path / "out.jsonl", info, Task())
    assert out.read_bytes().count(b"\n") == 1
    assert json.loads(out.read_bytes()) == {"text": "a\nb  c", "n": {"x": []}}


def test_pictures_of_records_can_come_along(tmp_path, image_folder):
    image_folder("a.png", "sub/b.png", folder="in")
    turns = [{"from": "human", "value": "<image>\nx"}, {"from": "gpt", "value": "y"}]
    records = [
        {"image": name, "conversations": turns, "id": i} for i, name in enumerate(("a.png", "sub/b.png", "a.png"))
    ]
    items, info = imported(Instructions(), written(tmp_path / "in", records))
    reference = Jsonl().export(items, tmp_path / "plain.jsonl", info, Task())
    assert [json.loads(line) for line in reference.read_text(encoding="utf-8").splitlines()] == records
    for exporter, file in ((Jsonl("copy"), "records.jsonl"), (Json("copy"), "records.json")):
        out = exporter.export(items, tmp_path / file.replace(".", "-"), info, Task())
        assert names(out) == sorted(["README.md", "a.png", "curation.json", file, "sub/b.png"])
        again, _ = imported(Instructions(), out / file)
        assert [i.digest for i in again] == [i.digest for i in items]
    (tmp_path / "in" / "a.png").unlink()
    problems = []
    out = Jsonl("copy").export(items, tmp_path / "less", info, Task(on_problem=problems.append))
    assert [p.reason for p in problems] == ["names the image a.png, which is not there any more"] * 2
    assert len((out / "records.jsonl").read_bytes().splitlines()) == 1


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
spoken = words.filter(lambda w: w.strip("\0 ").strip() and "<image>" not in w)
values = st.one_of(
    words, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.none(), st.lists(words, max_size=2)
)
extras = st.dictionaries(st.text(string.ascii_lowercase, max_size=9).map("x_{}".format), values, max_size=2)
alpaca = st.fixed_dictionaries({"instruction": spoken, "input": words, "output": words})
sharegpt = st.fixed_dictionaries(
    {
        "conversations": st.lists(
            st.fixed_dictionaries({"from": st.sampled_from(["human", "gpt"]), "value": spoken}), min_size=1, max_size=3
        )
    }
)
part = st.one_of(
    spoken, st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": spoken}), min_size=1, max_size=2)
)
messages = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": part}),
            min_size=1,
            max_size=3,
        )
    }
)
record = st.tuples(extras, st.one_of(alpaca, sharegpt, messages)).map(lambda pair: pair[0] | pair[1])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(record, min_size=1, max_size=5), st.booleans(), st.booleans(), st.sampled_from([None, 2]))
def test_import_export_import_gives_the_same(tmp_path, records, array, ascii_, indent):
    folder = tmp_path / str(time.monotonic_ns())
    folder.mkdir()
    file = folder / "in.json"
    dump = [json.dumps(r, ensure_ascii=ascii_, indent=indent if array else None) for r in records]
    file.write_bytes(("[" + ",\n".join(dump) + "]" if array else "\n".join(dump)).encode())
    items, info = imported(Instructions(), file)
    assert [json.loads(i.record) for i in items] == records
    assert [i.record for i in items] == dump
    for exporter in (Jsonl(), Json()):
        out = exporter.export(items, folder / f"out{exporter.suffix}", info, Task())
        again, _ = imported(Instructions(), out)
        assert [i.digest for i in again] == [i.digest for i in items]
        assert [i.text for i in again] == [i.text for i in items]
        assert [json.loads(i.record) for i in again] == records


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["alpaca_en_demo.json", "glaive_toolcall_en_demo.json", "v1_sft_demo.jsonl"])
def test_real_records_survive(shared_data, tmp_path, name):
    items, info = imported(Instructions(), shared_data / "instruct" / "llamafactory" / name)
    again, _ = imported(Instructions(), Jsonl().export(items, tmp_path / "out.jsonl", info, Task()))
    assert [i.digest for i in again] == [i.digest for i in items]


# Tables


def test_csv_says_what_and_why(image_folder, tmp_path):
    items, info = imported(ImageFolder(), image_folder("cat/1, odd.png", "dog/2.png"))
    out = CsvList().export(iter(items), tmp_path / "out.csv", info, Task())
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "rank": "1", "source": "cat/1, odd.png", "label": "cat", "gain": "1.0", "weight": "", "reason": "because",
        "skill": "skill 1",
    }  # fmt: skip
    absolute = CsvList("absolute").export(items, tmp_path / "abs.csv", info, Task())
    again, _ = imported(ImageList(), absolute)
    assert [(i.digest, i.labels) for i in again] == [(i.digest, i.labels) for i in items]


# Whole or not at all


EXPORTERS = [
    (Folder(), "out"),
    (Jsonl(), "out.jsonl"),
    (Json(), "out.json"),
    (CsvList(), "out.csv"),
    (Jsonl("copy"), "o"),
]


@pytest.mark.parametrize(("exporter", "name"), EXPORTERS, ids=lambda v: str(v))
def test_nothing_to_export_leaves_nothing(tmp_path, exporter, name):
    info = ExportInfo("image", "", "d", "s", 0)
    with pytest.raises(InputError, match="empty"):
        exporter.export(iter(()), tmp_path / name, info, Task())
    assert entries(tmp_path) == []


@pytest.mark.parametrize(("exporter", "name"), EXPORTERS, ids=lambda v: str(v))
def test_cancel_leaves_nothing(tmp_path, image_folder, exporter, name):
    items, info = imported(ImageFolder(), image_folder("a.png", "b.png", "c.png"))
    items = [i._replace(record="{}") for i in items]
    for after in range(1, 7):
        asked = []
        task = Task(cancelled=lambda asked=asked, after=after: len(asked) >= after or asked.append(1))
        try:
            exporter.export(iter(items), tmp_path / "x" / name, info, task)
        except Cancelled:
            assert entries(tmp_path / "x") == [] if (tmp_path / "x").exists() else True
        else:
            break


@pytest.mark.parametrize(("exporter", "name"), EXPORTERS, ids=lambda v: str(v))
def test_an_existing_target_is_refused_unless_it_may_be_replaced(tmp_path, image_folder, exporter, name):
    items, info = imported(ImageFolder(), image_folder("a.png"))
    items = [i._replace(record="{}") for i in items]
    target = tmp_path / "x" / name
    exporter.export(items, target, info, Task())
    with pytest.raises(InputError, match="exists already"):
        exporter.export(items, target, info, Task())
    with remove_existing(target, True):
        exporter.export(items, target, info, Task())
    with remove_existing(target, True), pytest.raises(InputError):
        exporter.export([], target, info, Task())
    assert target.exists()
    assert not [n for n in entries(target.parent) if n.startswith(".")]


def test_a_failing_block_keeps_what_was_there(tmp_path):
    target = tmp_path / "t"
    target.mkdir()
    (target / "old").write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError), atomic_folder(target, overwrite=True) as folder:
        (folder / "new").write_text("new", encoding="utf-8")
        raise RuntimeError
    assert names(tmp_path) == ["t/old"]
    file = tmp_path / "f"
    file.write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError), atomic_file(file, overwrite=True) as out:
        out.write(b"new")
        raise RuntimeError
    assert file.read_text(encoding="utf-8") == "old"
    assert entries(tmp_path) == ["f", "t"]


def test_a_target_that_appears_meanwhile_is_not_overwritten(tmp_path):
    with pytest.raises(InputError, match="exists already"), atomic_file(tmp_path / "f") as out:
        out.write(b"mine")
        (tmp_path / "f").write_bytes(b"theirs")
    assert (tmp_path / "f").read_bytes() == b"theirs"
    assert entries(tmp_path) == ["f"]


def test_a_full_disk_is_said_before_and_during(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 0, 20 * 2**20))
    with (
        pytest.raises(InputError, match=r"needs 5\.0 GB, but only 21\.0 MB are free"),
        atomic_folder(tmp_path / "t", needed=5 * 10**9 - 16 * 2**20),
    ):
        pass
    with pytest.raises(InputError, match="is full"), atomic_file(tmp_path / "t"):
        raise OSError(28, "No space left on device")
    assert entries(tmp_path) == []


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_may_not_be_written_to(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"), atomic_file(tmp_path / "t"):
        pass
    tmp_path.chmod(0o700)


KILLED = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from curator.engine.api import ExportInfo, ExportItem, Task
    from curator.plugins.exporters.folder import Folder
    from curator.plugins.exporters.records import Jsonl

    def items():
        for rank in range(1, 4):
            path = Path(sys.argv[3])
            yield ExportItem(rank, f"{rank}", "", "t", '{"text": "x"}', (path,), ("a.png",), ("c",), 0.0, None, "", "")

    class Slow(Task):
        def track(self, items, label, total=None):
            for number, item in enumerate(items):
                yield item
                if label.startswith("Writing") and number:
                    print("half", flush=True)
                    time.sleep(60)

    exporter = Folder() if sys.argv[1] == "folder" else Jsonl()
    exporter.export(items(), Path(sys.argv[2]), ExportInfo("image", "", "d", "s", 3), Slow())
""")


@posix
@pytest.mark.parametrize("sort", ["folder", "jsonl"])
def test_a_killed_export_leaves_nothing_under_the_name_and_the_next_one_sweeps(tmp_path, image_folder, sort):
    picture = image_folder("a.png") / "a.png"
    target = tmp_path / "x" / "out"
    process = subprocess.Popen([sys.executable, "-c", KILLED, sort, target, picture], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    left = entries(target.parent)
    assert len(left) == 1
    assert left[0].startswith(f".out.partial-{process.pid}-")
    stranger = target.parent / ".out.partial-not-ours"
    stranger.write_bytes(b"")
    items, info = imported(ImageFolder(), picture.parent)
    Folder().export(items, target, info, Task())
    assert entries(target.parent) == [stranger.name, "out"]


def test_a_partial_of_a_live_process_stays(tmp_path):
    living = tmp_path / f".out.partial-{os.getppid()}-0123456789ab"
    living.write_bytes(b"")
    with atomic_file(tmp_path / "out") as file:
        file.write(b"x")
    assert entries(tmp_path) == [living.name, "out"]


def test_what_a_dead_process_moved_aside_comes_back(tmp_path):
    aside = tmp_path / ".out.replaced-999999999-0123456789ab"
    aside.mkdir()
    (aside / "old").write_bytes(b"old")
    with pytest.raises(InputError, match="exists already"), atomic_folder(tmp_path / "out"):
        pass
    assert names(tmp_path) == ["out/old"]


# Names


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.png", "a.png"),
        ("a/b\\c:d.png", "a_b_c_d.png"),
        ("..", "_"),
        ("../../etc", "__.._etc"),
        (".hidden", "_hidden"),
        ("", "_"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("console", "console"),
        ("a. . ", "a"),
        ("nul\0byte", "nul_byte"),
        ("e\u0301.png", "é.png"),
        ("\udcff.png", "_.png"),
        ("x" * 300 + ".png", "x" * 196 + ".png"),
        ("é" * 300, "é" * 100),
    ],
)
def test_safe_names(name, safe):
    assert safe_name(name, {}) == safe


@given(st.lists(st.text(st.sampled_from("aA.-2/é \0"), max_size=5), max_size=40))
def test_safe_names_never_meet(wanted):
    taken: dict[str, int] = {}
    got = [safe_name(name, taken) for name in wanted]
    assert len({name.casefold() for name in got}) == len(wanted)
    assert all(name and "/" not in name and name[0] != "." and len(name.encode()) <= 200 for name in got)


def test_ten_thousand_equal_names_take_no_time():
    taken: dict[str, int] = {}
    started = time.monotonic()
    assert [safe_name("0.jpg", taken) for _ in range(10_000)][-1] == "0-10000.jpg"
    assert time.monotonic() - started < 5


def test_one_picture_may_be_chosen_from_two_places(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (3, 3), "red" if folder == "a" else "blue").save(tmp_path / folder / "X.png")
    items, info = imported(ImageFolder(), tmp_path)
    out = Folder(layout="flat").export(items, tmp_path.parent / (tmp_path.name + "-out"), info, Task())
    assert names(out) == ["README.md", "X-2.png", "X.png", "curation.json", "metadata.jsonl"]
