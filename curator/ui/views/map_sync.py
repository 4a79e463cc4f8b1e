"""What the map draws, brought up to date from the state: colours, filter, choice, highlight and names."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPalette

from curator.engine.browse import Query
from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.reading import Reading
from curator.ui.views.map_data import MapData, with_extra

if TYPE_CHECKING:
    from curator.engine.browse import Column
    from curator.engine.project import Project
    from curator.engine.types import Floats, Ints
    from curator.ui.desk import Desk
    from curator.ui.views.map_canvas import MapCanvas
    from curator.ui.views.map_data import Name

LIT = "#ffd92e"
"""What is highlighted: like none of the colours of categories, on light and on dark."""
EVERYTHING = frozenset({"shown", "colours", "chosen", "highlight", "cursor", "names"})


AT_ONCE = 50_000
"""Points up to which all is worked out within a turn of the event loop; of more it is worked out beside the window."""
FIRST_AT_ONCE = 5_000
"""The same where the layout is new and the names beside it may have to be read first: 0.1 s at 20,000."""
Worked = tuple["MapData", "list[Name] | None"]


class MapSync:
    """Between :class:`AppState` and one canvas. ``stale`` names what has changed: members of :data:`EVERYTHING`,
    or "palette"."""

    def __init__(self, desk: Desk, canvas: MapCanvas) -> None:
        self._desk, self._state, self._canvas = desk, desk.state, canvas
        self._reading = Reading(desk.state, desk.bridge, canvas)
        self._layout: Floats | None = None
        self._pending: set[str] = set()
        self.data: MapData | None = None
        self.show_names = True

    def show_layout(self, layout: Floats | None, palette: QPalette) -> None:
        """Another layout, or none."""
        self._layout = layout
        if layout is not None:
            self.update({"layout", *EVERYTHING}, palette)
        else:
            self._reading.drop()
            self._pending, self.data = set(), None
            self._canvas.show_data(None)

    def update(self, stale: set[str], palette: QPalette) -> None:
        """Bring up to date what is stale, and paint it."""
        if self._layout is None:
            return
        if stale & {"colours", "palette"}:
            self._take_colors(palette)
        if stale - {"cursor"}:
            self._pending |= stale
            work = self._work(frozenset(self._pending))
            first = "layout" in self._pending  # columns may have to be read
            if len(self._layout) <= (FIRST_AT_ONCE if first else AT_ONCE):
                self._take(work())
            else:
                self._reading.ask(work, self._take)
        if "cursor" in stale and self.data is not None:
            self._canvas.see(self._state.current)

    def _work(self, stale: frozenset[str]) -> Callable[[], Worked]:
        """A function that any thread may call: what is looked at now, and nothing that changes meanwhile."""
        before, layout, codes, lit = self.data, self._layout, self._desk.hues.codes, self._state.highlight
        chosen, accent, column = self._chosen(), len(self._canvas.colors) - 2, self._desk.hues.column
        project, query, names = self._state.project, self._state.query, self.show_names
        assert layout is not None

        def work() -> Worked:
            data = copy(before) if before is not None and "layout" not in stale else MapData(layout)
            if "colours" in stale:
                data.paint(codes)
            if "shown" in stale:
                data.show(_found(project, query))
            if stale & {"colours", "shown", "chosen"}:
                data.choose(chosen)
            if stale & {"colours", "shown", "highlight"}:
                data.light(lit, accent)
            if not stale & {"colours", "shown", "names"}:
                return data, None
            named = _named_column(project, query.dataset_id, column) if names else None
            return data, data.names(named) if named is not None else []

        return work

    def _take(self, outcome: Worked | CuratorError) -> None:
        if isinstance(outcome, CuratorError):  # the dataset has just been undone
            return
        data, names = outcome
        stale, self._pending = self._pending, set()
        self.data = data
        if names is not None:
            self._canvas.names = names
        if "layout" in stale:
            self._canvas.show_data(data)
            self._canvas.see(self._state.current)
        elif stale - {"names"}:
            self._canvas.data = data
            self._canvas.repaint_points()
        self._canvas.viewport().update()

    def _take_colors(self, palette: QPalette) -> None:
        c, hues = theme.colors(palette), self._desk.hues
        colors = hues.colors.copy()
        if hues.column is None:
            plain = theme.mix(c.text, c.ground, 0.35)
            colors[0] = (plain.red(), plain.green(), plain.blue())
        ring, lit = c.text, QColor(LIT)
        self._canvas.colors = with_extra(
            colors, (ring.red(), ring.green(), ring.blue()), (lit.red(), lit.green(), lit.blue())
        )
        self._canvas.setBackground(c.ground)

    def _chosen(self) -> Ints:
        """Rows of the Subset shown, as far as the budget dial lets them count; else of the newest one."""
        if self._state.subset is not None:
            return self._desk.samples.ranking(self._state.subset)[: self._state.keep]
        return self._desk.samples.members


def _found(project: Project | None, query: Query) -> Ints | None:
    """Rows that the filter leaves, whatever Subset is shown; None for all."""
    if project is None or not query.where.strip():
        return None
    try:
        return project.browse.find(Query(query.dataset_id, None, query.where)).rows
    except CuratorError:
        return None


def _named_column(project: Project | None, dataset_id: int, column: Column | None) -> Column | None:
    """What the colours show, if it has names; else the skills, else the classes."""
    if column is not None and column.kind == "category":
        return column
    for name in ("skill", "class"):
        try:
            if project is not None:
                found = project.browse.column(dataset_id, name)
                if len(found.names):
                    return found
        except CuratorError:
            continue
    return None
