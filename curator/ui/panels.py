"""Every panel beside the middle of the window, in one table: a new panel is one entry.

A panel's module is loaded when the panel is made, after the window's first paint; so a panel shows by itself what is
looked at by then, and follows it from there on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from curator.ui.desk import Desk
from curator.ui.language import noop

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea

VIEWS = "curator.ui.views."


@dataclass(frozen=True)
class Panel:
    """One dock.

    Attributes:
        key: its name in the saved layout.
        title: with the mnemonic for the View menu.
        area: where it stands at first.
        make: loads ``module``, if that was not done yet, and builds the widget.
        module: what there is to load, a step before.
        behind: key of the panel that it shares a place with, as a tab; "" for a place of its own.
    """

    key: str
    title: str
    area: Qt.DockWidgetArea
    make: Callable[[Desk], QWidget]
    module: str
    behind: str = ""


def _library(desk: Desk) -> QWidget:
    from curator.ui.views.library import Library

    return Library(desk)


def _history(desk: Desk) -> QWidget:
    from curator.ui.views.library import HistoryList

    return HistoryList(desk.history, desk.commands.subsets.go_to)


def _run(desk: Desk) -> QWidget:
    from curator.ui.views.run_panel import RunPanel

    return RunPanel(desk)


def _detail(desk: Desk) -> QWidget:
    from curator.ui.views.detail import DetailPanel
    from curator.ui.views.detail_more import DetailMore

    return DetailPanel(desk.state, desk.thumbs, DetailMore(desk))


def _subset(desk: Desk) -> QWidget:
    from curator.ui.views.subset_panel import SubsetPanel

    return SubsetPanel(desk)


def _coverage(desk: Desk) -> QWidget:
    from curator.ui.views.coverage import CoveragePanel

    return CoveragePanel(desk)


def _skills(desk: Desk) -> QWidget:
    from curator.ui.views.skills_panel import SkillsPanel

    return SkillsPanel(desk)


def _jobs(desk: Desk) -> QWidget:
    from curator.ui.views.jobs import JobsPanel

    return JobsPanel(desk.bridge)


PANELS = (
    Panel("library", noop("&Library"), LEFT, _library, VIEWS + "library"),
    Panel("history", noop("&History"), LEFT, _history, VIEWS + "library", behind="library"),
    Panel("run", noop("&Recipe"), LEFT, _run, VIEWS + "run_panel"),
    Panel("detail", noop("&Sample"), RIGHT, _detail, VIEWS + "detail_more"),
    Panel("subset", noop("S&ubset"), RIGHT, _subset, VIEWS + "subset_panel", behind="detail"),
    Panel("coverage", noop("C&overage"), RIGHT, _coverage, VIEWS + "coverage", behind="detail"),
    Panel("skills", noop("S&kills"), RIGHT, _skills, VIEWS + "skills_panel", behind="detail"),
    Panel("jobs", noop("&Jobs"), BOTTOM, _jobs, VIEWS + "jobs"),
)
