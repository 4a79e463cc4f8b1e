"""Gradients of a probe: by hand, by the full outer product, and over a pile."""

import json

import numpy as np
import pytest

from curator.engine.probe_gradients import gradient_sketch, probe_errors
from curator.engine.project import Project
from curator.engine.recipe import Recipe


def full(error, x):
    return np.outer(error, np.append(x, 1.0)).ravel()


def test_norms_and_cosine_by_hand():
    one = full(np.array([-0.3, 0.3]), [3.0, 4.0])
    two = full(np.array([-0.8, 0.8]), [0.0, 5.0])
    assert np.linalg.norm(one) == pytest.approx(2.16333, abs=1e-5)
    assert np.linalg.norm(two) == pytest.approx(5.76888, abs=1e-5)
    assert one @ two / np.linalg.norm(one) / np.linalg.norm(two) == pytest.approx(0.80769, abs=1e-5)
    # The same as a product of two cosines, which is what the sketch relies on.
    x, z = np.array([3.0, 4.0, 1.0]), np.array([0.0, 5.0, 1.0])
    assert x @ z / np.linalg.norm(x) / np.linalg.norm(z) == pytest.approx(0.80769, abs=1e-5)


def test_the_sketch_keeps_inner_products():
    errors = np.array([[-0.3, 0.3], [-0.8, 0.8]])
    x = np.array([[3.0, 4.0], [0.0, 5.0]])
    exact = full(errors[0], x[0]) @ full(errors[1], x[1])
    width = 512
    found = [
        float(np.prod(gradient_sketch(errors, x, width, seed), axis=0, dtype=np.float64).sum()) for seed in range(60)
    ]
    bound = 3 * 2.16333 * 5.76888 / width**0.5
    assert np.sqrt(np.mean((np.array(found) - exact) ** 2)) < bound
    assert abs(np.mean(found) - exact) < bound / 2


def test_samples_share_their_directions_so_that_like_errors_have_like_vectors():
    """A fresh direction for each sample would leave cosines of about 0 everywhere."""
    rng = np.random.default_rng(1)
    kind = np.arange(60) % 2
    errors = np.array([[-0.5, 0.5, 0], [0, 0.5, -0.5]])[kind] + 0.05 * rng.normal(size=(60, 3))
    x = np.eye(2, 20)[kind] * 3 + 0.2 * rng.normal(size=(60, 20))
    sketch = gradient_sketch(errors, x, 256, 0)
    sketch = sketch / np.linalg.norm(sketch, axis=1, keepdims=True)
    like = kind[:, None] == kind
    cosines = sketch @ sketch.T
    assert cosines[like].mean() > 0.8
    assert cosines[~like].mean() < 0.4


def test_errors_of_a_probe():
    rng = np.random.default_rng(0)
    classes = (np.arange(60) % 3).astype(np.int32)
    x = (np.eye(3)[classes] + 0.1 * rng.normal(size=(60, 3))).astype(np.float32)
    errors = probe_errors(x, classes)
    assert errors.sum(axis=1) == pytest.approx(np.zeros(60), abs=1e-5)
    assert (errors[np.arange(60), classes] <= 0).all()


@pytest.mark.parametrize("labelled", [True, False])
def test_a_pile_without_a_language_model(tmp_path, labelled):
    tasks = ("translate this line", "add these numbers", "summarise the page")
    lines = []
    for i in range(60):
        record = {"instruction": f"{tasks[i % 3]} {i % 7}", "output": f"{tasks[i % 3]} {i % 11}"}
        lines.append(json.dumps({**record, "task": tasks[i % 3]} if labelled else record))
    (tmp_path / "pile.jsonl").write_text("\n".join(lines), encoding="utf-8")
    recipe = Recipe.from_toml(
        '[encoder]\nname = "probe-gradient"\nbase = "lsa"\nwidth = 32\n[clusterer]\nname = "kmeans"\nk = 3\n'
        '[[selectors]]\nname = "skill-quota"\nbudget = 9\n'
    )
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([tmp_path / "pile.jsonl"], "pile").result()
        subset = project.subset(project.submit_run("pile", recipe).result().focus[1])
        assert subset.size == 9
        assert project.contents().embeddings[0].dims == 32
