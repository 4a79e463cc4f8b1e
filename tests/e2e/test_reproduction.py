"""The effects of the two papers at the size of digits: the functions behind docs/results.py, few seeds.

``CURATOR_REPRODUCE=1`` runs them (about two minutes); the page has the full tables.
"""

import importlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from curator.engine.device import single_threaded
from curator.engine.forgetting import forgetting
from curator.engine.registry import registry
from curator.engine.simulating import Loop

registry().discover()
DOCS = Path(__file__).parents[2] / "docs"
often = pytest.mark.skipif(os.environ.get("CURATOR_REPRODUCE") != "1", reason="only with CURATOR_REPRODUCE=1")


@pytest.fixture(scope="module")
def results():
    """docs/results.py, which is no package."""
    sys.path.insert(0, str(DOCS))
    try:
        yield importlib.import_module("results")
    finally:
        sys.path.remove(str(DOCS))


@often
def test_pcoreset_is_ahead_of_random_and_labels_more_evenly_than_entropy(results):
    found = {name: [] for name in ("pcoreset", "random", "entropy")}
    for seed in range(3):
        pile = results.digits_pile(seed, tailed=False)
        for name, curves in found.items():
            curves.append(results.curve(pile, Loop(rounds=8, batch=10), name, seed))
    mean = {name: np.mean(results.mean_rounds(curves)) for name, curves in found.items()}
    spread = {name: np.mean([c[-1]["spread"] for c in curves]) for name, curves in found.items()}
    assert mean["pcoreset"] - mean["random"] >= 0.02
    assert spread["pcoreset"] < spread["entropy"]


@often
def test_replay_forgets_less_and_even_coverage_beats_the_top(results):
    grow, stream = results.results_adapt.grow, results.results_adapt.Stream(0)
    with single_threaded():  # as the page: such small products are slower on several threads
        runs = {m: grow(stream, m, 0) for m in ("sequential", "random", "inside", "top", "ccs")}
    for replay in ("random", "inside"):
        assert forgetting(runs["sequential"]) - forgetting(runs[replay]) >= 0.15
    assert np.mean(runs["ccs"][-1]) - np.mean(runs["top"][-1]) >= 0.15
