"""Selection by skill, on hand-checked numbers, and without the faults of the released code."""

from dataclasses import replace

import numpy as np
import pytest

from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.unit import unit_rows

registry().discover()
A, B, C, D = (1, 0), (1, 0), (0, 1), (0.6, 0.8)


def select(name, inputs, **values):
    return registry().get("selector", name).make(values).select(inputs, Task())


def pile(n=400, k=4, seed=0):
    rng = np.random.default_rng(seed)
    skills = (np.arange(n) % k).astype(np.int32)
    scores = {"wide": rng.uniform(size=n), "odd": rng.exponential(size=n) ** 3}
    return Inputs(
        n,
        np.arange(n),
        vectors=unit_rows(rng.normal(size=(n, 6))),
        skills=skills,
        skill_names=tuple(f"skill {i + 1}" for i in range(k)),
        scores={name: values.astype(np.float32) for name, values in scores.items()},
        seed=seed,
    )


def chosen(ranking):
    return {c.skill: c.scorer for c in ranking.choices if c.chosen}


@pytest.mark.parametrize("budget", [60, 75, 100, 260, 399])
def test_exact_budgets_where_the_released_code_overshoots(budget):
    found = select("multi-way", pile(), budget=budget)
    assert len(set(found.rows.tolist())) == budget
    counts = np.bincount(pile().skills[found.rows])
    assert counts.max() - counts.min() <= 1


def test_the_choice_does_not_follow_the_unit():
    inputs = pile()
    first = chosen(select("multi-way", inputs, budget=50))
    for name in inputs.scores:
        for factor in (0.01, 10.0, 1000.0):
            scaled = {**inputs.scores, name: inputs.scores[name] * np.float32(factor)}
            assert chosen(select("multi-way", replace(inputs, scores=scaled), budget=50)) == first


def test_a_broken_score_is_never_gone_by():
    inputs = pile()
    lacking = inputs.scores["wide"].copy()
    lacking[8] = np.nan  # in skill 0
    broken = {"constant": np.ones(400, np.float32), "lacking": lacking, "odd": inputs.scores["odd"]}
    found = select("multi-way", replace(inputs, scores=broken), budget=50)
    assert chosen(found)[0] == "odd"
    assert "constant" not in chosen(found).values()
    assert len(found.choices) == 4 * 3
    of_first = {c.scorer: c for c in found.choices if c.skill == 0}
    assert of_first["constant"].entropy == of_first["lacking"].entropy == 0
    assert sum(of_first["odd"].counts) == 100
    assert of_first["odd"].cut_low < of_first["odd"].cut_high


def test_ties_and_skills_without_any_score_go_to_the_first():
    values = {"b": np.arange(8, dtype=np.float32), "a": np.arange(8, dtype=np.float32) * 3 + 1}
    inputs = Inputs(8, np.arange(8), skills=np.zeros(8, np.int32), scores=values)
    assert chosen(select("multi-way", inputs, budget=3)) == {0: "b"}
    empty = {name: np.full(8, np.nan, np.float32) for name in values}
    found = select("multi-way", replace(inputs, scores=empty), budget=3)
    assert chosen(found) == {0: "b"} and len(found.rows) == 3


def test_only_the_scores_named_are_compared():
    assert set(chosen(select("multi-way", pile(), scores=("odd",), budget=20)).values()) == {"odd"}


def test_small_skills_give_all_and_the_ends_stay_behind():
    inputs = pile()
    skills = np.zeros(400, np.int32)
    skills[:5] = 1
    found = select("multi-way", replace(inputs, skills=skills), budget=105)
    assert np.bincount(skills[found.rows]).tolist() == [100, 5]
    value = inputs.scores[chosen(found)[0]]
    mine = np.flatnonzero(skills == 0)
    low, high = np.quantile(value[mine].astype(np.float64), [0.05, 0.95])
    picked = value[found.rows[skills[found.rows] == 0]]
    assert picked.min() >= low and picked.max() <= high


def test_ccs_beside_its_definition():
    scores = {"hard": np.arange(100, dtype=np.float32)}
    found = select("ccs", Inputs(100, np.arange(100), scores=scores), budget=7, bins=5, cut_low=0.0, cut_high=0.3)
    assert found.rows.max() <= 70
    assert len(np.unique(found.rows // 15)) == 5
    assert "bin" in found.reasons[0] and "hard" in found.reasons[0]


def vectors(*rows):
    return Inputs(len(rows), np.arange(len(rows)), vectors=np.array(rows, np.float32), skills=np.zeros(len(rows), int))


@pytest.mark.parametrize(
    ("rows", "budget", "mode", "kept"),
    [
        ((A, B, C, D), 2, "released", [0, 2]),
        ((A, B, C, D), 3, "released", [0, 2, 3]),
        ((D, C, B, A), 2, "released", [0, 2]),
        ((A, B, C, D), 2, "farthest", [0, 3]),
        ((A, B, C, D), 3, "farthest", [0, 2, 3]),
        ((D, C, B, A), 2, "farthest", [0, 2]),
        ((D, C, B, A), 3, "farthest", [0, 1, 2]),
    ],
)
def test_what_a_pool_keeps(rows, budget, mode, kept):
    found = select("prune", vectors(*rows), budget=budget, keep=mode)
    assert sorted(found.rows.tolist()) == kept
    left = sorted(set(range(4)) - set(kept))
    assert found.dropped.tolist() == left
    x = np.array(rows, np.float64)
    for row, cover, cosine in zip(found.dropped, found.covered_by, found.similarity, strict=True):
        assert cover in kept
        assert cosine == pytest.approx((x[kept] @ x[row]).max(), abs=1e-6)


def test_released_pruning_drops_what_is_new_and_farthest_does_not():
    x = unit_rows(np.random.default_rng(0).normal(size=(600, 8)).astype(np.float32))
    inputs = Inputs(600, np.arange(600), vectors=x, skills=np.zeros(600, np.int32))
    old = (select("prune", inputs, budget=300, keep="released").rows < 300).mean()
    fair = (select("prune", inputs, budget=300).rows < 300).mean()
    assert old > 0.6
    assert 0.4 < fair < 0.6


def test_a_pool_keeps_pins_and_small_skills():
    inputs = pile(200)
    skills = np.zeros(200, np.int32)
    skills[190:] = 1
    found = select("prune", replace(inputs, skills=skills, keep=np.array([3, 4])), budget=50)
    assert np.bincount(skills[found.rows]).tolist() == [40, 10]
    assert {3, 4} <= set(found.rows.tolist())
    assert len(found.dropped) == 150
    assert (skills[found.covered_by] == skills[found.dropped]).all()


def test_a_budget_as_large_as_the_pile_drops_nothing():
    found = select("prune", pile(40), budget=40)
    assert len(found.rows) == 40 and not len(found.dropped)
