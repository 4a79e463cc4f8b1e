"""Zero-shot prompts and class vectors."""

import numpy as np
import pytest

from curator.engine.errors import InputError
from curator.engine.prompts import class_prompts, zero_shot_vectors
from curator.engine.unit import unit_rows


def test_simple_prompts_are_one_each():
    assert class_prompts(["cat", "traffic light"]) == ["a photo of a cat.", "a photo of a traffic light."]


def test_a_template_of_ones_own():
    assert class_prompts(["cat"], "{} in a {tree}") == ["cat in a {tree}"]
    with pytest.raises(InputError, match="no place for the name"):
        class_prompts(["cat"], "fancy")


def test_the_templates_of_openai_are_eighty_per_name():
    prompts = class_prompts(["cat", "dog"], "openai")
    assert len(prompts) == 160
    assert prompts[0] == "a bad photo of a cat."
    assert all("dog" in p for p in prompts[80:])


def test_vectors_are_the_mean_of_unit_vectors_brought_to_length_one():
    def encode(texts):
        return np.array([[len(t), t.count("a"), 1.0] for t in texts], np.float32)

    names = ["cat", "banana"]
    found = zero_shot_vectors(encode, names, "openai")
    assert found.shape == (2, 3) and found.dtype == np.float32
    for name, vector in zip(names, found, strict=True):
        rows = encode(class_prompts([name], "openai"))
        mean = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).mean(0)
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), rtol=1e-5)


def test_no_names_is_an_error():
    with pytest.raises(InputError, match="no class names"):
        zero_shot_vectors(lambda texts: np.zeros((len(texts), 2), np.float32), [])


def test_unit_rows_leave_zero_and_nan_alone():
    rows = unit_rows(np.array([[3, 4], [0, 0], [np.nan, 1]], np.float16))
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows[:2], [[0.6, 0.8], [0, 0]], rtol=1e-6)
    assert np.isnan(rows[2]).all()
