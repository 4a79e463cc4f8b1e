"""A look before an import, importing again, files that move; the rows that come of it."""

import json
import shutil

import pytest

from curator.engine.errors import InputError
from curator.engine.import_preview import preview
from curator.engine.import_run import expand
from curator.engine.project import Project
from curator.engine.registry import registry
from curator.engine.store_imports import MISSING
from curator.engine.store_renewing import Renewing
from curator.engine.types import Draft


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATOR_CACHE_DIR", str(tmp_path / "cache"))
    with Project.create(tmp_path / "p.curator") as made:
        yield made


def bring(project, *paths, name="", **more):
    job = project.submit_import([str(p) for p in paths], name, **more)
    changes = job.result()
    return project.dataset(changes.focus[1]), changes.notes[0]


def write(path, rows):
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def sources(project, dataset):
    return {s.source: s for s in project.samples(dataset.id, 0, 1000)}


# Looking


def test_a_look_shows_importers_columns_and_rows_and_writes_nothing(tmp_path):
    registry().discover()
    rows = [{"instruction": f"i{i}", "output": f"o{i}", "task": "t", "n": i} for i in range(50)]
    path = write(tmp_path / "train.jsonl", rows)
    with path.open("a") as file:
        file.write("{broken\n")
    before = sorted(tmp_path.rglob("*"))
    seen = preview(path)
    assert sorted(tmp_path.rglob("*")) == before
    assert (seen.importer, seen.kind, seen.format, seen.name, len(seen.rows)) == (
        "instructions",
        "instruction",
        "alpaca",
        "train",
        20,
    )
    assert 0.85 < seen.confidence <= 0.95
    assert [(f.name, f.role, f.example) for f in seen.fields] == [
        ("instruction", "prompt", "i0"),
        ("output", "response", "o0"),
        ("task", "label", "t"),
        ("n", "", "0"),
    ]
    assert (seen.rows[1].text, seen.rows[1].labels, seen.rows[1].split) == ("i1\no1", ("t",), "train")


def test_a_look_at_what_no_importer_knows_helps_to_map_it(tmp_path):
    registry().discover()
    path = write(tmp_path / "a.jsonl", [{"ask": "q", "reply": "a"}] * 3)
    seen = preview(path)
    assert not seen.candidates and "looks like" in seen.error
    seen = preview(path, "instructions")
    assert [(f.name, f.role) for f in seen.fields] == [("ask", ""), ("reply", "")]
    assert seen.problems[0].reason == "is not a record of any known kind; its fields are: ask, reply"
    seen = preview(path, "instructions", {"map": "ask=prompt, reply=response"})
    assert [(f.name, f.role) for f in seen.fields] == [("ask", "prompt"), ("reply", "response")]
    assert [r.text for r in seen.rows] == ["q\na"] * 3 and not seen.problems


def test_a_look_at_pictures(image_folder):
    registry().discover()
    root = image_folder("a.png", "b.png")
    write(root / "metadata.jsonl", [{"file_name": "a.png", "label": "x"}, {"file_name": "../b.png"}])
    seen = preview(root)
    assert (seen.importer, seen.confidence, seen.kind) == ("image-folder", 0.98, "image")
    assert [(f.name, f.role) for f in seen.fields] == [("file_name", "image"), ("label", "label")]
    assert seen.rows[0].images == ("a.png",) and "leaves the folder" in seen.problems[0].reason
    assert "does not exist" in preview(root / "none").error


# Patterns


def test_braces_and_patterns_are_written_out(tmp_path):
    for name in ("s-00.tar", "s-01.tar", "s-02.tar", "x{1,2}.txt"):
        (tmp_path / name).write_bytes(b"")
    full = str(tmp_path / "s-{00..02}.tar")
    assert [p[-8:] for p in expand([full])] == ["s-00.tar", "s-01.tar", "s-02.tar"]
    assert len(expand([str(tmp_path / "*.tar")])) == 3
    assert expand([str(tmp_path / "x{1,2}.txt")]) == [str(tmp_path / "x{1,2}.txt")]
    assert [p[-5:] for p in expand(["/d/{a,b}.txt"])] == ["a.txt", "b.txt"]
    for pattern, words in (("*.zip", "Nothing is called like"), ("{0..9999999}.tar", "more than 100,000")):
        with pytest.raises(InputError, match=words):
            expand([str(tmp_path / pattern)])


# Importing again


def test_new_content_is_taken_when_asked_for_and_undo_brings_back_the_old(project, tmp_path):
    rows = [{"prompt": f"q{i}", "completion": "a", "task": "old"} for i in range(5)]
    path = write(tmp_path / "a.jsonl", rows)
    dataset, _ = bring(project, path)
    before = sources(project, dataset)
    rows[1] = {"prompt": "new words", "completion": "a", "task": "fresh"}
    rows[3] = {"prompt": "more words", "completion": "a", "task": "old"}
    bring(project, write(path, rows), name="a")
    assert len(project.skips(dataset.id)) == 2 and sources(project, dataset) == before
    write(path, [*rows, {"prompt": "q5", "completion": "a", "task": "old"}])
    renewed, words = bring(project, name="a", renew=True)
    assert words == "1 added, 3 unchanged, 2 changed." and renewed.size == 6
    after = sources(project, renewed)
    assert [after[k].id for k in before] == [s.id for s in before.values()]
    assert after["a.jsonl#2"].text == "new words\na" and "new words" in after["a.jsonl#2"].record
    assert after["a.jsonl#2"].labels == ("fresh",) and after["a.jsonl#4"].labels == ("old",)
    assert not project.skips(renewed.id) and project.check() == []
    assert renewed.fingerprint == project._store.fingerprint_of(renewed.id) != dataset.fingerprint
    _, words = bring(project, name="a")
    assert words == "0 added, 6 unchanged."
    project.undo()
    assert sources(project, project.dataset("a")) == before
    assert project.dataset("a").fingerprint == dataset.fingerprint
    project.redo()
    assert sources(project, project.dataset("a")) == after


def test_vectors_of_old_content_are_not_reused_for_the_new(project, tmp_path):
    store = project._store
    path = write(tmp_path / "a.jsonl", [{"prompt": f"q{i}", "completion": "a"} for i in range(4)])
    dataset, _ = bring(project, path)
    made = {"encoder": "lsa", "params": {}, "file": "x.npy", "dims": 2, "device": "cpu", "seconds": 0.1}
    store.add_embedding(
        **made, dataset_id=dataset.id, rows=4, fingerprint="old", content=store.fingerprint_of(dataset.id, 4)
    )
    assert [e.fingerprint for e in store.embeddings(dataset.id)] == ["old"]
    write(path, [{"prompt": f"q{i}", "completion": "b"} for i in range(4)])
    bring(project, name="a", renew=True)
    assert store.embeddings(dataset.id) == []
    project.undo()
    assert [e.fingerprint for e in store.embeddings(dataset.id)] == ["old"]


def test_new_content_that_a_broken_import_had_kept_is_forgotten(project, tmp_path):
    store = project._store
    path = write(tmp_path / "a.jsonl", [{"prompt": "q", "completion": "a"}])
    dataset, _ = bring(project, path)
    key = sources(project, dataset)["a.jsonl#1"].id
    with store.write():
        Renewing(store).keep(dataset.id, [(key, Draft("a.jsonl#1", "d", "half"))])
    _, words = bring(project, name="a")
    assert words == "0 added, 1 unchanged." and sources(project, dataset)["a.jsonl#1"].text == "q\na"


def test_what_changed_and_vanished_is_told_and_ids_stay(project, tmp_path):
    rows = [{"prompt": f"q{i}", "completion": "a"} for i in range(6)]
    path = write(tmp_path / "a.jsonl", rows)
    dataset, words = bring(project, path)
    assert words == "6 added."
    before = {k: s.id for k, s in sources(project, dataset).items()}
    write(path, [rows[0], {"prompt": "new words", "completion": "a"}, rows[2], rows[3]])
    _, words = bring(project, name="a")
    assert words == "0 added, 3 unchanged, 1 changed, 2 vanished."
    after = sources(project, dataset)
    assert {k: s.id for k, s in after.items()} == before
    assert after["a.jsonl#2"].text == "q1\na" and not after["a.jsonl#6"].problem
    reasons = {s.source: s.reason for s in project.skips(dataset.id)}
    assert "changed since it was imported" in reasons["a.jsonl#2"] and "not in the source" in reasons["a.jsonl#5"]
    write(path, [*rows, {"prompt": "seventh", "completion": "a"}])
    dataset, words = bring(project, path, name="a")
    assert words == "1 added, 6 unchanged." and dataset.size == 7
    assert [r.words for r in project.importing.reports("a")] == [
        "1 added, 6 unchanged.",
        "0 added, 3 unchanged, 1 changed, 2 vanished.",
        "6 added.",
    ]


def test_another_path_extends_and_nothing_has_vanished(project, image_folder):
    root = image_folder("one/a.png", "one/b.png", "two/c.png")
    bring(project, root, name="x")
    (root / "two" / "c.png").unlink()
    (root / "one" / "b.png").unlink()
    dataset, words = bring(project, root, name="x")
    assert words == "0 added, 1 unchanged, 2 vanished."
    gone = {s.source: s.problem for s in project.samples(dataset.id)}
    assert gone == {"one/a.png": "", "one/b.png": MISSING, "two/c.png": MISSING}
    image_folder("two/c.png", "one/b.png")
    _, words = bring(project, root, name="x")
    assert not any(s.problem for s in project.samples(dataset.id))


def test_a_mapping_is_kept_and_used_again(project, tmp_path):
    path = write(tmp_path / "a.jsonl", [{"ask": "q", "reply": "a"}])
    dataset, _ = bring(project, path, importer="instructions", params={"map": "ask=prompt, reply=response"})
    write(path, [{"ask": "q", "reply": "a"}, {"ask": "r", "reply": "b"}])
    dataset, words = bring(project, path, name=dataset.name)
    assert words == "1 added, 1 unchanged." and [s.text for s in project.samples(dataset.id)] == ["q\na", "r\nb"]
    assert project.importing.plan("a").params == {"map": "ask=prompt, reply=response"}
    with pytest.raises(InputError, match="Nothing to import"):
        project.submit_import([], "nothing").result()


# Files that move


def test_a_folder_that_moved_is_pointed_to(project, image_folder, tmp_path):
    root = image_folder("a.png", "b.png", "c.png")
    dataset, _ = bring(project, root)
    moved = root.rename(tmp_path / "moved")
    job = project.importing.submit_check(dataset.id)
    assert job.changes.notes == ("3 files of “pictures” are missing.",)
    assert {s.problem for s in project.samples(dataset.id)} == {MISSING}
    (moved / "c.png").unlink()
    project.importing.repoint(dataset.id, moved)
    assert project.importing.submit_check(dataset.id).changes.notes == ("1 files of “pictures” are missing.",)
    assert [s.problem for s in project.samples(dataset.id)] == ["", "", MISSING]
    assert project.dataset(dataset.id).root == moved
    project.undo()
    assert project.dataset(dataset.id).root == root
    for wrong, words in ((tmp_path / "p.curator", "does not hold"), (tmp_path / "none", "is not a folder")):
        with pytest.raises(InputError, match=words):
            project.importing.repoint(dataset.id, wrong)
    other = image_folder("z.png", "a.png", folder="other", size=(3, 3))
    with pytest.raises(InputError, match="does not hold"):
        project.importing.repoint(dataset.id, other)


def test_files_are_copied_into_the_project_on_request(project, image_folder, tmp_path):
    root = image_folder("in/a.png", "b.png")
    dataset, _ = bring(project, root)
    assert project.importing.submit_check(dataset.id, copy=True).result()
    shutil.rmtree(root)
    copied = project.dataset(dataset.id).root
    assert copied.is_relative_to(project.folder) and (copied / "in" / "a.png").is_file()
    assert project.importing.submit_check(dataset.id).changes.notes == ("All files of “pictures” are there.",)
