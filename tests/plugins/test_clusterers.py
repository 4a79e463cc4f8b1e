import sys

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from curator.engine.errors import InputError, PluginError
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.unit import unit_rows

registry().discover()


def cluster(name, inputs, **values):
    return registry().get("clusterer", name).make(values).cluster(inputs, Task())


def blobs(n=400, k=8, d=32, spread=0.08, seed=0):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    return unit_rows((rng.normal(size=(k, d))[truth] + spread * rng.normal(size=(n, d))).astype(np.float32)), truth


class Texts:
    kind = "instruction"

    def __init__(self, texts):
        self._texts = texts

    def texts(self, rows):
        return (self._texts[r] for r in rows.tolist())


@pytest.mark.parametrize(("name", "values"), [("kmeans", {"k": 8}), ("hdbscan", {"min_cluster_size": 20})])
def test_clear_skills_are_found(name, values):
    x, truth = blobs()
    found = cluster(name, Inputs(400, np.arange(400), vectors=x), **values)
    assert adjusted_rand_score(truth, found.labels) == 1.0
    assert (found.membership.argmax(1) == found.labels).all()
    assert np.allclose(found.membership.sum(1), 1, atol=1e-6)


def test_hdbscan_equals_the_package_where_the_graph_is_complete():
    import hdbscan

    rng = np.random.default_rng(3)
    x = unit_rows(np.vstack([c + 0.25 * rng.normal(size=(30, 5)) for c in rng.normal(size=(4, 5))]).astype(np.float32))
    ours = cluster(
        "hdbscan", Inputs(120, np.arange(120), vectors=x), min_cluster_size=8, min_samples=119
    )  # the graph then holds every pair
    theirs = hdbscan.HDBSCAN(8, min_samples=119, algorithm="generic").fit(x.astype(np.float64)).labels_
    assert adjusted_rand_score(theirs, ours.labels) == 1.0
    assert (ours.labels == -1).sum() == (theirs == -1).sum()


@pytest.mark.parametrize(("min_samples", "selection"), [(3, "eom"), (10, "eom"), (5, "leaf")])
def test_hdbscan_equals_the_package_at_any_density(min_samples, selection, monkeypatch):
    """Lengths of the tree are unique, its edges are not: where lengths tie, the package gives other labels to a row or
    two at a border when the rows come in another order. Ours has to be one of its answers."""
    import hdbscan

    module = sys.modules["curator.plugins.clusterers.hdbscan_clusterer"]
    monkeypatch.setattr(module, "GRAPH", 159)  # every pair
    rng = np.random.default_rng(4)
    spread = np.repeat([0.1, 0.2, 0.3, 0.6], 40)[:, None]
    x = unit_rows((np.repeat(rng.normal(size=(4, 6)), 40, axis=0) + spread * rng.normal(size=(160, 6))).astype("f4"))
    inputs = Inputs(160, np.arange(160), vectors=x)
    ours = cluster("hdbscan", inputs, min_cluster_size=8, min_samples=min_samples, selection=selection).labels
    package = hdbscan.HDBSCAN(8, min_samples=min_samples, algorithm="generic", cluster_selection_method=selection)
    lengths = np.sort(package.fit(x.astype(np.float64))._single_linkage_tree[:, 2])
    assert np.allclose(np.sort(module._spanning_tree(x, min_samples, inputs, Task())[:, 2]), lengths, atol=1e-5)
    answers = set()
    for seed in range(60):
        order = np.random.default_rng(seed).permutation(160)
        labels = np.empty(160, np.int64)
        labels[order] = package.fit(x[order].astype(np.float64)).labels_
        answers.add(tuple(module._by_size(labels).tolist()))
    assert len(answers) <= 3
    assert tuple(ours.tolist()) in answers
    assert (ours == -1).any() and ours.max() > 0


def test_hdbscan_says_when_the_package_has_changed(monkeypatch):
    import hdbscan.hdbscan_

    monkeypatch.delattr(hdbscan.hdbscan_, "_tree_to_labels")
    x, _ = blobs(100, 2)
    with pytest.raises(PluginError, match="does not fit the installed hdbscan"):
        cluster("hdbscan", Inputs(100, np.arange(100), vectors=x))


def test_hdbscan_says_when_it_finds_nothing():
    said = []
    plugin = registry().get("clusterer", "hdbscan").make({})
    found = plugin.cluster(Inputs(10, np.arange(10), vectors=np.eye(10, dtype=np.float32)), Task(on_log=said.append))
    assert (found.labels == -1).all() and found.membership is None
    assert "lower min_cluster_size" in said[0]


def test_hdbscan_leaves_noise_outside_but_with_a_membership():
    x, _ = blobs(200, 4)
    x = np.vstack([x, unit_rows(np.random.default_rng(9).normal(size=(12, 32)).astype(np.float32))])
    found = cluster("hdbscan", Inputs(212, np.arange(212), vectors=x), min_cluster_size=20, min_samples=5)
    assert (found.labels[200:] == -1).mean() > 0.5
    assert np.isfinite(found.membership[200:]).all()


def test_hdbscan_survives_copies_and_a_pile_in_pieces():
    x = np.repeat(np.eye(4, dtype=np.float32), 40, axis=0)
    found = cluster("hdbscan", Inputs(160, np.arange(160), vectors=x), min_cluster_size=10)
    assert adjusted_rand_score(np.repeat(np.arange(4), 40), found.labels) == 1.0


def test_rows_left_out_get_no_density_skill():
    x, truth = blobs()
    rows = np.arange(0, 400, 2)
    found = cluster("hdbscan", Inputs(400, rows, vectors=x), min_cluster_size=20)
    assert (np.delete(found.labels, rows) == -1).all()
    assert adjusted_rand_score(truth[rows], found.labels[rows]) == 1.0


def test_the_number_of_skills_grows_with_the_pile():
    x = unit_rows(np.random.default_rng(0).normal(size=(1600, 8)).astype(np.float32))
    assert cluster("kmeans", Inputs(1600, np.arange(1600), vectors=x)).membership.shape[1] == 20


def test_k_means_says_when_there_are_fewer_skills_than_asked_for():
    said = []
    plugin = registry().get("clusterer", "kmeans").make({"k": 6})
    found = plugin.cluster(Inputs(4, np.arange(4), vectors=np.eye(4, dtype=np.float32)), Task(on_log=said.append))
    assert found.membership.shape == (4, 4)
    assert said == ["6 skills were asked for; the pile has samples for 4."]


def test_skills_are_named_by_the_words_that_set_them_apart():
    x, truth = blobs(80, 2)
    tasks = ("solve this equation", "translate this sentence")
    texts = [f"please {tasks[t]} number {i}" for i, t in enumerate(truth)]
    found = cluster("kmeans", Inputs(80, np.arange(80), vectors=x, samples=Texts(texts)), k=2)
    names = [found.names[found.labels[i]] for i in (0, 1)]
    assert "equation" in names[0]
    assert "translate" in names[1]
    assert "number" not in ", ".join(names)


def test_zero_shot_by_words():
    prompts = {"a photo of a cat.": [1.0, 0.0], "a photo of a dog.": [0.0, 1.0]}
    x = np.array([[1, 0], [0.6, 0.8], [np.nan, 0]], np.float32)
    found = cluster(
        "zero-shot",
        Inputs(
            3,
            np.arange(2),
            vectors=x,
            encode_texts=lambda t: np.array([prompts[s] for s in t], np.float32),
            logit_scale=5.0,
        ),
        classes="cat,dog",
    )
    assert found.labels.tolist() == [0, 1, -1]
    assert found.names == ("cat", "dog")
    assert found.membership[1].tolist() == pytest.approx([1 / (1 + np.e), np.e / (1 + np.e)], abs=1e-5)
    with pytest.raises(InputError, match="two classes"):
        cluster("zero-shot", Inputs(3, np.arange(2), vectors=x, encode_texts=lambda t: x[:1]))


@pytest.mark.parametrize("scale", [100.0, float("nan")])
def test_zero_shot_of_the_hand_checked_example(scale):
    """Cosines .30 and .28 at CLIP's scale, which also stands in where an encoder has none; equals go to the first."""
    prompts = {"a photo of a cat.": [1.0, 0.0, 0.0], "a photo of a dog.": [0.0, 1.0, 0.0]}
    x = np.array([[0.30, 0.28, 0.91193], [0.5, 0.5, 0.70711]], np.float32)
    given = Inputs(
        2, np.arange(2), vectors=x, logit_scale=scale, label_names=("cat", "dog"),
        encode_texts=lambda texts: np.array([prompts[t] for t in texts], np.float32),
    )  # fmt: skip
    found = cluster("zero-shot", given)
    assert found.membership[0].tolist() == pytest.approx([0.88080, 0.11920], abs=1e-5)
    assert found.labels.tolist() == [0, 0]
    assert found.names == ("cat", "dog")
