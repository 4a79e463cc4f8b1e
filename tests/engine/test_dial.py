"""One Run answers every smaller budget."""

import json

import numpy as np
import pytest

from curator.engine.dial import Dial, _distinct, _knee, _stops
from curator.engine.errors import NotReadyError
from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.engine.vectors import closeness_curve, unit_rows

RECIPE = """
name = "r"
selectors = [{ name = "k-center", budget = 20 }]
encoder = { name = "lsa" }
clusterer = { name = "kmeans", k = 4 }
"""


def test_the_curve_is_the_definition_at_every_stop():
    x = unit_rows(np.random.default_rng(0).normal(size=(90, 8))).astype(np.float32)
    picks, stops = np.array([3, 50, 7, 88, 20]), np.array([1, 2, 5])
    curve = closeness_curve(x, np.arange(90), picks, stops)
    for row, stop in zip(curve, stops, strict=True):
        best = (x.astype(np.float64) @ x[picks[:stop]].astype(np.float64).T).max(axis=1)
        assert row == pytest.approx([best.mean(), best.min()], abs=1e-6)


def test_stops_run_from_one_to_all():
    assert _stops(1).tolist() == [1]
    assert _stops(5).tolist() == [1, 2, 3, 4, 5]
    stops = _stops(10_000)
    assert (stops[0], stops[-1]) == (1, 10_000) and (np.diff(stops) > 0).all() and len(stops) <= 64


def test_distinct_codes_are_counted_as_they_come():
    assert _distinct(np.array([2, -1, 2, 0, 1], np.int32)).tolist() == [1, 1, 1, 2, 3]


def test_the_knee_is_where_the_curve_bends():
    x = np.arange(1, 101, dtype=float)
    assert _knee(x, np.minimum(x, 20)) == 20
    assert _knee(x, x) == 0
    assert _knee(x, np.ones(100)) == 0


def made(**changes):
    none = np.empty(0)
    values = dict(
        size=4, pile=40, tokens=np.array([10, 15, 40, 41]), skills=np.array([1, 1, 2, 2]), skill_count=3,
        classes=np.array([1, 1, 0, -1], np.int32), class_names=("a", "b"), stops=none, mean=none, radius=none,
    )  # fmt: skip
    return Dial(**{**values, **changes})


def test_a_reading_tells_what_the_first_are_worth():
    reading = made().at(3)
    assert (reading.keep, reading.share, reading.tokens, reading.skills, reading.classes) == (3, 3 / 40, 40, 2, 2)
    assert reading.mix == (("b", 2), ("a", 1)) and np.isnan(reading.radius)
    assert made().at(99).keep == 4
    assert [made().fits(t) for t in (1, 10, 39, 40, 1000)] == [1, 1, 2, 3, 4]
    measured = made(stops=np.array([1, 3]), mean=np.array([0.2, 0.6]), radius=np.array([1.0, 0.5])).at(2)
    assert (measured.mean_similarity, measured.radius) == (pytest.approx(0.4), 1.0)


def test_each_budget_of_a_run_reads_as_a_run_at_that_budget(tmp_path):
    file = tmp_path / "pile.jsonl"
    words = ("sing", "count", "paint", "cook")
    lines = [{"instruction": f"{words[i % 4]} {i * 7 % 31} {words[i % 3]}", "output": "x" * i} for i in range(60)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Project.create(tmp_path / "p.curator") as p:
        p.submit_import([file], "pile").result()
        p.subsets.by_hand("by hand", 1, [1, 2])
        with pytest.raises(NotReadyError):
            p.dials.submit("by hand").result()
        big = p.subset(p.submit_run("pile", Recipe.from_toml(RECIPE)).result().focus[1])
        assert not p.dials.of(big.id).measured
        p.dials.submit(big.id).result()
        dial = p.dials.of(big.id)
        assert dial.measured and dial.skill_count == 4
        small = p.subset(
            p.submit_run("pile", Recipe.from_toml(RECIPE.replace("budget = 20", "budget = 5"))).result().focus[1]
        )
        reading = dial.at(5)
        assert reading.mean_similarity == pytest.approx(small.summary["mean_similarity"], abs=1e-5)
        assert reading.radius == pytest.approx(small.summary["radius"], abs=1e-3)
        assert reading.skills == small.summary["skills"][0]
        kept = p.subsets.trim(big.id, 5)
        assert [r.source for r in p.subset_rows(kept.focus[1])] == [r.source for r in p.subset_rows(small.id)]
