import numpy as np
import pytest

from curator.engine.errors import InputError
from curator.engine.pages import Pages
from curator.engine.store import Store
from curator.engine.types import Draft


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "a.curator") as made:
        yield made


def drafts(count, first=0):
    return [Draft(f"{i}.png", f"digest {i}", images=(f"{i}.png",)) for i in range(first, first + count)]


@pytest.fixture
def dataset(store, tmp_path):
    made = store.begin_dataset("pile", "image", tmp_path, "image-folder", "image-folder")
    store.add_samples(made.id, drafts(20))
    store.finish_import(made.id, "Import")
    return store.dataset("pile")


def test_rows_come_in_the_order_asked_for(store, dataset):
    pages = Pages(store)
    for rows in ([3, 4, 5], [9, 2, 14], [19, 0], [5, 99], []):
        there = [r for r in rows if r < 20]
        assert [s.row for s in pages.samples(dataset.id, rows)] == there
        assert pages.ids(dataset.id, np.array(rows, np.int32)) == [s.id for s in pages.samples(dataset.id, rows)]


def test_a_subset_is_read_by_rank(store, dataset):
    pages = Pages(store)
    ids = pages.ids(dataset.id, [7, 3, 11])
    subset = store.add_subset("mine", dataset.id, ids, "Make").focus[1]
    assert pages.ranking(subset).tolist() == [7, 3, 11]
    assert pages.ranking(subset, 2, 1).tolist() == [3]
    assert [(c.rank, c.row) for c in pages.choices(subset, [3, 1])] == [(1, 7), (3, 11)]


def test_what_arrives_is_seen_before_it_is_finished(store, tmp_path):
    pages = Pages(store)
    made = store.begin_dataset("new", "image", tmp_path, "image-folder", "image-folder")
    store.add_samples(made.id, drafts(5))
    assert [(d.name, d.size, d.status) for d in pages.arriving()] == [("new", 5, "importing")]
    assert len(pages.samples(made.id, range(5))) == 5
    store.finish_import(made.id, "Import")
    assert pages.arriving() == []


def test_layouts_of_another_size_are_left_out(store, dataset):
    pages = Pages(store)
    for name, size in (("pca", 20), ("umap", 19)):
        np.save(store.arrays / f"projection-{name}.npy", np.zeros((size, 2), np.float32))
        values = {"dataset_id": dataset.id, "fingerprint": name, "file": f"projection-{name}.npy"}
        store.add_projection(projector=name, params={}, **values)
    found = pages.layouts(dataset.id)
    assert [f.projector for f in found] == ["pca"]
    assert pages.layout(dataset.id, found[0].id).shape == (20, 2)
    with pytest.raises(InputError):
        pages.layout(dataset.id, 99)
