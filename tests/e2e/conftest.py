"""The demo, made once for all who look at it or hold theirs against it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
