"""Selectors that represent, draw and look for more of the same: hand-checked examples."""

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


def inputs(n, **more):
    return Inputs(n, np.arange(n), **more)


def angles(*degrees):
    at = np.deg2rad(np.array(degrees, float))
    return np.stack([np.cos(at), np.sin(at)], axis=1).astype(np.float32)


# ---- facility-location ---------------------------------------------------------------------------------------


def test_representatives_come_from_the_middles_and_the_outlier_last():
    found = select("facility-location", inputs(7, vectors=angles(0, 5, 10, 90, 95, 100, 270)), budget=3, neighbours=2)
    assert found.rows.tolist() == [1, 4, 6]
    assert found.reasons[0] == "stands for 3 samples better than any earlier pick, itself among them"
    assert found.reasons[2] == "stands for itself better than any earlier pick"


def test_what_pins_stand_for_is_not_represented_again():
    x = angles(0, 5, 10, 90, 95, 100)
    found = select("facility-location", inputs(6, vectors=x, keep=np.array([2])), budget=2, neighbours=2)
    assert found.rows.tolist() == [2, 4]
    assert np.isnan(found.gains[0])
    assert found.gains[1] == pytest.approx(1 + 2 * np.cos(np.deg2rad(5)), abs=1e-5)


def test_trimmed_outliers_are_counted():
    x = angles(*range(0, 95, 5), 270)
    found = select("facility-location", inputs(20, vectors=x), budget=20, trim=0.05)
    assert 19 not in found.rows
    assert found.stopped == "Only 19 samples to choose from. Outliers set aside: 1."


# ---- kmq -----------------------------------------------------------------------------------------------------


def scored(values, **more):
    n = len(values)
    more.setdefault("skills", np.zeros(n, np.int32))
    return inputs(n, scores={"quality": np.array(values, np.float32)}, **more)


def test_skills_give_in_proportion_to_their_size():
    skills = np.repeat([0, 1, 2], [6, 3, 1]).astype(np.int32)
    found = select("kmq", scored(np.ones(10), skills=skills), budget=5)
    assert np.bincount(skills[found.rows], minlength=3).tolist() == [3, 2, 0]


def test_a_draw_has_the_probabilities_of_the_softmax():
    """ln 1, ln 2, ln 3 are drawn with 1/6, 2/6 and 3/6; and the second of two without replacement from the rest."""
    n = 3000  # skills of three samples each, so that one run is as many draws
    found = select(
        "kmq",
        scored(np.tile(np.log([1, 2, 3]), n), skills=np.repeat(np.arange(n), 3).astype(np.int32)),
        budget=n, split="equal", scale="raw",
    )  # fmt: skip
    assert np.bincount(found.rows % 3) / n == pytest.approx([1 / 6, 2 / 6, 3 / 6], abs=0.03)


def test_temperature_goes_from_the_best_to_an_even_draw():
    values = np.arange(100.0)
    cold = select("kmq", scored(values), budget=10, temperature=0.05, scale="raw")
    assert sorted(cold.rows.tolist()) == list(range(90, 100))
    worst = select("kmq", scored(values), budget=10, temperature=0.05, scale="raw", order="lowest")
    assert sorted(worst.rows.tolist()) == list(range(10))
    hot = select("kmq", scored(values), budget=50, temperature=1000)
    assert 35 < hot.rows.mean() < 65


def test_standardised_scores_do_not_mind_their_unit():
    values = np.random.default_rng(3).normal(size=200)
    one, other = (select("kmq", scored(v), budget=40).rows.tolist() for v in (values, 1000 * values + 7))
    assert one == other
    assert select("kmq", scored(np.full(9, 0.1)), budget=9).rows.shape == (9,)


def test_samples_without_a_value_come_last_and_a_larger_budget_keeps_the_draw():
    values = np.random.default_rng(4).normal(size=50)
    values[:5] = np.nan
    small, large = (select("kmq", scored(values), budget=b).rows.tolist() for b in (20, 48))
    assert large[:20] == small
    assert set(large[45:]) < {0, 1, 2, 3, 4}


def test_kmq_says_what_it_misses():
    with pytest.raises(InputError, match="no score"):
        select("kmq", scored(np.ones(3)), score="beauty")
    with pytest.raises(NotReadyError, match="needs scores"):
        select("kmq", inputs(3, skills=np.zeros(3, np.int32)))
    with pytest.raises(NotReadyError, match="needs skills"):
        select("kmq", inputs(3))


# ---- simcore -------------------------------------------------------------------------------------------------


def pile():
    """Two examples, then A (1,0), B (.8,.6), C (0,1), D (-1,0)."""
    x = np.array([[1, 0], [0, 1], [1, 0], [0.8, 0.6], [0, 1], [-1, 0]], np.float32)
    return inputs(6, vectors=x, labels=np.array([0, 0, -1, -1, -1, -1], np.int32), label_names=("wanted",))


def test_it_stops_before_a_round_that_is_less_alike():
    found = select("simcore", pile(), like="wanted", warm_up=1)
    assert found.rows.tolist() == [2, 4]
    assert found.gains.tolist() == [1, 1]
    assert found.stopped == "Stopped: what is left is less alike (0.700, at first 1.000)."
    assert found.reasons[0] == "like “wanted”: cosine 1.000 to a group of them"


def test_without_the_stop_it_fills_the_budget():
    assert select("simcore", pile(), like="wanted", stop=0, budget=3).rows.tolist() == [2, 4, 3]
    assert select("simcore", pile(), like="wanted", stop=0).rows.tolist() == [2, 4, 3, 5]
    assert select("simcore", pile(), like="wanted", stop=0, budget=1).rows.tolist() == [2]


def test_pinned_samples_are_examples_and_stay():
    found = select("simcore", inputs(6, vectors=pile().vectors, keep=np.array([1])), budget=3, stop=0)
    assert found.rows.tolist() == [1, 4, 3]
    assert found.reasons[1] == "like the pinned samples: cosine 1.000 to a group of them"


def test_words_are_examples_too():
    def encode(texts):
        assert texts == ["to the left"]
        return np.array([[-1, 0]], np.float32)

    found = select("simcore", inputs(6, vectors=pile().vectors, encode_texts=encode), words=("to the left",), budget=4)
    assert found.rows.tolist() == [5, 1, 4, 3]
    assert found.reasons[0] == "like what you described: cosine 1.000 to a group of them"


def rounds(centres, x, budget):
    """Every group its most similar free row, round by round, in float64."""
    alike, free, picks = np.asarray(x, np.float64) @ np.asarray(centres, np.float64).T, set(range(len(x))), []
    while len(picks) < budget and free:
        value = {}
        for g in range(len(centres)):
            row = max(free, key=lambda r: (round(alike[r, g], 6), -r))
            value[row] = max(value.get(row, -2), alike[row, g])
        picks += sorted(value, key=lambda r: (-round(value[r], 6), r))[: budget - len(picks)]
        free -= set(value)
    return picks


def test_rounds_are_those_of_brute_force_far_beyond_the_first_lists():
    rng = np.random.default_rng(0)
    x = unit_rows(rng.normal(size=(400, 5)).astype(np.float32))
    labels = np.where(np.arange(400) < 7, 0, -1).astype(np.int32)
    found = select("simcore", inputs(400, vectors=x, labels=labels, label_names=("seed",)), like="seed", stop=0)
    assert (found.rows - 7).tolist() == rounds(x[:7], x[7:], 393)


def test_a_higher_stop_never_enlarges_the_result():
    rng = np.random.default_rng(1)
    x = unit_rows(rng.normal(size=(300, 6)).astype(np.float32))
    labels = np.where(np.arange(300) < 4, 0, -1).astype(np.int32)
    sizes = [
        len(select("simcore", inputs(300, vectors=x, labels=labels, label_names=("s",)), like="s", stop=s).rows)
        for s in (0.5, 0.8, 0.9, 0.95, 0.99)
    ]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[-1] > 0


def test_simcore_says_what_it_misses():
    with pytest.raises(InputError, match="no examples"):
        select("simcore", inputs(6, vectors=pile().vectors))
    with pytest.raises(InputError, match="no class “other”"):
        select("simcore", pile(), like="other")
    with pytest.raises(NotReadyError, match="reads no texts"):
        select("simcore", pile(), words=("a cat",))
