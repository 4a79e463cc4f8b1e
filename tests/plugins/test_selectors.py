"""Exact rankings against brute force and hand-checked examples."""

import sys

import numpy as np
import pytest

from curator.engine.errors import InputError
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.unit import unit_rows

registry().discover()


def select(name, inputs, **values):
    return registry().get("selector", name).make(values).select(inputs, Task())


def farthest(x, budget):
    """k-center greedy in ten lines, float64."""
    x = np.asarray(x, np.float64)
    picks = [int(np.argmin(np.round(((x - x.mean(0)) ** 2).sum(1) * 2.0**40)))]
    while len(picks) < budget:
        gap = ((x[:, None] - x[picks][None]) ** 2).sum(-1).min(1)
        gap[picks] = -1
        picks.append(int(np.argmax(np.round(gap * 2.0**40))))
    return picks


def inputs(n, **more):
    return Inputs(n, np.arange(n), **more)


def test_pcoreset_on_two_hundred_points_of_the_simplex():
    q = np.random.default_rng(0).dirichlet(np.ones(10), 200).astype(np.float32)
    assert select("pcoreset", inputs(200, membership=q), budget=100).rows.tolist() == farthest(q, 100)


def test_pcoreset_starts_from_what_is_pinned():
    q = np.array([[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0.05, 0.95], [0.34, 0.33, 0.33], [0.1, 0.9, 0]], np.float32)
    found = select("pcoreset", inputs(6, membership=q, keep=np.array([0])), budget=4)
    assert found.rows.tolist() == [0, 2, 3, 4]
    assert found.nearest.tolist() == [-1, 0, 2, 3]
    assert "1.414 from row 0" in found.reasons[1]
    assert np.isnan(found.gains[0])


def test_columns_may_be_permuted():
    q = np.random.default_rng(1).dirichlet(np.ones(6), 80).astype(np.float32)
    other = np.ascontiguousarray(q[:, [3, 1, 5, 0, 2, 4]])
    assert (
        select("pcoreset", inputs(80, membership=q), budget=30).rows.tolist()
        == select("pcoreset", inputs(80, membership=other), budget=30).rows.tolist()
    )


def test_all_confident_beliefs_give_one_of_each_class_and_say_that_the_rest_repeats():
    q = np.eye(4, dtype=np.float32)[[0, 0, 1, 1, 2, 3, 3]]
    found = select("pcoreset", inputs(7, membership=q), budget=6)
    assert set(q[found.rows[:4]].argmax(1).tolist()) == {0, 1, 2, 3}
    assert "The last 2 picks repeat" in found.stopped


def test_k_center_on_a_line():
    x = np.array([[0.0], [1.0], [5.0], [9.0], [10.0]], np.float32)
    found = select("k-center", inputs(5, vectors=x, keep=np.array([0])), budget=3)
    assert found.rows.tolist() == [0, 4, 2]
    assert found.gains[1:].tolist() == [10, 5]


def test_k_center_equals_brute_force():
    x = unit_rows(np.random.default_rng(2).normal(size=(150, 12)).astype(np.float32))
    assert select("k-center", inputs(150, vectors=x), budget=60).rows.tolist() == farthest(x, 60)


def chain():
    apart = np.arccos(0.96)
    return np.array([[np.cos(i * apart), np.sin(i * apart)] for i in range(3)], np.float32)


def test_redundancy_keeps_the_ends_of_a_chain_and_points_to_what_stands_for_the_middle():
    found = select("redundancy", inputs(3, vectors=chain()), threshold=0.95)
    assert found.rows.tolist() == [0, 2]
    assert found.weights.tolist() == [2, 1]
    assert (found.dropped.tolist(), found.covered_by.tolist()) == ([1], [0])
    assert found.similarity.tolist() == pytest.approx([0.96])
    assert found.reasons[0] == "kept, stands for 1 near-duplicate"


def test_redundancy_takes_the_encoders_threshold_unless_told():
    assert len(select("redundancy", inputs(3, vectors=chain(), duplicate_threshold=0.97)).rows) == 3
    assert len(select("redundancy", inputs(3, vectors=chain(), duplicate_threshold=0.9)).rows) == 2


def test_redundancy_can_keep_the_central_or_the_best():
    x = chain()
    assert select("redundancy", inputs(3, vectors=x), threshold=0.95, first="central").rows.tolist() == [1]
    scores = {"quality": np.array([0, 1, 2], np.float32)}
    found = select("redundancy", inputs(3, vectors=x, scores=scores), threshold=0.95, first="quality")
    assert found.rows.tolist() == [2, 0]
    with pytest.raises(InputError, match="earliest, central, quality"):
        select("redundancy", inputs(3, vectors=x, scores=scores), first="beauty")


def test_redundancy_never_drops_what_is_pinned():
    x = np.repeat(chain()[:1], 4, axis=0)
    found = select("redundancy", inputs(4, vectors=x, keep=np.array([2, 3])), threshold=0.95)
    assert found.rows.tolist() == [2, 3]
    assert set(found.covered_by.tolist()) == {2}


def test_redundancy_across_neighbouring_skills_finds_what_everywhere_finds():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(6, 16))
    skills = (np.arange(300) % 6).astype(np.int32)
    x = unit_rows((centres[skills] + 0.2 * rng.normal(size=(300, 16))).astype(np.float32))
    x[150:180] = x[:30]
    skills = skills.copy()
    skills[150:180] = (skills[:30] + 1) % 6  # copies that the clustering put elsewhere
    everywhere = select("redundancy", inputs(300, vectors=x, skills=skills), threshold=0.999)
    near = select(
        "redundancy", inputs(300, vectors=x, skills=skills), threshold=0.999, reach="neighbouring skills", neighbours=5
    )
    assert len(everywhere.dropped) >= 30
    assert set(near.rows.tolist()) & set(range(150, 180)) == set() or len(near.dropped) == len(everywhere.dropped)
    with pytest.raises(InputError, match="clusterer"):
        select("redundancy", inputs(300, vectors=x), reach="neighbouring skills")


@pytest.mark.parametrize(
    ("split", "expected"), [("proportional", (3, 2, 0)), ("equal", (2, 2, 1)), ("square-root", (2, 2, 1))]
)
def test_skill_quotas_of_the_hand_checked_example(split, expected):
    skills = np.repeat([0, 1, 2], [6, 3, 1]).astype(np.int32)
    x = unit_rows(np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32))
    found = select("skill-quota", inputs(10, vectors=x, skills=skills), budget=5, split=split, inside="random")
    assert tuple(np.bincount(skills[found.rows], minlength=3)) == expected


def test_skill_quota_begins_with_one_of_each_skill():
    skills = (np.arange(40) % 5).astype(np.int32)
    x = unit_rows(np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32))
    names = ("night", "day", "rain", "snow", "fog")
    found = select("skill-quota", inputs(40, vectors=x, skills=skills, skill_names=names), budget=20)
    assert sorted(skills[found.rows[:5]].tolist()) == [0, 1, 2, 3, 4]
    assert found.reasons[0].startswith("night: first pick")


def test_random_is_a_fair_draw_that_dropping_rows_does_not_reshuffle():
    whole = select("random", inputs(50, seed=4), budget=50).rows.tolist()
    part = select("random", Inputs(50, np.arange(0, 50, 2), seed=4), budget=50).rows.tolist()
    assert [r for r in whole if r % 2 == 0] == part
    first = [select("random", inputs(10, seed=s), budget=1).rows[0] for s in range(300)]
    assert np.bincount(first, minlength=10).min() > 10


def test_top_score_by_both_ends_with_ties_and_gaps():
    scores = {"a": np.array([1, 3, np.nan, 3, 2], np.float32), "b": np.zeros(5, np.float32)}
    assert select("top-score", inputs(5, scores=scores), budget=5).rows.tolist() == [1, 3, 4, 0, 2]
    assert select("top-score", inputs(5, scores=scores), budget=3, order="lowest").rows.tolist() == [0, 4, 1]
    assert select("top-score", inputs(5, scores=scores), budget=2, score="b").rows.tolist() == [0, 1]
    with pytest.raises(InputError, match="a, b"):
        select("top-score", inputs(5, scores=scores), score="c")


def test_pcoreset_on_two_classes_begins_in_the_middle_or_far_from_what_is_pinned():
    p = np.array([0, 0.1, 0.5, 0.6, 1], np.float32)
    q = np.stack([p, 1 - p], axis=1)
    found = select("pcoreset", inputs(5, membership=q, keep=np.array([2])), budget=3)
    assert found.rows.tolist() == [2, 0, 4]
    assert found.gains[1:].tolist() == pytest.approx([0.70711] * 2, abs=1e-5)
    assert select("pcoreset", inputs(5, membership=q), budget=1).rows.tolist() == [2]


def test_gains_of_pcoreset_never_grow_and_reach_zero_only_at_the_end():
    q = np.random.default_rng(5).dirichlet(np.ones(4), 90).astype(np.float32)
    q[60:] = q[:30]
    gains = select("pcoreset", inputs(90, membership=q), budget=90).gains[1:]
    assert (np.diff(gains) <= 1e-6).all()
    assert gains.min() >= 0 and gains.max() <= 2**0.5
    assert (gains == 0).sum() == 30


def test_the_share_of_repeating_picks_is_told():
    q = np.eye(2, dtype=np.float32)[[0, 1, 1]]
    assert (
        "The last pick repeats what earlier ones cover (33% of all)."
        in select("pcoreset", inputs(3, membership=q), budget=3).stopped
    )


@pytest.mark.parametrize("name", ["k-center", "pcoreset"])
def test_trim_sets_outliers_aside_but_never_what_is_pinned(name):
    rng = np.random.default_rng(0)
    x = np.concatenate([np.eye(8)[0] + 0.05 * rng.normal(size=(95, 8)), -np.eye(8)[1:6]]).astype(np.float32)
    x = unit_rows(x)
    more = {"vectors": x, "membership": np.full((100, 2), 0.5, np.float32)}
    found = select(name, inputs(100, keep=np.array([97]), **more), budget=100, trim=0.04)
    assert sorted(found.rows.tolist()) == [*range(95), 97]
    assert "Outliers set aside: 4." in found.stopped
    assert len(select(name, inputs(100, **more), budget=100).rows) == 100


def greedy(x, order, threshold, keep=()):
    """Keep a row unless one kept before it is as alike as that, float64."""
    x = np.asarray(x, np.float64)
    kept = list(keep)
    for row in order:
        if row not in kept and not any(x[row] @ x[k] >= threshold - 1e-9 for k in kept):
            kept.append(int(row))
    return kept


def pile(noise, seed=6):
    """200 rows around 20 places, in skills that cut through the places."""
    rng = np.random.default_rng(seed)
    x = unit_rows((rng.normal(size=(20, 12))[np.arange(200) % 20] + noise * rng.normal(size=(200, 12))).astype("f4"))
    return x, rng.integers(-1, 5, 200).astype(np.int32)


@pytest.mark.parametrize(
    ("reach", "noise"), [("everywhere", 0.02), ("everywhere", 0.25), ("neighbouring skills", 0.02)]
)  # where likeness makes chains, skill by skill may keep others: see the next test
@pytest.mark.parametrize("keep", [(), (2, 190)])
def test_redundancy_equals_brute_force(reach, noise, keep):
    x, skills = pile(noise)
    more = {"vectors": x, "skills": skills, "keep": np.array(keep, np.int64)}
    found = select("redundancy", inputs(200, **more), threshold=0.9, reach=reach, neighbours=5)
    assert found.rows.tolist() == greedy(x, range(200), 0.9, keep)
    assert 50 < len(found.dropped) <= 180


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("keep", [(), (2, 190)])
def test_skill_by_skill_nothing_kept_is_alike_and_everything_dropped_has_its_like(seed, keep, monkeypatch):
    monkeypatch.setattr(sys.modules["curator.plugins.selectors.redundancy"], "KEYS", 7)
    x, skills = pile(0.25, seed)
    more = {"vectors": x, "skills": skills, "keep": np.array(keep, np.int64)}
    found = select("redundancy", inputs(200, **more), threshold=0.9, reach="neighbouring skills", neighbours=5)
    assert found.rows[: len(keep)].tolist() == list(keep)
    alike = x[found.rows].astype(float) @ x[found.rows].T.astype(float)
    np.fill_diagonal(alike, 0)
    alike[: len(keep), : len(keep)] = 0  # pinned rows stay whatever they are like
    assert alike.max() < 0.9
    exact = (x[found.dropped].astype(float) * x[found.covered_by].astype(float)).sum(1)
    assert exact.min() >= 0.9 - 1e-6
    assert found.similarity.tolist() == pytest.approx(exact.tolist(), abs=1e-6)
    assert np.isin(found.covered_by, found.rows).all()
    assert found.weights.sum() == 200


def test_skill_by_skill_too_the_earliest_copy_stays_and_a_pinned_one_stands_for_it():
    x = unit_rows(np.random.default_rng(0).normal(size=(12, 8)).astype(np.float32))
    x[6:] = x[:6]
    skills = np.repeat([1, 0], 6).astype(np.int32)  # the copies are in the first skill, the base in the second
    values = {"threshold": 0.99, "reach": "neighbouring skills"}
    assert select("redundancy", inputs(12, vectors=x, skills=skills), **values).rows.tolist() == [0, 1, 2, 3, 4, 5]
    found = select("redundancy", inputs(12, vectors=x, skills=skills, keep=np.array([8])), **values)
    assert found.rows.tolist() == [8, 0, 1, 3, 4, 5]


def test_redundancy_says_that_quotas_cut_it():
    x = unit_rows(np.random.default_rng(0).normal(size=(9, 8)).astype(np.float32))
    full = inputs(9, vectors=x, groups=np.zeros(9, np.int32), caps=np.array([4]))
    assert select("redundancy", full).stopped.endswith("The quotas are full.")
    assert "quotas" not in select("redundancy", full, budget=3).stopped


def test_skill_quota_gives_the_share_of_a_closed_skill_to_the_others():
    skills = (np.arange(40) % 4).astype(np.int32)
    x = unit_rows(np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32))
    closed = inputs(40, vectors=x, skills=skills, groups=skills, caps=np.array([2, 40, 40, 40]))
    found = select("skill-quota", closed, budget=20)
    assert np.bincount(skills[found.rows]).tolist() == [2, 6, 6, 6]


def test_skill_quota_from_the_centre_takes_the_typical():
    skills = (np.arange(40) % 2).astype(np.int32)
    x = unit_rows((np.eye(6)[skills] + 0.2 * np.random.default_rng(0).normal(size=(40, 6))).astype(np.float32))
    found = select("skill-quota", inputs(40, vectors=x, skills=skills), budget=6, inside="centre")
    for skill in (0, 1):
        rows = np.flatnonzero(skills == skill)
        value = x[rows].astype(float) @ unit_rows(x[rows].mean(0, keepdims=True))[0]
        assert found.rows[skills[found.rows] == skill].tolist() == rows[np.argsort(-value)][:3].tolist()
    assert "to the middle of the skill" in found.reasons[0]


def test_class_quotas_by_hand():
    from curator.plugins.selectors.class_balanced import class_quotas

    # 6 labels: weights 6/1, 6/2, 6/6 -> shares 6, 3, 1 of 10.
    assert class_quotas(np.array([0, 1, 5]), 10).tolist() == [6, 3, 1]
    assert class_quotas(np.array([0, 1, 5]), 5).tolist() == [4, 1, 0]  # 3, 1.5, .5: what is left to the largest weight
    assert class_quotas(np.array([0, 0, 0, 0]), 6).tolist() == [2, 2, 1, 1]
    assert all(class_quotas(np.array([3, 0, 9]), b).sum() == b for b in range(40))


def test_class_balanced_asks_about_the_classes_that_have_few_labels():
    q = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], 20)]
    keep = np.arange(10)
    found = select("class-balanced", inputs(60, membership=q, keep=keep), budget=24)
    assert np.bincount(q[found.rows[10:]].argmax(1), minlength=3).tolist() == [0, 7, 7]


def test_badge_is_k_means_plus_plus_on_whole_gradients():
    from curator.plugins.selectors.badge import _Gradients

    rng = np.random.default_rng(0)
    q, x = rng.dirichlet(np.ones(4), 30).astype(np.float32), unit_rows(rng.normal(size=(30, 6)).astype(np.float32))
    a = np.asarray(q, float)
    a[np.arange(30), q.argmax(1)] -= 1
    whole = (a[:, :, None] * np.asarray(x, float)[:, None, :]).reshape(30, -1)
    found = _Gradients(q, x)
    assert found.length == pytest.approx((whole**2).sum(1), abs=1e-9)
    assert found.squared_to(7) == pytest.approx(((whole - whole[7]) ** 2).sum(1), abs=1e-9)
    # The longest comes first: gradients are not brought to one length, and the rest is a draw, not the farthest.
    rows = [select("badge", inputs(30, membership=q, vectors=x, seed=s), budget=12).rows.tolist() for s in range(4)]
    assert {r[0] for r in rows} == {int((whole**2).sum(1).argmax())}
    assert len({tuple(r) for r in rows}) == 4


def test_badge_hardly_ever_picks_a_copy():
    q = np.tile(np.array([[0.5, 0.5]], np.float32), (40, 1))
    x = np.eye(4, dtype=np.float32)[np.arange(40) % 4]
    assert sorted(select("badge", inputs(40, membership=q, vectors=x), budget=4).rows % 4) == [0, 1, 2, 3]


def test_typiclust_takes_the_middle_of_every_group_and_goes_where_no_label_is():
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], [30, 20, 10])
    x = unit_rows((np.eye(5)[group] + 0.15 * rng.normal(size=(60, 5))).astype(np.float32))
    found = select("typiclust", inputs(60, vectors=x), budget=3)
    assert group[found.rows].tolist() == [0, 1, 2]
    near = np.sqrt(np.maximum(2 - 2 * np.sort(x[:30] @ x[:30].T, axis=1)[:, -21:-1], 0)).mean(1)
    assert found.rows[0] == near.argmin()
    found = select("typiclust", inputs(60, vectors=x, keep=np.array([3])), budget=3)
    assert group[found.rows[1:]].tolist() == [1, 2]
