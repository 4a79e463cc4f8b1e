"""Selectors that go along the links between neighbours, against loops and hand-checked examples."""

from dataclasses import replace

import numpy as np
import pytest

from curator.engine.errors import InputError, NotReadyError
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.unit import unit_rows

registry().discover()


def select(name, inputs, **values):
    return registry().get("selector", name).make(values).select(inputs, Task())


def pile(n=90, d=6, seed=0, **more):
    """Rows around four places, with a score."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(4, d))[np.arange(n) % 4] + 0.4 * rng.normal(size=(n, d))
    scores = {"quality": rng.exponential(size=n).astype(np.float32)}
    return Inputs(n, np.arange(n), vectors=unit_rows(x.astype(np.float32)), scores=scores, seed=seed, **more)


def moved(inputs, order):
    """The same samples in another order of rows."""
    scores = {k: v[order] for k, v in inputs.scores.items()}
    return replace(inputs, vectors=inputs.vectors[order], scores=scores)


def close(x, k):
    """bool [n, n]: whether a row lists another among its ``k`` nearest."""
    cosine = x.astype(float) @ x.astype(float).T
    np.fill_diagonal(cosine, -np.inf)
    lists = np.zeros(cosine.shape, bool)
    np.put_along_axis(lists, np.argsort(-cosine, axis=1, kind="stable")[:, :k], True, axis=1)
    return lists


def d2_loop(x, scores, budget, k, spread, keep=()):
    """D2 pruning with an argmax over whole matrices."""
    linked = close(x, k) | close(x, k).T
    apart = np.linalg.norm(x[:, None].astype(float) - x[None].astype(float), axis=-1)
    worth = scores + (linked * np.exp(-apart) * np.maximum(scores, 1e-7)).sum(1)
    picks = []
    while len(picks) < budget:
        free = np.setdiff1d(np.arange(len(x)), picks)
        pick = keep[len(picks)] if len(picks) < len(keep) else free[np.argmax(np.round(worth[free], 9))]
        picks.append(int(pick))
        worth = worth - linked[pick] * np.exp(-spread * apart[pick]) * max(0, worth[pick])
    return picks


def on_a_line():
    return Inputs(3, np.arange(3), vectors=np.array([[0], [1], [10]], np.float32), scores={"s": np.ones(3, np.float32)})


def test_d2_on_a_line_as_worked_out_by_hand():
    found = select("d2", on_a_line(), budget=3, neighbours=1, spread=1.0)
    assert found.rows.tolist() == [1, 2, 0]
    assert found.gains.tolist() == pytest.approx([1.36800, 0.99995, 0.86462], abs=1e-5)
    assert found.nearest.tolist() == [-1, 1, 1]
    assert found.reasons[0] == "s 1, worth 1.368 with its neighbours' share"
    assert found.reasons[2] == "s 1, worth 1.368 with its neighbours' share, 0.8646 of it left beside row 1"
    assert select("d2", on_a_line(), budget=3, neighbours=1, spread=1000.0).rows.tolist() == [1, 0, 2]


@pytest.mark.parametrize("spread", [0.0, 0.1, 2.0])
@pytest.mark.parametrize("keep", [(), (7, 30)])
def test_d2_equals_a_loop_over_everything(spread, keep):
    inputs = pile(keep=np.array(keep, np.int64))
    found = select("d2", inputs, budget=90, spread=spread)
    scores = inputs.scores["quality"].astype(float)
    assert found.rows.tolist() == d2_loop(inputs.vectors, scores, 90, 5, spread, keep)


def test_d2_shifts_scores_below_zero_and_turns_them_round():
    inputs = pile()
    scores = inputs.scores["quality"] - 5
    shifted = replace(inputs, scores={"quality": scores})
    own = scores.astype(float)
    found = select("d2", shifted, budget=40)
    assert found.rows.tolist() == d2_loop(inputs.vectors, own - own.min(), 40, 5, 0.1)
    assert f"quality {scores[found.rows[0]]:.4g}," in found.reasons[0]
    found = select("d2", shifted, budget=40, order="lowest")
    assert found.rows.tolist() == d2_loop(inputs.vectors, own.max() - own, 40, 5, 0.1)


def test_d2_takes_samples_without_a_score_last_and_names_what_is_missing():
    inputs = pile(12)
    scores = inputs.scores["quality"].copy()
    scores[[3, 8]] = np.nan, np.inf
    found = select("d2", replace(inputs, scores={"quality": scores}), budget=12)
    assert found.rows[-2:].tolist() == [3, 8]
    assert np.isnan(found.gains[-2:]).all()
    assert found.reasons[-2] == "no value of quality"
    with pytest.raises(InputError, match="beauty"):
        select("d2", inputs, score="beauty")
    for gap in ({"vectors": None}, {"scores": {}}):
        with pytest.raises(NotReadyError, match="needs"):
            select("d2", replace(inputs, **gap))


def vote_loop(x, budget, k, discount, keep=()):
    """Vote-k with an argmax over whole matrices."""
    votes = close(x, k)
    heard, picks = np.zeros(len(x)), []
    while len(picks) < budget:
        score = discount**-heard @ np.where(np.isin(np.arange(len(x)), picks)[:, None], 0, votes)
        score[picks] = -1
        pick = keep[len(picks)] if len(picks) < len(keep) else np.argmax(np.round(score, 9))
        picks.append(int(pick))
        heard += votes[:, pick]
    return picks


def on_a_circle(**more):
    angle = np.deg2rad([0, 10, 25, 45, 90])
    return Inputs(5, np.arange(5), vectors=np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32), **more)


def test_vote_k_on_a_circle_as_worked_out_by_hand():
    # Each votes for its one nearest: 0 for 1, 1 for 0, 2 for 1, 3 for 2, 4 for 3.
    found = select("vote-k", on_a_circle(), budget=5, centre=False)
    assert found.rows.tolist() == [1, 2, 3, 0, 4]
    assert found.gains.tolist() == [2, 1, 1, 0, 0]
    assert found.reasons[0] == "among the nearest of 2 samples, 2 without a pick there"
    assert found.reasons[1] == "among the nearest of 1 sample, 1 without a pick there"
    assert found.reasons[4] == "among the nearest of no other sample"


@pytest.mark.parametrize(("discount", "neighbours"), [(10.0, 150), (2.0, 4), (1.0, 9)])
@pytest.mark.parametrize("keep", [(), (7, 30)])
def test_vote_k_equals_a_loop_over_everything(discount, neighbours, keep):
    inputs = moved(pile(keep=np.array(keep, np.int64)), np.random.default_rng(1).permutation(90))
    values = {"discount": discount, "neighbours": neighbours}
    for x, centre in ((inputs.vectors, False), (centred(inputs.vectors), True)):
        found = select("vote-k", inputs, budget=90, centre=centre, **values)
        assert found.rows.tolist() == vote_loop(x, 90, min(9, neighbours), discount, keep)


def centred(x):
    return unit_rows((x - x.mean(0, dtype=float)).astype(np.float32))


@pytest.mark.parametrize("name", ["d2"])
def test_rows_in_another_order_give_the_same_samples(name):
    inputs, order = pile(), np.random.default_rng(5).permutation(90)
    first, second = select(name, inputs, budget=40), select(name, moved(inputs, order), budget=40)
    assert order[second.rows].tolist() == first.rows.tolist()
    assert second.gains.tolist() == first.gains.tolist()


def test_ideal_on_a_circle_as_worked_out_by_hand():
    # Each leads to its one nearest for certain: 4 to 3 to 2 to 1 to 0 and back to 1.
    found = select("ideal", on_a_circle(), budget=3, centre=False, neighbours=1)
    assert found.rows.tolist() == [4, 0, 1]
    assert found.gains.tolist() == pytest.approx([5, 0, 0])
    assert found.reasons[0] == "reaches about 5 samples by neighbours, 100.00% of all"
    found = select("ideal", on_a_circle(keep=np.array([2])), budget=3, centre=False, neighbours=1)
    assert found.rows.tolist() == [2, 4, 0]
    assert found.gains[1:].tolist() == pytest.approx([2, 0], abs=0.05)
    assert " more samples by neighbours" in found.reasons[1]
    assert found.reasons[2] == "reaches nothing that earlier picks do not reach"


def test_ideal_takes_one_of_each_group_whatever_the_order_and_the_seed():
    rng = np.random.default_rng(0)
    at = np.arange(60) % 3
    x = unit_rows((np.eye(8)[at] + 0.05 * rng.normal(size=(60, 8))).astype(np.float32))
    inputs, order = Inputs(60, np.arange(60), vectors=x), rng.permutation(60)
    for seed in range(2):
        found = select("ideal", replace(inputs, seed=seed), budget=3)
        assert sorted(at[found.rows]) == [0, 1, 2]
        again = select("ideal", replace(moved(inputs, order), seed=seed), budget=3)
        assert sorted(at[order[again.rows]]) == [0, 1, 2]
        assert again.gains == pytest.approx(found.gains, rel=0.1)


def test_ideal_sets_outliers_aside_when_asked():
    found = select("ideal", on_a_circle(), budget=5, centre=False, neighbours=1, trim=0.2)
    assert 4 not in found.rows.tolist()
    assert found.stopped == "Only 4 samples to choose from. Outliers set aside: 1."


@pytest.mark.parametrize("name", ["d2", "vote-k", "ideal"])
def test_rows_that_are_not_alive_or_not_readable_play_no_part(name):
    inputs = pile()
    alive = np.setdiff1d(np.arange(90), [0, 5, 17, 40])
    part = replace(inputs, rows=alive, keep=np.array([22]))
    own = replace(moved(inputs, alive), n=86, rows=np.arange(86), keep=np.searchsorted(alive, [22]))
    assert select(name, part, budget=30).rows.tolist() == alive[select(name, own, budget=30).rows].tolist()
    x = inputs.vectors.copy()
    x[[0, 5]] = np.nan
    assert len(select(name, replace(inputs, vectors=x), budget=90).rows) == 90
