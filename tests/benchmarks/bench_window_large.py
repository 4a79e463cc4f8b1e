"""What is done to a large pile in the window, one thing after the other: how long it takes, and the worst pause."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from window_pile import Heartbeat, open_window, pile, report, resident_mb, wait_for

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from PySide6.QtWidgets import QApplication

QUIET_S = 0.4
"""So long after it is done the window is watched on: what follows from it may come a little later."""


class Doing:
    """Does one thing at a time in a window, and prints a line for each."""

    def __init__(self, app: QApplication, window: Any, n: int) -> None:
        self._app, self.n, self.window, self._beat = app, n, window, Heartbeat()

    def do(self, what: str, act: Callable[[], object], done: Callable[[], bool]) -> None:
        """``act``, then live until ``done`` and a little longer."""
        self._beat.worst, start = 0.0, time.perf_counter()
        act()
        wait_for(self._app, done, 300)
        seconds, later = time.perf_counter() - start, time.perf_counter() + QUIET_S
        wait_for(self._app, lambda: time.perf_counter() > later)
        report(
            benchmark="window-large", what=what, n=self.n, seconds=seconds, worst_gap_ms=1000 * self._beat.worst,
            goal_ms=50, resident_mb=resident_mb(),
        )  # fmt: skip

    def arrange(self, what: str, **changes: object) -> None:
        """Sort or group as the menus do."""
        window = self.window
        self.do(
            what, lambda: window.center.arrange._ask(**changes),
            lambda: all(getattr(window.samples.query, k) == v for k, v in changes.items()),
        )  # fmt: skip

    def search(self, what: str, text: str) -> None:
        """Filter as the search box does."""
        window = self.window
        self.do(
            what, lambda: window.commands.finding.show(text), lambda: window.samples.query.where == text,
        )  # fmt: skip

    def colour(self, what: str, name: str) -> None:
        """Colour as the menu does."""
        window = self.window
        self.do(what, lambda: window.center.arrange._paint(name), lambda: window.state.colour == name)


def gallery_things(doing: Doing) -> None:
    """Arranging, filtering and highlighting in the gallery."""
    window = doing.window
    doing.do("open the menu of orders", window.center.arrange._fields, lambda: True)
    for turn in ("first", "again"):
        doing.arrange(f"group by class, {turn}", group="class")
        doing.arrange(f"no groups, {turn}", group="")
        doing.arrange(f"sort by name, {turn}", sort="name")
        doing.arrange(f"group by source, {turn}", group="source", sort="row")
        doing.arrange(f"sort by length, {turn}", group="", sort="length")
        doing.arrange(f"in the order of the import, {turn}", sort="row")
        doing.search(f"filter by class, {turn}", 'label:"class 3"')
        doing.search(f"filter by name, {turn}", "source:77")
        doing.search(f"everything again, {turn}", "")
        doing.colour(f"colour by class, {turn}", "class")
        doing.colour(f"colour by nothing, {turn}", "")
    doing.do("highlight all", window.center.gallery.highlight_all, lambda: True)
    doing.do("highlight none", window.center.gallery.cursor_.none, lambda: True)
    every_other = np.arange(0, doing.n, 2, dtype=np.int32)
    doing.do("highlight every other one", lambda: window.state.set_highlight(every_other), lambda: True)
    doing.do("highlight one", lambda: window.center.gallery.go(5), lambda: True)


def map_things(doing: Doing) -> None:
    """The same with the map in sight."""
    window = doing.window

    def ready() -> bool:
        page = window.center.view
        return page.canvas is not None and page.canvas._complete and not page.sync._pending

    doing.do("open the map", window.commands.show_map, ready)
    for name in ("class", "source", ""):
        doing.do(
            f"colour the map by {name or 'nothing'}", lambda name=name: window.center.arrange._paint(name),
            lambda name=name: window.state.colour == name and ready(),
        )  # fmt: skip
    doing.do("highlight all on the map", window.center.gallery.highlight_all, ready)
    doing.do("highlight none on the map", window.center.gallery.cursor_.none, ready)
    finding = window.commands.finding
    for text in ('label:"class 3"', ""):
        doing.do(
            f"filter the map by {text or 'nothing'}", lambda text=text: finding.show(text),
            lambda text=text: window.samples.query.where == text and ready(),
        )  # fmt: skip


@click.command()
@click.option("--n", default=1_000_000)
@click.option("--seed", default=0, help="Accepted for symmetry; the data is always the same.")
def main(n: int, seed: int) -> None:
    """Print one JSON line for each thing done."""
    app = QApplication([])
    project = pile(n)
    with tempfile.TemporaryDirectory() as scratch:
        window = open_window(Path(scratch), project)
        wait_for(app, lambda: window.center.gallery.painted > 0 and not window.thumbs._running)
        doing = Doing(app, window, n)
        doing.do("opened, and what is read then", lambda: None, lambda: not _busy(window))
        gallery_things(doing)
        map_things(doing)
        window.close()


def _busy(window: Any) -> bool:
    """Whether something is made or read beside the window."""
    return window.warming._timer.isActive() or any(t.is_alive() for t in window.bridge._threads)


if __name__ == "__main__":
    main()
