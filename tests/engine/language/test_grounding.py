"""What a picture adds, by a tiny random vision-language model."""

import json
import math

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("transformers")

from tiny_model import SENTENCE

from curator.engine.errors import InputError
from curator.engine.registry import registry
from curator.engine.task import Task
from curator.engine.types import Inputs

registry().discover()


class Reader:
    kind = "instruction"

    def __init__(self, records, paths):
        self._records, self._paths = records, paths

    def records(self, rows):
        return (self._records[r] for r in rows)

    def texts(self, rows):
        return ("" for _ in rows)

    def image_paths(self, rows):
        return (self._paths[r] for r in rows)


def test_ratio_of_perplexities_with_and_without(vision_folder, tmp_path):
    words = SENTENCE.split()
    noise = np.random.default_rng(0).integers(0, 255, (20, 20, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    records = [json.dumps({"instruction": " ".join(words[:4]), "output": " ".join(words[5 : 6 + i])}) for i in range(4)]
    records.append(json.dumps({"instruction": "the", "output": ""}))
    paths = [(tmp_path / "a.png",)] * 3 + [(), (tmp_path / "a.png",)]
    inputs = Inputs(5, np.arange(5), samples=Reader(records, paths))
    scorer = registry().get("scorer", "image-grounding").make({"model": str(vision_folder)})
    found = scorer.score(inputs, Task())
    assert np.isfinite(found[:3]).all() and (found[:3] > 0).all()
    assert np.isnan(found[3:]).all()
    assert np.array_equal(found, scorer.score(inputs, Task()), equal_nan=True)
    assert np.abs(np.log(found[:3])).max() > 1e-4  # the picture changes something


@pytest.mark.parametrize(("p", "ratio"), [(0.5, 1.0), (0.7, 1.4), (0.2, 0.4)])
def test_the_ratio_by_hand(p, ratio, vision_folder, monkeypatch):
    from curator.engine.language import grounding

    monkeypatch.setattr(grounding, "losses", lambda *_: (-math.log(p), math.log(2.0)))
    monkeypatch.setattr(grounding, "load_vision", lambda *_: None)
    inputs = Inputs(1, np.arange(1), samples=Reader(["{}"], [()]))
    scorer = registry().get("scorer", "image-grounding").make({"model": str(vision_folder)})
    assert scorer.score(inputs, Task())[0] == pytest.approx(ratio)


def test_a_model_of_text_alone_is_refused(tiny_folder):
    inputs = Inputs(1, np.arange(1), samples=Reader(["{}"], [()]))
    scorer = registry().get("scorer", "image-grounding").make({"model": str(tiny_folder)})
    with pytest.raises(InputError, match="no model for pictures"):
        scorer.score(inputs, Task())
