"""Farthest-first against brute force and the hand-checked examples."""

import numpy as np
import pytest
import torch

from curator.engine.errors import Cancelled
from curator.engine.task import Task
from curator.engine.vectors import bounds, farthest_first, unit_rows
from curator.engine.vectors import farthest as module


def brute(x, budget, seen=(), rows=None, groups=None, caps=None):
    """All distances at once, in float64, one pick after another."""
    x = np.asarray(x, np.float64)
    apart = ((x[:, None] - x[None]) ** 2).sum(-1)
    left = [r for r in (range(len(x)) if rows is None else rows) if r not in set(seen)]
    middle = -((x - x[left].mean(0)) ** 2).sum(1)
    room = None if caps is None else list(caps)
    refs, out = list(seen), []
    while len(out) < budget and (free := [r for r in left if room is None or groups[r] < 0 or room[groups[r]] > 0]):
        value = apart[free][:, refs].min(1) if refs else middle[free]
        pick = free[int(np.argmax(np.round(value * 2.0**40)))]
        out.append(pick)
        refs.append(pick)
        left.remove(pick)
        if room is not None and groups[pick] >= 0:
            room[groups[pick]] -= 1
    return out


@pytest.fixture(params=["float64 path", "pools"])
def path(request, monkeypatch):
    """Both ways through the kernel."""
    if request.param == "pools":
        monkeypatch.setattr(module, "SMALL", 0)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("pool", [1, 7, 1024])
def test_two_hundred_points_of_the_simplex(pool):
    for seed in range(2):
        x = np.random.default_rng(seed).dirichlet(np.ones(6), 200).astype(np.float32)
        assert farthest_first(x, 120, pool=pool).rows.tolist() == brute(x, 120)


@pytest.mark.usefixtures("path")
def test_hand_checked_example():
    x = np.array([[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0.05, 0.95], [0.34, 0.33, 0.33], [0.1, 0.9, 0]], np.float32)
    found = farthest_first(x, 5, seen=np.array([0]))
    assert found.rows[:3].tolist() == [2, 3, 4]
    assert np.allclose(found.gaps, [1.41421, 1.34350, 0.76053, 0.14142, 0.14142], atol=1e-4)
    assert found.nearest[:3].tolist() == [0, 2, 3]


@pytest.mark.usefixtures("path")
def test_one_hot_rows_give_each_class_once_and_then_copies():
    x = np.eye(4, dtype=np.float32)[[0, 0, 0, 1, 1, 2, 3, 3]]
    found = farthest_first(x, 5, seen=np.array([0]))
    assert found.rows.tolist() == [3, 5, 6, 1, 2]
    assert found.gaps.tolist() == pytest.approx([2**0.5] * 3 + [0, 0])


@pytest.mark.usefixtures("path")
def test_two_classes_with_and_without_a_beginning():
    p = np.array([0, 0.1, 0.5, 0.6, 1], np.float32)
    x = np.stack([p, 1 - p], 1)
    found = farthest_first(np.vstack([x, [[0.5, 0.5]]]).astype(np.float32), 2, seen=np.array([5]))
    assert found.rows.tolist() == [0, 4]
    assert found.gaps.tolist() == pytest.approx([0.70711] * 2, abs=1e-5)
    assert farthest_first(x, 1).rows.tolist() == [2]
    assert farthest_first(x, 1).gaps.tolist() == [np.inf]


@pytest.mark.usefixtures("path")
def test_candidates_seen_groups_and_caps_together():
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(90, 4)).astype(np.float32)
        rows = np.sort(rng.choice(90, 60, replace=False))
        seen = rng.choice(90, seed % 4, replace=False)
        groups = rng.integers(-1, 3, 90).astype(np.int32)
        caps = rng.integers(0, 9, 3)
        found = farthest_first(x, 50, rows=rows, seen=seen, groups=groups, caps=caps, pool=16)
        assert found.rows.tolist() == brute(x, 50, seen.tolist(), rows.tolist(), groups, caps)
        assert (len(found.rows) < 50) == bool(found.stopped)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("n", [1, 2, 15, 16, 17])
def test_odd_sizes_and_budgets(n):
    x = np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32)
    for budget in (0, 1, n, n + 5):
        found = farthest_first(x, budget, pool=16)
        assert found.rows.tolist() == brute(x, min(budget, n))
    assert sorted(farthest_first(x, n).rows.tolist()) == list(range(n))


@pytest.mark.usefixtures("path")
def test_equal_rows_come_in_order():
    found = farthest_first(np.ones((5000, 3), np.float32), 4000)
    assert found.rows.tolist() == list(range(4000))
    assert found.gaps[1:].max() == 0


@pytest.mark.usefixtures("path")
def test_rows_with_nan_are_never_picked():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    x[[3, 17], 1] = np.nan
    found = farthest_first(x, 40)
    assert sorted(found.rows.tolist()) == [i for i in range(40) if i not in (3, 17)]


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: np.eye(12, dtype=np.float32)[rng.integers(0, 12, 400)],
        lambda rng: rng.integers(0, 3, (400, 3)).astype(np.float32),
        lambda rng: rng.dirichlet(np.full(20, 0.1), 400).astype(np.float32),
        lambda rng: unit_rows(rng.normal(size=(400, 16)).astype(np.float32)),
        lambda rng: (rng.normal(size=(400, 6)) + 9 * rng.integers(0, 4, (400, 1))).astype(np.float32),
    ],
    ids=["one-hot", "grid", "simplex", "sphere", "clusters"],
)
def test_what_is_left_to_learn_later_changes_nothing(make, monkeypatch):
    """Ties, plateaus, copies and data without clusters; what was seen, groups and caps; tiny chunks and pools."""
    for seed, (chunk, pool) in enumerate([(2, 9), (128, 512)]):
        rng = np.random.default_rng(seed)
        x = make(rng)
        seen = rng.choice(400, 4 * seed, replace=False)
        groups, caps = rng.integers(-1, 4, 400).astype(np.int32), rng.integers(5, 45, 4)
        monkeypatch.setattr(module, "SMALL", 10**9)
        plain = farthest_first(x, 150, seen=seen, groups=groups, caps=caps)
        monkeypatch.setattr(module, "SMALL", 0)
        monkeypatch.setattr(bounds, "CHUNK", chunk)
        found = farthest_first(x, 150, seen=seen, groups=groups, caps=caps, pool=pool)
        assert found.rows.tolist() == plain.rows.tolist() == brute(x, 150, seen.tolist(), None, groups, caps)
        assert np.allclose(found.gaps, plain.gaps, rtol=1e-6)
        apart = np.linalg.norm(x[found.rows].astype(float) - x[found.nearest].astype(float), axis=1)
        assert np.allclose(apart[1:], found.gaps[1:], rtol=1e-6)


@pytest.mark.usefixtures("path")
def test_a_start_that_may_not_be_picked_is_no_start():
    x = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    groups = np.zeros(30, np.int32)
    groups[7] = 1
    found = farthest_first(x, 3, groups=groups, caps=np.array([9, 0]), start=7)
    assert len(found.rows) == 3 and 7 not in found.rows
    assert found.rows.tolist() == farthest_first(x, 3, groups=groups, caps=np.array([9, 0])).rows.tolist()


def big(n=6000, d=400, seed=0):
    rng = np.random.default_rng(seed)
    return unit_rows(
        (rng.normal(size=(n, d)) + 3 * rng.normal(size=(30, d))[rng.integers(0, 30, n)]).astype(np.float32)
    )


def test_gaps_never_grow_and_every_prefix_is_a_run():
    x = big()
    found = farthest_first(x, 400)
    assert (np.diff(found.gaps[1:]) <= 0).all()
    assert farthest_first(x, 150).rows.tolist() == found.rows[:150].tolist()


def test_threads_and_pools_do_not_change_a_pick():
    x, before = big(), torch.get_num_threads()
    found = []
    try:
        for threads, pool in ((1, 64), (2, 64), (2, 1024), (1, 3000)):
            torch.set_num_threads(threads)
            found.append(farthest_first(x, 300, pool=pool))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert other.rows.tolist() == found[0].rows.tolist()
        assert other.gaps.tolist() == found[0].gaps.tolist()
        assert other.nearest.tolist() == found[0].nearest.tolist()


def test_float16_and_memory_maps_are_read_as_they_are(tmp_path):
    x = big(2000)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert farthest_first(mapped, 100).rows.tolist() == farthest_first(x, 100).rows.tolist()
    half = x.astype(np.float16)
    assert farthest_first(half, 60).rows.tolist() == farthest_first(half.astype(np.float32), 60).rows.tolist()


def test_the_radius_is_at_most_twice_the_best():
    from itertools import combinations

    x = np.random.default_rng(3).normal(size=(10, 2)).astype(np.float32)
    apart = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    for budget in (1, 2, 3):
        radius = apart[:, farthest_first(x, budget).rows].min(1).max()
        best = min(apart[:, list(c)].min(1).max() for c in combinations(range(10), budget))
        assert radius <= 2 * best + 1e-6


@pytest.mark.usefixtures("path")
def test_cancel_stops_within_two_ticks():
    asked = []
    task = Task(cancelled=lambda: asked.append(1) or len(asked) > 1)
    with pytest.raises(Cancelled):
        farthest_first(big(500), 400, task=task)
