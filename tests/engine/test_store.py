"""The Store, used as the pipeline uses it, and read back by plain SQL."""

import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.engine.errors import InputError, StoreError
from curator.engine.schema import FILE
from curator.engine.store import Store
from curator.engine.types import Draft, Skip


def drafts(n, first=0, prefix="d"):
    return [
        Draft(
            f"{i}.png",
            f"{prefix}{i}",
            text=f"text {i}",
            record=f'{{"i": {i}}}',
            images=(f"{i}.png",),
            labels=("abc"[i % 3],),
        )
        for i in range(first, first + n)
    ]


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "p.curator") as made:
        yield made


@pytest.fixture
def dataset(store):
    found = store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder")
    store.add_samples(found.id, drafts(10))
    store.finish_import(found.id, "Import pile")
    return store.dataset("pile")


def make_run(store, dataset, rows=(3, 1, 2), name="first", fingerprint="f"):
    ids = store.sample_ids(dataset.id).tolist()
    clustering = store.add_clustering(
        dataset_id=dataset.id, clusterer="kmeans", params={}, fingerprint="c", labels_file="labels-1.npy",
        membership_file="", k=2, names=["odd", "even"], sizes=[5, 5],
    )  # fmt: skip
    run = store.begin_run(dataset.id, 'name = "x"', "x", 0, "cpu", {"python": "3"})
    entries = [
        (rank + 1, ids[row], float("inf") if rank == 0 else 0.5, None, "because", None, row % 2)
        for rank, row in enumerate(rows)
    ]
    return store.finish_run(
        run, fingerprints={"embedding": "e"}, fingerprint=fingerprint, log="", subset_name=name, entries=iter(entries),
        omissions=iter([(ids[9], "redundancy", "0.99 alike", ids[1], 0.99)]), summary={"radius": float("nan")},
        clustering_id=clustering.id,
    )  # fmt: skip


def select(store, sql):
    with closing(sqlite3.connect(store.folder / FILE)) as db:
        return db.execute(sql).fetchall()


def test_a_dataset_is_invisible_until_its_import_is_finished(store):
    found = store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder")
    store.add_samples(found.id, drafts(3))
    assert store.datasets() == []
    store.finish_import(found.id, "Import pile")
    assert [(d.name, d.size, d.status) for d in store.datasets()] == [("pile", 3, "ready")]


def test_an_interrupted_import_goes_on_where_it_was(store):
    found = store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder")
    store.add_samples(found.id, drafts(3))
    again = store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder")
    assert again.id == found.id
    assert store.add_samples(found.id, drafts(5)) == 2
    store.finish_import(found.id, "Import pile")
    assert [s.row for s in store.samples(found.id)] == [0, 1, 2, 3, 4]


def test_extending_keeps_ids_and_undo_takes_the_extension_back(store, dataset):
    before = store.sample_ids(dataset.id).tolist()
    store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder")
    assert store.add_samples(dataset.id, drafts(12)) == 2
    assert store.dataset("pile").size == 10
    store.finish_import(dataset.id, "Extend pile by 2")
    assert store.sample_ids(dataset.id).tolist()[:10] == before
    assert store.dataset("pile").size == 12
    assert store.dataset("pile").fingerprint != dataset.fingerprint
    store.undo()
    assert store.dataset("pile") == dataset
    store.redo()
    assert store.dataset("pile").size == 12


def test_a_changed_source_keeps_its_first_content_and_is_noted(store, dataset):
    assert store.add_samples(dataset.id, drafts(1, prefix="other")) == 0
    assert store.samples(dataset.id, 0, 1)[0].digest == "d0"
    assert [(s.source, "changed" in s.reason) for s in store.skips(dataset.id)] == [("0.png", True)]


def test_a_name_of_another_kind_or_root_is_taken(store, dataset):
    with pytest.raises(InputError, match="already"):
        store.begin_dataset("pile", "instruction", Path("/pictures"), "alpaca", "instructions")
    with pytest.raises(InputError, match="already"):
        store.begin_dataset("pile", "image", Path("/elsewhere"), "folder", "image-folder")


def test_importing_nothing_new_is_no_entry_in_the_history(store, dataset):
    entries = store.history()
    store.finish_import(dataset.id, "Extend pile by 0")
    assert store.history() == entries


def test_samples_come_back_by_row_and_by_id(store, dataset):
    ids = store.sample_ids(dataset.id)
    assert [s.id for s in store.samples(dataset.id, 4, 3)] == ids[4:7].tolist()
    assert [s.id for s in store.samples_by_id(ids[::-1].tolist())] == ids[::-1].tolist()
    assert store.rows_of(dataset.id, ids[[5, 2]].tolist()).tolist() == [5, 2]
    sample = store.samples(dataset.id, 1, 1)[0]
    assert (sample.images, sample.labels, sample.record, sample.pin) == (("1.png",), ("b",), '{"i": 1}', "")


@pytest.mark.parametrize("rows", [[0, 1, 2, 3], [7, 2, 9], [5], []])
def test_content_streams_in_the_order_of_rows(store, dataset, rows):
    rows = np.array(rows, np.int64)
    assert list(store.iter_texts(dataset.id, rows)) == [f"text {i}" for i in rows]
    assert list(store.iter_records(dataset.id, rows)) == [f'{{"i": {i}}}' for i in rows]
    assert list(store.iter_images(dataset.id, rows)) == [(f"{i}.png",) for i in rows]


def test_many_ids_do_not_meet_the_limit_on_parameters(store):
    found = store.begin_dataset("big", "image", Path("/pictures"), "folder", "image-folder")
    store.add_samples(found.id, drafts(70_000))
    store.finish_import(found.id, "Import big")
    ids = store.sample_ids(found.id)
    assert len(store.samples_by_id(ids.tolist())) == 70_000
    store.set_pins(ids.tolist(), "in", "Pin all")
    assert len(store.pins(found.id)[0]) == 70_000


def test_chosen_rows_are_plain_sql(store, dataset):
    make_run(store, dataset)
    rows = select(
        store, "select subset, rank, source, path, text, gain, weight, reason, skill, labels from chosen order by rank"
    )
    assert rows == [
        ("first", 1, "3.png", "/pictures/3.png", "text 3", None, None, "because", "even", "a"),
        ("first", 2, "1.png", "/pictures/1.png", "text 1", 0.5, None, "because", "even", "b"),
        ("first", 3, "2.png", "/pictures/2.png", "text 2", 0.5, None, "because", "odd", "c"),
    ]
    assert store.counts(store.subset("first").id) == {
        "skill": [("odd", 1, 5), ("even", 2, 5)],
        "class": [("a", 1, 4), ("b", 1, 3), ("c", 1, 3)],
    }
    assert store.omissions(store.subset("first").id)[0].covered_by_source == "1.png"
    assert store.subset("first").summary == {"radius": None}


def test_a_run_and_its_subset_appear_and_go_together(store, dataset):
    make_run(store, dataset)
    assert store.run_by_fingerprint("f").status == "done"
    assert store.undo().label == "Run “first”"
    assert store.subsets() == []
    assert store.run_by_fingerprint("f") is None
    assert select(store, "select count(*) from chosen") == [(0,)]
    store.redo()
    assert [s.name for s in store.subsets()] == ["first"]


def test_a_failed_run_leaves_no_rows(store, dataset):
    run = store.begin_run(dataset.id, "", "x", 0, "cpu", {})

    def broken():
        yield (1, 1, 0.0, None, "", None, None)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.finish_run(
            run, fingerprints={}, fingerprint="g", log="", subset_name="s", entries=broken(), omissions=iter(()),
            summary={}, clustering_id=None,
        )  # fmt: skip
    store.fail_run(run, "failed", "broken")
    assert select(store, "select count(*) from subset") == [(0,)]
    assert (store.run(run).status, store.run(run).error) == ("failed", "broken")


def test_every_kind_of_write_is_undone_and_done_again_after_a_restart(store, dataset):
    make_run(store, dataset)
    ids = store.sample_ids(dataset.id).tolist()
    subset = store.subset("first").id

    def state(s):
        codes, names = s.class_codes(dataset.id)
        return (
            [s.name for s in s.subsets()], [(x.note, x.locked) for x in s.subsets()],
            [p.tolist() for p in s.pins(dataset.id)], codes.tolist(), names,
        )  # fmt: skip

    writes = [
        lambda s: s.set_pins(ids[:3], "in", "Pin in"),
        lambda s: s.set_pins(ids[:1], "out", "Pin out"),
        lambda s: s.set_pins(ids[:2], None, "Unpin"),
        lambda s: s.set_label(ids[2:4], "zebra", "me", "Label"),
        lambda s: s.set_label(ids[2:3], "yak", "me", "Label again"),
        lambda s: s.set_label(ids[2:3], None, "me", "Unlabel"),
        lambda s: s.rename_subset(subset, "second"),
        lambda s: s.set_note(subset, "good"),
        lambda s: s.set_locked(subset, True),
        lambda s: s.set_locked(subset, False),
        lambda s: s.add_subset("by hand", dataset.id, ids[4:6], "Save by hand"),
        lambda s: s.hide_subset(subset),
    ]
    states = [state(store)]
    for write in writes:
        write(store)
        states.append(state(store))
    assert len({str(s) for s in states[:-3]}) >= 9
    store.close()
    with Store.open(store.folder) as again:
        for expected in reversed(states[:-1]):
            again.undo()
            assert state(again) == expected
        for expected in states[1:]:
            again.redo()
            assert state(again) == expected
        with pytest.raises(InputError, match="Nothing to redo"):
            again.redo()


def test_a_new_write_after_undo_drops_what_could_be_redone(store, dataset):
    ids = store.sample_ids(dataset.id).tolist()
    store.set_pins(ids[:1], "in", "One")
    store.undo()
    store.set_pins(ids[1:2], "in", "Two")
    with pytest.raises(InputError, match="Nothing to redo"):
        store.redo()
    assert [h.label for h in store.history()] == ["Two", "Import pile"]


def test_a_strangers_history_cannot_write_where_it_likes(store, dataset):
    store.set_pins(store.sample_ids(dataset.id).tolist()[:1], "in", "One")
    store.db.execute("update history_change set tbl = 'run', col = 'recipe' where tbl = 'pin'")
    with pytest.raises(InputError, match="cannot be undone"):
        store.undo()
    assert store.history()[0].undone is False


def test_names_are_checked(store, dataset):
    make_run(store, dataset)
    with pytest.raises(InputError, match="already"):
        store.add_subset("first", dataset.id, [], "x")
    with pytest.raises(InputError):
        store.rename_subset(store.subset("first").id, "  ")
    assert store.unique_subset_name("first") == "first (2)"
    with pytest.raises(InputError, match="Known: first"):
        store.subset("second")


def test_a_locked_subset_does_not_change(store, dataset):
    make_run(store, dataset)
    subset = store.subset("first").id
    store.set_locked(subset, True)
    with pytest.raises(InputError, match="locked"):
        store.hide_subset(subset)


def test_artefacts_are_found_by_fingerprint(store, dataset):
    assert store.embedding("e") is None
    made = store.add_embedding(
        dataset_id=dataset.id, encoder="lsa", params={"dims": 8}, fingerprint="e", file="embedding-1.npy",
        rows=10, dims=8, device="cpu", seconds=0.5,
    )  # fmt: skip
    assert store.embedding("e") == made
    assert store.embeddings(dataset.id) == store.embeddings() == [made]
    score = store.add_score(dataset_id=dataset.id, scorer="length", params={}, fingerprint="s", file="score-1.npy")
    assert store.score("s") == score
    assert store.check() == [f"{f} is missing from the arrays folder" for f in ("embedding-1.npy", "score-1.npy")]


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=50), st.text(max_size=200))
def test_any_text_survives(tmp_path_factory, source, text):
    with Store.create(tmp_path_factory.mktemp("text") / "p.curator") as store:
        found = store.begin_dataset("pile", "instruction", Path("/p"), "alpaca", "instructions")
        store.add_samples(found.id, [Draft(source, "d", text=text, record=text)])
        store.add_skips(found.id, [Skip(text, source)])
        store.finish_import(found.id, "Import")
        sample = store.samples(found.id)[0]
        assert (sample.source, sample.text) == (source, text)


def test_lone_surrogates_do_not_crash(store):
    found = store.begin_dataset("pile", "instruction", Path("/p"), "alpaca", "instructions")
    store.add_samples(found.id, [Draft("a\udcff", "d", text="b\ud800")])
    store.finish_import(found.id, "Import")
    assert store.samples(found.id)[0].text == "b?"


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_foreign_or_damaged_file_is_refused(tmp_path, content):
    folder = tmp_path / "p.curator"
    folder.mkdir()
    (folder / FILE).write_bytes(content)
    with pytest.raises(StoreError):
        Store.open(folder)


def test_a_newer_project_is_refused(store):
    store.db.execute("pragma user_version = 999")
    store.close()
    with pytest.raises(StoreError, match="newer Curator"):
        Store.open(store.folder)


def test_a_taken_folder_is_refused(tmp_path):
    (tmp_path / "p.curator").mkdir()
    (tmp_path / "p.curator" / "mine.txt").write_text("x")
    with pytest.raises(StoreError, match="exists already"):
        Store.create(tmp_path / "p.curator")
    with pytest.raises(StoreError, match="no project"):
        Store.open(tmp_path / "absent.curator")


def test_an_edit_from_another_connection_waits_only_for_a_chunk(store, dataset):
    ids = store.sample_ids(dataset.id).tolist()
    run = store.begin_run(dataset.id, "", "x", 0, "cpu", {})
    with Store.open(store.folder) as window:

        def entries():
            for rank in range(25_000):
                if rank == 15_000:
                    window.set_pins(ids[:1], "in", "Pin while the worker writes")
                yield rank + 1, ids[rank % 10], 0.0, None, "", None, None

        store.finish_run(
            run, fingerprints={}, fingerprint="big", log="", subset_name="big", entries=entries(), omissions=iter(()),
            summary={}, clustering_id=None, polite=True,
        )  # fmt: skip
        assert window.subset("big").size == 25_000
        assert window.pins(dataset.id)[0].tolist() == [0]


@pytest.mark.parametrize("moment", [1, 12_000, 30_000])
def test_a_kill_in_the_middle_of_a_run_shows_nothing_half_done(tmp_path, moment):
    code = f"""
        import os, signal
        from pathlib import Path
        from curator.engine.store import Store
        from curator.engine.types import Draft
        store = Store.create(Path({str(tmp_path / "p.curator")!r}))
        found = store.begin_dataset("pile", "image", Path("/p"), "folder", "image-folder")
        store.add_samples(found.id, [Draft(f"{{i}}.png", str(i)) for i in range(10)])
        store.finish_import(found.id, "Import")
        ids = store.sample_ids(found.id).tolist()
        run = store.begin_run(found.id, "", "x", 0, "cpu", {{}})
        def entries():
            for rank in range(35_000):
                if rank == {moment}:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield rank + 1, ids[rank % 10], 0.0, None, "", None, None
        store.finish_run(run, fingerprints={{}}, fingerprint="f", log="", subset_name="s", entries=entries(),
                         omissions=iter(()), summary={{}}, clustering_id=None)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    with Store.open(tmp_path / "p.curator") as store:
        assert store.subsets() == []
        store.sweep()
        assert store.runs()[0].status == "interrupted"
        assert store.check() == []
        assert select(store, "select count(*) from subset_sample") == [(0,)]
        assert store.dataset("pile").size == 10
