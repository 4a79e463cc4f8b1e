"""A Subset is corrected by hand: what is pinned out leaves it, what is pinned in joins it, one undo takes it back."""

import pytest
from test_subsets import project  # noqa: F401

from curator.engine import correcting
from curator.engine.browse import Query
from curator.engine.store import Store


def listed(project, name="A"):  # noqa: F811
    subset = project.subset(name)
    rows = project.subset_rows(subset.id)
    assert [r.rank for r in rows] == list(range(1, subset.size + 1))
    return [r.source for r in rows]


@pytest.fixture
def ids(project):  # noqa: F811
    return [s.id for s in project.samples(1)]


def test_out_of_it_and_into_it_is_one_step_each_and_undone_as_one(project, ids):  # noqa: F811
    first = project.subset("A")
    changes = project.subsets.pin("A", [ids[1], ids[7]], "out")
    assert changes.notes == ("1 sample taken out of “A”, and pinned out for later runs.",)
    assert listed(project) == ["f#0", "f#2", "f#3"]
    changes = project.subsets.pin("A", [ids[0], ids[6]], "in")
    assert changes.focus == ("subset", project.subset("A").id) and "pin" in changes.tables
    assert listed(project) == ["f#0", "f#2", "f#3", "f#6"]
    row = project.subset_rows(project.subset("A").id)[-1]
    assert (row.reason, row.gain, row.nearest_id) == ("added by hand", None, None)
    pins = project.browse.column(1, "pin")
    assert project.browse.find(Query(1, where="pin:out")).rows.tolist() == [1, 7] and pins.kind == "category"
    card = project.subsets.card("A")
    assert card["by_hand"] == {"taken_out": ["f#1"], "added": ["f#6"]}
    assert card["summary"]["made"] == "chosen by the recipe, then corrected by hand: 1 taken out, 1 added"
    assert card["recipe"] == 'name = "r"' and "radius" not in card["summary"]
    assert [h.label for h in project.history(2)] == [
        "Pin in 2 samples, 1 added to “A”", "Pin out 2 samples, 1 taken out of “A”",
    ]  # fmt: skip
    project.undo()
    assert listed(project) == ["f#0", "f#2", "f#3"]
    project.undo()
    assert project.subset("A") == first and listed(project) == ["f#0", "f#1", "f#2", "f#3"]
    assert project.browse.find(Query(1, where="pin:out")).rows.tolist() == []
    project.redo()
    project.redo()
    assert listed(project) == ["f#0", "f#2", "f#3", "f#6"]


def test_what_comes_back_is_not_taken_out_any_more(project, ids):  # noqa: F811
    project.subsets.pin("A", [ids[1]], "out")
    assert project.standings.of(project.subset("A").id, 1).cause == "taken out by hand"
    project.subsets.pin("A", [ids[1]], "in")
    assert listed(project) == ["f#0", "f#2", "f#3", "f#1"]
    assert project.subsets.card("A")["by_hand"] == {"taken_out": [], "added": ["f#1"]}
    project.subsets.pin("A", [ids[1]], "out")
    assert project.subsets.card("A")["by_hand"] == {"taken_out": ["f#1"], "added": []}


@pytest.fixture
def left(project, ids):  # noqa: F811
    """A Subset C of the first four that left out f#4 and f#5; gives what a Subset of that name leaves out."""
    with Store.open(project.folder) as store:
        run = store.begin_run(1, 'name = "r"', "r", 7, "cpu", {})
        store.finish_run(
            run, fingerprints={}, fingerprint="g", log="", subset_name="C", summary={}, clustering_id=None,
            entries=[(k + 1, ids[k], None, None, "why", None, None) for k in range(4)],
            omissions=[(ids[k], "redundancy", "copy", ids[0], 0.99) for k in (4, 5)],
        )  # fmt: skip

    def found():
        key = project.subset("C").id
        rows = project.omissions(key)
        assert project.count_omissions(key) == len(rows)
        assert [project.omissions(key, i, 1)[0] for i in range(len(rows))] == rows
        return [(row.source, row.reason) for row in rows]

    return found


def test_what_the_run_left_out_is_stored_once_however_often_it_is_corrected(project, ids, left):  # noqa: F811
    copies = [("f#4", "copy"), ("f#5", "copy")]
    out = ("f#1", "taken out by hand")
    steps = [
        ([1], "out", [out, *copies]),
        ([4], "in", [out, copies[1]]),
        ([0], "out", [("f#0", out[1]), out, copies[1]]),
    ]
    steps.append(([4], "out", [("f#0", out[1]), out, ("f#4", out[1]), copies[1]]))
    steps.append(([5, 1], "in", [("f#0", out[1]), ("f#4", out[1])]))
    assert left() == copies
    for rows, state, expected in steps:
        project.subsets.pin("C", [ids[i] for i in rows], state)
        assert left() == expected
    subset = project.subset("C")
    assert project.standings.of(subset.id, 5).chosen
    assert [project.standings.of(subset.id, row).cause for row in (0, 4, 5)] == [out[1], out[1], ""]
    with Store.open(project.folder) as store:
        stored = store.one("select count(*) from omission where subset_id = ? and reason = 'copy'", (subset.id,))
    assert stored == 0
    for *_, expected in [*reversed(steps[:-1]), ([], "", copies)]:
        project.undo()
        assert left() == expected


@pytest.mark.parametrize("why", ["locked", "large", "timeline", "last"])
def test_what_must_stay_stays_and_the_pin_counts_later(project, ids, why, monkeypatch):  # noqa: F811
    chosen = ids[:4] if why == "last" else ids[1:2]
    if why == "locked":
        project.subsets.lock("A")
    elif why == "large":
        monkeypatch.setattr(correcting, "MOST", 3)
    elif why == "timeline":
        monkeypatch.setattr(correcting.Corrections, "in_timeline", lambda *_: True)
    changes = project.subsets.pin("A", chosen, "out")
    assert "stays" in changes.notes[0] or "too large" in changes.notes[0]
    assert changes.notes[0].endswith("The pins count from the next run on.")
    assert listed(project) == ["f#0", "f#1", "f#2", "f#3"]
    assert len(project.browse.find(Query(1, where="pin:out")).rows) == len(chosen)


def test_a_wish_that_is_met_only_pins(project, ids):  # noqa: F811
    changes = project.subsets.pin("A", [ids[0]], "in")
    assert changes.notes == () and "subset" not in changes.tables
