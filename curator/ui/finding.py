"""What the search box and the search actions do: from words to a query that all views follow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from curator.engine.errors import CuratorError
from curator.engine.filter_language import FilterError, by_meaning, quoted
from curator.ui.language import noop, tr
from curator.ui.messages import in_words
from curator.ui.reading import Reading
from curator.ui.state import plain_query

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from curator.engine.browse import Found, Query
    from curator.engine.jobs import Job
    from curator.engine.project import Project
    from curator.ui.commands import Commands
    from curator.ui.job_bridge import JobBridge
    from curator.ui.state import AppState
    from curator.ui.taste import Taste

EMPTY, SEARCHING, NOTHING, ERROR, READY = "empty", "searching", "nothing", "error", "ready"
WAITS = noop("words become vectors in the worker. Filters work meanwhile.")
RANKING = ("like:", "near:", "picture:")
MOST_LIKE = 50
"""Highlighted Samples that "more like these" takes; the first of more."""


class Finding(QObject):
    """One search at a time; a newer one makes an older one's answer void.

    Attributes:
        status: one of "empty", "searching", "nothing", "error", "ready".
        words: what to say beside the box.
        fault: where in the text the fault is, (start, end), or None.
        exact: take bare words as text rather than by their meaning.
    """

    changed = Signal()
    focus_asked = Signal()
    text_changed = Signal(str)
    """The box should show this text, because the query was set elsewhere."""

    def __init__(self, state: AppState, bridge: JobBridge, commands: Commands, settings: Taste) -> None:
        super().__init__(commands)
        self._state, self._bridge, self._commands, self._settings = state, bridge, commands, settings
        self.status, self.words = EMPTY, ""
        self.fault: tuple[int, int] | None = None
        self.exact = False
        self._text = ""
        self._reading = Reading(state, bridge, self)
        self._waiting: tuple[Job, Query] | None = None
        bridge.changed.connect(self._job_changed)
        bridge.ended.connect(self._job_ended)
        state.query_changed.connect(self._query_changed)

    # ---- actions ---------------------------------------------------------------------------------------------

    def focus(self) -> None:
        """Put the cursor into the search box."""
        self.focus_asked.emit()

    def more_like(self) -> None:
        """Search for what is like the highlighted Samples."""
        if ids := self._state.highlighted_ids():
            self.show("near:" + ",".join(str(i) for i in ids[:MOST_LIKE]))

    def clear(self) -> None:
        """Show everything again."""
        self.show("")

    # ---- searching -------------------------------------------------------------------------------------------

    def show(self, text: str) -> None:
        """Search for a text, and show it in the box."""
        self.text_changed.emit(text)
        self.search(text)

    def picture(self, path: Path) -> None:
        """Search for what looks like a picture."""
        self.show(f"picture:{quoted(str(path))}")

    def image(self, image: QImage) -> None:
        """Search for what looks like a pasted picture, which is kept in the cache."""
        folder = self._settings.now.cache_dir / "pasted"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / "draft.png"
        if not image.save(str(draft)):
            self._tell(ERROR, tr("The pasted picture could not be kept."))
            return
        file = folder / f"{hashlib.sha256(draft.read_bytes()).hexdigest()[:16]}.png"
        draft.replace(file)
        self.picture(file)

    def search(self, text: str, *, typing: bool = False) -> None:
        """Look for ``text``. While ``typing``, only what costs nothing is done, and half a filter is no fault."""
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None:
            return
        try:
            where = text.strip() if self.exact else by_meaning(text).strip()
            query = self._query(where)
            missing = project.browse.missing(query)
        except CuratorError as error:
            if not typing:
                self._refuse(error, text)
            return
        if typing and (where != text.strip() or missing):
            return
        self._reading.drop()
        before, busy = self._waiting, project.running_job
        self._text, self._waiting = text, None
        if not missing:
            self._find(project, query)
        elif missing == "words" and busy is not None:
            self._find(project, query, first=project.browse.read_words)
        else:
            mine = before is not None and busy is before[0]
            waits = busy is not None and not busy.gives_way and not mine
            words = tr("Waiting for “{title}”:", title=busy.title) + " " + tr(WAITS) if busy and waits else ""
            self._ask_worker(project, query, words or tr("Searching…"))

    def _ask_worker(self, project: Project, query: Query, words: str) -> None:
        """Have made what is missing; the worker does one thing after another."""
        self._tell(SEARCHING, words)
        job: list[Job] = []
        listener, device = self._bridge.listener, self._settings.device

        def submit() -> Job:
            job.append(project.browse.submit(query, device, listener))
            return job[0]

        if self._commands.submit(submit):
            self._waiting = (job[0], query)
        else:
            self._tell(ERROR, tr("The search could not start."))

    def _query(self, where: str) -> Query:
        query = replace(self._state.query, where=where)
        if any(word in where for word in RANKING):
            return replace(query, sort="similarity", descending=True)
        if query.sort == "similarity":
            return replace(plain_query(self._state.dataset, self._state.subset), where=where, group=query.group)
        return query

    def _job_changed(self, job: Job) -> None:
        if self._waiting is not None and self._waiting[0] is job and self.words.endswith(tr(WAITS)):
            self._tell(SEARCHING, tr("Searching…"))

    def _job_ended(self, job: Job) -> None:
        if self._waiting is None or self._waiting[0] is not job:
            return
        query, self._waiting = self._waiting[1], None
        if job.changes is not None and self._state.project is not None:
            self._find(self._state.project, query)
        elif job.failure is not None:
            stopped = job.failure.kind == "cancelled"
            self._tell(ERROR, tr("The search was stopped.") if stopped else job.failure.text)

    def _find(self, project: Project, query: Query, first: Callable[[], None] | None = None) -> None:
        """Read in the background what all views are about to ask for, then let them."""
        self._tell(SEARCHING, tr("Reading the texts for the first time…") if first else tr("Searching…"))

        def take(outcome: Found | CuratorError) -> None:
            if isinstance(outcome, CuratorError):
                self._refuse(outcome, self._text)
            else:
                self._show(query, outcome)

        def work() -> Found:
            if first is not None:
                first()
            return project.browse.find(query)

        self._reading.ask(work, take)

    def _show(self, query: Query, found: Found) -> None:
        now = self._state.query
        if (query.dataset_id, query.subset_id) != (now.dataset_id, now.subset_id):
            self._tell(EMPTY, "")
            return
        if not query.where:
            self._tell(EMPTY, "")
        elif not len(found.rows):
            self._tell(NOTHING, tr("Nothing found"))
        else:
            words = tr("{count:,} found", count=len(found.rows))
            if query.sort == "similarity":
                words = tr("{count:,}, the most alike first", count=len(found.rows))
            self._tell(READY, words)
        self._state.set_query(query)

    def _query_changed(self) -> None:
        """Another Dataset was shown, or another view filtered."""
        where = self._state.query.where
        mine = self._text.strip() if self.exact else _meant(self._text)
        if where != mine:
            self._reading.drop()
            self._text, self._waiting = where, None
            self.text_changed.emit(where)
            self._tell(READY if where else EMPTY, "")

    def _refuse(self, error: CuratorError, text: str) -> None:
        self._tell(ERROR, in_words(error), _fault(error, text))

    def _tell(self, status: str, words: str, fault: tuple[int, int] | None = None) -> None:
        self.status, self.words, self.fault = status, words, fault
        self.changed.emit()


def _meant(text: str) -> str:
    try:
        return by_meaning(text).strip()
    except FilterError:
        return text.strip()


def _fault(error: CuratorError, text: str) -> tuple[int, int] | None:
    """Where the fault is in what the user wrote; the whole text when the filter was rewritten."""
    if not isinstance(error, FilterError):
        return None
    return (error.start, error.end) if _meant(text) == text.strip() else (0, len(text))


def picture_file(paths: Sequence[str]) -> Path | None:
    """The first of dropped or pasted paths that is a file."""
    return next((Path(p) for p in paths if p and Path(p).is_file()), None)
