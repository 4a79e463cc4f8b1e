"""What the map draws, brought up to date from the state: colours, filter, choice, highlight and names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPalette

from curator.engine.browse import Query
from curator.engine.errors import CuratorError
from curator.ui import theme
from curator.ui.views.map_data import MapData, with_extra

if TYPE_CHECKING:
    from curator.engine.browse import Column
    from curator.engine.types import Floats, Ints
    from curator.ui.desk import Desk
    from curator.ui.views.map_canvas import MapCanvas

LIT = "#ffd92e"
"""What is highlighted: like none of the colours of categories, on light and on dark."""
EVERYTHING = frozenset({"shown", "colours", "chosen", "highlight", "cursor", "names"})


class MapSync:
    """Between :class:`AppState` and one canvas. ``stale`` names what has changed: members of :data:`EVERYTHING`,
    or "palette"."""

    def __init__(self, desk: Desk, canvas: MapCanvas) -> None:
        self._desk, self._state, self._canvas = desk, desk.state, canvas
        self.data: MapData | None = None
        self.show_names = True

    def show_layout(self, layout: Floats | None, palette: QPalette) -> None:
        """Another layout, or none."""
        self.data = MapData(layout) if layout is not None else None
        if self.data is not None:
            self.update(set(EVERYTHING), palette)
        self._canvas.show_data(self.data)

    def update(self, stale: set[str], palette: QPalette) -> None:
        """Bring up to date what is stale; the canvas has to be repainted after it."""
        data, canvas, hues = self.data, self._canvas, self._desk.hues
        if data is None:
            return
        if "colours" in stale:
            data.paint(hues.codes)
        if stale & {"colours", "palette"}:
            self._take_colors(palette)
        if "shown" in stale:
            data.show(self._found())
        if stale & {"colours", "shown", "chosen"}:
            data.choose(self._chosen())
        if stale & {"colours", "shown", "highlight"}:
            data.light(self._state.highlight, len(canvas.colors) - 2)
        if stale & {"colours", "shown", "names"}:
            column = self._named_column() if self.show_names else None
            canvas.names = data.names(column) if column is not None else []
            canvas.viewport().update()
        if "cursor" in stale:
            canvas.see(self._state.current)

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

    def _found(self) -> Ints | None:
        """Rows that the filter leaves, whatever Subset is shown; None for all."""
        project, query = self._state.project, self._state.query
        if project is None or not query.where.strip():
            return None
        try:
            return project.browse.find(Query(query.dataset_id, None, query.where)).rows
        except CuratorError:
            return None

    def _chosen(self) -> Ints:
        """Rows of the Subset shown, as far as the budget dial lets them count; else of the newest one."""
        if self._state.subset is not None:
            return self._desk.samples.ranking(self._state.subset)[: self._state.keep]
        return self._desk.samples.members

    def _named_column(self) -> Column | None:
        """What the colours show, if it has names; else the skills, else the classes."""
        column, project, dataset = self._desk.hues.column, self._state.project, self._state.dataset
        if column is not None and column.kind == "category":
            return column
        for name in ("skill", "class"):
            try:
                if project is not None and dataset is not None:
                    found = project.browse.column(dataset.id, name)
                    if len(found.names):
                        return found
            except CuratorError:
                continue
        return None
