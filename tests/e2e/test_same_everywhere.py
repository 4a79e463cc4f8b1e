"""The same seed gives the same picks: any batch size, one thread or two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from curator.engine.resources import resource


def curator(folder: Path, *args: str, threads: int = 2) -> str:
    """One command in a process of its own."""
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "curator", *args], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Ninety-odd different pictures in three classes."""
    folder = tmp_path_factory.mktemp("same") / "pictures"
    for i in range(97):
        place = folder / ("abc"[i % 3])
        place.mkdir(parents=True, exist_ok=True)
        picture = Image.linear_gradient("L").rotate(i * 37).resize((48, 48))
        Image.merge("RGB", (picture, picture.rotate(90 * (i % 4)), Image.new("L", (48, 48), i * 2))).save(
            place / f"{i:03}.png"
        )
    return folder


def rows(folder: Path, pictures: Path, name: str, recipe: str, threads: int, batch: int) -> list[dict]:
    project = f"{name}.curator"
    curator(folder, "init", project)
    curator(folder, "import", project, str(pictures))
    values = ["--set", "selector.budget=40", "--set", "redundancy.threshold=0.999", "--batch", str(batch)]
    out = curator(folder, "run", project, "--recipe", recipe, *values, "--json", threads=threads)
    shown = curator(folder, "show", project, str(json.loads(out)["subset"]["id"]), "--rows", "40", "--json")
    return json.loads(shown)["rows"]


@pytest.mark.parametrize("recipe", ["diverse", "pcoreset"])
def test_threads_and_batch_size_do_not_change_a_pick(tmp_path, pictures, recipe):
    if not resource("encoders").joinpath("tiny-clip").is_dir():
        pytest.skip("no bundled encoder in this checkout")
    one = rows(tmp_path, pictures, "one", recipe, threads=1, batch=5)
    two = rows(tmp_path, pictures, "two", recipe, threads=2, batch=64)
    for key in ("source", "reason", "skill"):
        assert [r[key] for r in one] == [r[key] for r in two]
    for a, b in zip(one, two, strict=True):
        assert a["gain"] == b["gain"] or a["gain"] == pytest.approx(b["gain"], abs=1e-5)
