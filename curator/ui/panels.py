"""Every panel beside the middle of the window, in one table: a new panel is one entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from curator.ui.desk import Desk
from curator.ui.language import noop
from curator.ui.views.coverage import CoveragePanel
from curator.ui.views.detail import DetailPanel
from curator.ui.views.detail_more import DetailMore
from curator.ui.views.jobs import JobsPanel
from curator.ui.views.library import HistoryList, Library
from curator.ui.views.run_panel import RunPanel
from curator.ui.views.skills_panel import SkillsPanel
from curator.ui.views.subset_panel import SubsetPanel

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


@dataclass(frozen=True)
class Panel:
    """One dock.

    Attributes:
        key: its name in the saved layout.
        title: with the mnemonic for the View menu.
        area: where it stands at first.
        make: builds the widget.
        behind: key of the panel that it shares a place with, as a tab; "" for a place of its own.
    """

    key: str
    title: str
    area: Qt.DockWidgetArea
    make: Callable[[Desk], QWidget]
    behind: str = ""


PANELS = (
    Panel("library", noop("&Library"), LEFT, Library),
    Panel(
        "history",
        noop("&History"),
        LEFT,
        lambda desk: HistoryList(desk.history, desk.commands.subsets.go_to),
        behind="library",
    ),
    Panel("run", noop("&Recipe"), LEFT, lambda desk: RunPanel(desk)),
    Panel("detail", noop("&Sample"), RIGHT, lambda desk: DetailPanel(desk.state, desk.thumbs, DetailMore(desk))),
    Panel("subset", noop("S&ubset"), RIGHT, SubsetPanel, behind="detail"),
    Panel("coverage", noop("C&overage"), RIGHT, lambda desk: CoveragePanel(desk.state), behind="detail"),
    Panel("skills", noop("S&kills"), RIGHT, SkillsPanel, behind="detail"),
    Panel("jobs", noop("&Jobs"), BOTTOM, lambda desk: JobsPanel(desk.bridge)),
)
