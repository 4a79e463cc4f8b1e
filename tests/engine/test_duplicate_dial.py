"""The live threshold tells exactly what the redundancy selector would do."""

import json

import numpy as np
import pytest

from curator.engine.duplicates import PairList
from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.vectors import near_duplicate_pairs, unit_rows
from curator.plugins.selectors.redundancy import Redundancy

RECIPE = 'selectors = [{ name = "redundancy" }]\n[encoder]\nname = "lsa"'


def pairs_of(x, floor, alive=None, pinned=()):
    found = near_duplicate_pairs(x, floor)
    order = np.lexsort((found.right, found.left, -found.similarity))
    alive = np.isfinite(x[:, 0]) if alive is None else alive
    zeros = np.flatnonzero(~x.any(axis=1))
    return PairList(
        "e", floor, 0.9, found.left[order], found.right[order], found.similarity[order], alive,
        np.array(pinned, np.int64), zeros, x, np.arange(len(x)) + 100,
    )  # fmt: skip


def pile(seed, n=120):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, 16))
    x = unit_rows(centres[rng.integers(12, size=n)] + rng.normal(size=(n, 16)) * rng.choice([0.01, 0.2, 0.6], (n, 1)))
    x[5] = x[90]
    x[[7, 20, 33]] = 0
    x[11] = np.nan
    return x.astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("threshold", [0.6, 0.8, 0.95, 1.0])
def test_it_equals_the_selector_pins_zeros_and_unreadable_rows_included(seed, threshold):
    x = pile(seed)
    alive = np.isfinite(x[:, 0])
    alive[[2, 50]] = False
    pinned = np.array([20, 40, 60])
    found = pairs_of(x, 0.5, alive, pinned)
    inputs = Inputs(len(x), np.flatnonzero(alive), keep=pinned, vectors=x)
    ranking = Redundancy(threshold=threshold).select(inputs, Task())
    assert found.dropped_rows(threshold).tolist() == sorted(ranking.dropped.tolist())
    cut = found.cut(threshold)
    assert (cut.dropped, cut.kept) == (len(ranking.dropped), alive.sum() - len(ranking.dropped))


def test_a_long_chain_is_settled_too():
    angles = np.arange(300) * 0.1
    x = np.stack([np.cos(angles / 10), np.sin(angles / 10)], axis=1).astype(np.float32)
    found = pairs_of(x, 0.99995)
    ranking = Redundancy(threshold=0.99995).select(Inputs(300, np.arange(300), vectors=x), Task())
    assert found.dropped_rows(0.99995).tolist() == sorted(ranking.dropped.tolist())


def test_a_threshold_that_is_a_cosine_counts_that_pair():
    x = unit_rows(np.random.default_rng(0).normal(size=(40, 6))).astype(np.float32)
    found = pairs_of(x, 0.3)
    for place in range(0, len(found.left), 7):
        exact = float(found._exact(slice(place, place + 1))[0])
        ranking = Redundancy(threshold=exact).select(Inputs(40, np.arange(40), vectors=x), Task())
        assert found.dropped_rows(exact).tolist() == sorted(ranking.dropped.tolist())


def test_examples_lie_just_above_and_just_below():
    cut = pairs_of(pile(1), 0.5).cut(0.8, examples=4)
    above, below = [p.similarity for p in cut.above], [p.similarity for p in cut.below]
    assert len(above) == len(below) == 4
    assert above == sorted(above) and min(above) >= 0.8 and below == sorted(below, reverse=True) and max(below) < 0.8
    assert all(p.a < p.b and p.a >= 100 for p in cut.above)


def test_a_project_keeps_the_list_and_follows_pins(tmp_path):
    file = tmp_path / "pile.jsonl"
    lines = [{"instruction": f"count the {'red' if i % 2 else 'blue'} birds", "output": f"{i // 4}"} for i in range(24)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    recipe = Recipe.from_toml(RECIPE)
    with Project.create(tmp_path / "p.curator") as p:
        p.submit_import([file], "pile").result()
        assert p.duplicates.of("pile") is None
        p.duplicates.submit("pile", recipe).result()
        found = p.duplicates.of("pile", "lsa")
        assert p.duplicates.of("pile", "tiny-clip") is None
        assert found.floor < found.suits
        cut = found.cut(0.0)
        subset = p.subset(p.submit_run("pile", recipe).result().focus[1])
        assert (cut.kept, cut.dropped) == (subset.size, 24 - subset.size)
        p.pin([cut.above[0].b], "in")
        again = p.duplicates.of("pile").cut(cut.threshold)
        assert again.dropped <= cut.dropped
        assert p.check() == []
