"""What stands for what, on a pile small enough to see."""

import json

import numpy as np
import pytest

from curator.engine.arrays import open_array
from curator.engine.project import Project
from curator.engine.recipe import Recipe, Step

WORDS = ("python code sorts numbers", "bread flour and yeast", "capital city of a country")


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "records.jsonl"
    texts = [f"{WORDS[i % 3]} {'abcdefgh'[i // 3]}" for i in range(24)]
    texts.append(texts[0] + "!")
    file.write_text("".join(json.dumps({"instruction": t, "output": ""}) + "\n" for t in texts))
    made = Project.create(tmp_path / "p.curator")
    made.submit_import([file], "records").result()
    steps = (Step("redundancy", {"threshold": 0.9999}), Step("k-center", {"budget": 6}))
    made.submit_run("records", Recipe("r", steps, Step("lsa"))).result()
    yield made
    made.close()


def brute_force(project, picks):
    record = project.contents().embeddings[-1]
    vectors = np.asarray(open_array(project.folder / "arrays" / record.file), np.float64)
    return vectors @ vectors[picks].T


def test_every_sample_left_out_has_the_nearest_pick(project):
    picks = project.pages.ranking(1)
    near = brute_force(project, picks)
    for row in range(25):
        found = project.standings.of(1, row)
        assert found.chosen == (row in picks)
        if not found.chosen and not found.cause:
            assert near[row, list(picks).index(found.by.row)] >= near[row].max() - 1e-5
            assert found.by.similarity == pytest.approx(near[row].max(), abs=1e-5)


def test_a_pick_stands_for_its_cell_and_for_what_was_dropped(project):
    picks = project.pages.ranking(1).tolist()
    near = brute_force(project, picks)
    seen = set()
    for place, row in enumerate(picks):
        found = project.standings.of(1, row, count=30)
        cell = {r for r in range(25) if r not in picks and near[r, place] >= near[r].max() - 1e-6}
        assert {n.row for n in (*found.near, *found.dropped)} == cell
        values = [n.similarity for n in found.near]
        assert values == sorted(values, reverse=True)
        seen |= cell
    assert seen == set(range(25)) - set(picks)


def test_a_smaller_budget_gives_its_samples_to_fewer_picks(project):
    first, last = project.pages.ranking(1)[[0, -1]].tolist()
    assert project.standings.of(1, last, keep=1).by.row == first
    assert len(project.standings.of(1, first, keep=1, count=30).near) == 24


def test_without_vectors_only_what_the_run_said_is_known(project):
    for file in (project.folder / "arrays").glob("*.npy"):
        file.unlink()
    left = next(r for r in range(25) if r not in project.pages.ranking(1))
    assert project.standings.of(1, left).by is None
    assert project.standings.of(1, int(project.pages.ranking(1)[0])).chosen
