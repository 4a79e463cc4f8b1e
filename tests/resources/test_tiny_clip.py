"""The bundled encoder is what its card says: small, complete, loadable offline, and it knows a dog from a flag."""

import json

import numpy as np
import pytest

from curator.engine.demo import unpack_demo
from curator.engine.pictures import load_rgb
from curator.engine.registry import registry
from curator.engine.resources import resource
from curator.engine.task import Task

FOLDER = resource("encoders", "tiny-clip")


@pytest.fixture(scope="module")
def session():
    registry().discover()
    return registry().get("encoder", "tiny-clip").make().open("cpu", 0, Task())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder, _ = unpack_demo(tmp_path_factory.mktemp("piles"))
    lines = (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    return folder, [json.loads(line) for line in lines]


def vectors(session, folder, names):
    return session.encode_images([session.prepare_image(load_rgb(folder / name)) for name in names])


def test_it_is_small_and_complete():
    assert sum(f.stat().st_size for f in FOLDER.iterdir()) <= 25_000_000
    assert {"open_clip_config.json", "open_clip_model.safetensors", "MODEL_CARD.md", "train.py"} <= {
        f.name for f in FOLDER.iterdir()
    }


def test_vectors_have_length_one_and_the_same_bits_each_time(session, pictures):
    folder, rows = pictures
    names = [r["file_name"] for r in rows[:40]]
    config = json.loads((FOLDER / "open_clip_config.json").read_text(encoding="utf-8"))
    first = vectors(session, folder, names)
    assert first.shape == (40, config["model_cfg"]["embed_dim"])
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    assert np.array_equal(first, vectors(session, folder, names))


@pytest.mark.parametrize(
    ("text", "category"),
    [("a picture of a flag", "Flags"), ("a smiling face", "Smileys & Emotion")],
)
def test_words_find_pictures_of_their_kind(session, pictures, text, category):
    folder, rows = pictures
    rows = [r for r in rows if not r.get("skin")][::4]
    found = vectors(session, folder, [r["file_name"] for r in rows]) @ session.encode_texts([text])[0]
    top = [rows[i]["category"] for i in np.argsort(-found)[:20]]
    share = np.mean([r["category"] == category for r in rows])
    assert np.mean([c == category for c in top]) > 2 * share


def test_a_skin_tone_lies_closer_to_its_base_than_to_most_pictures(session, pictures):
    folder, rows = pictures
    tones = [r for r in rows if r.get("skin")][::25]
    tone = vectors(session, folder, [r["file_name"] for r in tones])
    base = vectors(session, folder, [r["base"] for r in tones])
    products = tone @ base.T
    rank = (products > np.diag(products)[:, None]).sum(axis=1)
    assert np.median(rank) <= 2
