"""GGUF files, opened without parsing them again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np


@contextmanager
def read_once() -> Iterator[None]:
    """Inside, transformers parses the header of a GGUF file once, and makes its table of tensor names once.

    By itself it parses the header (each token of the vocabulary) for the configuration, the tokenizer and the weights,
    and makes the same table for every module of the model: most of the time that opening a small model takes.
    """
    import gguf

    module: Any = gguf
    before = module.GGUFReader, module.get_tensor_name_map
    module.GGUFReader = lru_cache(maxsize=1)(_plain(module.GGUFReader))
    module.get_tensor_name_map = lru_cache(maxsize=8)(module.get_tensor_name_map)
    try:
        yield
    finally:
        module.GGUFReader, module.get_tensor_name_map = before


def _plain(reader: type) -> type:
    """A reader that cuts its pieces from a plain array over the mapped file: cuts of a memmap are ten times as slow."""

    class Plain(reader):
        @property
        def data(self) -> Any:
            return self._bytes

        @data.setter
        def data(self, mapped: Any) -> None:
            self._bytes = np.asarray(mapped)

    return Plain
