"""The class of every row, read in parts and kept until a label changes."""

import random
from pathlib import Path

import numpy as np
import pytest

from curator.engine import store_columns
from curator.engine.store import Store
from curator.engine.store_pages import PageStore
from curator.engine.types import Draft


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "p.curator") as made:
        yield made


def pile(store, name, labels):
    made = store.begin_dataset(name, "image", Path("/"), "image-folder", "image-folder")
    store.add_samples(made.id, [Draft(f"{i}.png", f"d{i}", labels=tuple(given)) for i, given in enumerate(labels)])
    store.finish_import(made.id, f"Import {name}")
    return made.id


def one_by_one(store, key):
    """Row by row: the user's label, else the first that was given."""
    found = []
    for sample in store.sample_ids(key).tolist():
        labels = store.rows(
            "select name from label where sample_id = ? and not hidden order by origin = 'user' desc, id", (sample,)
        )
        found.append(labels[0][0] if labels else None)
    names = tuple(sorted({name for name in found if name is not None}))
    return [-1 if name is None else names.index(name) for name in found], names


@pytest.mark.parametrize("part", [3, 20_000])
def test_as_row_by_row_after_every_write(store, monkeypatch, part):
    monkeypatch.setattr(store_columns, "STREAM", part)
    rng = random.Random(part)
    given = [rng.sample(("cat", "dog", "eel", "ant"), rng.randint(0, 3)) for _ in range(40)]
    first, second = pile(store, "first", given), pile(store, "second", given[:7])
    ids = store.sample_ids(first).tolist()
    writes = [
        lambda: None,
        lambda: store.set_label(ids[3:9], "zebra", "me", "Label"),
        lambda: store.set_label(ids[5:12], "ant", "me", "Again"),
        lambda: store.set_label(ids[6:7], None, "me", "Take away"),
        store.undo,
        store.undo,
        store.redo,
        lambda: store.set_label(store.sample_ids(second).tolist(), "cat", "me", "The others"),
    ]
    for write in writes:
        write()
        for key in (first, second, first):
            codes, names = store.class_codes(key)
            assert (codes.tolist(), names) == one_by_one(store, key)


def test_it_is_read_once_and_what_is_given_out_may_be_changed(store, monkeypatch):
    key = pile(store, "one", [("b",), (), ("a", "b")])
    reads = []
    whole = store_columns.ColumnStore.labels
    monkeypatch.setattr(store_columns.ColumnStore, "labels", lambda *a: reads.append(1) or whole(*a))
    store.class_codes(key)[0][:] = 7
    assert store.class_codes(key)[0].tolist() == [1, -1, 0] and len(reads) == 1
    store.set_pins(store.sample_ids(key).tolist(), "in", "Pin")
    store.class_codes(key)
    assert len(reads) == 1
    store.set_label(store.sample_ids(key).tolist()[1:2], "c", "me", "Label")
    assert store.class_codes(key)[0].tolist() == [1, 2, 0] and len(reads) == 2


def test_what_is_at_hand_was_read_or_is_small(store, monkeypatch):
    key = pile(store, "one", [("b",), ("b",), ("a", "b")])
    store.add_subset("two", key, store.sample_ids(key).tolist()[:2], "By hand")
    assert store.at_hand(1)
    monkeypatch.setattr("curator.engine.store_labels.AT_ONCE", 3)
    assert not store.at_hand(1)
    store.class_codes(key)
    assert store.at_hand(1)
    store.set_label(store.sample_ids(key).tolist()[1:2], "c", "me", "Label")
    assert not store.at_hand(1)
    assert store.labels_of(store.dataset(key)).rows.tolist() == [0, 1, 2, 2, 1] and store.at_hand(1)
    monkeypatch.setattr("curator.engine.store_subsets.AT_ONCE", 1)
    assert not store.at_hand(1)


@pytest.mark.parametrize("part", [3, 20_000])
def test_picks_come_in_the_order_of_rank(store, monkeypatch, part):
    monkeypatch.setattr(store_columns, "STREAM", part)
    ids = store.sample_ids(pile(store, "one", [()] * 9)).tolist()
    store.add_subset("some", 1, [ids[i] for i in (7, 0, 5, 3, 8)], "By hand")
    read = store_columns.ColumnStore(store).picks
    assert [c.tolist() for c in read(1, "row", "coalesce(skill, -1)")] == [[7, 0, 5, 3, 8], [-1] * 5]
    assert read(1, "row", first=4)[0].tolist() == [7, 0, 5, 3] and read(1, "row", first=70)[0].tolist() == [
        7,
        0,
        5,
        3,
        8,
    ]
    assert read(9, "row")[0].tolist() == [] and read(1, "row", after=2, first=4)[0].tolist() == [5, 3]
    assert read(1, "row", after=9)[0].tolist() == [] and PageStore(store).ranking(1, 4, 9).tolist() == [3, 8]
    rows, gains = store_columns.ColumnStore(store).gains(store.dataset(1), 1)
    assert rows.tolist() == [7, 0, 5, 3, 8] and np.isnan(gains).all()
    store.db.execute("delete from subset_sample where rank = 2")
    assert read(1, "row")[0].tolist() == [7, 5, 3, 8]
