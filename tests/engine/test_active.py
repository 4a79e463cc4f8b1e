"""Batches, measures and probes over arrays, with the hand-checked examples of PCoreSet."""

import numpy as np
import pytest

from curator.engine.active import Labelled, calibration_error, choose_batch, measure, prepared
from curator.engine.errors import InputError, NotReadyError
from curator.engine.probing import probe_logits
from curator.engine.registry import registry
from curator.engine.students import softmax

registry().discover()
FIVE = np.array(
    [[0.9, 0.1, 0], [0, 1, 0], [0, 0.05, 0.95], [0.34, 0.33, 0.33], [0.1, 0.9, 0], [1, 0, 0]], np.float32
)  # A to E, then the labelled one
NAMES = ("a", "b", "c")
SELECTORS = ("pcoreset", "k-center", "random", "entropy", "margin", "least-confidence", "badge", "class-balanced")


def batch(selector, q=FIVE, count=5, labelled=None, seed=0, **more):
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(len(q), 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labelled = Labelled.of({5: 0}) if labelled is None else labelled
    return choose_batch(
        selector, count, probabilities=q, vectors=vectors, labelled=labelled, names=NAMES[: q.shape[1]], seed=seed,
        **{"pool": np.arange(len(q)), **more},
    )  # fmt: skip


def test_pcoreset_follows_the_hand_checked_order():
    found = batch("pcoreset")
    assert found.rows[:3].tolist() == [1, 2, 3]
    assert found.gains.tolist() == pytest.approx([1.41421, 1.34350, 0.76053, 0.14142, 0.14142], abs=1e-4)
    assert found.nearest[0] == 5


@pytest.mark.parametrize("selector", ["entropy", "margin", "least-confidence"])
def test_rules_of_doubt_ask_first_about_the_undecided_one(selector):
    assert batch(selector).rows[0] == 3


def test_one_hot_beliefs_reach_every_class_before_repeating():
    q = np.eye(4, dtype=np.float32)[[0, 0, 1, 1, 2, 3, 3, 0]]
    found = choose_batch(
        "pcoreset",
        5,
        probabilities=q,
        vectors=q,
        labelled=Labelled.of({7: 0}),
        pool=np.arange(7),
        names=tuple("abcd"),
        seed=0,
    )
    assert found.rows.tolist() == [2, 4, 5, 0, 1]
    assert found.gains.tolist() == pytest.approx([2**0.5] * 3 + [0, 0], abs=1e-6)
    assert "repeat what earlier ones cover" in found.stopped


def test_the_class_of_a_label_plays_no_part_in_pcoreset_and_columns_may_change_places():
    q = np.random.default_rng(3).dirichlet(np.ones(3), 40).astype(np.float32)
    one, other = Labelled.of({5: 0, 9: 1}), Labelled.of({5: 2, 9: 2})
    rows = batch("pcoreset", q, 20, one).rows.tolist()
    assert batch("pcoreset", q, 20, other).rows.tolist() == rows
    assert batch("pcoreset", np.ascontiguousarray(q[:, [2, 0, 1]]), 20, one).rows.tolist() == rows


def test_a_copy_of_a_labelled_row_gains_nothing_and_comes_last():
    q = np.random.default_rng(3).dirichlet(np.ones(3), 30).astype(np.float32)
    q[8] = q[5]
    found = batch("pcoreset", q, 29)
    assert found.rows[-1] == 8
    assert found.gains[-1] == 0


@pytest.mark.parametrize("selector", [*SELECTORS, "typiclust"])
@pytest.mark.parametrize("count", [0, 1, 7, 99])
def test_every_selector_gives_the_batch_without_labelled_or_forbidden_rows(selector, count):
    q = np.random.default_rng(3).dirichlet(np.ones(3), 40).astype(np.float32)
    pool = np.arange(3, 40)
    labelled = Labelled.of({5: 0, 9: 1, 30: 2})
    found = batch(selector, q, count, labelled, pool=pool)
    assert len(found.rows) == len(set(found.rows.tolist())) == min(count, 34)
    assert np.isin(found.rows, np.setdiff1d(pool, labelled.rows)).all()
    assert batch(selector, q, count, labelled, pool=pool).rows.tolist() == found.rows.tolist()
    if selector == "random" and count == 7:
        assert batch(selector, q, count, labelled, pool=pool, round=2).rows.tolist() != found.rows.tolist()


def test_a_second_copy_of_a_labelled_row_among_the_labels_changes_nothing():
    q = np.random.default_rng(3).dirichlet(np.ones(3), 30).astype(np.float32)
    q[29] = q[5]
    pool = np.arange(29)
    once = batch("pcoreset", q, 10, Labelled.of({5: 0}), pool=pool).rows.tolist()
    assert batch("pcoreset", q, 10, Labelled.of({5: 0, 29: 1}), pool=pool).rows.tolist() == once


def test_gains_never_grow_lie_within_the_simplex_and_do_not_depend_on_the_size_of_the_pile():
    q = np.random.default_rng(7).dirichlet(np.ones(5), 400).astype(np.float32)
    names = tuple("abcde")
    some = {"probabilities": q, "vectors": q, "labelled": Labelled.of({0: 0}), "names": names, "seed": 0}
    found = choose_batch("pcoreset", 40, pool=np.arange(1, 400), **some)
    assert (np.diff(found.gains) <= 1e-6).all()
    assert found.gains.max() <= 2**0.5
    q2 = np.vstack([q, q[:1].repeat(3000, 0)])  # a large pile of copies of the labelled row adds no pick
    more = {**some, "probabilities": q2, "vectors": q2}
    assert choose_batch("pcoreset", 40, pool=np.arange(1, 3400), **more).rows.tolist() == found.rows.tolist()


@pytest.mark.parametrize("selector", [*SELECTORS, "typiclust"])
def test_one_sample_equal_samples_and_one_class_are_no_trouble(selector):
    one = np.ones((1, 1), np.float32)
    assert choose_batch(
        selector, 3, probabilities=one, vectors=one, labelled=Labelled(), pool=np.arange(1), names=("a",), seed=0
    ).rows.tolist() == [0]
    flat = np.full((20, 3), 1 / 3, np.float32)
    found = batch(selector, flat, 6, Labelled.of({5: 0}))
    assert len(set(found.rows.tolist())) == 6
    assert np.isfinite(found.gains).all()


def test_without_any_label_pcoreset_begins_in_the_middle():
    p = np.array([0, 0.1, 0.5, 0.6, 1], np.float32)
    q = np.stack([p, 1 - p], 1)
    assert batch("pcoreset", q, 1, Labelled()).rows.tolist() == [2]
    assert batch("pcoreset", q, 2, Labelled.of({2: 0})).rows.tolist() == [0, 4]


def test_selectors_that_cannot_serve_say_so():
    with pytest.raises(NotReadyError, match="scores"):
        batch("top-score")
    with pytest.raises(InputError, match="no selector called"):
        batch("nothing")


def test_calibration_error_by_hand():
    p = np.array([[0.8, 0.2], [0.8, 0.2], [0.6, 0.4], [0.5, 0.5]])
    truth = np.array([0, 1, 0, 0], np.int32)
    # Bins of a tenth: two at .8 with one right (|1 - 1.6|), one at .6 right (.4), one at .5 right (.5).
    assert calibration_error(p, truth, 10) == pytest.approx((0.6 + 0.4 + 0.5) / 4)
    assert calibration_error(np.eye(3)[[0, 1, 2]], np.array([0, 1, 2])) == 0


def test_measures_by_hand():
    found = measure(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]), np.array([0, 0, 0]), np.array([0, 0, 0]), 2)
    assert (found.spent, found.classes, found.compared) == (3, 1, 3)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.spread == pytest.approx(1.5)
    two = measure(np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]), np.array([0, 1, 1]), np.array([], np.int32), 2)
    assert two.balanced == pytest.approx((1 + 0.5) / 2)
    assert np.isnan(measure(np.empty((0, 2)), np.empty(0, np.int32), np.empty(0, np.int32), 2).accuracy)


def test_prepared_vectors_have_unit_size_and_keep_their_shape():
    x = np.random.default_rng(0).normal(size=(50, 4)) * [5, 1, 1, 1] + 3
    found = prepared(x)
    assert found.mean(0) == pytest.approx(0, abs=1e-6)
    assert (found**2).mean() == pytest.approx(1, abs=1e-5)
    assert found[:, 0].std() / found[:, 1].std() == pytest.approx(x[:, 0].std() / x[:, 1].std(), rel=1e-5)


def test_a_probe_separates_what_is_separable_and_never_says_a_class_it_has_not_seen():
    rng = np.random.default_rng(0)
    y = (np.arange(90) % 3).astype(np.int32)
    x = (2 * np.eye(5)[y] + 0.2 * rng.normal(size=(90, 5))).astype(np.float32)
    logits = probe_logits(x, np.arange(30), y[:30], 4)
    assert (logits.argmax(1) == y).all()
    assert softmax(logits)[:, 3].max() < 1e-6
    assert (probe_logits(x, np.array([4]), y[4:5], 4).argmax(1) == y[4]).all()
    two = probe_logits(x, np.array([0, 1, 3, 4]), y[[0, 1, 3, 4]], 4)
    assert (two.argmax(1) == y)[y < 2].all()
    shuffled = probe_logits(x, np.arange(30)[::-1], y[:30][::-1], 4)
    assert np.array_equal(shuffled, logits)
