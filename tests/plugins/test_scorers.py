import numpy as np
import pytest

from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs

registry().discover()


def score(name, inputs, **values):
    return registry().get("scorer", name).make(values).score(inputs, Task())


class Texts:
    kind = "instruction"

    def texts(self, rows):
        return (["one two", "", "three"][r] for r in rows.tolist())


def test_length_counts_what_it_says():
    inputs = Inputs(3, np.arange(3), samples=Texts())
    assert score("length", inputs)[[0, 2]].tolist() == [7, 5]
    assert score("length", inputs, unit="words")[[0, 2]].tolist() == [2, 1]
    assert np.isnan(score("length", inputs)[1])


def test_entropy_in_nats():
    q = np.array([[1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3, [np.nan] * 3], np.float32)
    found = score("entropy", Inputs(4, np.arange(3), membership=q))
    assert found[:3].tolist() == pytest.approx([0, np.log(2), np.log(3)], abs=1e-6)
    assert np.isnan(found[3])


def test_prototypicality_is_the_cosine_to_the_own_mean():
    x = np.array([[1, 0], [0, 1], [1, 0], [0.6, 0.8]], np.float32)
    found = score("prototypicality", Inputs(4, np.arange(4), vectors=x, skills=np.array([0, 0, 1, 1], np.int32)))
    assert found[:2].tolist() == pytest.approx([2**-0.5] * 2)
    mean = np.array([0.8, 0.4]) / np.hypot(0.8, 0.4)
    assert found[2:].tolist() == pytest.approx([mean[0], mean @ [0.6, 0.8]], abs=1e-6)


def test_density_is_the_mean_cosine_of_neighbours():
    x = np.array([[1, 0], [1, 0], [0.6, 0.8], [0, 1]], np.float32)
    found = score("density", Inputs(4, np.arange(4), vectors=x), neighbours=2)
    assert found.tolist() == pytest.approx([0.8, 0.8, 0.7, 0.4], abs=1e-6)
    assert np.isnan(score("density", Inputs(4, np.arange(1), vectors=x))).all()


def test_density_of_some_rows_reads_them_block_by_block():
    from curator.engine import vectors

    x = vectors.unit_rows(np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32))
    x.setflags(write=False)
    rows = np.arange(0, 40, 3)
    found = score("density", Inputs(40, rows, vectors=x), neighbours=2)
    cosine = x[rows] @ x[rows].T
    np.fill_diagonal(cosine, -1)
    assert found[rows] == pytest.approx(np.sort(cosine, axis=1)[:, -2:].mean(axis=1), abs=1e-6)
    assert np.isnan(np.delete(found, rows)).all()
