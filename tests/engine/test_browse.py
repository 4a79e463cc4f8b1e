"""Looking through a Dataset, on one small enough to check by hand."""

from pathlib import Path

import numpy as np
import pytest

from curator.engine.arrays import save_array
from curator.engine.browse import Browse, FilterError, Group, Query
from curator.engine.browse_columns import folder_of
from curator.engine.errors import InputError
from curator.engine.store import Store
from curator.engine.types import Draft

TEXTS = (
    "a quick python script", "Python's café", "nothing here", "pythonic ways of the python", "100% sure", "",
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "p.curator") as made:
        yield made


@pytest.fixture
def dataset(store):
    """Six rows: classes cat, dog, cat, none, dog, cat; row 4 is a copy of row 1; row 5 is broken."""
    found = store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder")
    names = ("b/0.png", "a/1.png", "a/2.png", "b/3.png", "c_x/4.png", "a/5.png")
    labels = (("cat", "pet"), ("dog",), ("cat",), (), ("dog",), ("cat",))
    drafts = [
        Draft(
            source,
            "same" if i in (1, 4) else f"d{i}",
            TEXTS[i],
            images=(source,),
            width=10 * (i + 1),
            labels=labels[i],
        )
        for i, source in enumerate(names)
    ]
    store.add_samples(found.id, drafts)
    store.finish_import(found.id, "Import pile")
    store.set_problem(found.id, np.array([5]), "could not be decoded")
    found = store.dataset("pile")
    save_array(store.arrays / "skills-1.npy", np.array([0, 1, 1, -1, 0, -1], np.int32))
    membership = np.array([[0.5, 0.5], [0, 1], [0, 1], [np.nan] * 2, [1, 0], [1, 0]], np.float32)
    save_array(store.arrays / "membership-1.npy", membership)
    clustering = store.add_clustering(
        dataset_id=found.id, clusterer="kmeans", params={}, fingerprint="c", labels_file="skills-1.npy",
        membership_file="membership-1.npy", k=2, names=["night street", "day"], sizes=[2, 2],
    )  # fmt: skip
    save_array(store.arrays / "score-1.npy", np.array([0.1, 0.9, np.nan, 0.5, 0.1, 0.2], np.float32))
    store.add_score(dataset_id=found.id, scorer="sharpness", params={}, fingerprint="s", file="score-1.npy")
    ids = store.sample_ids(found.id).tolist()
    run = store.begin_run(found.id, 'name = "x"', "x", 0, "cpu", {})
    store.finish_run(
        run, fingerprints={}, fingerprint="f", log="", subset_name="first pick",
        entries=iter([(1, ids[3], None, None, "", None, None), (2, ids[0], 0.5, None, "", None, 0)]),
        omissions=iter([(ids[2], "redundancy", "alike", ids[3], 0.99)]), summary={}, clustering_id=clustering.id,
    )  # fmt: skip
    return found


@pytest.fixture
def browse(store, dataset):
    return Browse(store)


def find(browse, dataset, where="", **more):
    return browse.find(Query(dataset.id, where=where, **more)).rows.tolist()


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("label:cat", [0, 2, 5]),
        ("label:CAT", [0, 2, 5]),
        ("label:pet", [0]),
        ("class:cat -label:pet", [2, 5]),
        ("label:cat,dog", [0, 1, 2, 4, 5]),
        ("label:*t", [0, 2, 5]),
        ("label!=cat", [1, 3, 4]),
        ('skill:"night street"', [0, 4]),
        ("score.sharpness<0.2", [0, 4]),
        ("score.sharpness>=0.5 label:dog", [1]),
        ("score.sharpness:0.1-0.3", [0, 4, 5]),
        ("entropy>0.5", [0]),
        ("in:subset-1", [0, 3]),
        ('in:"first pick"', [0, 3]),
        ("in:latest -in:1", []),
        ("rank=1", [3]),
        ("gain>0", [0]),
        ("is:broken", [5]),
        ("is:duplicate", [2, 4]),
        ("is:noise", [3, 5]),
        ("is:labelled", [0, 1, 2, 4, 5]),
        ("is:chosen", [0, 3]),
        ("pin:none is:pinned", []),
        ("width>=30 width<=40", [2, 3]),
        ("row:2-3", [1, 2]),
        ('text~"python"', [0, 1, 3]),
        ("text~pyth*", [0, 1, 3]),
        ("text~PYTHONIC", [3]),
        ("text~cafe", [1]),
        ('text~"the python"', [3]),
        ("text:%", [4]),
        ("source:c_x", [4]),
        ("source:a/", [1, 2, 5]),
        ("(label:dog OR text~nothing)", [1, 2, 4]),
        ("label:dog or label:cat and source:b/", [0, 1, 4]),
        ("-(label:dog OR label:cat)", [3]),
        ("python", [0, 1, 3]),
        ("night", [0, 4]),
        ("do", [1, 4]),
    ],
)
def test_a_filter_keeps_what_it_says(browse, dataset, where, rows):
    assert find(browse, dataset, where) == rows


@pytest.mark.parametrize(
    ("where", "words", "start", "end"),
    [
        ("label:cat score.x<", "stops in the middle", 17, 18),
        ("label:cat )", "does not fit here", 10, 11),
        ('"abc', "quotation mark", 0, 4),
        ("label:cow", "no label “cow”", 0, 9),
        ("a label:cta", "no label “cta”", 2, 11),
        ("nonsense:3", "no field “nonsense”", 0, 10),
        ("score.blur<1", "scored this dataset by “blur”", 0, 12),
        ("width>wide", "not a number", 0, 10),
        ("in:nowhere", "no subset", 0, 10),
        ("is:odd", "never “odd”", 0, 6),
        ("pin:up", "not “up”", 0, 6),
        ("similarity>0.2", "nothing to be similar to", 0, 14),
        ("text~%", "no word", 0, 6),
        ("id:x", "not the number", 0, 4),
        ("(" * 60, "brackets", 0, 60),
    ],
)
def test_a_bad_filter_says_where(browse, dataset, where, words, start, end):
    with pytest.raises(FilterError, match=words) as caught:
        find(browse, dataset, where)
    assert (caught.value.start, caught.value.end) == (start, end)


def test_sorting_puts_rows_without_a_value_last_and_ties_in_row_order(browse, dataset):
    assert find(browse, dataset, sort="score.sharpness") == [0, 4, 5, 3, 1, 2]
    assert find(browse, dataset, sort="score.sharpness", descending=True) == [1, 3, 5, 0, 4, 2]
    assert find(browse, dataset, sort="name") == [1, 2, 5, 0, 3, 4]
    assert find(browse, dataset, sort="class") == [0, 2, 5, 1, 4, 3]
    assert find(browse, dataset, descending=True) == [5, 4, 3, 2, 1, 0]
    assert find(browse, dataset, subset_id=1) == [0, 3]
    assert find(browse, dataset, subset_id=1, sort="rank") == [3, 0]
    assert find(browse, dataset, subset_id=1, sort="gain") == [0, 3]
    with pytest.raises(InputError, match="no column"):
        find(browse, dataset, sort="nonsense")


def test_groups_follow_each_other_with_the_rest_last(browse, dataset):
    found = browse.find(Query(dataset.id, group="class", sort="width", descending=True))
    assert found.rows.tolist() == [5, 2, 0, 4, 1, 3]
    assert found.groups == (Group("cat", 0, 3), Group("dog", 3, 2), Group("none", 5, 1))
    assert found.words == "6 in pile, by width, falling, grouped by class"
    assert [g.name for g in browse.find(Query(dataset.id, group="source")).groups] == ["a", "b", "c_x"]
    with pytest.raises(InputError, match="cannot be grouped"):
        browse.find(Query(dataset.id, group="width"))


def test_columns_have_one_value_for_each_row(browse, dataset):
    entropy = browse.column(dataset.id, "entropy").values
    assert np.allclose(entropy, [np.log(2), 0, 0, np.nan, 0, 0], equal_nan=True)
    column = browse.column(dataset.id, "subset:1")
    assert (column.values.tolist(), column.names) == ([0, -1, -1, 0, -1, -1], ("first pick",))
    assert np.array_equal(browse.column(dataset.id, "rank:1").values, [2, *[np.nan] * 2, 1, *[np.nan] * 2], True)
    column = browse.column(dataset.id, "duplicate")
    assert (column.values.tolist(), column.names) == ([-1, -1, 1, -1, 0, -1], ("a/1.png", "b/3.png"))
    for name in ("score", "score.none", "class:3", "what"):
        with pytest.raises(InputError):
            browse.column(dataset.id, name)


def test_columns_are_read_again_when_something_changed(store, browse, dataset):
    ids = store.sample_ids(dataset.id).tolist()
    same = browse.column(dataset.id, "class")
    store.set_pins([ids[3]], "in", "Pin")
    assert browse.column(dataset.id, "class") is same
    assert find(browse, dataset, "pin:in") == [3]
    store.set_label([ids[3], ids[0]], "owl", "user", "Label")
    assert find(browse, dataset, "label:owl") == [0, 3]
    assert find(browse, dataset, "class:cat") == [2, 5]
    assert find(browse, dataset, "label:cat") == [0, 2, 5]
    store.undo()
    assert find(browse, dataset, "class:cat") == [0, 2, 5]
    store.undo()
    assert find(browse, dataset, "pin:in") == []
    with Store.open(store.folder) as other:
        other.set_label([ids[3]], "owl", "user", "Label")
    assert find(browse, dataset, "label:owl") == [3]


def test_words_of_changed_and_new_samples_are_found(store, browse, dataset):
    assert find(browse, dataset, "text~quick") == [0]
    with store.write():
        store.db.execute("update sample set text = 'slow' where row = 0 and dataset_id = ?", (dataset.id,))
        store.db.execute("update sample set text = 'slower' where row = 0 and dataset_id = ?", (dataset.id,))
    assert find(browse, dataset, "text~quick") == []
    assert find(browse, dataset, "text~slower") == [0]
    store.begin_dataset("pile", "image", Path("/pictures"), "folder", "image-folder")
    store.add_samples(dataset.id, [Draft("d/7.png", "d7", "quick again")])
    store.finish_import(dataset.id, "Extend")
    assert find(browse, dataset, "text~quick") == [6]
    store.undo()
    assert find(browse, dataset, "text~quick") == []
    assert store.check() == []


def test_fields_name_what_there_is(browse, dataset):
    fields = {f.name: f for f in browse.fields(dataset.id)}
    assert fields["label"].values == ("cat", "dog", "pet")
    assert fields["skill"].values == ("night street", "day")
    assert fields["in"].values == ("first pick", "latest")
    assert "score.sharpness" in fields and fields["score.sharpness"].sortable
    for field in fields.values():
        assert not field.groupable or browse.find(Query(dataset.id, group=field.name)).groups
        assert not field.sortable or len(find(browse, dataset, sort=field.name)) == 6


def test_folders_of_sources():
    assert [folder_of(s) for s in ("a/b.png", "b.png", "x/data.jsonl#12")] == ["a", ".", "x/data.jsonl"]


def test_signs_and_words_are_found_in_pieces_of_the_pile_and_only_in_it(browse, store, dataset, monkeypatch):
    monkeypatch.setattr("curator.engine.store_browse.STREAM", 2)
    other = store.begin_dataset("other", "image", Path("/others"), "folder", "image-folder")
    store.add_samples(other.id, [Draft("b/9.png", "o", "a python")])
    store.finish_import(other.id, "Import other")
    assert find(browse, dataset, 'text:"thon"') == [0, 1, 3]
    assert find(browse, dataset, "source:b/") == [0, 3]
    assert find(browse, dataset, "text~python") == [0, 1, 3]
    assert find(browse, store.dataset("other"), "text~python source:b/") == [0]
    assert find(browse, dataset, 'text:"not there"') == []


def test_a_long_search_keeps_no_reader_or_writer_waiting(browse, store, dataset):
    find(browse, dataset, "text~python")
    with store._aside_lock:  # as if a search were at work
        store.set_pins([1], "in", "Pin")
        assert len(browse.samples(dataset.id, [0, 1])) == 2
    with store.write():  # as if somebody were writing
        assert find(browse, dataset, "text~python") == [0, 1, 3]
