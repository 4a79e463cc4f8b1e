import numpy as np
import pytest

from curator.engine.vectors import unit_rows
from curator.engine.vectors.sketch import SAMPLE, Sketch, best_sketch


def pile(n=5 * SAMPLE, d=96, axes=20, seed=0):
    """Rows that mostly lie in a few directions, as embeddings do."""
    rng = np.random.default_rng(seed)
    main = rng.normal(size=(n, axes)) @ rng.normal(size=(axes, d))
    return unit_rows((main + 0.3 * rng.normal(size=(n, d))).astype(np.float32))


def orthonormal(d, w, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, w)))[0].astype(np.float32)


@pytest.mark.parametrize("directions", [1, 5, 40, 95])
def test_products_are_never_below_those_of_the_rows(directions):
    x = pile(400)
    sketch = Sketch(orthonormal(96, directions))
    rows = sketch(x)
    assert rows.shape == (400, sketch.width) == (400, directions + 1)
    exact = x.astype(np.float64) @ x.T.astype(np.float64)
    over = rows.astype(np.float64) @ rows.T.astype(np.float64) - exact
    assert over.min() > -1e-6
    assert np.diagonal(over).max() < 1e-5  # a row is as like itself as before


def test_the_main_axes_tell_rows_apart_better_than_any_axes():
    x = pile()
    found = best_sketch(x, np.arange(len(x)), 0.98)
    assert found is not None
    plain = Sketch(orthonormal(96, found.width - 1))
    a, b = x[:200], x[200:400]
    assert (found(a) @ found(b).T).mean() < (plain(a) @ plain(b).T).mean() - 0.1
    assert np.allclose(found.directions.T @ found.directions, np.eye(found.width - 1), atol=1e-5)


def test_no_sketch_where_it_would_raise_too_much_or_save_nothing():
    x = pile()
    everything = np.arange(len(x))
    assert best_sketch(x, everything, 0.2) is None  # most of what is raised would be in vain
    assert best_sketch(x[:, :40], everything, 0.98) is None  # too narrow to be worth it
    assert best_sketch(x, np.arange(SAMPLE), 0.98) is None  # too few rows
