import numpy as np

from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs
from curator.engine.unit import unit_rows

registry().discover()


def project(name, x, **values):
    rows = np.flatnonzero(np.isfinite(x).all(axis=1))
    return registry().get("projector", name).make(values).project(Inputs(len(x), rows, vectors=x), Task())


def groups(n=120):
    rng = np.random.default_rng(0)
    of = np.arange(n) % 3
    return unit_rows((3 * rng.normal(size=(3, 16))[of] + rng.normal(size=(n, 16))).astype(np.float32)), of


def test_pca_keeps_the_direction_of_largest_variance():
    x = np.zeros((50, 4), np.float32)
    x[:, 2] = np.linspace(-1, 1, 50)
    found = project("pca", x)
    assert np.allclose(found[:, 0], x[:, 2], atol=1e-6)
    assert np.allclose(found[:, 1], 0, atol=1e-6)


def test_umap_puts_groups_apart_and_places_the_rest_among_them():
    x, of = groups()
    x[5] = np.nan
    found = project("umap", x, landmarks=100, neighbours=10)
    assert np.isnan(found[5]).all()
    fine = np.isfinite(found).all(axis=1)
    assert fine.sum() == 119
    centres = np.stack([found[fine & (of == g)].mean(0) for g in range(3)])
    own = np.linalg.norm(found[fine] - centres[of[fine]], axis=1)
    nearest = np.linalg.norm(found[fine][:, None] - centres[None], axis=2).min(1)
    assert (own <= nearest + 1e-6).mean() > 0.9
    assert np.array_equal(found[fine], project("umap", x, landmarks=100, neighbours=10)[fine])


def test_umap_of_a_handful():
    x, _ = groups(6)
    assert np.isfinite(project("umap", x[:3])).all()
    assert np.isfinite(project("umap", x)).all()
