"""The map page: the layout with its tools, legend and hover card; or why there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QActionGroup, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from curator.engine.registry import registry
from curator.ui import theme
from curator.ui.language import noop, tr
from curator.ui.models.layouts import EMPTY, ERROR, FINE, LOADING, QUICK, READY, Layouts
from curator.ui.reading import Reading
from curator.ui.views.elided import ElidedButton, ElidedLabel
from curator.ui.views.jobs import duration
from curator.ui.views.map_card import HoverCard
from curator.ui.views.map_legend import SHARE, Legend
from curator.ui.views.map_offer import FinerOffer
from curator.ui.views.map_sync import AT_ONCE, MapSync
from curator.ui.waiting import waiting_words

if TYPE_CHECKING:
    from curator.engine.types import Ints
    from curator.ui.desk import Desk
    from curator.ui.views.map_canvas import MapCanvas
    from curator.ui.views.map_pictures import MapPictures

TOOLS = (
    ("move", noop("Move"), noop("Drag to move, wheel to zoom (M)"), Qt.Key.Key_M),
    (
        "lasso",
        noop("Lasso"),
        noop("Draw around samples to highlight them; Shift adds, Alt takes away (F)"),
        Qt.Key.Key_F,
    ),
    (
        "rectangle",
        noop("Rectangle"),
        noop("Highlight what is in a rectangle; Shift adds, Alt takes away (R)"),
        Qt.Key.Key_R,
    ),
)
CANVAS = "curator.ui.views.map_canvas"
FILTERS = frozenset({"class", "skill", "label", "pin", "source"})
"""Columns whose categories the filter language knows by the same name."""
IN_VIEW = ("pin-in", "pin-out", "pin-clear", "label", "label-clear", "highlight-all")
WAITING = noop(
    "There is no map of these samples yet.\nIt shows what is alike close together; making it reads every sample once."
)


class MapPage(QWidget):
    """Follows the state like every view; nothing is computed while it is hidden."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._state = desk, desk.state
        self.layouts = Layouts(desk, self)
        self.canvas: MapCanvas | None = None
        self.sync: MapSync | None = None
        self._stale: set[str] = set()
        self._circling = Reading(desk.state, desk.bridge, self)
        self._load()
        self._term = ""
        self._values: tuple[str, ...] = ()
        self.message, self.button, self.bar = QLabel(), QPushButton(tr("&Make a map")), QProgressBar()
        self.status = ElidedLabel()
        self.legend = Legend(self)
        self.card = HoverCard(desk.thumbs, self)
        self.tools: dict[str, QToolButton] = {}
        self.names = QToolButton()
        self.which = ElidedButton()
        self.which.shorter = (tr("Layout"),)
        self.faces = QToolButton()
        self.pictures: MapPictures | None = None
        self._lay_out()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._catch_up)
        self.addActions([desk.actions[a] for a in IN_VIEW])
        self._connect()
        self._refresh()

    def _connect(self) -> None:
        state, later = self._state, self._later
        self.layouts.changed.connect(self._refresh)
        self.layouts.layout_changed.connect(partial(later, "layout"))
        state.query_changed.connect(partial(later, "shown", "chosen"))
        state.highlight_changed.connect(partial(later, "highlight"))
        state.current_changed.connect(partial(later, "cursor"))
        self._desk.hues.changed.connect(partial(later, "colours"))
        self._desk.samples.members_changed.connect(partial(later, "chosen"))
        state.keep_changed.connect(partial(later, "chosen"))
        self.button.clicked.connect(lambda: self.layouts.make(QUICK, FINE))
        self.legend.picked.connect(self._filter)

    # ---- building --------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        waiting = QWidget()
        column = QVBoxLayout(waiting)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.message.setWordWrap(True)
        theme.mark(self.message, "faint")
        self.button.setObjectName("primary")
        self.button.setAccessibleName(tr("Make a map"))
        self.bar.setAccessibleName(tr("Progress of the map"))
        self.bar.setTextVisible(False)
        self.bar.setMaximumWidth(self.fontMetrics().averageCharWidth() * 50)
        column.addStretch(1)
        column.addWidget(self.message)
        for widget in (self.button, self.bar):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        self._ready = QWidget()
        below = QVBoxLayout(self._ready)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        self._bar = self._make_tools()
        below.addWidget(self._bar)
        below.addStretch(1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(waiting)
        self._stack.addWidget(self._ready)

    def _make_tools(self) -> QWidget:
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(8, 2, 8, 2)
        group = QActionGroup(self)
        for key, word, help_, _ in TOOLS:
            action = group.addAction(tr(word))
            action.setCheckable(True)
            action.setChecked(key == "move")
            action.setToolTip(tr(help_))
            action.triggered.connect(partial(self._use, key))
            self.tools[key] = _tool(action.text(), tr(help_))
            self.tools[key].setDefaultAction(action)
            line.addWidget(self.tools[key])
        fit = _tool(tr("Fit"), tr("Show all of the map (Home)"))
        fit.clicked.connect(lambda: self.canvas.fit() if self.canvas is not None else None)
        self.names = _tool(tr("Names"), tr("Names of skills or classes at their centres"))
        self.names.setCheckable(True)
        self.names.setChecked(True)
        self.names.toggled.connect(partial(self._later, "names"))
        self.faces = _tool(tr("Pictures"), tr("Pictures at the points, when few enough are in view"))
        self.faces.setCheckable(True)
        self.faces.setChecked(True)
        self.faces.toggled.connect(lambda on: self.pictures.show_pictures(on) if self.pictures is not None else None)
        self.which.setAutoRaise(True)
        self.which.setToolTip(tr("Which layout is shown, and making others"))
        self.which.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.which)
        menu.aboutToShow.connect(partial(self._fill, menu))
        self.which.setMenu(menu)
        self.finer = FinerOffer(self.layouts, self._cost, bar)
        for widget in (fit, self.names, self.faces, self.which, self.finer):
            line.addWidget(widget)
        theme.mark(self.status, "faint")
        line.addWidget(self.status, 1)
        return bar

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        for layout in self.layouts.available:
            action = menu.addAction(f"{layout.projector}  ({layout.created[:16].replace('T', ' ')})")
            action.setCheckable(True)
            action.setChecked(layout == self.layouts.shown)
            action.triggered.connect(lambda _=False, key=layout.id: self.layouts.choose(key))
        menu.addSeparator()
        for spec in registry().all():
            if spec.role == "projector":
                action = menu.addAction(tr("Make with {name}{cost}", name=spec.name, cost=self._cost(spec.name)))
                action.setToolTip(spec.summary)
                action.setEnabled(not self.layouts.busy)
                action.triggered.connect(lambda _=False, name=spec.name: self.layouts.make(name))

    def _cost(self, projector: str) -> str:
        """ "(about 4 min)", beforehand: beyond a few thousand samples a fine layout takes a while."""
        estimates, dataset = getattr(self._state.project, "estimates", None), self._state.dataset
        if estimates is None or dataset is None:
            return ""
        return tr(
            "  (about {duration})",
            duration=duration(max(1.0, estimates.of_projection(dataset.name, projector).seconds)),
        )

    def _load(self) -> None:
        """Load pyqtgraph beside the window: it takes half a second."""
        self._loaded = CANVAS in sys.modules
        if not self._loaded:
            self._desk.bridge.in_background(partial(import_module, CANVAS), self._has_loaded)

    def _has_loaded(self, outcome: object) -> None:
        if isinstance(outcome, Exception):
            raise outcome
        self._loaded = True
        self._later()

    def _make_canvas(self) -> MapCanvas:
        from curator.ui.views.map_canvas import MapCanvas
        from curator.ui.views.map_pictures import MapPictures

        canvas = MapCanvas()
        self.pictures = MapPictures(self._desk, canvas)
        canvas.beside = self._look_beside
        canvas.encircled.connect(self._encircled)
        canvas.clicked.connect(self._clicked)
        canvas.hovered.connect(self._hovered)
        canvas.box.sigRangeChanged.connect(self.card.hide)
        column = self._ready.layout()
        assert isinstance(column, QVBoxLayout)
        column.takeAt(column.count() - 1)  # what held its place
        column.addWidget(canvas, 1)
        self.setFocusProxy(canvas)
        return canvas

    # ---- states ----------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        layouts = self.layouts
        ready = layouts.condition == READY
        self._stack.setCurrentIndex(int(ready))
        error = layouts.condition == ERROR
        told = error or layouts.condition == LOADING
        self.message.setText(layouts.words if told else waiting_words(self._state) or tr(WAITING))
        theme.mark(self.message, "bad", error)
        self.button.setVisible(layouts.condition in (EMPTY, ERROR) and self._state.ready)
        self.button.setText(tr("&Try again") if error else tr("&Make a map"))
        self.bar.setVisible(layouts.condition == LOADING)
        self.bar.setRange(0, 100 if layouts.share >= 0 else 0)
        self.bar.setValue(round(100 * max(0.0, layouts.share)))
        self.status.setText(layouts.words if ready else "")
        self.status.shorter = ("",)  # the jobs say it too
        shown = layouts.shown.projector if layouts.shown is not None else tr("none")
        self.which.setText(tr("Layout: {name}", name=shown))
        self.which.setAccessibleName(self.which.text())
        if not ready:
            self.legend.hide()
            self.card.hide()

    def _later(self, *what: object) -> None:
        """Note what is out of date; look at it all once, when the map is seen."""
        self._stale |= {str(w) for w in what if isinstance(w, str)}
        if self.isVisible():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up."""
        super().showEvent(event)
        self.layouts.wake()
        self._soon.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest."""
        self.layouts.sleep()
        self.card.hide()
        super().hideEvent(event)

    def _catch_up(self) -> None:
        stale, self._stale = self._stale, set()
        if self.layouts.layout is None:
            if self.sync is not None:
                self.sync.show_layout(None, self.palette())
            return
        if self.canvas is None:
            if not self._loaded:
                self._stale = stale
                return
            self.canvas = self._make_canvas()
            self.sync = MapSync(self._desk, self.canvas)
            stale.add("layout")
        assert self.sync is not None
        self.sync.show_names = self.names.isChecked()
        if "layout" in stale:
            self.sync.show_layout(self.layouts.layout, self.palette())
            stale.add("colours")
        elif stale:
            self.sync.update(stale, self.palette())
        if self.pictures is not None and stale & {"layout", "shown", "chosen"}:
            self.pictures.look_soon()
        if stale & {"colours", "shown"}:
            self._show_legend()

    # ---- legend ----------------------------------------------------------------------------------------------

    def _show_legend(self) -> None:
        name = self._state.colour
        hues = self._desk.hues
        pressed = frozenset(self._values) if self._term and self._term in self._state.query.where else frozenset()
        title = hues.problem or name.partition(":")[0].replace("score.", tr("score: "))
        self.legend.show_entries(title[:1].upper() + title[1:], hues.entries, name in FILTERS, pressed)
        self._place_legend()

    def _filter(self, names: list[str]) -> None:
        """Show these categories alone, beside whatever else the filter says."""
        quoted = ",".join('"' + n.replace("\\", "\\\\").replace('"', '\\"') + '"' for n in names)
        term = f"{self._state.colour}:{quoted}" if names else ""
        where = self._state.query.where
        known = self._term and self._term in where
        where = where.replace(self._term, term) if known else f"{where} {term}"
        self._term, self._values = term, tuple(names)
        self._state.set_query(replace(self._state.query, where=where.strip()))

    def _place_legend(self) -> None:
        top = self._bar.sizeHint().height() + 10
        self.legend.fit(round(self.width() * SHARE), self.height() - top - 10)
        self.legend.move(self.width() - self.legend.width() - 10, top)
        if self.canvas is not None:
            seen = self.legend.isVisibleTo(self)
            self.canvas.lid = QRectF(self.legend.geometry().translated(-self.canvas.pos()) if seen else QRect())
            self.canvas.cover(self.legend.width() + 20 if seen else 0)
        self.legend.raise_()

    # ---- what the canvas tells -------------------------------------------------------------------------------

    def _use(self, tool: str, *_: object) -> None:
        self.card.hide()
        if self.canvas is not None:
            self.canvas.tool = tool
            self.canvas.setCursor(Qt.CursorShape.ArrowCursor if tool == "move" else Qt.CursorShape.CrossCursor)
        self.tools[tool].defaultAction().setChecked(True)

    def _encircled(self, rows: Ints, how: str) -> None:
        before = self._state.highlight
        match how:
            case "add":
                rows = np.union1d(before, rows)
            case "remove":
                rows = np.setdiff1d(before, rows)
        self._state.set_highlight(rows)

    def _look_beside(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        data = self.canvas.data if self.canvas is not None else None
        if data is None or data.n <= AT_ONCE:
            then(work())
        else:
            self._circling.ask(work, then)

    def _clicked(self, row: int | None, more: bool) -> None:
        one = np.array([] if row is None else [row], np.int32)
        self._state.set_highlight(np.setxor1d(self._state.highlight, one) if more else one)
        if row is not None:
            self._state.set_current(row)

    def _hovered(self, row: int | None, point: QPoint) -> None:
        item = self._desk.samples.item_of_row(row) if row is not None and self.isVisible() else None
        if self.canvas is not None:
            self.card.show_item(item, self.canvas.mapTo(self, point))

    # ---- events ----------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """M, F and R take a tool."""
        tool = next((key for key, _, _, letter in TOOLS if letter == event.key()), None)
        if tool is not None:
            self._use(tool)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The legend stays in its corner."""
        super().resizeEvent(event)
        self._place_legend()

    def changeEvent(self, event: QEvent) -> None:
        """Light became dark, or back."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.canvas is not None:
            self._later("palette")


def _tool(text: str, help_: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(help_)
    button.setAccessibleName(text)
    button.setAutoRaise(True)
    return button
