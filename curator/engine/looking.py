"""One number for each sample from its pictures."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from curator.engine.device import cores
from curator.engine.errors import CuratorError
from curator.engine.pictures import load_rgb, read_header
from curator.engine.task import Task
from curator.engine.types import Floats, Inputs

AT_ONCE = 64
GREY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the brightness that people see (ITU-R BT.601)."""


def picture_scores(inputs: Inputs, task: Task, label: str, measure: Callable[[Any], float], side: int = 512) -> Floats:
    """float32 [n]: the mean of ``measure`` over the pictures of each row alive; NaN without a picture that can be read.

    ``measure`` takes grey values, float32 [height, width] in 0..1; a picture with a longer side than ``side`` is made
    smaller first, so that the number does not depend on the resolution a picture happens to have.
    """

    def look(path: Path) -> float:
        with load_rgb(path) as image:
            image.thumbnail((side, side))
            return measure(np.asarray(image, np.float32) @ np.array(GREY, np.float32) / 255)

    return _each(inputs, task, label, look)


def header_scores(inputs: Inputs, task: Task, label: str, measure: Callable[[int, int], float]) -> Floats:
    """The same from width and height alone, as displayed; pixels are not decoded."""

    def look(path: Path) -> float:
        width, height, _ = read_header(path)
        return measure(width, height)

    return _each(inputs, task, label, look)


def _each(inputs: Inputs, task: Task, label: str, look: Callable[[Path], float]) -> Floats:
    assert inputs.samples is not None
    values = np.full(inputs.n, np.nan, np.float32)
    rows = inputs.rows

    def one(paths: tuple[Path, ...]) -> float:
        found = []
        for path in paths:
            try:
                found.append(look(path))
            except (CuratorError, OSError, ValueError):  # one bad picture never stops a job; importers gave the reason
                return float("nan")
        return float(np.mean(found)) if found else float("nan")

    paths = iter(inputs.samples.image_paths(rows))
    with ThreadPoolExecutor(cores(), "look") as pool:
        for first in task.track(range(0, len(rows), AT_ONCE), label):
            part = list(itertools.islice(paths, AT_ONCE))
            values[rows[first : first + len(part)]] = list(pool.map(one, part))
    return values
