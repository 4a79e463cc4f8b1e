"""The panels beside the middle of the window, in docks; a panel is made when it is asked for, or when there is time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QWidget

from curator.ui.language import tr
from curator.ui.panels import PANELS

if TYPE_CHECKING:
    from curator.ui.desk import Desk

LAYOUT_VERSION = 1


class Docks(QObject):
    """Where the panels stand.

    Attributes:
        by_key: each dock by the key of its panel.
        layout_: where the user left them; None before they were ever shown.
    """

    made = Signal(str, QWidget)
    """A panel has just been made: its key, and itself. Whoever works with it connects to it now."""

    def __init__(self, window: QMainWindow, desk: Desk) -> None:
        super().__init__(window)
        self._window, self._desk = window, desk
        self._panels: dict[str, QWidget] = {}
        self._make: dict[str, Callable[[Desk], QWidget]] = {panel.key: panel.make for panel in PANELS}
        self._shown = False
        self.layout_: QByteArray | None = None
        self.by_key: dict[str, QDockWidget] = {}
        window.setDockNestingEnabled(True)
        for panel in PANELS:
            self.by_key[panel.key] = self._dock(panel.key, panel.title, panel.area)
            if panel.behind:
                window.tabifyDockWidget(self.by_key[panel.behind], self.by_key[panel.key])
        area = Qt.DockWidgetArea
        window.setCorner(Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)
        for dock in self.by_key.values():
            dock.hide()

    def _dock(self, key: str, title: str, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(tr(title).replace("&", ""), self._window)
        dock.setObjectName(key)
        dock.toggleViewAction().setText(tr(title))
        self._window.addDockWidget(area, dock)
        return dock

    # ---- panels ----------------------------------------------------------------------------------------------

    def panel(self, key: str) -> Any:
        """The panel of this key, a widget; made now if it was not yet."""
        if key not in self._panels:
            self._panels[key] = self._make[key](self._desk)
            self.by_key[key].setWidget(self._panels[key])
            self.made.emit(key, self._panels[key])
        return self._panels[key]

    def known(self, key: str) -> QWidget | None:
        """The panel of this key if it has been made."""
        return self._panels.get(key)

    def make(self, *keys: str) -> Iterator[None]:
        """Make the panels that were not made yet; in each step the module of one is loaded, or one is made."""
        for panel in [panel for panel in PANELS if panel.key in keys and panel.key not in self._panels]:
            import_module(panel.module)
            yield
            self.panel(panel.key)
            yield

    # ---- places ----------------------------------------------------------------------------------------------

    def show(self, on: bool) -> None:
        """As the user left them; the first time, in good proportion. The start page stands alone."""
        if on == self._shown:
            return
        self._shown, window = on, self._window
        if not on:
            self.layout_ = window.saveState(LAYOUT_VERSION)
        for dock in self.by_key.values():
            dock.setVisible(on)
        if on and (self.layout_ is None or not window.restoreState(self.layout_, LAYOUT_VERSION)):
            self._place()

    def _place(self) -> None:
        window, docks, across = self._window, self.by_key, Qt.Orientation.Horizontal
        letter = window.fontMetrics().averageCharWidth()
        docks["library"].raise_()
        docks["detail"].raise_()
        right = max(letter * 46, min(letter * 62, window.width() // 5))
        left, right = min(letter * 44, window.width() // 4), min(right, window.width() // 4)  # at a large font
        window.resizeDocks([docks["library"], docks["detail"]], [left, right], across)
        window.resizeDocks([docks["library"], docks["run"]], [letter * 48, letter * 52], Qt.Orientation.Vertical)
        window.resizeDocks([docks["jobs"]], [letter * 15], Qt.Orientation.Vertical)

    def give_room(self) -> None:
        """To the log of a job."""
        jobs, wanted = self.by_key["jobs"], self._window.fontMetrics().lineSpacing() * 14
        if jobs.height() < wanted:
            self._window.resizeDocks([jobs], [wanted], Qt.Orientation.Vertical)

    def hide_strays(self) -> None:
        """Qt forgets the tab bar of docks that joined a group while hidden; it would lie over the middle, a panel, or
        the bar that took its place, which is the one that lies below its panel."""
        window = self._window
        shown = [d for d in self.by_key.values() if not d.isFloating() and not d.visibleRegion().isEmpty()]
        places = [w.geometry() for w in (window.centralWidget(), *shown) if w is not None]
        bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        seen = [(_askew(bar, shown), bar.geometry(), bar) for bar in bars if bar.isVisible()]
        for off, place, bar in seen:
            over = any(off > less and place.intersects(other) for less, other, _ in seen)
            if over or any(panel.contains(place.center()) for panel in places):
                bar.hide()


def _askew(bar: QWidget, panels: Sequence[QWidget]) -> int:
    """Pixels by which the sides of a bar miss those of the panel that fits best."""
    return min((abs(bar.x() - p.x()) + abs(bar.width() - p.width()) for p in panels), default=0)
