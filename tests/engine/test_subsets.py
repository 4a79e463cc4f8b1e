"""Subsets beside one another, on a Project that is made by hand."""

import pytest

from curator.engine.errors import InputError
from curator.engine.project import Project
from curator.engine.store import Store
from curator.engine.types import Draft


@pytest.fixture
def project(tmp_path):
    """Eight samples in two classes; run-made Subset A = 1 2 3 4 and hand-made B = 6 4 2 of one Clustering."""
    folder = tmp_path / "p.curator"
    with Store.create(folder) as store:
        dataset = store.begin_dataset("pile", "instruction", tmp_path, "alpaca", "instructions")
        store.add_samples(
            dataset.id, [Draft(f"f#{i}", f"d{i}", text="x" * i, labels=("even" if i % 2 else "odd",)) for i in range(8)]
        )
        store.finish_import(dataset.id, "Import")
        clustering = store.add_clustering(
            dataset_id=dataset.id, clusterer="kmeans", params={}, fingerprint="c", labels_file="", membership_file="",
            k=2, names=["low", "high"], sizes=[4, 4],
        )  # fmt: skip
        ids = store.sample_ids(dataset.id).tolist()
        run = store.begin_run(dataset.id, 'name = "r"', "r", 7, "cpu", {})
        store.finish_run(
            run,
            fingerprints={},
            fingerprint="f",
            log="",
            subset_name="A",
            entries=[(k + 1, ids[k], 1.0 / (k + 1), None, "why", None, int(k > 3)) for k in range(4)],
            omissions=[],
            summary={"radius": 0.5, "skills": [1, 2]},
            clustering_id=clustering.id,
        )
    with Project.open(folder) as made:
        made.subsets.by_hand("B", 1, [ids[5], ids[3], ids[1]])
        yield made


def names(project, changes):
    return [r.source for r in project.subset_rows(changes.focus[1])]


def test_compare_tells_apart_and_counts(project):
    found = project.subsets.compare("A", "B")
    assert (len(found.only_a), len(found.only_b), len(found.both)) == (2, 1, 2)
    assert found.overlap == pytest.approx(2 / 5)
    assert [(c.name, c.a, c.b, c.pile) for c in found.classes] == [("even", 2, 3, 4), ("odd", 2, 0, 4)]
    assert [(s.name, s.a, s.pile) for s in found.skills] == [("low", 4, 4), ("high", 0, 4)]
    assert found.figures["radius"] == (0.5, None)


def test_union_intersection_and_difference_keep_the_order_of_the_first(project):
    assert names(project, project.subsets.union("A", "B")) == ["f#0", "f#1", "f#2", "f#3", "f#5"]
    assert names(project, project.subsets.intersect("A", "B")) == ["f#1", "f#3"]
    assert names(project, project.subsets.intersect("B", "A", "mine")) == ["f#3", "f#1"]
    assert names(project, project.subsets.subtract("A", "B")) == ["f#0", "f#2"]
    assert project.subset("mine").summary["made"] == "“B” and “A”"
    with pytest.raises(InputError, match="no sample"):
        project.subsets.subtract("mine", "A")


def test_trim_keeps_the_first_with_gains_reasons_and_recipe(project):
    changes = project.subsets.trim("A", 2)
    rows = project.subset_rows(changes.focus[1])
    assert [(r.source, r.gain, r.reason) for r in rows] == [("f#0", 1.0, "why"), ("f#1", 0.5, "why")]
    card = project.subsets.card(changes.focus[1])
    assert card["recipe"] == 'name = "r"' and card["seed"] == 7
    assert card["summary"]["made"] == "first 2 of “A”"
    for wrong in (0, 5):
        with pytest.raises(InputError, match="has 4"):
            project.subsets.trim("A", wrong)


def test_a_locked_subset_stays_as_it_is_but_may_be_copied(project):
    project.subsets.lock("A")
    for change in (
        lambda: project.subsets.rename("A", "C"),
        lambda: project.subsets.note("A", "n"),
        lambda: project.subsets.remove("A"),
    ):
        with pytest.raises(InputError, match="locked"):
            change()
    assert names(project, project.subsets.duplicate("A")) == ["f#0", "f#1", "f#2", "f#3"]
    project.subsets.lock("A", False)
    project.subsets.note("A", "look again")
    project.subsets.rename("A", "C")
    assert project.subset("C").note == "look again"


def test_the_history_can_be_walked_to_any_step(project):
    start = [s.name for s in project.contents().subsets]
    latest = project.history(1)[0].id
    project.subsets.trim("A", 2, "two")
    project.subsets.rename("two", "2")
    project.subsets.remove("A")
    last = project.history(1)[0].id
    project.go_to(latest)
    assert [s.name for s in project.contents().subsets] == start
    project.go_to(last - 1)
    assert [s.name for s in project.contents().subsets] == [*start, "2"]
    project.go_to(last)
    assert [s.name for s in project.contents().subsets] == ["B", "2"]
    project.go_to(0)
    assert project.contents().datasets == []
    project.go_to(last)
    assert [s.name for s in project.contents().subsets] == ["B", "2"]
    with pytest.raises(InputError):
        project.go_to(9999)


def test_subsets_by_hand_need_samples_and_a_name(project):
    with pytest.raises(InputError):
        project.subsets.by_hand("x", 1, [])
    with pytest.raises(InputError):
        project.subsets.by_hand(" ", 1, [1])
    made = project.subsets.by_hand("B", 1, [1, 1, 2])
    assert project.subset(made.focus[1]).name == "B (2)"
    assert project.subset(made.focus[1]).size == 2


def test_subsets_of_two_datasets_are_not_compared(project, tmp_path):
    file = tmp_path / "other.jsonl"
    file.write_text('{"instruction": "a", "output": "b"}\n')
    project.submit_import([file], "other").result()
    other = project.dataset("other")
    project.subsets.by_hand("C", other.id, [s.id for s in project.samples(other.id)])
    with pytest.raises(InputError, match="different datasets"):
        project.subsets.compare("A", "C")
