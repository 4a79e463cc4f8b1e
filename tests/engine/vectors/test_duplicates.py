import time

import numpy as np
import pytest
import torch

from curator.engine.errors import Cancelled
from curator.engine.task import Task
from curator.engine.vectors import duplicates as module
from curator.engine.vectors import greedy_duplicates, near_duplicate_pairs, sketch, unit_rows


def points(n, d=6, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32))


def cosines(x):
    x = np.asarray(x, np.float64)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    x = x / np.where(length == 0, 1, length)
    return x @ x.T


def brute(x, order, threshold, keep=()):
    """The rule, one row at a time."""
    table, kept, stands = cosines(x), list(keep), {k: k for k in keep}
    for row in order:
        if row in stands:
            continue
        rivals = [k for k in kept if table[row, k] >= threshold]
        stands[row] = max(rivals, key=lambda k: (table[row, k], -kept.index(k))) if rivals else row
        if not rivals:
            kept.append(row)
    return stands


@pytest.fixture(params=["int8", "bfloat16", "float32", "dense", "sketch"])
def way(request, monkeypatch):
    """Every way a tile can be scored."""
    if request.param == "dense":
        monkeypatch.setattr(module, "DENSE", 0)
    elif request.param == "sketch":
        for name, value in {"SAMPLE": 16, "WIDTHS": (2,), "RAISED": 0}.items():  # taken wherever it is possible
            monkeypatch.setattr(sketch, name, value)
    else:
        monkeypatch.setattr(module, "_fastest", lambda device, width: getattr(torch, request.param))
    monkeypatch.setattr(module, "TILE", 512)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("n", [2, 1023, 1024, 1025])
def test_pairs_equal_brute_force(n, threshold):
    x = points(n)
    x[n // 2] = x[0]
    found = near_duplicate_pairs(x, threshold)
    left, right = np.nonzero(np.triu(cosines(x) >= threshold - 1e-9, 1))
    assert found.left.tolist() == left.tolist()
    assert found.right.tolist() == right.tolist()
    assert np.allclose(found.similarity, cosines(x)[left, right], atol=1e-6)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.97])
def test_greedy_equals_brute_force_across_blocks(threshold, monkeypatch):
    monkeypatch.setattr(module, "TILE", 32)  # so that even this little pile is many tiles
    monkeypatch.setattr(module, "KEYS", 48)
    x = points(300)
    order = np.random.default_rng(1).permutation(300)[:280]
    keep = np.array([order[200], order[10], order[11]])
    found = greedy_duplicates(x, order, threshold, keep=keep)
    expected = brute(x, order.tolist(), threshold, keep.tolist())
    assert {r: int(found.representative[r]) for r in order.tolist()} == expected
    outside = np.setdiff1d(np.arange(300), order)
    assert (found.representative[outside] == -1).all()
    assert np.isnan(found.similarity[outside]).all()


def test_a_chain_keeps_its_ends():
    apart = np.arccos(0.96)
    x = np.array([[np.cos(i * apart), np.sin(i * apart)] for i in range(3)], np.float32)
    found = greedy_duplicates(x, np.arange(3), 0.95)
    assert found.representative.tolist() == [0, 0, 2]
    assert found.similarity.tolist() == pytest.approx([1, 0.96, 1])


@pytest.mark.parametrize("threshold", [0.5, 1.0])
def test_many_equal_rows_stay_cheap(threshold):
    x = np.repeat(points(1, 64), 20_000, axis=0)
    started = time.process_time()
    found = greedy_duplicates(x, np.arange(20_000), threshold)
    assert set(found.representative.tolist()) == {0}
    assert time.process_time() - started < 60  # all pairs one by one would take hours


def test_exact_copies_fall_at_a_threshold_of_one_whatever_their_length():
    x = points(50, 384)
    x = np.vstack([x, x * np.float32(3.7)])
    assert (greedy_duplicates(x, np.arange(100), 1.0).representative[50:] == np.arange(50)).all()


@pytest.mark.usefixtures("way")
def test_spiky_rows_are_scanned_without_a_miss():
    x = np.zeros((60, 300), np.float32)
    x[np.arange(60), np.arange(60) % 30] = 1
    x += np.random.default_rng(0).normal(size=x.shape).astype(np.float32) * 1e-3
    found = near_duplicate_pairs(x, 0.999)
    assert {(a, b) for a, b in zip(found.left, found.right, strict=True)} == {(i, i + 30) for i in range(30)}


def test_nan_is_left_out_and_zeros_are_copies_of_one_another():
    x = points(6)
    x[1] = np.nan
    x[[2, 4]] = 0
    found = greedy_duplicates(x, np.arange(6), 0.999)
    assert found.representative.tolist() == [0, -1, 2, 3, 2, 5]
    assert len(near_duplicate_pairs(x, 0.999).left) == 0


def test_too_many_pairs_are_refused_before_memory_runs_out():
    with pytest.raises(ValueError, match="raise the threshold"):
        near_duplicate_pairs(np.ones((3000, 8), np.float32), 0.9, most=10_000)


def test_empty_input():
    assert len(greedy_duplicates(np.zeros((0, 4), np.float32), np.arange(0), 0.9).representative) == 0
    assert len(near_duplicate_pairs(np.zeros((0, 4), np.float32), 0.9).left) == 0


def test_cancel_stops_within_two_ticks():
    asked = []
    with pytest.raises(Cancelled):
        greedy_duplicates(
            points(9000), np.arange(9000), 0.9, task=Task(cancelled=lambda: asked.append(1) or len(asked) > 1)
        )
