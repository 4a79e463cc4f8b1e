"""The main window: docks, menus and who is connected to whom. No logic."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSettings, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import QDialog, QMainWindow, QVBoxLayout, QWidget

from curator.engine.errors import CuratorError
from curator.engine.project import Project
from curator.engine.registry import registry
from curator.ui import icons, theme
from curator.ui.actions import ACTIONS, ActionSet, menus
from curator.ui.arrivals import Arrivals
from curator.ui.commands import Commands
from curator.ui.desk import Desk
from curator.ui.docks import Docks
from curator.ui.job_bridge import JobBridge
from curator.ui.language import tr
from curator.ui.messages import MessageBar, notice_of_error
from curator.ui.models.history import HistoryModel
from curator.ui.models.hues import Hues
from curator.ui.models.recent import Recent
from curator.ui.models.samples import SampleModel
from curator.ui.models.tree import TreeModel
from curator.ui.opening import Opening
from curator.ui.pages import PAGES
from curator.ui.reading import Reading
from curator.ui.small_windows import small_window
from curator.ui.state import AppState, plain_query, same_subset
from curator.ui.taste import Taste, apply_theme
from curator.ui.thumbnails import Thumbnails
from curator.ui.thumbnails_disk import ThumbnailFolder
from curator.ui.views.center import CenterView
from curator.ui.views.dialogs import Dialogs
from curator.ui.views.highlight import Highlighter
from curator.ui.warming import Warming, plugins

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.settings import Settings
    from curator.ui.views.detail import DetailPanel
    from curator.ui.views.jobs import JobsPanel
    from curator.ui.views.library import Library
    from curator.ui.views.run_panel import RunPanel
    from curator.ui.views.subset_panel import SubsetPanel


class MainWindow(QMainWindow):
    """Builds what the first paint needs, and the rest after it; the Project comes and goes."""

    def __init__(self, settings: Settings, memory: QSettings, dialogs: Dialogs | None = None) -> None:
        super().__init__()
        self.setObjectName("curator")
        self.setAcceptDrops(True)
        self._memory = memory
        self.taste = taste = Taste(settings, parent=self)
        apply_theme(settings.theme)
        self._small: dict[str, list[QDialog]] = {}
        self.dialogs = dialogs or Dialogs(self)
        self.state = AppState(self)
        self.bridge = JobBridge(self)
        self._reading = Reading(self.state, self.bridge)
        self.thumbs = Thumbnails(self, folder=_thumbnail_folder(settings))
        self.recent = Recent(memory)
        self.opening = Opening(self.state, self.bridge, self.dialogs, taste, self.recent)
        self.commands = Commands(self.state, self.bridge, self.opening, self.dialogs, taste)
        self.arrivals = Arrivals(self.state, self.bridge)
        self.actions_ = ActionSet(self.commands, self)
        self.samples, self.tree, self.history = SampleModel(self), TreeModel(self), HistoryModel(self)
        self.hues = Hues(self.state, self.bridge)
        self.desk = Desk(
            self.state, self.commands, self.actions_.by_id, self.bridge, self.dialogs, taste, self.thumbs,
            self.samples, self.tree, self.history, self.hues,
        )  # fmt: skip
        self._build_center()
        self.places = Docks(self, self.desk)
        self.docks = self.places.by_key
        letter = self.fontMetrics().averageCharWidth()
        self.resize(letter * 180, letter * 112)
        self._build_menus()
        self.warming = Warming(self._warm(), self)
        self._connect()
        self._restore()
        self._project_changed()
        self._query_changed()

    # ---- building --------------------------------------------------------------------------------------------

    def _build_center(self) -> None:
        self.bar = MessageBar()
        self.center = CenterView(self.desk, PAGES)
        self.highlighter = Highlighter(self.samples, self.center.chosen, self.state)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.center, 1)
        self.setCentralWidget(middle)

    def _warm(self) -> Iterator[None]:
        """What the first paint does not need, in steps of some milliseconds."""
        yield from self.places.make("library", "detail", "jobs")
        yield from plugins(registry())
        yield from self.places.make(*self.docks)
        self.bridge.in_background(Project.get_ready, lambda _outcome: None)

    @property
    def library(self) -> Library:
        """Datasets, Runs and Subsets."""
        found: Library = self.places.panel("library")
        return found

    @property
    def run_panel(self) -> RunPanel:
        """The Recipe."""
        found: RunPanel = self.places.panel("run")
        return found

    @property
    def detail(self) -> DetailPanel:
        """The Sample with the cursor."""
        found: DetailPanel = self.places.panel("detail")
        return found

    @property
    def subset_panel(self) -> SubsetPanel:
        """The Subset shown."""
        found: SubsetPanel = self.places.panel("subset")
        return found

    @property
    def jobs(self) -> JobsPanel:
        """The latest Jobs."""
        found: JobsPanel = self.places.panel("jobs")
        return found

    def _build_menus(self) -> None:
        for title in menus():
            menu = self.menuBar().addMenu(tr(title))
            for action in ACTIONS:
                if action.menu == title:
                    menu.addAction(self.actions_.by_id[action.id])
            if title == "&View":
                menu.addSeparator()
                menu.addActions([d.toggleViewAction() for d in self.docks.values()])

    def _connect(self) -> None:
        state, commands, actions = self.state, self.commands, self.actions_
        state.project_changed.connect(self._project_changed)
        state.shown_changed.connect(self._shown_changed)
        state.query_changed.connect(self._query_changed)
        state.data_changed.connect(self._data_changed)
        state.highlight_changed.connect(self._refresh_actions)
        state.current_changed.connect(self._refresh_actions)
        state.run_changed.connect(self._refresh_actions)
        self.places.made.connect(self._panel_made)
        self.highlighter.item_changed.connect(self.center.follow)
        self.highlighter.best_first.connect(self.center.table.scrollToTop)
        commands.noticed.connect(self.bar.show_notice)
        commands.replayed.connect(self.bar.make_way)
        commands.submitted.connect(self._submitted)
        commands.view_asked.connect(self.center.show_view)
        commands.zoom_asked.connect(self.center.gallery.zoom)
        commands.preview_asked.connect(self.center.toggle_preview)
        commands.highlight_all_asked.connect(self.center.gallery.highlight_all)
        commands.run_asked.connect(lambda: self.run_panel.run())
        commands.export_asked.connect(self._ask_export)
        commands.step_asked.connect(self._ask_step)
        self.opening.options_asked.connect(self._ask_import)
        self.opening.pictures_found.connect(self.center.show_first)
        commands.shortcuts_asked.connect(lambda: self._show_small("shortcuts"))
        commands.quit_asked.connect(self.close)
        commands.window_asked.connect(self._show_small)
        self.taste.changed.connect(self._settings_changed)
        commands.subsets.compare_asked.connect(self._compare)
        commands.subsets.keep_asked.connect(lambda: commands.subsets.keep_first(self.subset_panel.keep))
        commands.subsets.recipe_wanted.connect(self._take_recipe)
        commands.preview_run_asked.connect(lambda: self.run_panel.preview())
        commands.save_recipe_asked.connect(lambda: self.run_panel.save_recipe())
        self.center.gallery.zoom_asked.connect(self.center.gallery.zoom)
        self.center.start.recent_chosen.connect(self.opening.open)
        self.bridge.changed.connect(self._refresh_jobs)
        self.bridge.ended.connect(self._refresh_jobs)
        actions.refresh(state, self.history)

    def _panel_made(self, key: str, _panel: QWidget) -> None:
        """Connect it to the others, and have it show what is looked at."""
        commands = self.commands
        match key:
            case "run":
                self.run_panel.run_requested.connect(commands.run_recipe)
                self.run_panel.preview_requested.connect(commands.preview_recipe)
                self.run_panel.save_requested.connect(commands.keep_recipe)
                self.run_panel.set_dataset(self.state.dataset)
            case "detail":
                self.highlighter.item_changed.connect(self.detail.show_item)
                self.detail.show_item(self.samples.item_of_row(self.state.current))
            case "subset":
                self.subset_panel.keep_asked.connect(commands.subsets.keep_first)
            case "jobs":
                self.jobs.cancel_asked.connect(commands.cancel_job)
                self.jobs.stop_asked.connect(commands.stop_job)
                self.jobs.again_asked.connect(commands.again)
                self.jobs.room_asked.connect(self.places.give_room)

    # ---- what changed ----------------------------------------------------------------------------------------

    def _project_changed(self) -> None:
        project = self.state.project
        self.setWindowTitle(f"{project.folder.stem} – Curator" if project else "Curator")
        self.places.show(project is not None)
        if self.places.known("jobs") is not None:
            self.jobs.clear()
        self.bar.clear()
        self.center.start.show_recent(self.recent.folders())
        self.tree.read(project)
        self.history.read(project)

    def _shown_changed(self) -> None:
        state, before = self.state, self.samples.dataset
        if state.dataset is not None and (before is None or before.id != state.dataset.id):
            self.center.prefer_for(state.dataset.kind)
        if self.places.known("run") is not None:
            self.run_panel.set_dataset(state.dataset)

    def _query_changed(self) -> None:
        state, before, place = self.state, self.samples.subset, self.highlighter.place()
        try:
            self.samples.show_samples(state.project, state.dataset, state.subset, state.query)
        except CuratorError as error:
            self.bar.show_notice(notice_of_error(error))
            return
        if before != state.subset and same_subset(before, state.subset):
            self.highlighter.go_on(place)
        self._mark_members()
        self._refresh_jobs()
        self.center.refresh()
        self._refresh_actions()

    def _data_changed(self, _tables: frozenset[str]) -> None:
        self.tree.read(self.state.project)
        self.history.read(self.state.project)
        project, query = self.state.project, self.state.query
        if project is not None and query != plain_query(self.state.dataset, self.state.subset):
            self._reading.ask(lambda: project.browse.find(query), self._look_again)
        else:
            self.samples.look_again()
        self._mark_members()
        self._refresh_actions()

    def _look_again(self, outcome: object) -> None:
        if isinstance(outcome, CuratorError):
            self.bar.show_notice(notice_of_error(outcome))
        else:
            self.samples.look_again()

    def _mark_members(self) -> None:
        dataset = self.state.dataset
        self.samples.mark_members(self.tree.newest_subset(dataset.id) if dataset else None)

    def _submitted(self, job: Job) -> None:
        self.jobs.add(job)
        self.bar.make_way()
        self._refresh_jobs()

    def _refresh_jobs(self, _job: object = None) -> None:
        alive = self.places.known("jobs") is not None and any(c.alive for c in self.jobs.cards)
        self.center.set_importing(alive and self.state.dataset is None)
        self._refresh_actions()

    def _refresh_actions(self) -> None:
        self.actions_.refresh(self.state, self.history)

    def _ask_export(self) -> None:
        from curator.ui.views.export_dialog import ExportDialog

        if self.state.subset is not None and self.state.dataset is not None:
            exporting = getattr(self.state.project, "exporting", None)
            name, kind = self.state.subset.name, self.state.dataset.kind
            dialog = ExportDialog(name, kind, self.dialogs, self, exporting, self.bridge)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.export_requested.connect(self.commands.export_subset)
            dialog.show_asked.connect(partial(self.commands.subsets.highlight_picks, self.state.subset.id))
            self.state.project_changed.connect(dialog.reject)
            dialog.show()  # samples of what it finds are highlighted behind it

    def _ask_step(self) -> None:
        from curator.ui.views.lifelong_step import StepDialog

        project, dataset = self.state.project, self.state.dataset
        if project is not None and dataset is not None:
            dialog = StepDialog(self.desk, project, dataset, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.step_requested.connect(self.commands.take_step)
            dialog.open()

    def _ask_import(self, paths: list[Path]) -> None:
        from curator.ui.views.import_dialog import ImportDialog

        dialog = ImportDialog(paths, self.bridge, self.dialogs, self.opening.before, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.import_requested.connect(self.opening.bring_as)
        dialog.open()

    def _show_small(self, name: str) -> None:
        for open_ in self._small.get(name, ()):
            open_.activateWindow()
            return
        dialog = small_window(name, self.desk, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._small[name] = [dialog]
        dialog.destroyed.connect(lambda: self._small.pop(name, None))
        dialog.show()

    def _settings_changed(self, _before: Settings) -> None:
        self.thumbs.use_folder(_thumbnail_folder(self.taste.now))

    def _compare(self) -> None:
        self._show_small("compare")

    def _take_recipe(self, text: str) -> None:
        self.run_panel.load_text(text)
        self.docks["run"].show()
        self.docks["run"].raise_()
        self.run_panel.go.setFocus()

    # ---- events ----------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Docks were put in their places."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.places.hide_strays()
        return done

    def paintEvent(self, event: QPaintEvent) -> None:
        """The first time, the rest of the window is made after it."""
        super().paintEvent(event)
        self.warming.start()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders are welcome."""
        if any(u.isLocalFile() for u in event.mimeData().urls()):
            event.acceptProposedAction()
            self.center.start.hover(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Gone again."""
        self.center.start.hover(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open or import."""
        self.center.start.hover(False)
        event.acceptProposedAction()
        self.opening.bring([Path(u.toLocalFile()) for u in event.mimeData().urls() if u.isLocalFile()])

    def changeEvent(self, event: QEvent) -> None:
        """Light became dark, or back."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            sheet = theme.style_sheet(self.palette())
            if sheet != self.styleSheet():
                self.setStyleSheet(sheet)
                icons.dress(self.actions_.by_id, self.palette())
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember where things were, and stop everything."""
        if not self.opening.may_stop():
            event.ignore()
            return
        self._memory.setValue("geometry", self.saveGeometry())
        self.warming.stop()
        self.opening.close()
        if self.places.layout_ is not None:
            self._memory.setValue("layout", self.places.layout_)
        self.thumbs.close()
        self.bridge.close()  # what is still being read found its Project closed, and nobody waits for its answer
        event.accept()

    def _restore(self) -> None:
        self.setStyleSheet(theme.style_sheet(self.palette()))
        icons.dress(self.actions_.by_id, self.palette())
        geometry, layout = self._memory.value("geometry"), self._memory.value("layout")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        self.places.layout_ = layout if isinstance(layout, QByteArray) else None


def _thumbnail_folder(settings: Settings) -> ThumbnailFolder:
    return ThumbnailFolder(settings.cache_dir / "thumbnails", settings.cache_mb * 2**20)
