"""The flat picture of the probability space."""

import numpy as np
import pytest

from curator.engine.simplex import corners, flattened, hole, leaning


def test_three_classes_make_a_triangle_and_certainty_lies_in_its_corners():
    assert corners(3) == pytest.approx(np.array([[0, 1], [3**0.5 / 2, -0.5], [-(3**0.5) / 2, -0.5]]))
    assert flattened(np.eye(3, dtype=np.float32)) == pytest.approx(corners(3))
    assert flattened(np.full((1, 3), 1 / 3, np.float32)) == pytest.approx(0, abs=1e-7)
    assert flattened(np.array([[0.5, 0.5, 0]], np.float32))[0] == pytest.approx((corners(3)[0] + corners(3)[1]) / 2)
    assert np.linalg.norm(corners(7), axis=1) == pytest.approx(1)


def test_chosen_columns_are_brought_to_sum_one():
    p = np.array([[0.1, 0.1, 0.8, 0.0], [0, 0, 0, 1]], np.float32)
    found = flattened(p, np.array([0, 1]))
    assert found[0] == pytest.approx([0, 0], abs=1e-6)
    assert found[1] == pytest.approx([0, 0], abs=1e-6)


def test_the_leaning_of_a_teacher_that_never_says_a_class_and_confuses_two():
    p = np.array([[0.5, 0.45, 0.05]] * 6 + [[0.45, 0.5, 0.05]] * 4, np.float32)
    found = leaning(p)
    assert found.shares.tolist() == pytest.approx([0.6, 0.4, 0])
    assert found.never == (2,)
    assert found.confused[0][:2] == (0, 1)
    assert found.confused[0][2] > 0.98
    assert leaning(np.eye(3, dtype=np.float32)).confused == ()


def test_the_hole_is_the_farthest_from_every_label():
    p = np.array([[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0.05, 0.95]], np.float32)
    assert hole(p, np.array([0])) == 2
    assert hole(p, np.array([0, 2])) == 3
    assert hole(p, np.array([], np.int64)) == -1
