"""Every registered clusterer, projector, scorer and selector keeps the contract that the engine relies on."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import replace

import numpy as np
import pytest
import tomli_w

from curator.engine.errors import Cancelled, CuratorError, NotReadyError
from curator.engine.params import build, params_of, values_of
from curator.engine.registry import ROLES, registry
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.unit import unit_rows

registry().discover()
SPECS = {(s.role, s.name): s for s in registry().all() if s.cls.__module__.startswith("curator.plugins.")}
SELECTORS = [n for r, n in SPECS if r == "selector"]
LANGUAGE = {key for key, spec in SPECS.items() if any(p.name == "max_tokens" for p in spec.params)}
"""Need a language model; tests/plugins/test_language_scorers.py holds them to the same with a tiny one."""
WORKERS = [key for key in SPECS if key[0] in ("clusterer", "projector", "scorer") and key not in LANGUAGE]
NESTED = ("pcoreset", "k-center", "random", "top-score", "facility-location")
SLOW = {("projector", "umap")}
QUICK = [k for k in [*WORKERS, *(("selector", n) for n in SELECTORS)] if k not in SLOW]
CASES = {
    "usual": lambda: make(),
    "nan": lambda: make(nan=(4, 30)),
    "one": lambda: make(1),
    "equal": lambda: make(equal=True),
    "none alive": lambda: make(rows=[]),
    "none readable": lambda: make(5, nan=range(5)),
}


class Reader:
    """Texts made from row numbers."""

    kind = "instruction"

    def texts(self, rows):
        return (f"sample {'word' * (r % 5)} number {r} about topic{r % 3}" for r in np.asarray(rows).tolist())

    def records(self, rows):
        return ("{}" for _ in rows)

    def image_paths(self, rows):
        return (() for _ in rows)


def encode_texts(texts):
    """Texts as directions, the same for the same text."""
    return unit_rows(
        np.stack([np.random.default_rng(sum(map(ord, t))).normal(size=8) for t in texts]).astype(np.float32)
    )


def frozen(inputs):
    """The same inputs with every array read-only, as the engine hands them over."""
    for name in ("rows", "keep", "vectors", "membership", "skills", "labels", "groups", "caps"):
        value = getattr(inputs, name)
        if value is not None:
            value.setflags(write=False)
    return inputs


def make(n=60, seed=0, rows=None, keep=(), nan=(), equal=False, groups=False):
    """Inputs with everything a plugin may need."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(4, 8))
    of = np.arange(n) % 4
    vectors = np.ones((n, 8)) if equal else centres[of] + 0.3 * rng.normal(size=(n, 8))
    membership = np.full((n, 4), 0.25) if equal else rng.dirichlet(np.ones(4), n)
    vectors, membership = unit_rows(vectors.astype(np.float32)), membership.astype(np.float32)
    scores = rng.normal(size=n).astype(np.float32)
    skills = of.astype(np.int32)
    for row in nan:
        vectors[row], membership[row], scores[row], skills[row] = np.nan, np.nan, np.nan, -1
    alive = np.setdiff1d(np.arange(n), nan) if rows is None else np.asarray(rows)
    scores.setflags(write=False)
    return frozen(
        Inputs(
            n, alive.astype(np.int64), keep=np.array(sorted(keep), np.int64), vectors=vectors, membership=membership,
            skills=skills, skill_names=("a", "b", "c", "d"), labels=(np.arange(n) % 3).astype(np.int32),
            label_names=("x", "y", "z"), scores={"quality": scores}, samples=Reader(), encode_texts=encode_texts,
            logit_scale=20.0, seed=seed, groups=(np.arange(n) % 3).astype(np.int32) if groups else None,
            caps=np.array([3, 4, 2]) if groups else None,
        )
    )  # fmt: skip


def arrays_of(inputs):
    return [inputs.vectors, inputs.membership, inputs.skills, inputs.rows, inputs.labels, *inputs.scores.values()]


def plugin(role, name, **values):
    spec = SPECS[role, name]
    known = {p.name for p in spec.params}
    if name == "redundancy":
        values.setdefault("threshold", 0.99999)
    if name == "simcore":
        values = {"words": ("one", "another"), "stop": 0.0} | values
    return spec.make({k: v for k, v in values.items() if k in known})


def run(role, name, inputs, task=None, **values):
    """The plugin's answer as a tuple of arrays."""
    made = plugin(role, name, **values)
    task = task or Task()
    if role == "selector":
        found = made.select(inputs, task)
        return found.rows, found.gains
    if role == "clusterer":
        found = made.cluster(inputs, task)
        return found.labels, found.membership
    return (made.project(inputs, task) if role == "projector" else made.score(inputs, task),)


def same(a, b):
    return all(x is y is None or np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("key", SPECS, ids="-".join)
def test_described_and_default_constructible(key):
    spec = SPECS[key]
    assert spec.role in ROLES
    assert len(spec.summary) > 15
    assert spec.summary.endswith(".")
    assert all(len(p.help) > 5 for p in spec.params)
    made = spec.make()
    text = tomli_w.dumps(values_of(made))
    assert build(spec.cls, tomllib.loads(text)) == made
    assert all(p.default == getattr(made, p.name) for p in params_of(spec.cls))


@pytest.mark.parametrize("key", QUICK, ids="-".join)
def test_the_same_seed_gives_the_same_answer_and_inputs_stay_as_they_are(key):
    inputs = make()
    before = [np.array(a) for a in arrays_of(inputs)]
    assert same(run(*key, inputs, budget=20), run(*key, make(), budget=20))
    for array, old in zip(arrays_of(inputs), before, strict=True):
        assert np.array_equal(array, old)


@pytest.mark.parametrize("key", [*QUICK, *SLOW], ids="-".join)
def test_cancel_is_heard_within_two_ticks(key):
    asked = []
    task = Task(cancelled=lambda: asked.append(1) or True)
    with pytest.raises(Cancelled):
        run(*key, make(400), task, budget=300)
    assert len(asked) <= 2


@pytest.mark.parametrize("name", SELECTORS)
@pytest.mark.parametrize("budget", [1, 7, 59, 60, 200])
def test_exactly_the_budget_of_distinct_rows_with_reasons(name, budget):
    found = plugin("selector", name, budget=budget).select(make(), Task())
    assert len(found.rows) == min(budget, 60)
    assert len(set(found.rows.tolist())) == len(found.rows)
    assert found.rows.min() >= 0 and found.rows.max() < 60
    assert found.rows.dtype == np.int64
    assert len(found.gains) == len(found.reasons) == len(found.rows)
    assert all(found.reasons)
    assert bool(found.stopped) or budget <= 60


@pytest.mark.parametrize("name", SELECTORS)
def test_only_alive_rows_pinned_ones_first(name):
    alive = np.arange(5, 50)
    found = plugin("selector", name, budget=12).select(make(rows=alive, keep=(7, 41, 12)), Task())
    assert np.isin(found.rows, alive).all()
    assert sorted(found.rows[:3].tolist()) == [7, 12, 41]
    assert all("pinned in" in r for r in list(found.reasons)[:3])
    assert len(found.rows) == 12


@pytest.mark.parametrize("name", SELECTORS)
def test_quotas_are_honoured_and_said(name):
    inputs = make(keep=(0, 3), groups=True)
    found = plugin("selector", name, budget=30).select(inputs, Task())
    counts = np.bincount(inputs.groups[found.rows], minlength=3)
    assert (counts <= [3, 4, 2]).all()
    assert counts.sum() == 9
    assert found.stopped


@pytest.mark.parametrize("name", SELECTORS)
@pytest.mark.parametrize("caps", [(3, 4, 2), (0, 20, 20), (20, 0, 20), (20, 20, 0), (0, 0, 0)], ids=str)
@pytest.mark.parametrize("budget", [5, 8, 9, 10])
def test_quotas_cost_no_pick_that_is_possible(name, caps, budget):
    inputs = frozen(replace(make(groups=True), caps=np.array(caps)))
    found = plugin("selector", name, budget=budget).select(inputs, Task())
    assert (np.bincount(inputs.groups[found.rows], minlength=3) <= caps).all()
    assert len(found.rows) == min(budget, sum(caps))


@pytest.mark.parametrize("name", SELECTORS)
def test_more_pins_than_budget_keeps_the_earliest_pins(name):
    found = plugin("selector", name, budget=2).select(make(keep=(3, 7, 9, 20)), Task())
    assert found.rows.tolist() == [3, 7]


@pytest.mark.parametrize("name", SELECTORS)
def test_unreadable_rows_are_never_chosen(name):
    found = plugin("selector", name, budget=60).select(make(nan=(4, 30)), Task())
    assert sorted(found.rows.tolist()) == [r for r in range(60) if r not in (4, 30)]


@pytest.mark.parametrize("name", SELECTORS)
def test_one_row_equal_rows_and_no_row(name):
    assert plugin("selector", name, budget=5).select(make(1), Task()).rows.tolist() == [0]
    equal = plugin("selector", name, budget=8).select(make(40, equal=True), Task())
    expected = 1 if name == "redundancy" else 8
    assert len(set(equal.rows.tolist())) == expected
    assert len(plugin("selector", name, budget=5).select(make(rows=[]), Task()).rows) == 0


@pytest.mark.parametrize("name", NESTED)
def test_a_smaller_budget_is_a_prefix_of_a_larger_one(name):
    small = plugin("selector", name, budget=11).select(make(keep=(9,)), Task())
    large = plugin("selector", name, budget=40).select(make(keep=(9,)), Task())
    assert large.rows[:11].tolist() == small.rows.tolist()


@pytest.mark.parametrize(
    ("key", "case"), [(k, c) for k in WORKERS for c in CASES if k not in SLOW or c in ("one", "none alive")], ids=str
)
def test_answers_have_one_value_for_each_row(key, case):
    inputs = CASES[case]()
    answer = run(*key, inputs, min_cluster_size=5, min_samples=3, k=3)
    assert len(answer[0]) == inputs.n
    if key[0] == "clusterer":
        labels, membership = answer
        assert labels.dtype == np.int32
        assert (labels[np.isnan(inputs.vectors[:, 0])] == -1).all()
        if membership is not None:
            assert np.allclose(membership[inputs.rows].sum(axis=1), 1, atol=1e-5)
            assert np.isnan(membership[np.isnan(inputs.vectors[:, 0])]).all()
            assert labels.max() < membership.shape[1]
    else:
        assert answer[0].dtype == np.float32
        assert answer[0].shape == ((inputs.n, 2) if key[0] == "projector" else (inputs.n,))


@pytest.mark.parametrize("name", ["pcoreset", "k-center", "entropy", "margin", "least-confidence", "top-score"])
def test_rows_in_another_order_are_picked_in_the_same_order(name):
    inputs, order = make(), np.random.default_rng(5).permutation(60)
    moved = {f: getattr(inputs, f)[order] for f in ("vectors", "membership", "skills", "labels")}
    moved["scores"] = {score: values[order] for score, values in inputs.scores.items()}
    first = plugin("selector", name, budget=25).select(inputs, Task())
    second = plugin("selector", name, budget=25).select(frozen(replace(inputs, **moved)), Task())
    assert order[second.rows].tolist() == first.rows.tolist()


@pytest.mark.parametrize("name", SELECTORS)
def test_a_missing_need_is_not_a_crash(name):
    from curator.engine.running import check_needs

    spec = SPECS["selector", name]
    bare = replace(make(), vectors=None, membership=None, skills=None, scores={})
    if spec.needs & {"vectors", "membership", "skills", "scores"}:
        with pytest.raises(CuratorError, match="needs"):
            check_needs(spec, bare)
    else:
        check_needs(spec, bare)


@pytest.mark.parametrize("inside", params_of(SPECS["selector", "skill-quota"].cls)[2].choices)
def test_every_inner_selector_of_skill_quota_fills_the_budget(inside):
    found = plugin("selector", "skill-quota", budget=25, inside=inside).select(make(keep=(8, 3)), Task())
    assert found.rows[:2].tolist() == [3, 8]
    assert len(set(found.rows.tolist())) == 25
    assert np.bincount(make().skills[found.rows[2:]]).tolist() in (
        [6, 6, 6, 5],
        [6, 6, 5, 6],
        [6, 5, 6, 6],
        [5, 6, 6, 6],
    )


@pytest.mark.parametrize(
    ("inside", "missing"),
    [("top-score", {"scores": {}}), ("pcoreset", {"membership": None}), ("k-center", {"vectors": None})],
    ids=str,
)
def test_what_an_inner_selector_misses_is_said(inside, missing):
    with pytest.raises(NotReadyError, match=f"{inside}.*needs"):
        plugin("selector", "skill-quota", inside=inside).select(replace(make(), **missing), Task())


def test_what_a_selector_misses_is_said_without_the_engine_too():
    with pytest.raises(NotReadyError, match="beliefs"):
        plugin("selector", "pcoreset").select(replace(make(), membership=None), Task())
    with pytest.raises(NotReadyError, match="scores"):
        plugin("selector", "top-score").select(replace(make(), scores={}), Task())


def test_reading_the_parameters_loads_nothing_heavy():
    code = (
        "import sys\nfrom curator.engine.registry import registry\nregistry().discover()\n"
        "[s.params for s in registry().all()]\nassert not registry().failures\n"
        "print([m for m in ('torch', 'sklearn', 'hdbscan', 'umap', 'numba', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
