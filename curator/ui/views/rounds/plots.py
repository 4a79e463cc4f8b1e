"""Curves of a study or a trial, and the probability space, drawn with pyqtgraph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from curator.engine.simplex import corners, flattened
from curator.ui import theme
from curator.ui.language import tr

if TYPE_CHECKING:
    from curator.engine.study import RoundRecord, Space
    from curator.engine.trial_tables import Line

TINTS = ("#3b82c4", "#d9822b", "#3fa45b", "#c2485a", "#8a63c9", "#9a7b4f", "#d46fae", "#7d8590", "#a3a135", "#2fa3a8")
CELLS = 64


class Plot(pg.PlotWidget):
    """A plot in the window's colours, which follow the desktop."""

    _built = False

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setAccessibleName(name)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.plotItem.setContentsMargins(4, 4, 10, 4)
        self._built = True
        self.restyle()

    def restyle(self) -> None:
        """Take the palette's colours."""
        c = theme.colors(self.palette())
        self.setBackground(c.ground)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setPen(pg.mkPen(c.line))
            axis.setTextPen(pg.mkPen(c.faint))

    def changeEvent(self, event: QEvent) -> None:
        """Light became dark, or back."""
        super().changeEvent(event)
        if self._built and event.type() == QEvent.Type.PaletteChange:
            self.restyle()


class CurvePlot(Plot):
    """Accuracy, coverage of classes and calibration error over labels spent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Curve of the study"), parent)
        self.setLabel("bottom", tr("labels spent"))
        self.setYRange(0, 1)
        self.setMouseEnabled(False, False)
        self.legend = self.addLegend(offset=(-8, -8))
        self.series: dict[str, tuple[list[float], list[float]]] = {}

    def show_curve(self, curve: Sequence[RoundRecord], classes: int) -> None:
        """Draw the rounds so far."""
        self.clear()
        self.legend.clear()
        spent = [float(r.measures.spent) for r in curve]
        self.series = {
            "accuracy": (spent, [r.measures.accuracy for r in curve]),
            "classes met": (spent, [r.measures.classes / max(1, classes) for r in curve]),
            "calibration error": (spent, [r.measures.error for r in curve]),
        }
        self.setXRange(0, max(10.0, *spent, 0.0))
        for number, (name, (x, y)) in enumerate(self.series.items()):
            kept = [(a, b) for a, b in zip(x, y, strict=True) if math.isfinite(b)]
            tint = QColor(TINTS[number])
            style = Qt.PenStyle.SolidLine if number == 0 else Qt.PenStyle.DashLine
            self.plot(
                [a for a, _ in kept], [b for _, b in kept], name=name, pen=pg.mkPen(tint, width=2, style=style),
                symbol="o", symbolSize=6, symbolBrush=tint, symbolPen=None,
            )  # fmt: skip


class TrialPlot(Plot):
    """Mean over seeds with bars of one standard error, one line for each selector."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Plot of the trial"), parent)
        self.showGrid(y=True, alpha=0.15)
        self.legend = self.addLegend(offset=(-8, -8))
        self.drawn: list[str] = []

    def show_lines(self, lines: Sequence[Line], measure: str, size_words: str) -> None:
        """Draw one measure over labels spent or budgets."""
        self.clear()
        self.legend.clear()
        self.setLabel("bottom", size_words)
        self.setLabel("left", measure.replace("_", " "))
        self.drawn = []
        for number, selector in enumerate(sorted({line.selector for line in lines})):
            found = [x for x in lines if x.selector == selector and x.size and x.measures[measure].count]
            if not found:
                continue
            x = np.array([line.size for line in found], float)
            mean = np.array([line.measures[measure].mean for line in found])
            error = np.nan_to_num([line.measures[measure].error for line in found])
            tint = QColor(TINTS[number % len(TINTS)])
            bars = pg.ErrorBarItem(x=x, y=mean, top=error, bottom=error, beam=0, pen=pg.mkPen(tint, width=1))
            self.addItem(bars)
            self.plot(x, mean, name=selector, pen=pg.mkPen(tint, width=2), symbol="o", symbolSize=5, symbolBrush=tint,
                      symbolPen=None)  # fmt: skip
            self.drawn.append(selector)


class SpacePlot(Plot):
    """The probability space: corners are classes, shading is the pile, numbered dots are the batch."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Probability space"), parent)
        self.setAspectLocked(True)
        for side in ("left", "bottom"):
            self.hideAxis(side)
        self.places: Any = np.empty((0, 2))

    def show_space(self, space: Space | None, chosen: Sequence[int], teacher: bool = False) -> None:
        """Draw ``space`` between the corners of the ``chosen`` classes, as the student or the teacher sees it."""
        self.clear()
        if space is None or not chosen or not len(space.rows):
            self.places = np.empty((0, 2))
            return
        c = theme.colors(self.palette())
        p = space.teacher if teacher and space.teacher is not None else space.probabilities
        columns = np.array(chosen, np.int64)
        self.places = flattened(p, columns)
        self._density(p[:, columns].sum(axis=1))
        ring = corners(len(columns))
        outline = np.vstack([ring, ring[:1]]) if len(columns) > 2 else ring
        self.plot(outline[:, 0], outline[:, 1], pen=pg.mkPen(c.line, width=1))
        for place, column in zip(ring, columns, strict=True):
            text = pg.TextItem(space.names[column], color=c.text, anchor=(0.5 - 0.5 * place[0], 0.5 + 0.5 * place[1]))
            text.setPos(*(1.04 * place))
            self.addItem(text)
        done = self.places[space.labelled]
        self.addItem(pg.ScatterPlotItem(pos=done, size=6, brush=pg.mkBrush(c.good), pen=None))
        picks = self.places[space.picks]
        self.addItem(pg.ScatterPlotItem(pos=picks, size=17, brush=pg.mkBrush(c.accent), pen=pg.mkPen(c.ground)))
        for number, place in enumerate(picks, 1):
            label = pg.TextItem(str(number), color=c.on_accent, anchor=(0.5, 0.5))
            label.setFont(theme.scaled(self.font(), 0.8, bold=True))
            label.setPos(*place)
            self.addItem(label)
        self.setRange(xRange=(-1.35, 1.35), yRange=(-1.2, 1.25), padding=0)

    def _density(self, weight: Any) -> None:
        """The pile as shading: the square root of the mass in each cell, so that thin places show."""
        edges = np.linspace(-1.05, 1.05, CELLS + 1)
        mass = np.histogram2d(self.places[:, 0], self.places[:, 1], bins=(edges, edges), weights=weight)[0]
        c = theme.colors(self.palette())
        tint = QColor(TINTS[0])
        table = np.zeros((256, 4), np.ubyte)
        table[:, :3] = (tint.red(), tint.green(), tint.blue())
        table[:, 3] = np.linspace(30, 235 if c.dark else 200, 256)
        table[0, 3] = 0
        image = pg.ImageItem(np.sqrt(mass))
        image.setLookupTable(table)
        image.setRect(-1.05, -1.05, 2.1, 2.1)
        image.setZValue(-10)
        self.addItem(image)
