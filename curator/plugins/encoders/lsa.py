"""TF-IDF and truncated SVD: a vector for every text, with nothing to download.

Source: Deerwester et al., Indexing by Latent Semantic Analysis, 1990; the randomized SVD is Halko, Martinsson and
Tropp, Finding Structure with Randomness, 2011, algorithms 4.4 and 5.1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from curator.engine.api import NotReadyError, Task, encoder, param
from curator.engine.params import values_of
from curator.engine.types import Floats
from curator.engine.unit import unit_rows

OVERSAMPLE = 10
POWER = 4
"""Power iterations: more of them, nearer to the exact directions."""
ROUNDING = 1e-10
"""Squared singular values below this part of the largest are rounding errors of float32."""
BLOCK = 2000
"""Rows multiplied between two looks at the cancel button."""
SMALL = 50
"""Below this many texts every word counts, however rare."""

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
TOKEN = rf"(?u)[{_IDEOGRAPHS}]|[^\W{_IDEOGRAPHS}]+"
"""A word is a run of letters and digits; each Chinese, Japanese or Korean sign counts as one."""


class LsaSession:
    """A vocabulary and a basis, once :meth:`fit` has read the texts. See EncoderSession for the attributes."""

    fits = True
    reads = frozenset({"text"})
    logit_scale = float("nan")
    micro = 256

    def __init__(self, settings: Lsa, seed: int) -> None:
        self._settings, self._seed = settings, seed
        self.dims = settings.dims
        described = {"lsa": values_of(settings), "scikit-learn": version("scikit-learn"), "token": TOKEN}
        self.identity = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
        self._words: Any = None
        self._basis: Floats | None = None

    def fit(self, texts: Callable[[], Iterator[str]], count: int, task: Task) -> None:
        """Learn words, their weights and the basis from at most ``sample`` of the ``count`` texts.

        Memory grows with the sample, not with the Dataset: texts are read one by one, and a seeded sample is kept.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer

        settings = self._settings
        rng = np.random.default_rng(self._seed)
        kept = self._sample(texts, count, rng, task)
        words = TfidfVectorizer(
            token_pattern=TOKEN,
            ngram_range=(1, 2 if settings.pairs else 1),
            min_df=settings.min_df if len(kept) >= SMALL else 1,
            max_features=settings.max_words,
            sublinear_tf=True,
            norm="l2",
            dtype=np.float32,
        )
        try:
            counted = words.fit_transform(task.track(kept, "Counting words"))
        except ValueError:  # scikit-learn's word for "no text holds a single word"
            task.log("The texts hold no words; their vectors are zero.")
            self._words, self._basis = None, np.zeros((0, self.dims), np.float32)
            return
        self._words = words
        basis = _right_vectors(counted, self.dims, rng, task)
        self._basis = np.zeros((counted.shape[1], self.dims), np.float32)
        self._basis[:, : basis.shape[1]] = basis

    def _sample(
        self, texts: Callable[[], Iterator[str]], count: int, rng: np.random.Generator, task: Task
    ) -> list[str]:
        size = self._settings.sample
        wanted = np.ones(count, bool)
        if count > size:
            wanted[:] = False
            wanted[rng.choice(count, size, replace=False)] = True
            task.log(f"Words and basis are learned from {size} of {count} texts.")
        read = task.track(texts(), "Reading texts", count)
        return [text for row, text in enumerate(read) if row < count and wanted[row]]

    def prepare_image(self, image: Any) -> Any:
        """Raises: this encoder reads texts only."""
        raise NotImplementedError("lsa reads no images")

    def encode_images(self, prepared: list[Any]) -> Floats:
        """Raises: this encoder reads texts only."""
        raise NotImplementedError("lsa reads no images")

    def encode_texts(self, texts: list[str]) -> Floats:
        """float32 [len, d], unit rows; a text without a known word gives a zero row.

        Raises:
            NotReadyError: before :meth:`fit`.
        """
        if self._basis is None:
            raise NotReadyError("The encoder lsa has not read the dataset yet.", "Run it on the dataset first.")
        if self._words is None or not texts:
            return np.zeros((len(texts), self.dims), np.float32)
        return unit_rows(self._words.transform(texts) @ self._basis)


def _right_vectors(matrix: Any, dims: int, rng: np.random.Generator, task: Task) -> Floats:
    """The leading right singular vectors of a sparse matrix, largest first: float32 [words, r], r <= dims.

    ``r`` is smaller where the matrix has a lower rank. Everything long goes block by block so that cancel is heard.
    Linear algebra runs on one thread, so that the bits do not depend on the machine's cores.
    """
    from threadpoolctl import threadpool_limits

    rows, words = matrix.shape
    width = min(dims + OVERSAMPLE, rows, words)
    starts = range(0, rows, BLOCK)
    total = (2 * POWER + 2) * len(starts)
    done = 0

    def blocks() -> Iterator[slice]:
        nonlocal done
        for first in starts:
            task.step("Finding the main directions", done, total)
            yield slice(first, first + BLOCK)
            done += 1

    def times(right: Floats) -> Floats:
        return np.concatenate([matrix[part] @ right for part in blocks()])

    def transposed_times(left: Floats) -> Floats:
        out = np.zeros((words, left.shape[1]), np.float32)
        for part in blocks():
            out += matrix[part].T @ left[part]
        return out

    with threadpool_limits(1, user_api="blas"):
        left = _orthonormal(times(rng.standard_normal((words, width), np.float32)), task)
        for _ in range(POWER):
            left = _orthonormal(times(_orthonormal(transposed_times(left), task)), task)
        directions = _orthonormal(transposed_times(left), task)[:, :dims]
    task.step("Finding the main directions", total, total)
    largest = np.abs(directions).argmax(axis=0)
    return directions * np.sign(directions[largest, np.arange(directions.shape[1])])


def _orthonormal(matrix: Floats, task: Task) -> Floats:
    """The left singular vectors of a tall matrix, largest first, without those that are nothing but rounding.

    By way of the eigenvectors of its Gram matrix in float64: one pass of products over blocks, where a QR of the
    whole would be one long call that cannot be interrupted.
    """
    starts = range(0, len(matrix), BLOCK)
    gram = np.zeros((matrix.shape[1], matrix.shape[1]))
    for first in starts:
        task.check()
        part = matrix[first : first + BLOCK].astype(np.float64)
        gram += part.T @ part
    values, vectors = np.linalg.eigh(gram)
    keep = values > values[-1] * ROUNDING
    turn = (vectors[:, keep] / np.sqrt(values[keep]))[:, ::-1]
    return np.concatenate([(matrix[first : first + BLOCK] @ turn).astype(np.float32) for first in starts])


@encoder("lsa", version=1, kinds={"instruction"})
@dataclass(frozen=True)
class Lsa:
    """Word statistics for texts: TF-IDF and truncated SVD (latent semantic analysis).

    Fast, needs no weights, and works in any language that separates words (Chinese, Japanese and Korean are read
    sign by sign). Two texts are close when they use the same words, or words that go together in this dataset.
    """

    dims: int = param(256, low=2, high=2048, help="Width of the vectors", unit="dimensions")
    min_df: int = param(2, low=1, help="Leave out words that fewer texts use", unit="texts", advanced=True)
    max_words: int = param(50_000, low=100, help="Keep only the most frequent words and pairs", advanced=True)
    pairs: bool = param(True, help="Count pairs of neighbouring words too", advanced=True)
    sample: int = param(50_000, low=100, help="Learn from at most this many texts", unit="texts", advanced=True)

    duplicate_threshold: ClassVar[float] = 0.95

    def available(self) -> tuple[bool, str]:
        """Always: scikit-learn comes with Curator."""
        return True, "needs no weights"

    def open(self, device: str, seed: int, task: Task) -> LsaSession:
        """A session that has read nothing yet; ``device`` is not used, the work is on the CPU."""
        return LsaSession(self, seed)
