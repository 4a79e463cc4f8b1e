"""Every page that can take the middle of the window beside gallery and table: a new page is one entry.

A page is built when it is first shown. It follows ``desk.state`` by itself, and shows its own empty, loading and error
states.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from curator.ui.desk import Desk


@dataclass(frozen=True)
class Page:
    """One page. ``key`` is also the id of the action that shows it, which emits ``Commands.view_asked(key)``."""

    key: str
    make: Callable[[Desk], QWidget]


def _map(desk: Desk) -> QWidget:
    from curator.ui.views.map_page import MapPage

    return MapPage(desk)


def _rounds(desk: Desk) -> QWidget:
    from curator.ui.views.rounds.page import RoundsPage  # the plots load with it

    return RoundsPage(desk)


def _trials(desk: Desk) -> QWidget:
    from curator.ui.views.rounds.trials import TrialsPage

    return TrialsPage(desk)


def _instructions(desk: Desk) -> QWidget:
    from curator.ui.views.instructions import InstructionPage

    return InstructionPage(desk)


def _lifelong(desk: Desk) -> QWidget:
    from curator.ui.views.lifelong import LifelongPage

    return LifelongPage(desk.state, desk.actions["lifelong-step"])


PAGES: tuple[Page, ...] = (
    Page("map", _map),
    Page("instructions", _instructions),
    Page("rounds", _rounds),
    Page("trials", _trials),
    Page("lifelong", _lifelong),
)
