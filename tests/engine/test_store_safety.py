"""What must not go wrong: kills, two processes at once, undo across imports, strangers' projects, a full disk."""

import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from curator.engine.errors import InputError, StoreError
from curator.engine.schema import FILE
from curator.engine.store import Store
from curator.engine.types import Draft

ROOT = Path("/pictures")


def drafts(n, first=0, prefix="d"):
    return [
        Draft(f"{i}.png", f"{prefix}{i}", text=f"{prefix} {i}", images=(f"{i}.png",), labels=("abc"[i % 3],))
        for i in range(first, first + n)
    ]


def begin(store, name="pile", root=ROOT, kind="image"):
    return store.begin_dataset(name, kind, root, "folder", "image-folder").id


def load(store, items, label="Import", name="pile", root=ROOT):
    key = begin(store, name, root)
    store.add_samples(key, items)
    store.finish_import(key, label)
    return key


def run(store, dataset, entries, name="s", **more):
    started = store.begin_run(dataset, "", "x", 0, "cpu", {})
    given = {"fingerprints": {}, "fingerprint": "f", "log": "", "summary": {}, "clustering_id": None, "omissions": ()}
    store.finish_run(started, subset_name=name, entries=entries, **{**given, **more})
    return started


def entry(rank, sample, nearest=None):
    return rank, sample, 0.5, None, "because", nearest, None


def sources(store, dataset):
    return {s.source: s.id for s in store.samples(dataset, 0, 1000)}


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "p.curator") as made:
        yield made


@pytest.fixture
def pile(store):
    return load(store, drafts(10))


# ---- imports, undone and interrupted -----------------------------------------------------------------------------


def test_an_undone_extension_comes_back_with_its_ids(store, pile):
    load(store, drafts(3, 10), "Extend")
    before = sources(store, pile)
    store.undo()
    load(store, drafts(3, 10)[::-1], "Extend")
    assert sources(store, pile) == before
    assert store.check() == []


def test_an_undone_extension_that_a_subset_refers_to_does_not_stand_in_the_way(store, pile):
    load(store, drafts(3, 10), "Extend")
    run(store, pile, [entry(1, 12), entry(2, 3, nearest=12)], omissions=[(4, "r", "x", 13, 0.99)])
    store.undo()
    store.undo()
    load(store, drafts(2, 20), "Extend")
    assert list(sources(store, pile))[10:] == ["20.png", "21.png"]
    assert store.dataset("pile").size == 12
    assert store.check() == []


def test_an_import_that_begins_gives_up_the_redo_of_what_it_puts_aside(store, pile):
    load(store, drafts(3, 10), "Extend")
    store.undo()
    begin(store)
    with pytest.raises(InputError, match="Nothing to redo"):
        store.redo()
    assert len(store.sample_ids(pile)) == store.dataset("pile").size == 10


def test_an_undone_import_comes_back_with_its_ids_and_once(store, pile):
    before = sources(store, pile)
    store.undo()
    assert store.datasets() == []
    key = begin(store)
    with pytest.raises(InputError, match="Nothing to redo"):
        store.redo()
    store.add_samples(key, drafts(10))
    store.finish_import(key, "Import again")
    assert (key, sources(store, key)) == (pile, before)
    assert [d.name for d in store.datasets()] == ["pile"]


def test_a_resumed_import_holds_what_is_there_now(store):
    key = begin(store)
    store.add_samples(key, [*drafts(5), Draft("5.png", "old", labels=("x",))])
    load(store, [*drafts(3), Draft("5.png", "new", labels=("y",))])
    found = store.samples(key)
    assert [(s.row, s.source, s.digest) for s in found] == [
        (0, "0.png", "d0"), (1, "1.png", "d1"), (2, "2.png", "d2"), (3, "5.png", "new"),
    ]  # fmt: skip
    assert found[3].labels == ("y",)
    assert store.skips(key) == []


def test_the_name_of_an_import_that_was_given_up_is_free(store):
    key = begin(store, root=Path("/wrong"))
    store.add_samples(key, drafts(3))
    assert load(store, [Draft("0.png", "d0", text="right")], root=Path("/right")) == key
    found = store.dataset("pile")
    assert (found.root, found.size) == (Path("/right"), 1)
    assert store.samples(key)[0].text == "right"


def test_rows_put_aside_are_nowhere_to_be_seen(store, pile):
    load(store, drafts(4, 10), "Extend")
    gone = list(sources(store, pile).values())[10:]
    store.set_pins(gone[:1], "in", "Pin")
    store.set_problem(pile, np.array([11]), "unreadable")
    store.undo()
    store.undo()
    for _ in ("undone", "put aside"):
        assert store.samples_by_id(gone) == []
        assert len(store.class_codes(pile)[0]) == 10
        assert [len(p) for p in store.pins(pile)] == [0, 0]
        assert store.problem_rows(pile).tolist() == []
        for refused in (lambda: store.set_pins(gone, "in", "x"), lambda: store.rows_of(pile, gone)):
            with pytest.raises(InputError, match="no sample"):
                refused()
        begin(store)
    assert store.count_samples(pile) == 10


def test_one_import_at_a_time_into_one_dataset(store, pile):
    with Store.open(store.folder) as window:
        load(store, drafts(3, 10), "Extend")
        begin(store)
        with pytest.raises(InputError, match="being imported"):
            begin(window)
        with pytest.raises(InputError, match="being imported"):
            window.undo()
        store.add_samples(pile, drafts(5, 10))
        store.finish_import(pile, "Extend again")
        window.undo()
        window.undo()
        assert window.dataset("pile").size == 10
        begin(window)


# ---- runs --------------------------------------------------------------------------------------------------------


def test_sweeping_leaves_the_run_of_a_living_process_alone(store, pile):
    ids = store.sample_ids(pile).tolist()

    def entries():
        for rank in range(15_000):
            if rank == 12_000:
                store.sweep()
                with Store.open(store.folder) as other:
                    other.sweep()
                    assert other.runs()[0].status == "running"
            yield entry(rank + 1, ids[rank % 10])

    started = run(store, pile, entries())
    assert store.run(started).status == "done"
    assert [s.size for s in store.subsets()] == [15_000]
    assert store.check() == []


def test_a_run_that_was_ended_meanwhile_is_not_shown(store, pile):
    def entries():
        yield entry(1, 1)
        store.db.execute("update run set status = 'interrupted'")

    with pytest.raises(StoreError, match="ended"):
        run(store, pile, entries())
    assert store.subsets() == []


def test_finished_work_is_kept_under_another_name_when_the_name_is_taken(store, pile):
    store.add_subset("other", pile, [1], "By hand")

    def entries():
        store.rename_subset(store.subset("other").id, "s")
        yield entry(1, 1)

    run(store, pile, entries())
    run(store, pile, [entry(1, 2)])
    assert [s.name for s in store.subsets()] == ["s", "s (2)", "s (3)"]


def test_a_name_of_full_length_still_gets_a_number(store, pile):
    for _ in range(3):
        store.add_subset(store.unique_subset_name("x" * 200), pile, [1], "By hand")
    assert [len(s.name) for s in store.subsets()] == [200, 194, 194]


def test_what_is_not_a_number_is_null(store, pile):
    nan = float("nan")
    run(store, pile, [(1, 1, float("-inf"), nan, "r", None, None)], omissions=[(2, "r", "x", None, nan)])
    subset = store.subset("s").id
    assert (store.subset_rows(subset)[0].gain, store.subset_rows(subset)[0].weight) == (None, None)
    assert (store.omissions(subset)[0].similarity, store.omissions(subset)[0].covered_by) == (None, None)


def test_failing_a_finished_run_changes_nothing(store, pile):
    started = run(store, pile, [entry(1, 1)])
    store.fail_run(started, "failed", "too late")
    assert store.run(started).status == "done"
    store.undo()
    store.fail_run(started, "failed", "too late")
    store.redo()
    assert store.subset("s").size == 1
    assert store.check() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_in_the_middle_of_an_import_shows_nothing_half_done(tmp_path, when):
    code = f"""
        import os, signal
        from pathlib import Path
        from curator.engine.store import Store
        from curator.engine.types import Draft
        store = Store.create(Path({str(tmp_path / "p.curator")!r}))
        key = store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder").id
        store.add_samples(key, [Draft(f"{{i}}.png", f"d{{i}}") for i in range(10)])
        store.finish_import(key, "Import")
        store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder")
        store.add_samples(key, [Draft(f"{{i}}.png", f"d{{i}}") for i in range(10, 14)])
        class Killing(str):
            def startswith(self, *_):
                os.kill(os.getpid(), signal.SIGKILL)
        bad = Draft("18.png", "d18", images=(Killing("x"),) if {when!r} == "before" else ())
        store.add_samples(key, [*(Draft(f"{{i}}.png", f"d{{i}}") for i in range(14, 18)), bad])
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    with Store.open(tmp_path / "p.curator") as store:
        store.sweep()
        assert store.check() == []
        assert store.dataset("pile").size == len(store.samples(1)) == 10
        assert store.count_samples(1) == (14 if when == "before" else 19)
        before = sources(store, 1)
        load(store, drafts(12), "Extend")
        assert store.dataset("pile").size == 12
        assert list(sources(store, 1).items())[:10] == list(before.items())


def test_a_kill_while_a_project_is_made_leaves_the_place_free(tmp_path):
    folder = tmp_path / "p.curator"
    (folder / "arrays").mkdir(parents=True)
    (folder / f"{FILE}.new").write_bytes(b"half")
    (folder / f"{FILE}.new-journal").write_bytes(b"half")
    with pytest.raises(StoreError, match="no project"):
        Store.open(folder)
    with Store.create(folder) as store:
        assert store.check() == []
    assert sorted(f.name for f in folder.iterdir()) == ["arrays", FILE]


# ---- messages instead of tracebacks ------------------------------------------------------------------------------


def test_a_full_disk_is_a_message_and_nothing_is_half_written(store, pile):
    pages = store.one("pragma page_count")
    store.db.execute(f"pragma max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="no room"):
        store.add_samples(pile, drafts(20_000, 100))
    store.db.execute("pragma max_page_count = 1000000")
    assert store.count_samples(pile) == 10
    assert store.check() == []


def test_a_mistake_of_the_program_is_not_blamed_on_the_disk(store):
    with pytest.raises(Exception, match="no such table") as caught:
        store.rows("select * from nowhere")
    assert not isinstance(caught.value, StoreError)


def test_text_that_is_not_text_does_no_harm_anywhere(store, pile):
    bad = "a\udcff"
    started = store.begin_run(pile, bad, bad, 0, "cpu", {"x": bad})
    store.fail_run(started, "failed", bad)
    run(store, pile, [(1, 1, 0.0, None, bad, None, None)], name=bad, log=bad, omissions=[(2, bad, bad, 1, 0.5)])
    subset = store.subset("a?").id
    store.set_note(subset, bad)
    store.set_label([1], bad, bad, "Label")
    store.add_subset("by hand", pile, [1], "By hand", note=bad)
    store.add_samples(pile, [Draft(bad, bad, text=bad, record=bad, images=(bad,), labels=(bad,))])
    with pytest.raises(InputError, match="not valid text"):
        begin(store, "other", Path(f"/{bad}"))
    assert store.subset(subset).note == "a?"


def test_rows_that_are_not_there_are_a_message(store, pile):
    with pytest.raises(StoreError, match="Row 99"):
        list(store.iter_texts(pile, np.array([3, 99])))


# ---- strangers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/../../b.png", "..\\b.png"])
def test_a_picture_outside_the_root_is_set_aside(store, pile, name):
    assert store.add_samples(pile, [Draft("x", "d", images=(name,))]) == 0
    assert "outside" in store.skips(pile)[0].reason


def test_a_strangers_project_cannot_export_what_lies_outside(store, pile):
    store.add_subset("all", pile, [1, 2], "By hand")
    store.db.execute("update sample set images = ? where id = 2", ('["../../etc/passwd"]',))
    with pytest.raises(StoreError, match="outside its dataset"):
        list(store.export_items(store.subset("all").id))
    with pytest.raises(StoreError, match="outside its dataset"):
        list(store.iter_images(pile, np.arange(3)))


# ---- small things ------------------------------------------------------------------------------------------------


def test_the_users_label_stands_before_the_given_one(store, pile):
    store.set_label([1], "zebra", "me", "Label")
    assert store.samples(pile, 0, 1)[0].labels == ("zebra", "a")
    store.add_subset("one", pile, [1], "By hand")
    assert store.subset_rows(store.subset("one").id)[0].labels == ("zebra", "a")
    assert store.rows("select labels from chosen") == [("zebra, a",)]


def test_a_dataset_whose_name_is_a_number_is_found_by_it(store, pile):
    load(store, drafts(1), name=str(pile))
    assert store.dataset(str(pile)).name == str(pile)
    assert store.dataset(pile).name == "pile"


def test_a_subset_by_hand_is_of_one_dataset_and_has_no_row_twice(store, pile):
    other = load(store, drafts(2), name="other")
    store.add_subset("mine", pile, [3, 1, 3], "By hand")
    assert store.subset_sample_ids(store.subset("mine").id).tolist() == [3, 1]
    assert store.subset("mine").size == 2
    with pytest.raises(InputError, match="no sample"):
        store.add_subset("mixed", pile, [1, int(store.sample_ids(other)[0])], "By hand")


def test_lost_rows_are_found_by_the_check(store, pile):
    store.db.execute("update sample set row = -id where row = 4")
    assert store.check() == ["dataset “pile” does not have the rows it should"]


def test_a_read_that_comes_as_the_project_closes_opens_nothing(tmp_path):
    store = Store.create(tmp_path / "p.curator")
    lock = store._aside_lock

    class ClosedMeanwhile:
        def __enter__(self):
            store._aside_lock = lock
            store.close()
            lock.acquire()

        def __exit__(self, *_):
            lock.release()

    store._aside_lock = ClosedMeanwhile()
    with pytest.raises(sqlite3.ProgrammingError):
        store.rows_aside("select 1")
    assert store._aside is None
