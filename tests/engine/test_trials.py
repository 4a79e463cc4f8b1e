"""Simulations and comparisons: figures by hand, curves kept after a stop, files."""

import csv
import json
import math

import numpy as np
import pytest

from curator.engine.active import Labelled
from curator.engine.comparing import quality
from curator.engine.errors import Cancelled, InputError
from curator.engine.project import Project
from curator.engine.registry import registry
from curator.engine.simulating import Loop, Pile, first_labels, run_loop
from curator.engine.spread import paired, summary
from curator.engine.task import Task
from curator.engine.trial import TrialPoint
from curator.engine.trial_tables import lines_of
from curator.engine.types import Inputs

registry().discover()


def test_spread_and_paired_test_by_hand():
    found = summary([1.0, 2.0, 3.0, math.nan])
    assert (found.mean, found.deviation, found.count) == (2.0, 1.0, 3)
    assert found.error == pytest.approx(1 / math.sqrt(3))
    test = paired([1, 2, 3], [0, 0, 2])  # differences 1, 2, 1: mean 4/3, s = .57735, t = 4
    assert test.difference == pytest.approx(4 / 3)
    assert test.p == pytest.approx(0.057191, abs=1e-5)
    assert test.high - test.difference == pytest.approx(4.302653 * 0.57735027 / math.sqrt(3), abs=1e-5)
    assert paired([1, 2], [1, 2]).p == 1.0
    assert paired([1, 2], [0, 1]).p == 0.0
    assert math.isnan(paired([1], [0]).p)


def test_quality_by_hand():
    x = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)
    inputs = Inputs(
        4, np.arange(4), vectors=x, skills=np.array([0, 0, 1, 1], np.int32), labels=np.array([0, 0, 1, 2], np.int32),
        label_names=("a", "b", "c"),
    )  # fmt: skip
    found = quality(inputs, np.array([0, 1]), np.array([2, 3]), x, Task())
    assert found.radius == pytest.approx(math.sqrt(2))
    assert found.mean_similarity == pytest.approx((1 + 1 + 0 + 0.6) / 4)
    assert (found.skills, found.redundancy, found.skill_balance) == (0.5, 1.0, 0.0)
    assert found.classes == pytest.approx(1 / 3)
    assert found.accuracy == 0.0
    other = quality(inputs, np.array([0, 2]), np.array([1]), x, Task())
    assert (other.accuracy, other.redundancy) == (1.0, 0.0)
    assert other.skill_balance == pytest.approx(1.0)
    assert other.class_balance == pytest.approx(math.log(2) / math.log(3))


def pile(n=90, seed=0):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 3).astype(np.int32)
    x = (2 * np.eye(6)[y] + 0.6 * rng.normal(size=(n, 6))).astype(np.float32)
    teacher = 4 * np.eye(3, dtype=np.float32)[np.minimum(y, 1)]
    test = np.arange(60, n)
    return Pile(x, x / np.linalg.norm(x, axis=1, keepdims=True), y, np.arange(60), test, teacher, ("a", "b", "c"))


QUICK = Loop(rounds=2, batch=4, width=8, layers=1, steps=25)


@pytest.mark.parametrize("selector", ["pcoreset", "random", "badge", "typiclust"])
def test_the_loop_spends_what_it_says_and_repeats_itself(selector):
    points = list(run_loop(pile(), QUICK, selector, 1))
    assert [p.measures.spent for p in points] == [3, 7, 11]
    assert repr(points) == repr(list(run_loop(pile(), QUICK, selector, 1)))
    assert points[0].measures == next(iter(run_loop(pile(), QUICK, "margin", 1))).measures


def test_the_first_labels_are_one_of_each_class_from_the_pool():
    rows = first_labels(pile(), 1, 5)
    assert sorted(pile().y[rows].tolist()) == [0, 1, 2]
    assert rows.max() < 60
    assert first_labels(pile(), 1, 6).tolist() != rows.tolist()


def test_the_loop_ends_when_the_pool_is_empty():
    points = list(run_loop(pile(), Loop(rounds=9, batch=40, width=8, layers=1, steps=5, shots=2), "random", 0))
    assert [p.measures.spent for p in points] == [6, 46, 60]


def test_labels_stay_with_their_rows_when_joined():
    joined = Labelled.of({9: 1, 2: 0}).join(np.array([7, 1]), np.array([2, 1], np.int32))
    assert joined.rows.tolist() == [1, 2, 7, 9]
    assert joined.classes.tolist() == [1, 0, 2, 1]


def test_lines_average_rounds_and_pair_seeds():
    points = [
        TrialPoint(s, seed, step, 10 * step + 3, {"accuracy": base + 0.1 * step + 0.01 * seed})
        for s, base in (("random", 0.5), ("margin", 0.6))
        for seed in range(3)
        for step in range(3)
    ]
    lines = {(line.selector, line.size): line for line in lines_of("simulate", points)}
    assert lines["margin", 0].measures["accuracy"].mean == pytest.approx(0.6 + 0.15 + 0.01)
    assert lines["margin", 23].ahead.difference == pytest.approx(0.1)
    assert lines["random", 0].ahead is None


@pytest.fixture(scope="module")
def project(tmp_path_factory, digit_pictures):
    with Project.create(tmp_path_factory.mktemp("trials") / "p.curator") as p:
        p.submit_import([digit_pictures]).result()
        yield p


SIMULATE = {"selectors": "random,pcoreset", "seeds": 2, "rounds": 1, "width": 8, "layers": 1, "steps": 15}


def test_a_simulation_goes_on_after_a_stop_and_is_not_run_twice(project, tmp_path):
    curves = []

    def stop(job, message):
        if getattr(message, "label", "") == "Simulating":
            curves.append(message.done)
            if message.done == 2:
                project.cancel(job)

    with pytest.raises(Cancelled):
        project.trials.submit("simulate", "digits", SIMULATE, "mine", listener=stop).result()
    assert project.trials.trials() == []
    trial = project.trials.submit("simulate", "digits", SIMULATE, "mine").result().focus[1]
    points = project.trials.points(trial)
    assert len(points) == 2 * 2 * 2
    assert {p.spent for p in points if p.step == 1} == {20}
    again = project.trials.submit("simulate", "digits", SIMULATE).result()
    assert "Nothing has changed" in again.notes[0]
    project.trials.export(trial, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 8
    project.trials.export(trial, tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text())["trial"]["kind"] == "simulate"
    with pytest.raises(InputError, match="exists"):
        project.trials.export(trial, tmp_path / "a.csv")
    project.trials.remove(trial)
    assert project.trials.trials() == []
    project.undo()
    assert len(project.trials.trials()) == 1


def test_a_comparison_measures_every_selector_at_every_budget(project, tmp_path):
    plan = {"selectors": "random,k-center,pcoreset", "budgets": "10,20", "seeds": 2}
    trial = project.trials.submit("compare", "digits", plan).result().focus[1]
    lines = project.trials.lines(trial)
    assert [(line.selector, line.size) for line in lines] == [
        (s, b) for s in ("k-center", "pcoreset", "random") for b in (10, 20)
    ]
    by_name = {(line.selector, line.size): line for line in lines}
    assert by_name["k-center", 20].measures["radius"].mean < by_name["random", 20].measures["radius"].mean
    assert by_name["k-center", 20].ahead.pairs == 2
    assert 0 < by_name["random", 20].measures["accuracy"].mean < 1


def test_a_plot_is_drawn_where_matplotlib_is(project, tmp_path):
    pytest.importorskip("matplotlib")
    trial = project.trials.trials()[-1]
    for ending in ("png", "svg"):
        assert project.trials.export(trial.id, tmp_path / f"plot.{ending}").stat().st_size > 5000


def test_what_does_not_fit_is_said(project):
    for kind, plan, words in (
        ("simulate", {"selectors": "redundancy-less"}, "no selector"),
        ("compare", {"budgets": "ten"}, "whole numbers"),
        ("compare", {"seeds": 0}, "seeds"),
    ):
        with pytest.raises(InputError, match=words):
            project.trials.submit(kind, "digits", plan)
