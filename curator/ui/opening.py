"""Opening, making and filling Projects, from files, drops and the demo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from curator.engine.errors import CuratorError
from curator.engine.project import SUFFIX, Project
from curator.ui.language import tr
from curator.ui.messages import Notice, notice_of_error
from curator.ui.reading import Reading

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.ui.job_bridge import JobBridge
    from curator.ui.models.recent import Recent
    from curator.ui.state import AppState
    from curator.ui.taste import Taste
    from curator.ui.views.dialogs import Dialogs

HOME = "Curator"
SURE, LOOKED_AT = 0.5, 20
"""Less sure than this the user is asked how to read, judged by so many of the paths."""
FIRST_PICTURES = 60
PREPARE_MS = 500
"""After a Project was opened, when its window has been made."""
DEMO_BUDGET = 300
DEMO_PLAN = (("emoji", "pcoreset"), ("instructions", "balanced"))
"""Dataset and built-in recipe."""


class Opening(QObject):
    """Owns the open Project; every Job of an import starts here."""

    noticed = Signal(object)
    submitted = Signal(object)
    pictures_found = Signal(tuple)
    """Paths of the first pictures that an import into an empty Project will bring."""
    options_asked = Signal(list)
    """These paths are not surely understood, or the user wants to say how they are read ([] = and which)."""

    def __init__(self, state: AppState, bridge: JobBridge, dialogs: Dialogs, settings: Taste, recent: Recent) -> None:
        super().__init__(state)
        self._state, self._bridge, self._dialogs = state, bridge, dialogs
        self._settings, self._recent = settings, recent
        self._first = Reading(state, bridge, self)
        self._then: dict[int, Callable[[], None]] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(PREPARE_MS)
        self._soon.timeout.connect(self._prepare)
        bridge.ended.connect(self._go_on)

    def open(self, folder: Path) -> bool:
        """Open a Project in place of the one that is open."""
        return self._enter(lambda: Project.open(folder, background=True, plugins_dir=self._settings.plugins_dir))

    def create(self, folder: Path) -> bool:
        """Make a Project and open it."""
        if folder.suffix != SUFFIX:
            folder = folder.with_name(folder.name + SUFFIX)

        def make() -> Project:
            folder.parent.mkdir(parents=True, exist_ok=True)
            return Project.create(folder, background=True, plugins_dir=self._settings.plugins_dir)

        return self._enter(make)

    def close(self) -> None:
        """Close the Project, and with it the worker; finished work is safe."""
        project = self._state.project
        self._then.clear()
        self._soon.stop()
        self._state.set_project(None)
        if project is not None:
            project.close()

    def may_stop(self) -> bool:
        """Whether nothing runs, or the user agrees to stop it."""
        job = self._state.project.running_job if self._state.project is not None else None
        return job is None or self._dialogs.confirm(
            tr("“{title}” is still running. Stop it?", title=job.title),
            tr("Finished work is kept; the same step can be started again."),
        )

    def bring(self, paths: Sequence[Path]) -> None:
        """Open a Project that was dropped or chosen; import anything else, into a new Project if none is open."""
        from curator.engine.first_look import first_pictures
        from curator.engine.importing import least_sure

        projects = [p for p in paths if p.suffix == SUFFIX and p.is_dir()]
        if projects:
            self.open(projects[0])
            return
        if not paths:
            return
        if not self._have_project(paths):
            return
        project = self._state.project
        assert project is not None
        project.prepare()
        if self._state.dataset is None:
            self._first.ask(lambda: first_pictures(paths, FIRST_PICTURES), self.pictures_found.emit)

        def go_on(sure: object) -> None:
            if self._state.project is not project:
                return
            if isinstance(sure, float) and sure >= SURE:
                self.import_paths(paths)
            else:
                self._show_none()
                self.options_asked.emit(list(paths))

        self._bridge.in_background(lambda: least_sure(paths[:LOOKED_AT]), go_on)

    def _show_none(self) -> None:
        self._first.drop()
        self.pictures_found.emit(())

    def bring_as(self, paths: Sequence[Path], name: str, importer: str, params: dict[str, Any]) -> None:
        """Import as the user said, into a new Project if none is open."""
        if self._have_project(paths):
            self.import_paths(paths, name, importer=importer, params=params)

    def before(self, paths: Sequence[Path]) -> tuple[str, str, dict[str, Any]] | None:
        """Name, Importer and parameters of the Dataset of the open Project that came from one of these paths."""
        project = self._state.project
        wanted = {str(path.absolute()) for path in paths}
        for dataset in project.contents().datasets if project is not None else ():
            plan = project.importing.plan(dataset.id) if project is not None else None
            if plan is not None and wanted & set(plan.paths):
                return dataset.name, plan.importer, plan.params
        return None

    def _have_project(self, paths: Sequence[Path]) -> bool:
        if self._state.project is None:
            name = paths[0].stem if paths[0].is_file() else paths[0].name
            folder = self._dialogs.new_project(Path.home() / HOME / f"{name or 'project'}{SUFFIX}")
            return folder is not None and self.create(folder)
        return True

    def import_paths(
        self,
        paths: Sequence[Path],
        name: str = "",
        then: Callable[[], None] | None = None,
        importer: str = "",
        params: dict[str, Any] | None = None,
    ) -> None:
        """Import into the open Project, then do what comes ``then``."""
        project = self._state.project
        if project is None:
            return
        try:
            job = project.submit_import(list(paths), name, importer, params, listener=self._bridge.listener)
        except CuratorError as error:
            self._show_none()
            self.noticed.emit(notice_of_error(error))
            return
        if then is not None:
            self._then[job.id] = then
        self.submitted.emit(job)

    def demo(self) -> None:
        """The bundled piles in ~/Curator/demo.curator: unpack, import, choose."""
        place = Path.home() / HOME / f"demo{SUFFIX}"
        if not (self.open(place) if place.is_dir() else self.create(place)):
            return
        assert self._state.project is not None
        if self._state.project.contents().subsets:
            return
        self.noticed.emit(
            Notice(tr("Unpacking the demo."), tr("Two small piles: pictures and instruction records."), good=True)
        )

        from curator.engine.demo import unpack_demo

        self._bridge.in_background(lambda: unpack_demo(place.parent / "demo-piles"), self._import_demo)

    def _import_demo(self, piles: object) -> None:
        if isinstance(piles, Exception):
            self.noticed.emit(notice_of_error(piles))
        elif isinstance(piles, tuple):
            for (dataset, recipe), pile in zip(DEMO_PLAN, piles, strict=True):
                self.import_paths([pile], dataset, then=partial(self._run_demo, dataset, recipe))

    def _run_demo(self, dataset: str, recipe: str) -> None:
        from curator.engine.recipe import load_recipe
        from curator.engine.registry import registry

        assert self._state.project is not None
        described = load_recipe(recipe).override("selector.budget", str(DEMO_BUDGET), registry())
        job = self._state.project.submit_run(
            dataset, described, "", self._settings.device, listener=self._bridge.listener
        )
        self.submitted.emit(job)

    def _go_on(self, job: Job) -> None:
        self._first.drop()
        then = self._then.pop(job.id, None)
        if then is not None and job.changes is not None:
            try:
                then()
            except CuratorError as error:
                self.noticed.emit(notice_of_error(error))

    def _prepare(self) -> None:
        """Vectors are there: the map needs the worker as soon as somebody looks, and it takes a second to start."""
        project = self._state.project
        if project is not None and project.contents().embeddings:
            project.prepare()

    def _enter(self, make: Callable[[], Project]) -> bool:
        if not self.may_stop():
            return False
        before = self._state.project
        try:
            project = make()
        except (CuratorError, OSError) as error:
            self.noticed.emit(notice_of_error(error))
            return False
        self._then.clear()
        self._state.set_project(project)
        if before is not None:
            before.close()
        self._recent.add(project.folder)
        self._soon.start()
        return True
