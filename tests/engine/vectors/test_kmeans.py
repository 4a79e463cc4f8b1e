import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans as Reference
from sklearn.metrics import adjusted_rand_score

from curator.engine.errors import Cancelled
from curator.engine.task import Task
from curator.engine.vectors import assign, k_means, soft_membership, softmax_products, unit_rows


def blobs(n=600, k=6, d=8, seed=0, spread=0.05):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    return (rng.normal(size=(k, d))[truth] + spread * rng.normal(size=(n, d))).astype(np.float32), truth


@pytest.mark.parametrize("spherical", [False, True])
def test_clear_clusters_are_found(spherical):
    x, truth = blobs()
    found = k_means(x, 6, spherical=spherical)
    assert adjusted_rand_score(truth, found.labels) == 1.0
    if spherical:
        assert np.allclose(np.linalg.norm(found.centres, axis=1), 1, atol=1e-6)


def test_inertia_is_that_of_the_labels_and_no_worse_than_the_reference():
    x, _ = blobs(900, 20, 4, spread=0.5)
    found = k_means(x, 12)
    apart = ((x - found.centres[found.labels]) ** 2).sum()
    assert found.inertia == pytest.approx(apart, rel=1e-4)
    reference = np.median([Reference(12, n_init=1, random_state=s).fit(x).inertia_ for s in range(7)])
    assert found.inertia <= reference * 1.05


def test_clusters_are_numbered_by_size_then_first_row():
    x = np.array([[0.0], [0.1], [9.0], [9.1], [9.2], [20.0], [20.1]], np.float32)
    found = k_means(x, 3)
    assert found.labels.tolist() == [1, 1, 0, 0, 0, 2, 2]
    assert found.counts.tolist() == [3, 2, 2]


def test_threads_and_repeats_give_the_same_bits():
    x, _ = blobs(5000, 40, 64, spread=0.6)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 2):
            torch.set_num_threads(threads)
            found.append(k_means(x, 50, spherical=True, seed=3))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert np.array_equal(other.labels, found[0].labels)
        assert np.array_equal(other.centres, found[0].centres)
    assert not np.array_equal(k_means(x, 50, spherical=True, seed=4).centres, found[0].centres)


def test_more_clusters_than_distinct_rows_and_other_edges():
    same = k_means(np.ones((9, 2), np.float32), 4)
    assert same.labels.tolist() == [0] * 9
    assert same.inertia == 0
    assert k_means(np.ones((1, 2), np.float32), 1).labels.tolist() == [0]
    assert len(k_means(np.zeros((0, 2), np.float32), 3).centres) == 0
    assert sorted(set(k_means(np.arange(4, dtype=np.float32)[:, None], 9).labels.tolist())) == [0, 1, 2, 3]


def test_rows_with_nan_belong_nowhere():
    x, _ = blobs()
    x[7, 0] = np.nan
    found = k_means(x, 6)
    assert found.labels[7] == -1
    assert (np.delete(found.labels, 7) >= 0).all()
    assert found.counts.sum() == 599


def test_assign_breaks_ties_to_the_lowest_centre():
    labels, squared = assign(np.array([[0.0], [2.0]], np.float32), np.array([[1.0], [-1.0], [1.0]], np.float32))
    assert labels.tolist() == [0, 0]
    assert squared.tolist() == [1, 1]


def test_membership_sums_to_one_and_follows_distance():
    x, _ = blobs()
    x[3] = np.nan
    found = k_means(x, 6)
    soft = soft_membership(x, found.centres, 0.1)
    fine = np.arange(600) != 3
    assert np.allclose(soft[fine].sum(axis=1), 1, atol=1e-6)
    assert (soft[fine].argmax(axis=1) == found.labels[fine]).all()
    assert np.isnan(soft[3]).all()


def test_zero_shot_probabilities_of_the_hand_checked_example():
    x = np.array([[1.0, 0.0]], np.float32)
    prompts = np.array([[0.30, 0.954], [0.28, 0.96]], np.float32)
    assert softmax_products(x, prompts, 100.0)[0].tolist() == pytest.approx([0.88080, 0.11920], abs=1e-4)
    assert softmax_products(x, prompts, 50.0)[0].tolist() == pytest.approx([0.73106, 0.26894], abs=1e-4)


def test_cancel_stops_within_two_ticks():
    asked = []
    with pytest.raises(Cancelled):
        k_means(unit_rows(blobs(3000)[0]), 30, task=Task(cancelled=lambda: asked.append(1) or len(asked) > 1))
