"""Facility location against the definition."""

import numpy as np
import pytest

from curator.engine.unit import unit_rows
from curator.engine.vectors import Facilities, neighbour_graph


def lists(similarity):
    """The graph in which every row has all others as neighbours."""
    n = len(similarity)
    index = np.array([[j for j in range(n) if j != i] for i in range(n)], np.int32).reshape(n, -1)
    return index, np.take_along_axis(np.asarray(similarity, np.float32), index, axis=1)


def greedy(facilities, budget):
    """Rows, gains, and how many rows each is closer to than all before it."""
    found, free = [], np.ones(len(facilities.gains), bool)
    for _ in range(budget):
        row = int(np.where(free, facilities.gains, -1).argmax())
        free[row] = False
        found.append((row, facilities.gains[row] * facilities.unit, len(facilities.take(row))))
        assert facilities.gains[row] == 0
    return [list(column) for column in zip(*found, strict=True)]


def naive(index, similarity, picks):
    """Every gain anew, in steps of 2^-20."""
    n = len(index)
    s = np.zeros((n, n), np.int64)  # s[i, j]: how well j serves i
    for i in range(n):
        for j, value in zip(index[i].tolist(), similarity[i].tolist(), strict=True):
            if j >= 0:
                s[i, j] = round(min(max(value, 0), 1) * 2**20)
        s[i, i] = 2**20
    best = s[:, picks].max(axis=1) if picks else np.zeros(n, np.int64)
    return np.maximum(s - best[:, None], 0).sum(axis=0)


def test_five_points_on_a_line():
    points = np.array([0, 1, 2, 3, 10.0])
    rows, gains, served = greedy(Facilities(*lists(1 - np.abs(points[:, None] - points) / 10)), 5)
    assert rows == [2, 4, 0, 1, 3]
    assert gains == pytest.approx([3.8, 0.8, 0.2, 0.1, 0.1], abs=1e-5)
    assert sum(gains[:2]) == pytest.approx(4.6, abs=1e-5)
    assert served == [5, 1, 1, 1, 1]


@pytest.mark.parametrize("k", [1, 5, 119])
def test_gains_kept_are_gains_computed_anew(k):
    rng = np.random.default_rng(k)
    x = unit_rows(rng.normal(size=(120, 6)).astype(np.float32))
    x[60:75] = x[:15]  # copies make ties
    graph = neighbour_graph(x, k)
    facilities, picks = Facilities(*graph), []
    for row in rng.permutation(120).tolist():
        assert facilities.gains.tolist() == naive(*graph, picks).tolist()
        facilities.take(row)
        picks.append(row)


@pytest.mark.parametrize("k", [1, 5, 119])
def test_gains_of_greedy_picks_never_rise(k):
    x = unit_rows(np.random.default_rng(k).normal(size=(120, 6)).astype(np.float32))
    gains = greedy(Facilities(*neighbour_graph(x, k)), 120)[1]
    assert (np.diff(gains) <= 0).all() and gains[0] > gains[-1]


def test_no_neighbours_negative_ones_and_no_rows():
    index = np.array([[1], [-1], [0]], np.int32)
    similarity = np.array([[-0.5], [-np.inf], [0.25]], np.float32)
    assert greedy(Facilities(index, similarity), 3)[:2] == [[0, 1, 2], [1.25, 1, 0.75]]
    assert len(Facilities(np.empty((0, 3), np.int32), np.empty((0, 3), np.float32)).gains) == 0
