"""Fixtures for every test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

pytest_plugins = ("tiny_model",)
REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def nothing_set_for_the_next_test() -> Iterator[None]:
    """Settings act on the whole process (theme, offline, caches): each test starts without those of the last."""
    before = dict(os.environ)
    yield
    if os.environ != before:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)
    if (taste := sys.modules.get("curator.ui.taste")) is not None:
        taste.apply_theme("system")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real datasets beside the checkout; mark the test ``real_data``. Skips where they are absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("no real datasets beside this checkout")
    return REAL_DATA


@pytest.fixture
def image_folder(tmp_path: Path) -> Callable[..., Path]:
    """``image_folder("cats/a.png", "dogs/b.jpg")``: a folder of small pictures, each different."""

    def make(*names: str, folder: str = "pictures", size: tuple[int, int] = (12, 8)) -> Path:
        root = tmp_path / folder
        root.mkdir(exist_ok=True)
        for number, name in enumerate(names):
            place = root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, 60)).save(place)
        return root

    return make


@pytest.fixture(scope="session")
def digit_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 180 handwritten digits in ten class folders named "zero" to "nine"."""
    import numpy as np
    from sklearn.datasets import load_digits

    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    digits, root = load_digits(), tmp_path_factory.mktemp("digits") / "digits"
    for row in range(180):
        place = root / names[digits.target[row]] / f"{row:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        grey = np.asarray(digits.images[row] * 15.9, np.uint8)
        Image.fromarray(255 - grey).resize((32, 32), Image.Resampling.BILINEAR).save(place)
    return root


QUIET_ENV = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}


def start_demo(folder: Path) -> subprocess.Popen[bytes]:
    """``curator demo`` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "curator", "demo", str(folder), "--no-window", "--budget", "60"],
        env=QUIET_ENV,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture(scope="session")
def start_of_demo():
    """Starts the demo in a folder."""
    return start_demo


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The folder of a demo that nothing disturbed, to be left as it is, and how many seconds it took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    started = time.monotonic()
    assert start_demo(folder).wait(600) == 0
    return folder, time.monotonic() - started
