"""One Run after another: what is reused, resumed and refused."""

import json

import numpy as np
import pytest

from curator.engine.errors import InputError, NotReadyError
from curator.engine.project import Project
from curator.engine.recipe import Constraints, Recipe, Step, load_recipe
from curator.engine.registry import registry

SKILLS = ("translate", "add", "summarise")


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "pile.jsonl"
    file.write_text("".join(line(i) for i in range(90)), encoding="utf-8")
    registry().discover()
    with Project.create(tmp_path / "p.curator") as made:
        made.submit_import([file], "pile").result()
        yield made


def line(i):
    skill = SKILLS[i % 3]
    record = {
        "instruction": f"{skill} number {i} {'so ' * (i % 4)}well",
        "output": f"{skill} {i * 37 % 89}",
        "task": skill,
    }
    return json.dumps(record) + "\n"


def recipe(name="balanced", **sets):
    found = load_recipe(name).override("encoder", "lsa", registry()).override("selector.budget", "12", registry())
    for key, value in sets.items():
        found = found.override(key.replace("__", "."), value, registry())
    return found


def run(project, described, name=""):
    changes = project.submit_run("pile", described, name).result()
    return project.subset(changes.focus[1])


def log(project, described, name):
    job = project.submit_run("pile", described, name)
    job.result()
    return "\n".join(job.log)


def test_only_what_changed_is_made_again(project):
    run(project, recipe(), "one")
    again = log(project, recipe(**{"skill-quota__split": "equal"}), "two")
    assert "Embedding of 90 rows reused" in again
    assert "skills reused" in again
    assert len(project.contents().embeddings) == 1


def test_the_provenance_tells_recipe_encoder_and_fingerprints(project):
    subset = run(project, recipe(), "one")
    made = project.run(subset.run_id)
    assert made.status == "done"
    assert Recipe.from_toml(made.recipe).encoder.name == "lsa"
    assert Recipe.from_toml(made.recipe).encoder.params
    assert set(made.fingerprints) >= {"embedding", "clustering", "score.prototypicality"}
    assert made.versions["torch"]


@pytest.mark.parametrize("lost", ["embedding", "skills", "membership", "score"])
def test_a_lost_array_is_made_again(project, lost):
    first = run(project, recipe(), "one")
    for file in (project.folder / "arrays").glob(f"{lost}-*.npy"):
        file.unlink()
    second = run(project, recipe(), "two")
    assert [r.sample_id for r in project.subset_rows(first.id)] == [r.sample_id for r in project.subset_rows(second.id)]
    assert project.check() == []


def test_quotas_by_skill_and_by_name(project):
    limited = recipe("diverse", constraints__by="class", constraints__at_most="3")
    counts = {n: c for n, c, _ in project.counts(run(project, limited, "three each").id)["class"]}
    assert counts == {"translate": 3, "add": 3, "summarise": 3}
    named = Recipe("x", (Step("random", {"budget": 20}),), Step("lsa"), constraints=Constraints("class", 0, {"add": 1}))
    assert {n: c for n, c, _ in project.counts(run(project, named, "one add").id)["class"]}["add"] == 1
    with pytest.raises(InputError, match="no class called “sing”"):
        run(project, Recipe("x", (Step("random"),), Step("lsa"), constraints=Constraints("class", 1, {"sing": 1})))
    with pytest.raises(InputError, match="choose a clusterer"):
        run(project, Recipe("x", (Step("random"),), Step("lsa"), constraints=Constraints("skill", 1)))


@pytest.mark.parametrize(
    ("step", "error", "cure"),
    [
        (Step("pcoreset"), NotReadyError, "Add a clusterer"),
        (Step("top-score"), NotReadyError, "Add a scorer"),
        (Step("simcore"), InputError, "Pin some samples in"),
        (Step("simcore", {"like": "divide"}), InputError, "The classes are: add, summarise, translate"),
    ],
    ids=str,
)
def test_what_is_missing_is_said_before_anything_is_embedded(project, step, error, cure):
    with pytest.raises(error, match=cure):
        run(project, Recipe("x", (step,), Step("lsa")))
    with pytest.raises(error, match=cure):
        project.submit_preview("pile", Recipe("x", (step,), Step("lsa")), 20).result()
    made = project.contents()
    assert [r.status for r in made.runs] == ["failed", "failed"] and not made.embeddings
    assert cure.split()[-1] in made.runs[0].error


def test_examples_are_those_pinned_in(project):
    project.pin([project.samples(1)[0].id], "in")
    found = run(project, Recipe("x", (Step("simcore", {"budget": 4, "stop": 0.0}),), Step("lsa")))
    reasons = [row.reason.split(":")[0] for row in project.subset_rows(found.id)]
    assert reasons == ["pinned in"] + ["like the pinned samples"] * 3


def test_pins_change_the_answer_and_unpinning_changes_it_back(project):
    first = run(project, recipe(), "one")
    out = project.subset_rows(first.id)[0].sample_id
    project.pin([out], "out")
    second = run(project, recipe(), "two")
    assert out not in {r.sample_id for r in project.subset_rows(second.id)}
    project.undo()
    project.undo()
    again = project.submit_run("pile", recipe()).result()
    assert again.focus == ("subset", first.id)
    assert "Nothing has changed" in again.notes[0]


def test_weights_count_what_each_pick_stands_for(tmp_path):
    file = tmp_path / "pile.jsonl"
    file.write_text("".join(line(i) for i in range(40)) + line(5) * 3, encoding="utf-8")
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([file], "pile").result()
        subset = run(project, recipe("diverse", selector__budget="40", redundancy__threshold="0.9999"), "all")
        rows = project.subset_rows(subset.id)
        assert {r.source: r.weight for r in rows}["pile.jsonl#6"] == 4
        assert sum(r.weight for r in rows) == 43
        assert project.count_omissions(subset.id) == 3
        assert {o.covered_by_source for o in project.omissions(subset.id)} == {"pile.jsonl#6"}


def test_an_extended_dataset_keeps_its_vectors(tmp_path, image_folder):
    folder = image_folder("a.png", "b.png", "c.png")
    described = Recipe("x", (Step("random", {"budget": 2}),), Step("tiny-clip"))
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([folder], "pile").result()
        project.submit_run("pile", described).result()
        image_folder("d.png", folder="pictures")
        project.submit_import([folder], "pile").result()
        job = project.submit_run("pile", described)
        job.result()
        assert "3 vectors reused, 1 to make." in job.log
        old, new = sorted((project.folder / "arrays").glob("embedding-*.npy"), key=lambda f: f.stat().st_size)
        assert np.array_equal(np.load(old), np.load(new)[:3])


def test_a_picture_that_does_not_decode_is_left_out_with_its_reason(tmp_path, image_folder):
    folder = image_folder("a.png", "b.png", "c.png", "d.png")
    whole = (folder / "b.png").read_bytes()
    # A sound header and end, but no sense between them: only decoding finds out.
    (folder / "b.png").write_bytes(whole[:41] + bytes(len(whole) - 57) + whole[-16:])
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([folder], "pile").result()
        job = project.submit_run("pile", Recipe("x", (Step("random", {"budget": 9}),), Step("tiny-clip")))
        subset = project.subset(job.result().focus[1])
        assert (project.dataset("pile").size, subset.size) == (4, 3)
        assert [p.source.endswith("b.png") for p in job.problems] == [True]
        assert [s.source for s in project.samples(subset.dataset_id) if s.problem] == ["b.png"]
