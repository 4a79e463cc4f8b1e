"""Piles, windows and clocks for the benchmarks of the window. No torch: memory and start-up are measured here."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image
from PySide6.QtCore import QObject, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication

from curator.engine.store import Store
from curator.engine.task import Task
from curator.engine.types import Changes, Draft

CLASSES = 12
FILES = 2000
BATCH = 20_000


def report(**figures: Any) -> None:
    """One JSON line."""
    import PySide6

    figures |= {"machine": platform.machine(), "cores": os.cpu_count(), "qt": PySide6.__version__}
    rounded = {k: round(v, 2) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps(rounded), flush=True)


def resident_mb() -> float:
    """Memory of this process that is not shared with files, and what it has mapped and touched of them."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


class Frames:
    """Time of each frame, by the clock and (on a busy machine the fairer one) of this thread on its processor."""

    def __init__(self) -> None:
        self._wall: list[float] = []
        self._cpu: list[float] = []

    def add(self, frame: Callable[[], object]) -> None:
        """One frame, and a breath for the threads that fetch pictures."""
        wall, cpu = time.perf_counter(), time.thread_time()
        frame()
        self._wall.append(time.perf_counter() - wall)
        self._cpu.append(time.thread_time() - cpu)
        time.sleep(0.002)

    @property
    def figures(self) -> dict[str, float]:
        """Milliseconds: the middle one, the 95th in a hundred, the worst; of the processor, the 95th."""
        wall, cpu = 1000 * np.array(self._wall), 1000 * np.array(self._cpu)
        return {
            "p50_ms": float(np.median(wall)),
            "p95_ms": float(np.percentile(wall, 95)),
            "worst_ms": float(wall.max()),
            "cpu_p95_ms": float(np.percentile(cpu, 95)),
        }


def make_pictures(folder: Path, count: int, size: tuple[int, int] = (320, 240)) -> None:
    """JPEG pictures in class folders, each different."""
    rng = np.random.default_rng(0)
    for i in range(CLASSES):
        (folder / f"class_{i:02}").mkdir(parents=True, exist_ok=True)
    for i in range(count):
        place = folder / f"class_{i % CLASSES:02}" / f"{i:06}.jpg"
        small = rng.integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(place, quality=85)


def pile(n: int) -> Path:
    """A Project of ``n`` samples, made once and kept in the folder for temporary files."""
    root = Path(tempfile.gettempdir()) / f"curator-bench-{n}"
    project = root / "pile.curator"
    if project.is_dir():
        return project
    draft = root / "draft.curator"
    shutil.rmtree(root, ignore_errors=True)
    make_pictures(root / "pictures", min(n, FILES))
    with Store.create(draft) as store:
        dataset = store.begin_dataset("pile", "image", root / "pictures", "image-folder", "image-folder")
        for first in range(0, n, BATCH):
            store.add_samples(dataset.id, [_draft(i) for i in range(first, min(n, first + BATCH))])
        store.finish_import(dataset.id, "Import pile")
        layout = _layout(n)
        np.save(store.arrays / "projection-bench.npy", layout)
        values = {"dataset_id": dataset.id, "fingerprint": "bench", "file": "projection-bench.npy"}
        store.add_projection(projector="umap", params={}, **values)
    draft.rename(project)
    return project


def _draft(i: int) -> Draft:
    file = i % FILES
    image = f"class_{file % CLASSES:02}/{file:06}.jpg"
    return Draft(f"{i:07}.jpg", f"{file:064}", images=(image,), width=320, height=240, labels=(f"class {i % CLASSES}",))


def _layout(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLASSES, 2)) * 5
    return (centres[np.arange(n) % CLASSES] + rng.normal(size=(n, 2))).astype(np.float32)


class Answers:
    """Stands in for the file dialogs."""

    def __init__(self, project: Path | None = None) -> None:
        self.project = project

    def new_project(self, _proposed: Path) -> Path | None:
        return self.project

    def confirm(self, _question: str, _details: str) -> bool:
        return True


def open_window(scratch: Path, project: Path | None = None, answers: Answers | None = None) -> Any:
    """The real window, of ordinary size, on ``project``."""
    from curator.ui.app import starting

    with starting():
        from curator.engine.registry import registry
        from curator.settings import Settings
        from curator.ui.main_window import MainWindow

        registry().expect(None)
        settings = Settings(cache_dir=scratch / "cache", plugins_dir=scratch / "plugins", offline=True)
        memory = QSettings(str(scratch / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(settings, memory, answers or Answers())
        window.resize(1600, 1000)
        window.show()
        if project is not None:
            window.opening.open(project)
    return window


def wait_for(app: QApplication, condition: Callable[[], bool], seconds: float = 120.0) -> float:
    """Let the window live until something is so; returns the seconds it took."""
    start = time.perf_counter()
    while not condition():
        app.processEvents()
        time.sleep(0.001)
        if time.perf_counter() - start > seconds:
            raise SystemExit(f"not within {seconds} s")
    return time.perf_counter() - start


class Heartbeat(QObject):
    """Beats every 10 ms and remembers the longest pause between two beats, less the 10 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.worst, self._last = 0.0, time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.worst = max(self.worst, now - self._last - 0.01)
        self._last = now


@dataclass(frozen=True)
class FitRequest:
    """Fit HDBSCAN in the worker."""

    handler: ClassVar[str] = "window_pile:fit_hdbscan"

    n: int
    title: str = "Fit"


def fit_hdbscan(_store: Store, request: FitRequest, task: Task, *, polite: bool = False) -> Changes:
    """The clusterer's own work, in native code that holds Python's lock for seconds."""
    import hdbscan

    task.step("Fitting", 0, 1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 32))[rng.integers(0, 40, request.n)] * 2 + rng.normal(size=(request.n, 32))
    hdbscan.HDBSCAN(min_cluster_size=15, core_dist_n_jobs=1).fit(x)
    task.step("Fitting", 1, 1)
    return Changes(frozenset())
