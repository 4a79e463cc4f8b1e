"""An export of many files that was killed goes on where it stopped, and ends with the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from PIL import Image

from curator.engine import exporting
from curator.engine.api import ExportInfo, ExportItem, InputError, Task
from curator.engine.export_pictures import TakenNames, safe_path
from curator.engine.exporting import Journal, atomic_folder
from curator.engine.project import Project
from curator.plugins.exporters.coco import Coco
from curator.plugins.exporters.folder import Folder
from curator.plugins.exporters.llama_factory import LlamaFactoryData
from curator.plugins.exporters.records import Jsonl
from curator.plugins.exporters.webdataset import WebDataset
from curator.plugins.exporters.yolo import Yolo

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals of POSIX")
SCRIPT = """
import sys, time
from pathlib import Path
from curator.engine import exporting
from curator.engine.api import Task
from tests.engine.test_export_resume import info_of, samples
from curator.plugins.exporters.folder import Folder
from curator.plugins.exporters.webdataset import WebDataset
exporting.NOTE_EVERY_S = 0.0
class Slow(Task):
    def step(self, label, done, total=0):
        if label.startswith("Writing") and done == 7:
            print("ready", flush=True)
            time.sleep(60)
exporter = {"Folder": Folder(), "WebDataset": WebDataset(most_samples=3)}[sys.argv[1]]
exporter.export(samples(Path(sys.argv[2])), Path(sys.argv[3]), info_of(), Slow())
"""


def samples(folder: Path) -> list[ExportItem]:
    folder.mkdir(exist_ok=True)
    items = []
    for number in range(10):
        path = folder / f"{number}.png"
        if not path.exists():
            Image.new("RGB", (3, 2), (number, 0, 0)).save(path)
        record = json.dumps({"n": number})
        items.append(
            ExportItem(number, path.name, "d", "", record, (path,), (path.name,), (), None, None, "", "")
        )  # fmt: skip
    return items


def info_of() -> ExportInfo:
    return ExportInfo("image", "", "pile", "best", 10, key="the same")


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@posix
@pytest.mark.parametrize("exporter", [Folder(), WebDataset(most_samples=3)], ids=lambda e: type(e).__name__)
def test_a_killed_export_goes_on(tmp_path, exporter):
    root = Path(__file__).resolve().parents[2]
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(SCRIPT),
        type(exporter).__name__,
        tmp_path / "in",
        tmp_path / "out",
    ]
    env = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, cwd=root, env=env)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (partial,) = tmp_path.glob(".out.partial-*")
    done = Journal(partial, "the same").done
    assert done == (7 if isinstance(exporter, Folder) else 6)
    name = "0.png" if isinstance(exporter, Folder) else "train-000000.tar"
    before = (partial / name).stat().st_mtime_ns
    items = samples(tmp_path / "in")
    exporter.export(items, tmp_path / "out", info_of(), Task())
    assert (tmp_path / "out" / name).stat().st_mtime_ns == before
    exporter.export(items, tmp_path / "whole", info_of(), Task())
    assert content(tmp_path / "out") == content(tmp_path / "whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out", "whole"]


EXPORTERS = [Folder(), Folder(layout="flat"), Coco(), Yolo(), LlamaFactoryData(images="copy"), Jsonl(images="copy")]


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda e: type(e).__name__)
def test_half_a_file_is_written_again_and_whole_ones_stay(tmp_path, monkeypatch, exporter):
    """Killed between two notes of the journal: what came after the note is not trusted, what came before is kept."""

    class Killed(Task):
        def step(self, label: str, done: int, total: int = 0) -> None:
            if label in ("Writing images", "Copying images", "Writing records") and done == 7:
                raise KeyboardInterrupt

    items, info = samples(tmp_path / "in"), info_of()
    if type(exporter).__name__ == "LlamaFactoryData":
        items = [item._replace(image_names=(f"out_images/{item.source}",)) for item in items]
    target = tmp_path / ("out.jsonl" if type(exporter).__name__ == "LlamaFactoryData" else "out")
    monkeypatch.setattr(exporting, "_remove", lambda path: None)  # as a kill leaves it
    real = Journal.note
    monkeypatch.setattr(Journal, "note", lambda self, done, *a, **k: real(self, done, *a, now=done == 4))
    with pytest.raises(KeyboardInterrupt):
        exporter.export(items, target, info, Killed())
    monkeypatch.undo()
    monkeypatch.setattr(exporting, "_SESSION", "fedcba98")
    (partial,) = (p for p in tmp_path.glob(".out*.partial-*") if Journal(p, "the same").done)
    assert Journal(partial, "the same").done == 4
    whole, half = next(partial.rglob("1.png")), next(partial.rglob("5.png"))
    before = whole.stat().st_mtime_ns
    half.write_bytes(half.read_bytes()[:20])
    exporter.export(items, target, info, Task())
    pictures = {p.name: p for p in tmp_path.rglob("*.png") if p.parent != tmp_path / "in"}
    assert len(pictures) == 10 and pictures["1.png"].stat().st_mtime_ns == before
    assert all(path.read_bytes() == (tmp_path / "in" / name).read_bytes() for name, path in pictures.items())
    assert not [p for p in tmp_path.iterdir() if ".partial-" in p.name]


def test_another_export_starts_afresh(tmp_path):
    old = tmp_path / ".out.partial-999999999-0123456789ab"
    old.mkdir()
    Journal(old, "other").note(5, now=True)
    with atomic_folder(tmp_path / "out", key="mine") as folder:
        assert Journal(folder, "mine").done == 0 and not list(folder.iterdir())
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_journal_cut_off_in_the_middle_counts_what_is_whole(tmp_path):
    journal = Journal(tmp_path, "k")
    journal.note(3, {"a": 1}, now=True)
    with (tmp_path / ".journal").open("a", encoding="utf-8") as file:
        file.write('["k", 9')
    again = Journal(tmp_path, "k")
    assert (again.done, again.state) == (3, {"a": 1})
    Journal(tmp_path / "none", "").note(4, now=True)


def test_names_never_meet_and_take_little_time():
    names = TakenNames("metadata.jsonl")
    started = time.monotonic()
    made = [names.safe("X.png" if number % 2 else "x.PNG") for number in range(4000)]
    assert len({name.casefold() for name in made}) == 4000 and time.monotonic() - started < 5
    assert names.safe("metadata.jsonl") == "metadata-2.jsonl"
    assert names.safe("X.png", "elsewhere") == "X.png"


@pytest.mark.parametrize(("name", "safe"), [("a/b.png", "a/b.png"), ("x y/é.jpg", "x y/é.jpg")])
def test_safe_paths_stay_as_they_are(name, safe):
    assert safe_path(name) == safe


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/abs/x.png", "a//b.png", "con/x.png", "a:b.png", "..", "t.tar!1.jpg/"]
)
def test_other_paths_are_made_safe_and_told_apart(name):
    made = safe_path(name)
    assert ".." not in made.split("/") and not made.startswith("/") and made != safe_path(name + "?")


class Killed(BaseException):
    """A kill: what would tidy up does not run."""


@pytest.fixture
def chats(tmp_path):
    """A Project with a Subset “best” of 40 chats, of which one would lose content, and how to kill an export of it."""
    records = [
        {"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}é"}], "n": n}
        for n in range(40)
    ]
    records[3]["messages"][1]["weight"] = 1
    for number in (5, 12, 20, 33):
        records[number]["messages"].pop()  # a question without an answer, which trainers leave out
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (tmp_path / "in.jsonl").write_text(lines, encoding="utf-8")
    with Project.create(tmp_path / "p.curator") as project:
        dataset = project._store.dataset(project.submit_import([tmp_path / "in.jsonl"]).result().focus[1])
        ids = [sample.id for sample in project._store.samples(dataset.id, 0, 100)]
        project._store.add_subset("best", dataset.id, ids[::-1], "add")
        yield project


def killed_at(monkeypatch, label: str, number: int, every: float = 0.0):
    """Kill the next export when it reports ``number`` under a label, with a note of the journal ``every`` seconds."""
    real = Task.step

    def step(self, said, done, total=0):
        if said == label and done == number:
            raise Killed
        real(self, said, done, total)

    monkeypatch.setattr(Task, "step", step)
    monkeypatch.setattr(exporting, "_remove", lambda path: None)
    monkeypatch.setattr(exporting, "NOTE_EVERY_S", every)


ONE_FILE = [
    ("jsonl", {}, ".jsonl"),
    ("json", {}, ".json"),
    ("sharegpt", {"allow_loss": True, "trainer": "axolotl", "order": "shuffle", "weights": "column"}, ".jsonl"),
    ("messages", {"first": 30, "trainer": "llama-factory", "findings": "replace"}, ".jsonl"),
    ("csv", {}, ".csv"),
    ("list", {}, ".txt"),
]


@pytest.mark.parametrize(("format_", "options", "suffix"), ONE_FILE, ids=[one[0] for one in ONE_FILE])
def test_a_file_goes_on_after_a_kill(chats, tmp_path, monkeypatch, format_, options, suffix):
    params = {"what": "source"} if format_ == "list" else {}

    def export(name: str) -> Path:
        return Path(
            chats.submit_export("best", tmp_path / f"{name}{suffix}", format_, params, options=options)
            .result()
            .notes[0]
        )

    label = "Writing rows" if suffix in (".csv", ".txt") else "Writing records"
    whole = export("whole")
    with monkeypatch.context() as patch:
        killed_at(patch, label, 25)
        with pytest.raises(Killed):
            export("out")
    monkeypatch.setattr(exporting, "_SESSION", "fedcba98")
    (partial,) = tmp_path.glob(f".out{suffix}.partial-*")
    with (partial / "content").open("ab") as file:
        file.write(b"what came after the last note")
    looked = []
    monkeypatch.setattr(Task, "step", lambda self, said, done, total=0: looked.append(said))
    out = export("out")
    assert out.read_bytes() == whole.read_bytes() and looked.count(label) < 20
    about = [
        json.loads((tmp_path / f"{n}{suffix}.curation.json").read_text(encoding="utf-8")) for n in ("out", "whole")
    ]
    assert about[0] == about[1] and about[0]["count"] == options.get("first", 40)
    assert about[0]["provenance"]["export"]["replaced"] == (3 if "first" in options else 0)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


HALVES = {"split": ("train=0.5", "test=0.5"), "together": "nothing", "allow_loss": True}
REPLACED = {"first": 30, "trainer": "llama-factory", "findings": "replace"}
IN_SPLITS = [
    ("jsonl", HALVES, ".jsonl"),
    ("json", HALVES, ".json"),
    ("sharegpt", HALVES | REPLACED, ".json"),
    ("list", HALVES, ".txt"),
    ("llama-factory", HALVES | REPLACED, ".jsonl"),
]


@pytest.mark.parametrize("number", [11, 25], ids=["in the first", "in the second"])
@pytest.mark.parametrize(("format_", "options", "suffix"), IN_SPLITS, ids=[one[0] for one in IN_SPLITS])
def test_files_of_splits_go_on_after_a_kill(chats, tmp_path, monkeypatch, format_, options, suffix, number):
    params = {"what": "source"} if format_ == "list" else {}
    label = "Writing rows" if format_ == "list" else "Writing records"

    def export(name: str) -> dict[str, bytes]:
        target = tmp_path / name / (f"x{suffix}" if format_ == "llama-factory" else "x")
        chats.submit_export("best", target, format_, params, options=options).result()
        return content(tmp_path / name)

    whole = export("whole")
    with monkeypatch.context() as patch:
        killed_at(patch, label, number)
        with pytest.raises(Killed):
            export("out")
    monkeypatch.setattr(exporting, "_SESSION", "fedcba98")
    (partial,) = (tmp_path / "out").glob(".x*.partial-*")
    (noted,) = (path for path in partial.iterdir() if "train" in path.name)
    with noted.open("ab") as file:
        file.write(b"what came after the last note")
    looked = []
    monkeypatch.setattr(Task, "step", lambda self, said, done, total=0: looked.append(said))
    assert export("out") == whole and looked.count(label) < 40 - number + 2


@pytest.mark.parametrize("which", range(4))
def test_llama_factory_killed_between_two_renames_needs_no_yes(chats, tmp_path, monkeypatch, which):
    """Two files of records and the description: whichever name was given last, the same export goes through again."""
    target, options = tmp_path / "data" / "mine.jsonl", {"split": ("train=0.5", "test=0.5"), "allow_loss": True}
    real, times = Path.replace, []

    def replace(self, other):
        if Path(other).suffix in (".jsonl", ".json"):
            times.append(other)
            if len(times) > which:
                raise Killed
        return real(self, other)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(Killed):
            chats.submit_export("best", target, "llama-factory", options=options).result()
    chats.submit_export("best", target, "llama-factory", options=options).result()
    found = sorted(path.name for path in target.parent.iterdir())
    assert found == ["dataset_info.json", "mine_test.jsonl", "mine_train.jsonl", "mine_train.jsonl.curation.json"]
    described = json.loads((target.parent / "dataset_info.json").read_text(encoding="utf-8"))
    assert sorted(described) == ["mine_test", "mine_train"]
    with pytest.raises(InputError, match="exists already"):
        chats.submit_export("best", target, "llama-factory", options=options).result()
