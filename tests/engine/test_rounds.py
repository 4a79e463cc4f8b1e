"""Studies in a Project: rounds, answers, undo, files, and what a kill leaves."""

import csv
import json
import shutil

import numpy as np
import pytest

from curator.engine.errors import InputError
from curator.engine.project import Project
from curator.engine.registry import registry

NAMES = ("eight", "five", "four", "nine", "one", "seven", "six", "three", "two", "zero")
QUICK = {"width": 16, "layers": 1, "steps": 40}


@pytest.fixture(scope="module")
def made(tmp_path_factory, digit_pictures):
    """A Project with the digits imported and embedded by a first study."""
    folder = tmp_path_factory.mktemp("rounds") / "p.curator"
    with Project.create(folder) as p:
        p.submit_import([digit_pictures]).result()
        p.rounds.start("digits", QUICK, "first").result()
    return folder


@pytest.fixture
def project(made, tmp_path):
    shutil.copytree(made, tmp_path / "p.curator")
    with Project.open(tmp_path / "p.curator") as p:
        yield p


def truth(p, pick):
    return p.samples_by_id([pick.sample_id])[0].source.split("/")[0]


def label_all(p, study):
    for pick in p.rounds.batch(study):
        p.rounds.label(study, [pick.sample_id], truth(p, pick))


def test_a_study_starts_with_the_teacher_and_keeps_a_hold_out(project):
    study = project.rounds.study("first")
    assert study.classes == NAMES
    batch, (first,) = project.rounds.batch(study.id), project.rounds.curve(study.id)
    assert [p.rank for p in batch] == list(range(1, 11))
    assert len({p.sample_id for p in batch}) == 10
    assert all(p.reason and p.state == "" for p in batch)
    assert first.measured == "hold-out"
    assert 30 < first.measures.compared < 80
    assert first.measures.spent == 0
    space = project.rounds.space(study.id)
    assert space.probabilities.shape == (180, 10)
    assert space.probabilities.sum(1) == pytest.approx(1, abs=1e-4)
    assert np.array_equal(space.rows[space.picks], [p.row for p in batch])
    assert np.allclose(space.teacher, space.probabilities)


def test_rounds_follow_one_another_and_labels_are_labels_of_the_dataset(project):
    study = project.rounds.study("first").id
    seen = set()
    for number in (1, 2, 3):
        batch = project.rounds.batch(study)
        assert seen.isdisjoint(p.sample_id for p in batch)
        seen |= {p.sample_id for p in batch}
        label_all(project, study)
        project.rounds.next(study).result()
        assert project.rounds.curve(study)[-1].measures.spent == 10 * number
    curve = project.rounds.curve(study)
    assert [r.number for r in curve] == [1, 2, 3, 4]
    assert curve[-1].measures.accuracy > curve[0].measures.accuracy
    assert curve[-1].measures.classes >= 5
    pick = project.rounds.picks(study)[0]
    assert project.samples_by_id([pick.sample_id])[0].labels[0] == pick.answer


def test_the_same_answers_give_the_same_rounds_after_a_restart(project, made, tmp_path):
    study = project.rounds.study("first").id
    label_all(project, study)
    project.rounds.next(study).result()
    shutil.copytree(made, tmp_path / "again.curator")
    with Project.open(tmp_path / "again.curator") as other:
        label_all(other, study)
    with Project.open(tmp_path / "again.curator") as other:
        other.rounds.next(study).result()
        assert [p.row for p in other.rounds.picks(study)] == [p.row for p in project.rounds.picks(study)]
        assert other.rounds.curve(study)[-1].measures == project.rounds.curve(study)[-1].measures


def test_every_answer_can_be_undone_with_its_label(project):
    study = project.rounds.study("first").id
    one, two, three = project.rounds.batch(study)[:3]
    project.rounds.label(study, [one.sample_id], "two")
    project.rounds.label(study, [one.sample_id], "nine")
    project.rounds.skip(study, [two.sample_id])
    project.rounds.unlisted(study, [three.sample_id])
    assert [p.state for p in project.rounds.batch(study)[:3]] == ["labelled", "skipped", "unlisted"]
    assert project.samples_by_id([one.sample_id])[0].labels[0] == "nine"
    for expected in (("labelled", "skipped", ""), ("labelled", "", ""), ("labelled", "", "")):
        project.undo()
        assert tuple(p.state for p in project.rounds.batch(study)[:3]) == expected
    assert project.rounds.batch(study)[0].answer == "two"
    assert project.samples_by_id([one.sample_id])[0].labels[0] == "two"
    project.undo()
    assert project.rounds.batch(study)[0].state == ""
    assert "two" not in project.samples_by_id([one.sample_id])[0].labels[:1]
    project.redo()
    assert project.rounds.batch(study)[0].answer == "two"
    project.rounds.clear(study, [one.sample_id])
    assert project.rounds.batch(study)[0].state == ""


def test_a_round_and_a_study_can_be_undone(project):
    study = project.rounds.study("first").id
    label_all(project, study)
    project.rounds.next(study).result()
    rows = [p.row for p in project.rounds.batch(study)]
    assert project.undo().label == "Round 2 of “first”"
    assert len(project.rounds.curve(study)) == 1
    project.redo()
    assert [p.row for p in project.rounds.batch(study)] == rows
    project.rounds.remove(study)
    assert not project.rounds.studies()
    project.undo()
    assert project.rounds.study("first").id == study


def test_skipped_and_unlisted_are_never_asked_again_and_open_ones_may_be(project):
    study = project.rounds.study("first").id
    batch = project.rounds.batch(study)
    with pytest.raises(InputError, match="answered"):
        project.rounds.next(study).result()
    project.rounds.skip(study, [p.sample_id for p in batch[:4]])
    project.rounds.unlisted(study, [p.sample_id for p in batch[4:7]])
    project.rounds.label(study, [batch[7].sample_id], truth(project, batch[7]))
    project.rounds.next(study).result()
    assert {p.sample_id for p in batch[:8]}.isdisjoint(p.sample_id for p in project.rounds.batch(study))
    assert project.rounds.curve(study)[-1].measures.spent == 1


def test_labels_by_file_also_for_samples_that_were_no_picks(project, tmp_path):
    study = project.rounds.study("first").id
    picked = {p.sample_id for p in project.rounds.batch(study)}
    other = next(s for s in project.samples(1) if s.id not in picked)
    first = project.rounds.batch(study)[0]
    file = tmp_path / "labels.csv"
    file.write_text(f"source,class\n{first.source},six\n{other.source},two\n", "utf-8")
    changes = project.rounds.label_file(study, file)
    assert "2 labels from labels.csv" in changes.label
    assert {(p.sample_id, p.answer) for p in project.rounds.batch(study) if p.answer} == {
        (first.sample_id, "six"),
        (other.id, "two"),
    }
    project.undo()
    assert len(project.rounds.batch(study)) == 10
    (tmp_path / "labels.jsonl").write_text(json.dumps({"id": other.id, "label": "one"}) + "\n")
    project.rounds.label_file(study, tmp_path / "labels.jsonl")
    for text, words in (
        ("source,class\nnowhere.png,two\n", "line 2"),
        (f"source,class\n{first.source},cat\n", "no class"),
        ("a,b\n1,2\n", "no label"),
    ):
        file.write_text(text, "utf-8")
        with pytest.raises(InputError, match=words):
            project.rounds.label_file(study, file)


def test_without_given_labels_the_curve_comes_from_cross_validation(project):
    project.rounds.start("digits", {**QUICK, "holdout": 0, "batch": 20}, "blind").result()
    study = project.rounds.study("blind").id
    assert project.rounds.curve(study)[0].measured == ""
    label_all(project, study)
    project.rounds.next(study).result()
    last = project.rounds.curve(study)[-1]
    assert last.measured == "cross-validation"
    assert last.measures.compared == 20


@pytest.mark.parametrize(
    "plan",
    [
        {"selector": "k-center", "student": "linear-probe", "teacher": "none"},
        {"selector": "typiclust", "teacher": "probe", "known": "one,two", "blend": 0.5},
        {"selector": "badge", "layers": 0, "mix": 0.0, "classes": "one,two,seven"},
        {"selector": "margin", "distil": 0.0},
    ],
    ids=lambda p: p["selector"],
)
def test_other_teachers_students_and_selectors(project, plan):
    project.rounds.start("digits", {**QUICK, **plan}, "other").result()
    study = project.rounds.study("other").id
    for pick in project.rounds.batch(study):
        name = truth(project, pick)
        if name in project.rounds.study(study).classes:
            project.rounds.label(study, [pick.sample_id], name)
        else:
            project.rounds.unlisted(study, [pick.sample_id])
    project.rounds.next(study).result()
    assert len(project.rounds.curve(study)) == 2
    assert project.rounds.batch(study)


def test_what_does_not_fit_is_said_before_anything_starts(project):
    for plan, words in (({"selector": "best"}, "no selector"), ({"classes": "a,a"}, "twice"), ({"mix": 2}, "mix")):
        with pytest.raises(InputError, match=words):
            project.rounds.start("digits", plan)
    with pytest.raises(InputError, match="two classes"):
        project.rounds.start("digits", {"classes": "one"}).result()
    with pytest.raises(InputError, match="no study"):
        project.rounds.study("second")


def test_export_holds_every_pick_and_can_be_read_again(project, tmp_path):
    study = project.rounds.study("first").id
    label_all(project, study)
    project.rounds.export(study, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["class"] for r in rows] == [truth(project, p) for p in project.rounds.batch(study)]
    with pytest.raises(InputError, match="exists"):
        project.rounds.export(study, tmp_path / "out.csv")
    project.rounds.export(study, tmp_path / "out.json")
    whole = json.loads((tmp_path / "out.json").read_text())
    assert whole["curve"][0]["round"] == 1
    for pick in project.rounds.batch(study):
        project.rounds.clear(study, [pick.sample_id])
    project.rounds.label_file(study, tmp_path / "out.csv")
    assert all(p.state == "labelled" for p in project.rounds.batch(study))


def test_files_that_were_tidied_away_are_made_again(project):
    study = project.rounds.study("first").id
    label_all(project, study)
    for file in (project.folder / "arrays").glob("*.npy"):
        if not file.name.startswith("embedding"):
            file.unlink()
    assert project.rounds.space(study) is None
    project.rounds.next(study).result()
    assert project.rounds.space(study) is not None


def test_a_study_whose_selector_is_gone_is_still_listed_and_can_be_labelled(project, monkeypatch):
    study = project.rounds.study("first").id
    pick = project.rounds.batch(study)[0]
    monkeypatch.delitem(registry()._specs, ("selector", "pcoreset"))
    assert [s.name for s in project.rounds.studies()] == ["first"]
    project.rounds.label(study, [pick.sample_id], "two")
    with pytest.raises(InputError, match="no selector called"):
        project.rounds.next(study).result()
