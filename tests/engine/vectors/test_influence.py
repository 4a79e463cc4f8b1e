from itertools import product

import numpy as np
import pytest

from curator.engine.vectors import Cover, ReverseSets, influence, passing_chances, share_reached, unit_rows


def reach(lists, chances, rows):
    """Expected number of rows that ``rows`` reach, over every way in which links may be live."""
    where = np.argwhere(np.asarray(lists) >= 0).tolist()
    links = [(a, int(lists[a][j]), float(chances[a][j])) for a, j in where]
    assert len(links) <= 12
    total = 0.0
    for live in product((False, True), repeat=len(links)):
        reached, chance = set(rows), 1.0
        for (_, _, p), on in zip(links, live, strict=True):
            chance *= p if on else 1 - p
        for _ in lists:
            reached |= {b for (a, b, _), on in zip(links, live, strict=True) if on and a in reached}
        total += chance * len(reached)
    return total


def drawn(lists, chances, count=100_000, seed=0):
    sets = ReverseSets(np.asarray(lists, np.int32), np.asarray(chances, float), np.random.default_rng(seed))
    sets.draw(count)
    return sets


THREE = np.array([[1, 2], [0, 2], [0, 1]])


def test_three_alike_as_worked_out_by_hand():
    half = np.full((3, 2), 0.5)
    assert reach(THREE, half, [0]) == 2.25
    assert reach(THREE, half, [0, 1]) == 2.75
    sets = drawn(THREE, half).part(0, 100_000)
    assert 3 * share_reached(sets, [0], 3) == pytest.approx(2.25, abs=0.02)
    assert 3 * share_reached(sets, [0, 1], 3) == pytest.approx(2.75, abs=0.02)


def test_random_graphs_as_every_way_of_their_links_says():
    rng = np.random.default_rng(3)
    for _ in range(2):
        lists = np.array([rng.choice(np.delete(np.arange(6), row), 2, replace=False) for row in range(6)])
        lists[2, 1] = -1
        chances = rng.dirichlet([1, 1], 6) * (lists >= 0)
        sets = drawn(lists, chances, 40_000).part(0, 40_000)
        for rows in ([0], [1, 5], [0, 3, 4]):
            assert 6 * share_reached(sets, rows, 6) == pytest.approx(reach(lists, chances, rows), abs=0.06)
        cover, picks = Cover(sets, 6), []
        for _ in range(2):
            picks.append(int(cover.left.argmax()))
            cover.take(picks[-1])
        first = max(range(6), key=lambda row: reach(lists, chances, [row]))
        best = max(reach(lists, chances, [first, row]) for row in range(6))
        assert reach(lists, chances, picks) == pytest.approx(best, abs=0.02)


def test_chances_of_the_links_of_a_row_add_up_to_one_also_where_cosines_are_negative():
    x = unit_rows(np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32))
    lists = np.random.default_rng(1).integers(-1, 20, (20, 4)).astype(np.int32)
    lists[7] = -1
    found = passing_chances(x, lists)
    assert found.min() >= 0
    assert (found[lists < 0] == 0).all()
    assert found.sum(1) == pytest.approx((lists >= 0).any(1).astype(float))
    # Three points with a cosine of one half to each other.
    assert passing_chances(unit_rows(np.ones((3, 3)) + np.eye(3)), THREE) == pytest.approx(np.full((3, 2), 0.5))


def test_the_same_generator_gives_the_same_sets_each_row_once_and_more_may_follow(monkeypatch):
    rng = np.random.default_rng(0)
    lists = rng.integers(0, 300, (300, 4)).astype(np.int32)
    monkeypatch.setattr(influence, "TOGETHER", 400)
    monkeypatch.setattr(influence, "LOOKS", 50)
    once, again = (drawn(lists, np.full((300, 4), 0.25), 600) for _ in range(2))
    once.draw(1000)
    again.draw(1000)
    every = once.part(0, 1000)
    assert every.ends.tolist() == again.part(0, 1000).ends.tolist()
    assert every.ends[: every.starts[600]].tolist() == once.part(0, 600).ends.tolist()
    assert once.part(400, 600).ends.tolist() == every.ends[every.starts[400] : every.starts[600]].tolist()
    assert all(len(set(every.ends[every.of(s)].tolist())) == every.starts[s + 1] - every.starts[s] for s in range(1000))


def test_the_table_of_what_was_seen_grows():
    seen, keys = influence._Seen(), np.random.default_rng(0).integers(0, 200_000, 140_000)
    first = seen.add(keys[:70_000])
    assert len(first) == len(np.unique(keys[:70_000]))
    assert sorted(seen.add(keys).tolist()) == np.setdiff1d(keys, keys[:70_000]).tolist()


def test_a_set_that_is_too_large_is_cut_and_counted(monkeypatch):
    monkeypatch.setattr(influence, "LARGEST", 10)
    ring = (np.arange(50)[:, None] + 1) % 50
    sets = drawn(ring, np.ones((50, 1)), 64)
    assert sets.cut == 64
    assert np.diff(sets.part(0, 64).starts).tolist() == [10] * 64


def test_greedy_cover_counts_each_set_once():
    sets = drawn(THREE, np.full((3, 2), 0.5), 500).part(0, 500)
    whole = [set(sets.ends[sets.of(s)].tolist()) for s in range(500)]
    cover = Cover(sets, 3)
    for done in ([], [2], [2, 0], [2, 0, 1]):
        if done:
            cover.take(done[-1])
        left = [s for s in whole if not s & set(done)]
        assert cover.left.tolist() == [sum(row in s for s in left) for row in range(3)]
        assert cover.taken == 500 - len(left)
