import numpy as np
import pytest

from curator.engine.vectors import nearest, neighbour_graph, neighbours, pca, unit_rows


def points(n, d=8, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32))


def brute(queries, keys, k, same):
    products = queries.astype(np.float64) @ keys.T.astype(np.float64)
    if same:
        np.fill_diagonal(products, -np.inf)
    return np.argsort(-products, axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize("same", [False, True])
def test_equal_to_brute_force_across_tiles(k, same, monkeypatch):
    monkeypatch.setattr(neighbours, "QUERIES", 37)
    monkeypatch.setattr(neighbours, "KEYS", 50)
    x = points(230)
    index, similarity = nearest(x, x, k, same=same)
    assert index.tolist() == brute(x, x, k, same).tolist()
    assert (np.diff(similarity, axis=1) <= 1e-6).all()


def test_copies_stay_neighbours_and_ties_go_to_the_lowest_row(monkeypatch):
    monkeypatch.setattr(neighbours, "KEYS", 7)
    x = np.tile(np.array([[1.0, 0.0]], np.float32), (20, 1))
    index, _ = nearest(x, x, 3, same=True)
    assert index[0].tolist() == [1, 2, 3]
    assert index[2].tolist() == [0, 1, 3]
    assert index[19].tolist() == [0, 1, 2]


def test_fewer_keys_than_asked_for():
    x = points(3)
    index, similarity = nearest(x, x, 5, same=True)
    assert (index[:, 2:] == -1).all()
    assert np.isneginf(similarity[:, 2:]).all()


def test_nan_is_nobodys_neighbour():
    x = points(10)
    x[4] = np.nan
    index, _ = nearest(x, x, 9, same=True)
    assert not (np.delete(index, 4, axis=0)[:, :8] == 4).any()


def test_the_graph_of_a_big_pile_finds_almost_all_links(monkeypatch):
    monkeypatch.setattr(neighbours, "EXACT_BELOW", 100)
    rng = np.random.default_rng(0)
    x = unit_rows(
        (rng.normal(size=(40, 24))[rng.integers(0, 40, 4000)] + 0.2 * rng.normal(size=(4000, 24))).astype(np.float32)
    )
    exact = brute(x, x, 10, True)
    index, _ = neighbour_graph(x, 10)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), index.tolist(), strict=True)])
    assert recall >= 0.99
    assert not (index == np.arange(4000)[:, None]).any()


def test_principal_axes_equal_a_singular_value_decomposition():
    x = (points(300, 5) * np.array([5, 3, 2, 1, 0.5])).astype(np.float32)
    found = pca(x, 2)
    _, s, vt = np.linalg.svd(x - x.mean(0), full_matrices=False)
    expected = (x - x.mean(0)) @ vt[:2].T
    sign = np.sign((expected * found.projected).sum(0))
    assert np.allclose(found.projected, expected * sign, atol=1e-4)
    assert np.allclose(found.explained, (s**2 / (s**2).sum())[:2], atol=1e-6)
    assert (found.components[np.arange(2), np.abs(found.components).argmax(1)] > 0).all()


def test_axes_of_odd_input():
    x = points(6, 3)
    x[2] = np.nan
    found = pca(x, 5)
    assert found.projected.shape == (6, 5)
    assert np.isnan(found.projected[2]).all()
    assert np.isfinite(np.delete(found.projected, 2, axis=0)).all()
    assert pca(points(1, 3), 2).projected.shape == (1, 2)
