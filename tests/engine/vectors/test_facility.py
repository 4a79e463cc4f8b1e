"""Facility location against the definition."""

import numpy as np
import pytest

from curator.engine.task import Task
from curator.engine.unit import unit_rows
from curator.engine.vectors import facility_location, neighbour_graph


def lists(similarity):
    """The graph in which every row has all others as neighbours."""
    n = len(similarity)
    index = np.array([[j for j in range(n) if j != i] for i in range(n)], np.int32).reshape(n, -1)
    return index, np.take_along_axis(np.asarray(similarity, np.float32), index, axis=1)


def on_a_line(points=(0, 1, 2, 3, 10)):
    points = np.asarray(points, float)
    return 1 - np.abs(points[:, None] - points) / 10


def naive(index, similarity, budget, seen=()):
    """Every gain anew for every pick, in steps of 2^-20."""
    n = len(index)
    s = np.zeros((n, n), np.int64)  # s[i, j]: how well j serves i
    for i in range(n):
        for j, value in zip(index[i].tolist(), similarity[i].tolist(), strict=True):
            if j >= 0:
                s[i, j] = round(min(max(value, 0), 1) * 2**20)
        s[i, i] = 2**20
    best = s[:, list(seen)].max(axis=1) if len(seen) else np.zeros(n, np.int64)
    picks, gains = [], []
    for _ in range(budget):
        gain = np.maximum(s - best[:, None], 0).sum(axis=0)
        gain[[*picks, *seen]] = -1
        picks.append(int(gain.argmax()))
        gains.append(gain.max() / 2**20)
        best = np.maximum(best, s[:, picks[-1]])
    return picks, gains


def test_five_points_on_a_line():
    found = facility_location(*lists(on_a_line()), 5)
    assert found.rows.tolist() == [2, 4, 0, 1, 3]
    assert found.gains.tolist() == pytest.approx([3.8, 0.8, 0.2, 0.1, 0.1], abs=1e-5)
    assert found.gains[:2].sum() == pytest.approx(4.6, abs=1e-5)
    assert found.nearest.tolist() == [-1, 2, 2, 2, 2]
    assert found.served.tolist() == [5, 1, 1, 1, 1]


@pytest.mark.parametrize("k", [1, 5, 119])
@pytest.mark.parametrize("seen", [(), (3, 80)])
def test_gains_kept_are_gains_computed_anew(k, seen):
    x = unit_rows(np.random.default_rng(k).normal(size=(120, 6)).astype(np.float32))
    x[60:75] = x[:15]  # copies make ties
    graph = neighbour_graph(x, k)
    found = facility_location(*graph, 60, seen=np.array(seen, np.int64))
    picks, gains = naive(*graph, 60, seen)
    assert found.rows.tolist() == picks
    assert found.gains.tolist() == pytest.approx(gains, abs=1e-6)
    assert (np.diff(found.gains) <= 1e-6).all()


def test_a_full_group_is_passed_over_and_the_next_best_comes():
    groups = np.array([0, 0, 1, 1, 0], np.int32)
    found = facility_location(*lists(on_a_line()), 5, groups=groups, caps=np.array([5, 0]))
    assert found.rows.tolist() == [1, 4, 0]
    assert found.gains[0] == pytest.approx(3.7, abs=1e-5)


def test_no_neighbours_negative_ones_and_no_rows():
    index = np.array([[1], [-1], [0]], np.int32)
    similarity = np.array([[-0.5], [-np.inf], [0.25]], np.float32)
    found = facility_location(index, similarity, 3)
    assert found.rows.tolist() == [0, 1, 2]
    assert found.gains.tolist() == [1.25, 1, 0.75]
    assert len(facility_location(np.empty((0, 3), np.int32), np.empty((0, 3), np.float32), 5).rows) == 0


def test_it_tells_how_far_it_is():
    said = []
    facility_location(*lists(on_a_line()), 3, task=Task(on_progress=said.append))
    assert said[0].label == "Choosing" and said[0].total == 3
