"""embed(): order, resume, problems, cancel, and what is read when."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curator.engine.arrays import ArrayWriter
from curator.engine.embedding import default_encoder, embed, learn
from curator.engine.errors import Cancelled, InputError, NotReadyError, PluginError
from curator.engine.task import Task
from curator.engine.unit import unit_rows

N = 23


class Reader:
    """Samples from lists; counts how many rows were asked for."""

    def __init__(self, kind, paths=None, texts=None):
        self.kind, self._paths, self._texts = kind, paths, texts
        self.read = 0

    def texts(self, rows) -> Iterator[str]:
        for row in rows:
            yield self._texts[row] if self._texts else ""

    def records(self, rows) -> Iterator[str]:
        yield from ("{}" for _ in rows)

    def image_paths(self, rows) -> Iterator[tuple[Path, ...]]:
        for row in rows:
            self.read += 1
            yield self._paths[row] if self._paths else ()


class Session:
    """Colours as vectors; a picture's place in its block is part of them, as with real kernels it may be."""

    dims, identity, logit_scale, micro = 4, "fake", float("nan"), 4

    def __init__(self, reads=("image", "text"), fits=False):
        self.reads, self.fits = frozenset(reads), fits
        self.fitted: list[str] = []

    def fit(self, texts, count, task):
        self.fitted = list(texts())

    def prepare_image(self, image):
        return np.asarray(image, np.float32).mean((0, 1))

    def encode_images(self, prepared):
        assert len(prepared) <= self.micro
        return unit_rows(np.stack([[*colour, 1 + place] for place, colour in enumerate(prepared)]))

    def encode_texts(self, texts):
        return unit_rows(np.array([[len(t), t.count("a"), t.count("b"), 0] for t in texts], np.float32))


class Writer:
    """Stands in for an ArrayWriter."""

    def __init__(self, shape, done=0):
        self.array = np.full(shape, 7, np.float32)
        self.done = done

    def write(self, first, block):
        assert first == self.done, "blocks come in order, without gaps"
        self.array[first : first + len(block)] = block
        self.done += len(block)


@pytest.fixture
def pictures(tmp_path):
    rng = np.random.default_rng(1)
    paths = []
    for i in range(N):
        paths.append((tmp_path / f"{i}.png",))
        Image.fromarray(rng.integers(0, 255, (6, 5, 3), dtype=np.uint8)).save(paths[-1][0])
    return paths


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert not [t.name for t in threading.enumerate() if t.name.startswith(("decode", "encode"))]


def run(reader, n=N, session=None, out=None, task=None, **options):
    session = session or Session()
    out = np.full((n, 4), 7, np.float32) if out is None else out
    problems = embed(session, reader, n, out, task or Task(), device="cpu", **options)
    return out, problems


def test_rows_come_out_in_order(pictures):
    out, problems = run(Reader("image", pictures))
    session = Session()
    for row, (path,) in enumerate(pictures):
        with Image.open(path) as image:
            colour = session.prepare_image(image)
        expected = unit_rows(np.array([[*colour, 1 + row % 4]], np.float32))
        np.testing.assert_allclose(out[row], expected[0], rtol=1e-6)
    assert problems == []


@pytest.mark.parametrize("options", [{"batch": 1}, {"batch": 9}, {"batch": 1000}, {"workers": 1}, {"workers": 5}])
def test_batch_and_workers_do_not_change_a_bit(pictures, options):
    reference, _ = run(Reader("image", pictures))
    assert np.array_equal(run(Reader("image", pictures), **options)[0], reference)


@pytest.mark.parametrize("done", [1, 4, 7, 22, 23])
def test_resume_goes_on_in_the_same_blocks(pictures, done):
    reference, _ = run(Reader("image", pictures))
    writer = Writer((N, 4), done)
    run(Reader("image", pictures), out=writer)
    assert writer.done == N
    assert np.array_equal(writer.array[done:], reference[done:])
    assert (writer.array[:done] == 7).all()


def test_a_broken_picture_is_reported_and_its_neighbours_are_untouched(pictures):
    reference, _ = run(Reader("image", pictures))
    pictures[5][0].write_bytes(b"no picture at all")
    pictures[9][0].unlink()
    told = []
    out, problems = run(Reader("image", pictures), task=Task(on_problem=told.append))
    assert [row for row, _ in problems] == [5, 9]
    assert [p.source for p in told] == [str(pictures[5][0]), str(pictures[9][0])]
    assert all(reason for _, reason in problems)
    assert np.isnan(out[[5, 9]]).all()
    good = np.setdiff1d(np.arange(N), [5, 9])
    assert np.array_equal(out[good], reference[good])


def test_the_writer_of_the_project_is_filled_and_resumed(pictures, tmp_path):
    reference, _ = run(Reader("image", pictures))
    path = tmp_path / "embedding-1.npy"
    writer = ArrayWriter(path, (N, 4), np.float32, "made of these")
    writer.write(0, reference[:9])
    reader = Reader("image", pictures)
    run(reader, out=writer)
    assert reader.read == N - 8, "rows written before are not made again, but for those of the block gone on with"
    writer.finish()
    assert np.array_equal(np.load(path), reference)


def test_after_a_resume_only_new_problems_are_told(pictures):
    for row in (4, 6):
        pictures[row][0].write_bytes(b"no")
    told = []
    _, problems = run(Reader("image", pictures), out=Writer((N, 4), 5), task=Task(on_problem=told.append))
    assert [row for row, _ in problems] == [6]
    assert len(told) == 1


def test_text_only_on_images_is_refused(pictures):
    with pytest.raises(InputError, match="only texts"):
        run(Reader("image", pictures), session=Session(["text"]))


def test_texts_alone():
    texts = ["a", "bb", "", "abab"]
    reader = Reader("instruction", [("/nowhere.png",)] * 4, texts)
    out, problems = run(reader, 4, Session(["text"]))
    assert np.array_equal(out, Session().encode_texts(texts))
    assert problems == [] and reader.read == 0
    assert not out[2].any()


def test_picture_and_text_are_averaged(pictures):
    pairs = [pictures[0], (), (*pictures[1], *pictures[2])]
    texts = ["abba", "ab", "aaab"]
    out, problems = run(Reader("instruction", pairs, texts), 3)
    session = Session()
    seen = []
    for (path,) in pictures[:3]:
        with Image.open(path) as image:
            seen.append(session.prepare_image(image))
    images, words = session.encode_images(seen), session.encode_texts(texts)
    np.testing.assert_allclose(out[0], unit_rows((images[:1] + words[:1]) / 2)[0], rtol=1e-5)
    np.testing.assert_allclose(out[1], words[1], rtol=1e-6)
    both = unit_rows(unit_rows(images[1:3].mean(0, keepdims=True)) + words[2:3])
    np.testing.assert_allclose(out[2], both[0], rtol=1e-5)
    assert problems == []


def test_of_several_pictures_the_broken_one_is_named(pictures):
    pictures[1][0].write_bytes(b"no")
    _, problems = run(Reader("instruction", [(*pictures[0], *pictures[1])], ["a"]), 1)
    assert len(problems) == 1 and problems[0][1].startswith("1.png ")


def test_an_encoder_of_images_needs_a_picture(pictures):
    out, problems = run(Reader("instruction", [pictures[0], ()], ["a", "b"]), 2, Session(["image"]))
    assert problems == [(1, "The sample has no picture.")]
    assert np.isnan(out[1]).all() and np.isfinite(out[0]).all()


def test_a_vector_that_is_not_finite_is_a_problem(pictures):
    class Overflowing(Session):
        def encode_images(self, prepared):
            found = super().encode_images(prepared)
            found[2] = np.inf
            return found

    out, problems = run(Reader("image", pictures), 4, Overflowing())
    assert [row for row, _ in problems] == [2] and "finite" in problems[0][1]
    assert np.isnan(out[2]).all()


def test_an_encoder_that_fits_reads_all_texts_first_and_again_after_a_resume():
    texts = [f"text {i}" for i in range(9)]
    session = Session(["text"], fits=True)
    run(Reader("instruction", None, texts), 9, session, out=Writer((9, 4), 6))
    assert session.fitted == texts
    other = Session(["text"])
    learn(other, Reader("instruction", None, texts), 9, Task())
    assert other.fitted == []


def test_the_threads_of_torch_are_as_before(pictures):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        run(Reader("image", pictures))
        assert torch.get_num_threads() == 3
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == 3, "a thread that begins afterwards"
    finally:
        torch.set_num_threads(before)


def test_nothing_to_do():
    assert run(Reader("image", []), 0)[1] == []


class Stuck(Session):
    """Encodes nothing until it is let go."""

    def __init__(self):
        super().__init__()
        self.entered, self.go = threading.Event(), threading.Event()

    def encode_images(self, prepared):
        self.entered.set()
        assert self.go.wait(20)
        return super().encode_images(prepared)


def test_cancel_is_heard_within_half_a_second(pictures):
    session = Stuck()
    asked = []

    def cancelled():
        if session.entered.is_set() and not asked:
            asked.append(time.monotonic())
        return bool(asked)

    try:
        with pytest.raises(Cancelled):
            run(Reader("image", pictures), session=session, task=Task(cancelled=cancelled))
        assert time.monotonic() - asked[0] < 0.5
    finally:
        session.go.set()
        for thread in threading.enumerate():
            if thread.name.startswith(("decode", "encode")):
                thread.join(10)


def test_only_so_much_is_read_ahead(pictures):
    session, reader = Stuck(), Reader("image", pictures)
    seen = []

    def watch(_):
        if session.entered.is_set() and not session.go.is_set():
            seen.append(reader.read)
            session.go.set()

    run(reader, session=session, batch=1, task=Task(on_progress=watch))
    assert reader.read == N
    assert seen and seen[0] <= 3 * Session.micro


def test_an_error_of_the_encoder_comes_through(pictures):
    class Failing(Session):
        def encode_images(self, prepared):
            raise PluginError("It broke.")

    with pytest.raises(PluginError, match="It broke"):
        run(Reader("image", pictures), session=Failing())


class Shelf:
    """Stands in for the registry: name -> what available() answers."""

    def __init__(self, **answers):
        self._answers = {name.replace("_", "-"): answer for name, answer in answers.items()}

    def names(self, role):
        return tuple(self._answers)

    def get(self, role, name):
        self._name = name
        return self

    def make(self):
        return self

    def available(self):
        return self._answers[self._name]


def test_the_default_is_the_best_that_can_run_here():
    have, lack = (True, "here"), (False, "weights missing")
    assert default_encoder("image", Shelf(open_clip=have, tiny_clip=have)) == ("open-clip", "here")
    name, reason = default_encoder("image", Shelf(open_clip=lack, tiny_clip=have))
    assert name == "tiny-clip" and "weights missing" in reason
    assert default_encoder("instruction", Shelf(sentence=have, lsa=have))[0] == "sentence"
    assert default_encoder("instruction", Shelf(sentence=lack, lsa=have))[0] == "lsa"
    with pytest.raises(NotReadyError, match="weights missing"):
        default_encoder("image", Shelf(open_clip=lack))
