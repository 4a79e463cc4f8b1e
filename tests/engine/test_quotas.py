import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.engine.quotas import SPLITS, apportion, divide, water_fill
from curator.engine.sharing import with_budgets

SIZES = st.lists(st.integers(0, 60), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("sizes", "budget", "expected"),
    [
        ((0, 3, 10, 50, 37), 40, (0, 3, 10, 14, 13)),
        ((5, 40, 400, 4000), 1000, (5, 40, 400, 555)),
        ((10, 20, 30), 50, (10, 20, 20)),
        ((2, 2, 2), 5, (1, 2, 2)),
    ],
)
def test_water_finds_its_level(sizes, budget, expected):
    assert water_fill(sizes, budget).tolist() == list(expected)


@given(SIZES, st.integers(0, 500))
def test_water_is_exact_and_within_sizes(sizes, budget):
    quota = water_fill(sizes, budget)
    assert quota.sum() == min(budget, sum(sizes))
    assert (quota <= sizes).all()
    assert (quota >= 0).all()


@given(SIZES, st.integers(0, 300))
def test_more_water_never_lowers_a_group_by_more_than_the_odd_unit(sizes, budget):
    assert (water_fill(sizes, budget + 1) - water_fill(sizes, budget) >= -1).all()


@pytest.mark.parametrize(
    ("budget", "weights", "caps", "expected"),
    [
        (5, (6, 3, 1), (6, 3, 1), (3, 2, 0)),
        (10, (1, 1, 1), (2, 9, 9), (2, 4, 4)),
        (3, (0, 0, 0), (5, 5, 5), (1, 1, 1)),
        (99, (1, 2), (3, 4), (3, 4)),
        (0, (1, 2), (3, 4), (0, 0)),
    ],
)
def test_largest_remainder(budget, weights, caps, expected):
    assert apportion(budget, weights, caps).tolist() == list(expected)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 40)), min_size=1, max_size=12), st.integers(0, 400))
def test_apportioning_is_exact_and_within_caps(groups, budget):
    weights, caps = np.array([g[0] for g in groups]), np.array([g[1] for g in groups])
    quota = apportion(budget, weights, caps)
    assert quota.sum() == min(budget, caps.sum())
    assert (quota <= caps).all()
    assert (quota >= 0).all()


@pytest.mark.parametrize(("split", "expected"), list(zip(SPLITS, [[5, 5], [9, 1], [8, 2]], strict=True)))
def test_a_budget_of_ten_over_ninety_and_ten(split, expected):
    assert divide(split, [90, 10], [90, 10], 10).tolist() == expected


def test_the_room_of_a_group_binds_every_split():
    assert [divide(split, [90, 10], [3, 10], 10).tolist() for split in SPLITS] == [[3, 7]] * 3


@pytest.mark.parametrize(
    ("wanted", "left", "expected"),
    [
        ((-1, -1, -1), 9, (3, 3, 3)),
        ((5, -1, -1), 9, (5, 2, 2)),
        ((99, -1, 0), 20, (10, 10, 0)),
        ((6, 3, -1), 6, (4, 2, 0)),
        ((2, 2, 2), 9, (2, 2, 2)),
    ],
)
def test_skills_with_a_budget_get_it_and_the_others_share_the_rest(wanted, left, expected):
    room = np.array([10, 10, 10])
    shares = with_budgets(lambda _, room, left: water_fill(room, left), np.array(wanted), room, room, left)
    assert shares.tolist() == list(expected)
