"""A pile that grows by three steps: what came in, what was chosen, what was pruned, and all of it undone."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from click.testing import CliRunner

from curator.cli import cli
from curator.cli.ground import Front, no_window
from curator.engine.errors import InputError
from curator.engine.lifelong import LifelongRequest
from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.settings import Settings

RECIPE = """
name = "cheap"
[encoder]
name = "lsa"
dims = 16
[clusterer]
name = "kmeans"
k = 6
[[scorers]]
name = "length"
[[scorers]]
name = "prototypicality"
[[selectors]]
name = "multi-way"
budget = 10
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory, request):
    """Three files of 60 records of different tasks; of t0-dev where it is here."""
    folder = tmp_path_factory.mktemp("parts")
    words = ("translate the line now", "add these numbers up", "summarise this page please")
    files = []
    for number, task in enumerate(words):
        lines = [
            json.dumps(
                {"instruction": f"{task} {'very ' * (i % 7)}{i % 20}", "output": f"{task} {i % 20}", "task": task}
            )
            for i in range(60)
        ]
        files.append(folder / f"part{number}.jsonl")
        files[-1].write_text("\n".join(lines), encoding="utf-8")
    return files


def step(project, part=None, train=20, pool=80):
    paths = (str(part),) if part is not None else ()
    request = LifelongRequest("pile", Recipe.from_toml(RECIPE).to_toml(), train, pool, paths)
    return project.lifelong.submit_step(request).result()


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "p.curator") as made:
        yield made


def hidden(project):
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as db:
        return {i for (i,) in db.execute("select id from sample where hidden")}


def test_three_steps_and_their_timeline(project, parts):
    for part in parts:
        step(project, part)
    one, two, three = project.lifelong.timeline()
    assert [s["number"] for s in (one, two, three)] == [1, 2, 3]
    assert [s["came_in"] for s in (one, two, three)] == [60, 60, 60]
    assert [s["pool_before"] for s in (one, two, three)] == [60, 120, 140]
    assert [s["pruned"] for s in (one, two, three)] == [0, 40, 60]
    assert [s["pool_after"] for s in (one, two, three)] == [60, 80, 80]
    assert all(s["chosen"] == 20 for s in (one, two, three))
    assert 0 < len(two["gained_skills"]) < len(project.lifelong.skills(two["id"]))
    assert len(hidden(project)) == 100
    chosen = {r.sample_id for r in project.subset_rows(three["subset_id"])}
    assert len(chosen) == 20
    assert not chosen & {o.sample_id for o in project.omissions(two["pool_subset_id"])}
    skills = project.lifelong.skills(three["id"])
    assert sum(s.size for s in skills) == 140 and sum(s.chosen for s in skills) == 20
    assert sum(s.pruned for s in skills) == 60


def test_every_pruned_sample_points_to_one_that_stays(project, parts):
    step(project, parts[0], pool=30)
    found = project.lifelong.steps()[0]
    gone = project.omissions(found.pool_subset_id)
    kept = {r.sample_id for r in project.subset_rows(found.pool_subset_id)}
    assert len(gone) == 30 and len(kept) == 30
    assert all(o.covered_by in kept and o.similarity <= 1.0001 for o in gone)
    assert hidden(project) == {o.sample_id for o in gone}


def test_one_undo_takes_a_step_back_and_redo_brings_it_again(project, parts):
    step(project, parts[0])
    before = [h.label for h in project.history() if not h.undone]
    step(project, parts[1], pool=50)
    assert len([h for h in project.history() if not h.undone]) == len(before) + 1
    after = hidden(project)
    assert project.dataset("pile").size == 120 and len(after) == 70
    project.undo()
    assert project.dataset("pile").size == 60 and not hidden(project)
    assert [s.number for s in project.lifelong.steps()] == [1]
    assert not any("step 2" in s.name for s in project.contents().subsets)
    project.redo()
    assert project.dataset("pile").size == 120 and hidden(project) == after
    assert [s.number for s in project.lifelong.steps()] == [1, 2]
    project.undo()
    step(project, parts[1], pool=50)
    assert hidden(project) == after


def test_a_step_without_anything_new_finds_the_same_skills(project, parts):
    step(project, parts[0], pool=0)
    step(project, pool=0)
    one, two = project.lifelong.steps()
    assert two.came_in == 0 and two.pruned == 0
    first, second = (project.lifelong.skills(s.id) for s in (one, two))
    assert [(s.skill, s.size) for s in first] == [(s.skill, s.size) for s in second]
    rows = [[r.sample_id for r in project.subset_rows(s.subset_id)] for s in (one, two)]
    assert rows[0] == rows[1]


def test_pins_survive_a_prune(project, parts):
    project.submit_import([parts[0]], "pile").result()
    pinned = [s.id for s in project.samples(1, 20, 5)]
    project.pin(pinned, "in")
    step(project, pool=12)
    assert not hidden(project) & set(pinned)
    assert project.lifelong.steps()[0].pool_after == 12


def test_an_interrupted_step_goes_on(project, parts, monkeypatch):
    step(project, parts[0])
    project.submit_import([parts[1]], "pile").result()  # as far as a killed step came
    step(project, parts[1])
    found = project.lifelong.steps()[-1]
    assert (found.number, found.came_in, found.pool_before) == (2, 60, 120)


UNCLUSTERED = RECIPE.replace('[clusterer]\nname = "kmeans"\nk = 6\n', "")


@pytest.mark.parametrize(
    ("train", "pool", "recipe", "words"),
    [(0, 5, RECIPE, "budget"), (5, -1, RECIPE, "budget"), (5, 5, UNCLUSTERED, "clusterer")],
    ids=["no training", "less than no pool", "no skills"],
)
def test_what_cannot_be_is_said_at_once(project, train, pool, recipe, words):
    with pytest.raises(InputError, match=words):
        project.lifelong.submit_step(LifelongRequest("pile", recipe, train, pool))


def test_from_the_command_line(tmp_path, parts):
    folder = tmp_path / "p.curator"
    recipe = tmp_path / "cheap.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    Project.create(folder).close()
    front = Front(Settings(), no_window)

    def call(*words):
        found = CliRunner().invoke(cli, ["lifelong", *map(str, words)], obj=front, catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.stdout

    nothing = call("timeline", folder)
    assert "No lifelong step" in nothing
    told = call(
        "step", folder, "--dataset", "pile", "--add", parts[0], "--train-budget", 15, "--pool-budget", 40,
        "--recipe", recipe, "--set", "clusterer.k=4",
    )  # fmt: skip
    assert "60 came in, 15 chosen, 20 pruned" in told and "holds 40" in told
    found = json.loads(call("step", folder, "--train-budget", 10, "--recipe", recipe, "--json"))
    assert found["number"] == 2 and found["pool_before"] == 40
    assert len(json.loads(call("timeline", folder, "--json"))) == 2
    assert "came in" in call("timeline", folder)


@pytest.mark.real_data
def test_three_steps_on_real_records_split_by_task(tmp_path, shared_data):
    with (shared_data / "instruct" / "t0-dev.jsonl").open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    tasks = (("samsum", "xsum"), ("trec", "sciq"), ("paws", "imdb"))
    with Project.create(tmp_path / "p.curator") as project:
        for number, names in enumerate(tasks):
            mine = [r for r in records if r["task"] in names][:150]
            file = tmp_path / f"step{number}.jsonl"
            file.write_text("\n".join(map(json.dumps, mine)), encoding="utf-8")
            step(project, file, train=60, pool=250)
        steps = project.lifelong.steps()
        assert [s.came_in for s in steps] == [150, 150, 150]
        assert [s.pool_after for s in steps] == [150, 250, 250]
        assert all(s.gained > 0 for s in steps)
        rows = project.subset_rows(steps[-1].subset_id)
        labels = {r.labels[0] for r in rows}
        assert len(labels) >= 5  # old tasks stay in the training set
        assert np.mean([r.labels[0] in tasks[2] for r in rows]) < 0.7
