import numpy as np
import pytest

from curator.engine.vectors import Links, cosines, distances, links, neighbour_lists, pairs_of, unit_rows


def points(n, d=8, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32))


@pytest.mark.parametrize("m", [7, 70_000, 2**17])
def test_links_stand_by_where_they_begin_in_the_order_given(m):
    begins = np.random.default_rng(0).integers(0, m, 500)
    made, order = Links.between(begins, np.arange(500) % m, m)
    assert order.tolist() == np.argsort(begins, kind="stable").tolist()
    for row in (0, int(begins[3]), m - 1):
        assert made.ends[made.of(row)].tolist() == (np.flatnonzero(begins == row) % m).tolist()
    some = begins[[4, 4, 9]]
    assert made.of_all(some).tolist() == [p for r in some for p in range(made.starts[r], made.starts[r + 1])]


def test_near_ties_at_the_end_of_a_list_are_decided_in_float64(monkeypatch):
    x = points(120)
    x[60:] = x[:60] + np.float32(1e-7) * np.random.default_rng(1).normal(size=(60, 8)).astype(np.float32)
    monkeypatch.setattr(links, "PIECE", 100)
    found = neighbour_lists(x, 4)
    exact = np.round(x.astype(float) @ x.astype(float).T, 9)
    np.fill_diagonal(exact, -np.inf)
    assert np.sort(found, 1).tolist() == np.sort(np.argsort(-exact, axis=1, kind="stable")[:, :4], 1).tolist()


def test_lists_of_few_unreadable_and_equal_rows():
    assert neighbour_lists(points(3), 2).shape == (3, 2)
    assert neighbour_lists(points(1), 0).shape == (1, 0)
    x = np.tile(np.array([[1.0, 0.0]], np.float32), (12, 1))
    x[2] = np.nan
    found = neighbour_lists(x, 3)
    assert found[2].tolist() == [-1, -1, -1]
    assert found[0].tolist() == [1, 3, 4]


def test_each_pair_once_with_its_cosine_and_distance(monkeypatch):
    monkeypatch.setattr(links, "PIECE", 16)
    low, high = pairs_of(np.array([[1, -1], [0, 2], [0, 1]], np.int32))
    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    x = points(3).astype(float)
    assert cosines(x, low, high) == pytest.approx([x[a] @ x[b] for a, b in ((0, 1), (0, 2), (1, 2))], abs=1e-9)
    assert distances(x, low, high)[1] == pytest.approx(np.linalg.norm(x[0] - x[2]), abs=1e-9)


def test_links_backwards_lead_to_those_who_list_a_row():
    lists = np.random.default_rng(0).integers(-1, 9, (9, 4)).astype(np.int32)
    made = Links.backwards(lists)
    for row in range(9):
        assert sorted(made.ends[made.of(row)].tolist()) == np.nonzero(lists == row)[0].tolist()
