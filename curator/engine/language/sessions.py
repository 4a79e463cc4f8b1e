"""Encoder sessions over a language model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from curator.engine.device import choose_device
from curator.engine.language.response import RESPONSE
from curator.engine.language.scoring import gradient_tables, make_tables, open_model, pictured, pictured_pass, run
from curator.engine.recipe import fingerprint
from curator.engine.task import Task
from curator.engine.types import Floats, SampleReader
from curator.engine.unit import unit_rows
from curator.engine.whole_piles import NoSinglePictures

NO_RESPONSE = "The record has no response"
OR_PICTURE = ", or a picture of it cannot be read"
Problems = list[tuple[int, str]]


class _UnitRows:
    """Rows on their way into a matrix, brought to length one; remembers those that cannot be read."""

    def __init__(self, out: Any, reason: str = f"{NO_RESPONSE}.") -> None:
        out.flush()  # what was written before counts as done
        self._out, self._reason = out, reason
        self.done = int(out.done)
        self.problems: Problems = []

    def write(self, first: int, block: Any) -> None:
        """Put a block at its place."""
        rows = unit_rows(block)
        self.problems += [(first + int(i), self._reason) for i in np.flatnonzero(~np.isfinite(rows).all(axis=1))]
        self._out.write(first, rows)
        self.done = int(self._out.done)


class LanguageSession(NoSinglePictures, ABC):
    """See EncoderSession. The model is loaded when the first record is read, so a reused Embedding does not wait.

    Attributes:
        params: the encoder's parameters.
    """

    fits = False
    reads = frozenset({"text"})
    logit_scale = float("nan")
    dims: int

    def __init__(self, params: Any, device: str, task: Task) -> None:
        self.params, self._task = params, task
        self._device = choose_device(device).name
        self.about = params.about(self._device)
        self.identity = fingerprint({**self.about, **self._more()})

    def _more(self) -> dict[str, Any]:
        return {"layer": self.params.layer}

    @cached_property
    def model(self) -> Any:
        """The language model in memory."""
        return open_model(self.params, self._device, self._task)

    @abstractmethod
    def work(self) -> Any:
        """The pass whose last columns are the vectors."""

    def fit(self, texts: Callable[[], Iterator[str]], count: int, task: Task) -> None:
        """Nothing to learn."""

    def encode_texts(self, texts: list[str]) -> Floats:
        """float32 [len, d], unit rows, of plain texts; a blank one gives a zero row."""
        work = self.work()
        if hasattr(work, "capture"):
            with work.capture.watching():
                found = work(["{}"] * len(texts), texts)
        else:
            found = work(["{}"] * len(texts), texts)
        return np.nan_to_num(unit_rows(found[:, -self.dims :]))


class GradientSession(LanguageSession):
    """Sketches of the gradient of one layer; the numbers of responses are left in the tables."""

    def __init__(self, params: Any, device: str, task: Task) -> None:
        super().__init__(params, device, task)
        self.dims = params.width

    def _more(self) -> dict[str, Any]:
        p = self.params
        return {"layer": p.layer, "width": p.width, "projection": p.projection, "seed": p.projection_seed}

    def work(self) -> Any:
        """One forward and half a backward for each record."""
        from curator.engine.language.gradient import Projection
        from curator.engine.language.passes import GradientPass

        p = self.params
        projection = Projection(p.width, p.projection_seed, p.projection, self._device)
        if source := pictured(p):
            return pictured_pass(p, source, self._device, self._task, layer=p.layer, projection=projection)
        return GradientPass(self.model, p.max_tokens, self.model.middle(p.layer), projection)

    def fill(self, reader: SampleReader, n: int, out: Any, tables: Any, task: Task) -> Problems:
        """Vectors into ``out``, numbers into ``tables``; returns (row, reason) for records without a response."""
        unit = _UnitRows(out, f"{NO_RESPONSE}{OR_PICTURE if pictured(self.params) else ''}.")
        first = (unit, slice(len(RESPONSE) + 1, len(RESPONSE) + 1 + self.dims))
        make_tables(gradient_tables(self.about, self.params.layer), self.work, reader, n, tables, task, first)
        return unit.problems


class HiddenSession(LanguageSession):
    """Mean hidden states of one layer."""

    @property
    def dims(self) -> int:  # type: ignore[override]
        """Width of the model."""
        return int(self.model.model.config.get_text_config().hidden_size)

    def work(self) -> Any:
        """Half a forward for each record."""
        from curator.engine.language.passes import HiddenPass

        return HiddenPass(self.model, self.params.max_tokens, self.model.middle(self.params.layer))

    def fill(self, reader: SampleReader, n: int, out: Any, tables: Any, task: Task) -> Problems:
        """Vectors into ``out``; returns (row, reason) for records without any text."""
        unit = _UnitRows(out)
        run(self.work(), reader, n, [(unit, slice(0, self.dims))], task)
        return unit.problems
