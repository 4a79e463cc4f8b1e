"""What every panel of the window is given: what is looked at, and whom to ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from curator.engine.jobs import Job
    from curator.engine.types import Changes
    from curator.ui.commands import Commands
    from curator.ui.job_bridge import JobBridge
    from curator.ui.models.history import HistoryModel
    from curator.ui.models.hues import Hues
    from curator.ui.models.samples import SampleModel
    from curator.ui.models.tree import TreeModel
    from curator.ui.state import AppState
    from curator.ui.taste import Taste
    from curator.ui.thumbnails import Thumbnails
    from curator.ui.views.dialogs import Dialogs


@dataclass(frozen=True)
class Desk:
    """The parts that panels share. A panel reads ``state``, follows its signals, and holds no other panel."""

    state: AppState
    commands: Commands
    actions: dict[str, QAction]
    bridge: JobBridge
    dialogs: Dialogs
    settings: Taste
    thumbs: Thumbnails
    samples: SampleModel
    tree: TreeModel
    history: HistoryModel
    hues: Hues

    def write(self, write: Callable[[], Changes]) -> bool:
        """Make a small edit of the Project and let every view take it in; says in the window what went wrong."""
        return self.commands.write(write)

    def submit(self, submit: Callable[[], Job]) -> bool:
        """Start a Job and show it among the jobs; says in the window what went wrong."""
        return self.commands.submit(submit)
