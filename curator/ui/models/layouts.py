"""Where the map comes from: which layouts there are, which is shown, and the Jobs that make more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from curator.engine.errors import CuratorError
from curator.engine.registry import registry
from curator.engine.requests import ProjectionRequest
from curator.ui.language import tr
from curator.ui.warming import Warming, plugins

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.engine.pages import Layout
    from curator.engine.types import Floats
    from curator.ui.desk import Desk

EMPTY, LOADING, ERROR, READY = "empty", "loading", "error", "ready"
QUICK, FINE = "pca", "umap"
SMALL = 50_000
"""Up to so many samples the finer layout is made without asking: it takes the worker 46 s there, 86 s at 100,000
(docs/benchmarks.md). Beyond, the map offers it with what it will cost."""
SUBJECTS = frozenset({"projection", "embedding", "dataset", "sample"})
ENDED = ("done", "failed", "cancelled")


class Layouts(QObject):
    """Follows the Dataset shown, while somebody looks (:meth:`wake`, :meth:`sleep`).

    Attributes:
        condition: "empty" (none, and nothing to make one from at once), "loading", "error" or "ready".
        words: what is going on, or what went wrong.
        share: how far the Job is, 0 to 1; -1 when that is not known.
        available: oldest first.
        shown: the one that :attr:`layout` holds.
        layout: float32 [n, 2] or None.
    """

    changed = Signal()
    """Condition, words or share."""
    layout_changed = Signal()

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._awake = False
        self._dataset: int | None = None
        self._jobs: list[Job] = []
        self._tried: set[str] = set()
        self._loading: Warming | None = None
        self._clear()
        desk.state.shown_changed.connect(self._shown)
        desk.state.data_changed.connect(lambda tables: self.read() if tables & SUBJECTS else None)
        desk.bridge.changed.connect(self._heard)
        desk.bridge.ended.connect(self._ended)

    def _clear(self) -> None:
        self.condition, self.words, self.share = EMPTY, "", -1.0
        self.available: list[Layout] = []
        self.shown: Layout | None = None
        self.layout: Floats | None = None

    def wake(self) -> None:
        """Somebody looks: make the quick layout if it can be had at once."""
        self._awake = True
        self._shown()

    def sleep(self) -> None:
        """Nobody looks: begin nothing more."""
        self._awake = False

    def _shown(self) -> None:
        dataset = self._desk.state.dataset
        key = dataset.id if dataset is not None else None
        if key != self._dataset:
            self._dataset, self._jobs, self._tried = key, [], set()
            self._clear()
            self.layout_changed.emit()
        if self._awake:
            self.read()

    def read(self) -> None:
        """Look which layouts there are; show the finest, unless the one shown is as good."""
        project, dataset = self._desk.state.project, self._desk.state.dataset
        if not self._awake:
            return
        if project is None or dataset is None or not self._desk.state.ready:
            self.changed.emit()
            return
        try:
            self.available = project.pages.layouts(dataset.id)
            best = _best(self.available)
            if best is not None and (self.shown not in self.available or best.id != self.shown.id):
                self._load(best)
        except CuratorError as error:
            self._fail(error.text)
            return
        if not self.available:
            self.shown, self.layout = None, None
        self._make_unasked()
        self._judge()

    def choose(self, layout_id: int) -> None:
        """Show another of the layouts available."""
        found = next((a for a in self.available if a.id == layout_id), None)
        if found is not None:
            try:
                self._load(found)
            except CuratorError as error:
                self._fail(error.text)
                return
            self._judge()

    def _load(self, layout: Layout) -> None:
        project, dataset = self._desk.state.project, self._desk.state.dataset
        assert project is not None and dataset is not None
        self.layout = project.pages.layout(dataset.id, layout.id)
        self.shown = layout
        self.layout_changed.emit()

    def _fail(self, words: str) -> None:
        self.condition, self.words, self.share = ERROR, words, -1.0
        self.changed.emit()

    # ---- making ----------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a layout of the Dataset shown is being made."""
        return any(j.state not in ENDED for j in self._jobs)

    @property
    def can_be_finer(self) -> bool:
        """Whether only the quick layout is there, and nobody has begun to make the finer one."""
        made = {a.projector for a in self.available}
        return self.condition == READY and QUICK in made and FINE not in made and not self.busy

    def make(self, *projectors: str, unasked: bool = False) -> None:
        """Lay the Dataset out, one Job after the other; an Embedding is made first where there is none. What is made
        unasked lets all other work go first."""
        project, dataset, desk = self._desk.state.project, self._desk.state.dataset, self._desk
        if project is None or dataset is None:
            return
        for name in projectors:
            self._tried.add(name)

            def start(name: str = name) -> Job:
                job = project.submit_projection(
                    dataset.name, name, desk.settings.device, listener=desk.bridge.listener, gives_way=unasked
                )
                self._jobs.append(job)
                return job

            if not desk.submit(start):
                break
        self._judge()

    def _make_unasked(self) -> None:
        project, dataset = self._desk.state.project, self._desk.state.dataset
        assert project is not None and dataset is not None
        if self.busy or self._loads_plugins():
            return
        made = {a.projector for a in self.available}
        embedded = any(e.dataset_id == dataset.id and e.rows == dataset.size for e in project.contents().embeddings)
        if not made and embedded and QUICK not in self._tried:
            self.make(QUICK)
        elif QUICK in made and FINE not in made and FINE not in self._tried and dataset.size <= SMALL:
            self.make(FINE, unasked=True)

    def _loads_plugins(self) -> bool:
        """Whether they are still being loaded, one after the other: all at once would hold up the window."""
        if self._loading is None and not registry().complete:
            self._loading = Warming(plugins(registry()), self)
            self._loading.finished.connect(self._plugins_loaded)
            self._loading.start()
        return self._loading is not None

    def _plugins_loaded(self) -> None:
        self._loading = None
        self.read()

    def _judge(self) -> None:
        if self.layout is not None:
            self.condition = READY
            self.words = self._progress() if self.busy else ""
        elif self.busy:
            self.condition, self.words = LOADING, self._progress() or tr("Getting ready…")
        elif self.condition != ERROR:
            self.condition, self.words = EMPTY, ""
        self.changed.emit()

    def _progress(self) -> str:
        """Of the Job that runs."""
        self.share = -1.0
        for job in self._jobs:
            if job.state not in ENDED and job.progress is not None:
                progress = job.progress
                self.share = progress.done / progress.total if progress.total else -1.0
                percent = f" {self.share:.0%}" if self.share >= 0 else ""
                assert isinstance(job.request, ProjectionRequest)
                return f"{job.request.projector}: {progress.label}{percent}"
        return ""

    def _heard(self, job: Job) -> None:
        if job in self._jobs:
            self._judge()

    def _ended(self, job: Job) -> None:
        if job not in self._jobs:
            return
        if job.failure is not None and self.layout is None:
            self._fail(tr("Cancelled.") if job.failure.kind == "cancelled" else job.failure.text)
        else:
            self._judge()


def _best(layouts: list[Layout]) -> Layout | None:
    """The newest of the finer ones, else the newest."""
    finer = [a for a in layouts if a.projector != QUICK]
    return (finer or layouts or [None])[-1]  # type: ignore[list-item]
