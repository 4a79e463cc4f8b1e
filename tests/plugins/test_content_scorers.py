"""Scores of pictures and texts, on small examples worked out by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from curator.engine.errors import InputError, NotReadyError
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs

registry().discover()


class Reader:
    kind = "instruction"

    def __init__(self, texts=(), paths=(), records=()):
        self._texts, self._paths, self._records = texts, paths, records

    def texts(self, rows):
        return (self._texts[r] for r in rows)

    def records(self, rows):
        return (self._records[r] for r in rows)

    def image_paths(self, rows):
        return ((self._paths[r],) if self._paths[r] else () for r in rows)


def score(name, inputs, **values):
    return registry().get("scorer", name).make(values).score(inputs, Task())


def of_texts(name, *texts, **values):
    return score(name, Inputs(len(texts), np.arange(len(texts)), samples=Reader(texts)), **values)


def of_pictures(name, folder, *arrays):
    paths = []
    for i, array in enumerate(arrays):
        paths.append(None if array is None else folder / f"{i}.png")
        if array is not None:
            Image.fromarray(np.asarray(array, np.uint8)).save(paths[-1])
    return score(name, Inputs(len(paths), np.arange(len(paths)), samples=Reader(paths=paths)))


def test_brightness(tmp_path):
    found = of_pictures("brightness", tmp_path, np.zeros((8, 8)), np.full((8, 8), 255), np.full((8, 8), 51), None)
    assert found[:3] == pytest.approx([0, 1, 0.2], abs=1e-6)
    assert np.isnan(found[3])


def test_sharpness(tmp_path):
    board = np.indices((16, 16)).sum(0) % 2 * 255
    soft = np.tile(np.linspace(0, 255, 16), (16, 1))
    found = of_pictures("sharpness", tmp_path, board, soft, np.full((16, 16), 9), np.full((2, 9), 9))
    assert found[0] == pytest.approx((4 * 255) ** 2, rel=1e-4)  # every Laplacian is four steps up or down
    assert found[0] > found[1] >= found[2] == 0
    assert np.isnan(found[3])


def test_aspect(tmp_path):
    found = of_pictures("aspect", tmp_path, np.zeros((10, 30)), np.zeros((20, 10)), None)
    assert found[:2].tolist() == [3.0, 0.5]
    assert np.isnan(found[2])


def test_a_picture_that_cannot_be_read_has_no_value(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    inputs = Inputs(1, np.arange(1), samples=Reader(paths=[tmp_path / "bad.png"]))
    for name in ("sharpness", "brightness", "aspect"):
        assert np.isnan(score(name, inputs)[0])


def test_repetition():
    found = of_texts("repetition", "a b c a b c", "a b c d", "x x x x x", "one", "")
    assert found[:4] == pytest.approx([0.25, 0, 2 / 3, 0])
    assert np.isnan(found[4])
    assert of_texts("repetition", "a b a b", words=1)[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The cat sat on the mat and it was not happy", "english"),
        ("Der Hund ist nicht auf dem Tisch und die Katze auch", "german"),
        ("Le chat est dans la maison et il ne sort pas", "french"),
        ("El perro no está en la casa y su gato es más", "spanish"),
        ("Кошка сидит на ковре", "russian"),
        ("猫は絨毯の上に座っています", "japanese"),
        ("猫坐在地毯上", "chinese"),
    ],
)
def test_language(text, language):
    assert of_texts("language", text, language=language)[0] > 0.9
    other = "english" if language != "english" else "german"
    assert of_texts("language", text, language=other)[0] < 0.6


def test_a_text_that_tells_nothing_has_no_language():
    assert np.isnan(of_texts("language", "12 + 3", "Zanzibar", "")).all()


def test_format():
    good = {"instruction": "What is red?", "output": "A colour."}
    records = [
        good,
        {**good, "output": ""},
        {**good, "output": "What is red?"},
        {**good, "output": "As an AI I am sorry, I cannot help. <|im_end|>"},
        {**good, "output": "word " * 30},
        {**good, "output": "```python\nx"},
        {"text": "Just a text."},
    ]
    reader = Reader(texts=[""] * 7, records=[json.dumps(r) for r in records])
    found = score("format", Inputs(7, np.arange(7), samples=reader))
    assert found == pytest.approx([1, 6 / 7, 6 / 7, 5 / 7, 6 / 7, 6 / 7, 1])


def test_margin():
    p = np.array([[0.7, 0.2, 0.1], [0.5, 0.5, 0], [np.nan] * 3], np.float32)
    found = score("margin", Inputs(3, np.arange(2), membership=p))
    assert found[:2] == pytest.approx([0.5, 0], abs=1e-6)
    assert np.isnan(found[2])
    assert score("margin", Inputs(2, np.arange(2), membership=np.ones((2, 1), np.float32))).tolist() == [1, 1]


def test_zero_shot_entropy():
    x = np.eye(2, dtype=np.float32)[[0, 0]]
    x[1] = 0.5**0.5
    classes = {"a photo of a cat.": [1.0, 0.0], "a photo of a dog.": [0.0, 1.0]}

    def encode(texts):
        return np.array([classes[text] for text in texts], np.float32)

    inputs = Inputs(2, np.arange(2), vectors=x, logit_scale=2.0, encode_texts=encode)
    found = score("zero-shot-entropy", inputs, classes=("cat", "dog"))
    p = 1 / (1 + np.exp(-2))
    assert found == pytest.approx([-p * np.log(p) - (1 - p) * np.log(1 - p), np.log(2)], abs=1e-5)
    with pytest.raises(InputError, match="two classes"):
        score("zero-shot-entropy", inputs)


def test_probe_el2n_is_high_for_a_wrong_label():
    rng = np.random.default_rng(0)
    labels = (np.arange(90) % 3).astype(np.int32)
    x = (np.eye(3)[labels] + 0.05 * rng.normal(size=(90, 3))).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    wrong = labels.copy()
    wrong[7] = (wrong[7] + 1) % 3
    wrong[50] = -1
    found = score("probe-el2n", Inputs(90, np.arange(90), vectors=x, labels=wrong, label_names=("a", "b", "c")))
    assert np.nanargmax(found) == 7 and np.isnan(found[50])
    assert np.nanmax(found) <= 2**0.5 + 1e-6
    with pytest.raises(NotReadyError, match="needs"):
        score("probe-el2n", replace(Inputs(90, np.arange(90), vectors=x), skills=None))
