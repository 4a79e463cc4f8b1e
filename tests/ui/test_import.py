import os
import subprocess
import sys

import pytest

from curator.ui.app import has_display

HEAVY = ("torch", "sklearn", "hdbscan", "open_clip", "umap", "transformers")


def test_the_window_is_imported_without_anything_heavy():
    code = (
        "import sys, curator.ui.app, curator.ui.main_window\n"
        "from curator.engine.registry import registry\n"
        "registry().discover()\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"QT_QPA_PLATFORM": "offscreen"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_has_display(monkeypatch, platform, variables, expected):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert has_display() is expected


def test_run_shows_the_window_reports_a_bug_and_closes(tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from PySide6.QtCore import QTimer\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from curator.settings import Settings\n"
        "from curator.ui.app import run\n"
        "app = QApplication([])\n"
        "def look():\n"
        "    window = next(w for w in app.topLevelWidgets() if w.objectName() == 'curator')\n"
        "    print(window.isVisible(), window.bar.notice.text)\n"
        "    QTimer.singleShot(0, lambda: 1 / 0)\n"
        "    QTimer.singleShot(50, lambda: (print(window.bar.notice.text), window.close()))\n"
        "QTimer.singleShot(50, look)\n"
        "sys.exit(run(Path('missing.curator'), Settings(plugins_dir=Path('plugins'))))\n"
    )
    places = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    env = {**os.environ, **places, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env=env, timeout=60
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("True ") and "missing" in first
    assert second == "Something in Curator broke: ZeroDivisionError: division by zero"
    assert "Traceback" in done.stderr


def test_the_window_leaves_pandas_and_pyqtgraph_until_they_are_needed():
    code = (
        "import sys, curator.ui.app, curator.ui.main_window, curator.engine.store\n"
        "print([m for m in ('pandas', 'pyqtgraph', 'scipy', 'matplotlib') if sys.modules.get(m)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
