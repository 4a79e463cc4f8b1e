"""From a fresh process to the first paint of a small project, and whether torch stayed out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from window_pile import pile, report

CHILD = """
import json, sys, time
start = time.perf_counter()
from curator.ui.app import starting
imported = time.perf_counter() - start
with starting():
    from pathlib import Path
    from PySide6.QtWidgets import QApplication
    sys.path.insert(0, sys.argv[3])
    app = QApplication([])
    from window_pile import open_window
    window = open_window(Path(sys.argv[1]), Path(sys.argv[2]))
whole = []
window.warming.finished.connect(lambda: whole.append(time.perf_counter() - start))
while not window.center.gallery.painted:
    app.processEvents()
found = [imported, time.perf_counter() - start, "torch" in sys.modules, time.process_time()]
while not whole:
    app.processEvents()
print(json.dumps([*found, *whole]))
window.close()
"""


@click.command()
@click.option("--n", default=2000)
@click.option("--runs", default=3)
@click.option("--seed", default=0, help="Accepted for symmetry; nothing here is random.")
def main(n: int, runs: int, seed: int) -> None:
    """Print one JSON line: the one in the middle of some runs by the first paint, and when every panel was there."""
    project = pile(n)
    env = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its modules compiled
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as scratch:
            command = [sys.executable, "-c", CHILD, scratch, str(project), str(Path(__file__).parent)]
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
            found.append(json.loads(done.stdout.splitlines()[-1]))
    imported, painted, torch, cpu, whole = sorted(found, key=lambda run: run[1])[len(found) // 2]
    report(
        benchmark="window-start", n=n, import_s=imported, first_paint_s=painted, cpu_s=cpu, whole_s=whole, goal_s=1.5,
        torch_loaded=torch, all_runs_s=[round(run[1], 2) for run in found],
    )  # fmt: skip


if __name__ == "__main__":
    main()
