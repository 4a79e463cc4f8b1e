"""Skills: seen, renamed, capped, merged and split; undone; and what Runs make of it."""

import json

import numpy as np
import pytest

from curator.engine.errors import InputError, NotReadyError
from curator.engine.project import Project
from curator.engine.recipe import Recipe, Step
from curator.engine.skills import _merge

WORDS = ("python code sorts numbers", "bread flour and yeast", "capital city of a country")


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "records.jsonl"
    texts = [f"{WORDS[i % 3]} {'abcdefgh'[i // 3]}" for i in range(24)]
    file.write_text("".join(json.dumps({"instruction": t, "output": ""}) + "\n" for t in texts))
    with Project.create(tmp_path / "p.curator") as made:
        made.submit_import([file], "records").result()
        yield made


RECIPE = Recipe("r", (Step("random", {"budget": 12}),), Step("lsa"), Step("kmeans", {"k": 3}))


@pytest.fixture
def ran(project):
    project.submit_run("records", RECIPE).result()
    return project


def column(p):
    return p.browse.column(1, "skill")


def test_without_a_run_there_are_none(project):
    assert project.skillset.all(1) == []
    with pytest.raises(NotReadyError):
        project.skillset.rename(1, 0, "x")


def test_size_share_and_what_is_typical(ran):
    found = ran.skillset.all(1, 1)
    assert [s.size for s in found] == [8, 8, 8]
    assert sum(s.chosen for s in found) == 12
    rows = ran.skillset.typical(1, found[0].number, 3)
    assert len(rows) == 3 and len({r % 3 for r in rows}) == 1


def test_a_name_is_seen_everywhere_and_undone(ran):
    before = [s.name for s in ran.skillset.all(1)]
    ran.skillset.rename(1, 0, "baking")
    assert ran.skillset.all(1)[0].name == "baking"
    assert "baking" in {name for name, _, _ in ran.counts(1)["skill"]}
    assert "baking" in column(ran).names
    with pytest.raises(InputError, match="already"):
        ran.skillset.rename(1, 1, "baking")
    ran.undo()
    assert [s.name for s in ran.skillset.all(1)] == before
    ran.redo()
    assert ran.skillset.all(1)[0].name == "baking"


def test_a_quota_caps_later_runs(ran):
    ran.skillset.set_quota(1, [0], 1)
    ran.submit_run("records", RECIPE).result()
    found = ran.skillset.all(1, 2)
    assert found[0].chosen == 1 and found[0].quota == 1
    ran.undo()
    ran.undo()
    assert ran.skillset.all(1)[0].quota is None
    with pytest.raises(InputError):
        ran.skillset.set_quota(1, [0], -2)


def test_hidden_skills_are_marked(ran):
    ran.skillset.hide(1, [1])
    assert [s.hidden for s in ran.skillset.all(1)] == [False, True, False]
    ran.undo()
    assert not any(s.hidden for s in ran.skillset.all(1))


def test_merged_skills_are_one_until_undone_and_runs_follow(ran):
    before = column(ran).values.copy()
    ran.skillset.submit_merge(1, [0, 2]).result()
    assert sorted(s.size for s in ran.skillset.all(1)) == [8, 16]
    assert len(np.unique(column(ran).values)) == 2
    ran.submit_run("records", RECIPE).result()
    assert sorted(s.chosen for s in ran.skillset.all(1, 2)) != []
    assert {name for name, _, n in ran.counts(2)["skill"] if n} == {s.name for s in ran.skillset.all(1)}
    ran.undo()
    ran.undo()
    assert np.array_equal(column(ran).values, before)
    ran.skillset.submit_merge(1, [0, 2]).result()
    assert sorted(s.size for s in ran.skillset.all(1)) == [8, 16]
    with pytest.raises(InputError, match="at least two"):
        ran.skillset.submit_merge(1, [1, 1])
    assert ran.check() == []


def test_a_split_divides_by_likeness(ran):
    ran.skillset.submit_merge(1, [0, 1]).result()
    large = max(ran.skillset.all(1), key=lambda s: s.size)
    ran.skillset.submit_split(1, large.number, 2).result()
    found = ran.skillset.all(1)
    assert sorted(s.size for s in found) == [8, 8, 8]
    assert {f"{large.name} 1", f"{large.name} 2"} < {s.name for s in found}
    codes = column(ran).values
    assert all(len(set(codes[i::3].tolist())) == 1 for i in range(3))
    with pytest.raises(InputError, match="2 to 20"):
        ran.skillset.submit_split(1, large.number, 1)


def test_merging_keeps_memberships_whole():
    labels, membership = _merge(
        (1, 0), np.array([0, 1, 2, -1], np.int32), np.array([[0.5, 0.25, 0.25], [0, 1, 0]], np.float32)
    )
    assert labels.tolist() == [1, 1, 2, -1]
    assert membership.tolist() == [[0, 0.75, 0.25], [0, 1, 0]]
