"""The spread of a score and draws over its range, on hand-checked numbers."""

import numpy as np
import pytest

from curator.engine.quotas import water_fill
from curator.engine.strata import histogram, strata_order


@pytest.mark.parametrize(
    ("sizes", "budget", "expected"),
    [
        ((0, 3, 10, 50, 37), 40, (0, 3, 10, 14, 13)),
        ((5, 40, 400, 4000), 1000, (5, 40, 400, 555)),
        ((10, 20, 30), 50, (10, 20, 20)),
        ((2, 2, 2), 5, (1, 2, 2)),
        ((5, 40, 400, 4000), 4445, (5, 40, 400, 4000)),
    ],
)
def test_water(sizes, budget, expected):
    assert water_fill(sizes, budget).tolist() == list(expected)


@pytest.mark.parametrize(
    ("values", "bits"),
    [((0, 0, 1, 1), 1), ((0, 1, 2, 3), 2), (range(8), 3), ((0,) * 7 + (100,), 0.54356), ((5,) * 9, 0), ((), 0)],
    ids=str,
)
def test_entropy_by_standard_deviations(values, bits):
    assert histogram(tuple(values)).entropy == pytest.approx(bits, abs=1e-5)


@pytest.mark.parametrize(
    ("values", "bits"),
    [((0, 1, 2, 3), 2), ((0, 0, 0, 3), 0.81128), ((0, 1, 2, 3, 3, 3, 3, 3), 1.54879)],
    ids=str,
)
def test_entropy_by_range(values, bits):
    assert histogram(values, 4, "range").entropy == pytest.approx(bits, abs=1e-5)


@pytest.mark.parametrize("factor", [0.01, 0.1, 2, 10, 50, 1000])
def test_the_unit_of_a_score_does_not_change_its_entropy(factor):
    normal = np.random.default_rng(0).normal(size=4000)
    assert histogram(normal * factor + 5).entropy == pytest.approx(histogram(normal).entropy, abs=1e-9)
    assert 4.6 < histogram(normal).entropy < 4.75
    assert histogram(np.arange(8) * 1000.0 + 5).entropy == pytest.approx(3)


def test_a_score_that_is_constant_or_lacks_a_value_tells_nothing():
    assert histogram(np.full(10, 0.1)).entropy == 0
    assert histogram([1, 2, np.nan, 4]).entropy == 0
    assert histogram([1, 2, np.inf, 4]).entropy == 0
    assert histogram([np.nan, np.nan]).counts.sum() == 0


def test_counts_of_the_five_bins():
    order, bins, _ = strata_order(np.arange(100), np.random.default_rng(0), bins=5, cut_low=0, cut_high=0)
    assert np.bincount(bins[order[:7]], minlength=5).tolist() == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("quota", [1, 5, 13, 60, 75, 100, 260, 4600, 5000])
def test_exactly_the_quota_shared_like_water_over_the_bins(quota):
    scores = np.random.default_rng(3).gamma(2.0, size=5000)
    order, bins, (low, high) = strata_order(scores, np.random.default_rng(0))
    assert len(set(order.tolist())) == 5000
    chosen = order[:quota]
    inside = bins >= 0
    assert ((scores[inside] >= low) & (scores[inside] <= high)).all()
    counts = np.bincount(bins[inside], minlength=50)
    assert np.bincount(bins[chosen][bins[chosen] >= 0], minlength=50).tolist() == water_fill(counts, quota).tolist()
    if quota <= inside.sum():
        assert (bins[chosen] >= 0).all()
    if quota >= 50:
        assert (np.bincount(bins[chosen][bins[chosen] >= 0], minlength=50)[counts > 0] > 0).all()


def test_the_top_row_of_all_negative_scores_is_in_a_bin():
    _, bins, _ = strata_order(-np.arange(1.0, 101), np.random.default_rng(0), cut_low=0, cut_high=0)
    assert bins[0] == 49 and bins[-1] == 0


def test_trimming_gives_way_from_the_inside_out_and_what_has_no_score_comes_last():
    scores = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, np.nan])
    order, bins, _ = strata_order(scores, np.random.default_rng(0), cut_low=0.25, cut_high=0.25)
    assert sorted(order[:5].tolist()) == [2, 3, 4, 5, 6]
    assert order[5:].tolist() == [1, 7, 0, 8, 9]
    assert bins[9] == -2


def test_equal_scores_and_none():
    order, bins, _ = strata_order(np.ones(6), np.random.default_rng(1))
    assert sorted(order.tolist()) == list(range(6)) and (bins == 0).all()
    assert len(strata_order([], np.random.default_rng(0))[0]) == 0
