"""What the actions do: one short method each, calling the Project or asking the window to show something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from curator.engine.bulk import AT_ONCE
from curator.engine.errors import CuratorError
from curator.ui.finding import Finding
from curator.ui.labelling import Labelling
from curator.ui.language import tr
from curator.ui.messages import Notice, notice_of_error, notice_of_failure
from curator.ui.skill_commands import SkillCommands
from curator.ui.subset_commands import SubsetCommands

if TYPE_CHECKING:
    from curator.engine.jobs import Job
    from curator.engine.lifelong import LifelongRequest
    from curator.engine.recipe import Recipe
    from curator.engine.types import Changes
    from curator.ui.job_bridge import JobBridge
    from curator.ui.opening import Opening
    from curator.ui.state import AppState
    from curator.ui.taste import Taste
    from curator.ui.views.dialogs import Dialogs


class Commands(QObject):
    """Handlers of the actions table."""

    noticed = Signal(object)
    replayed = Signal()
    """Something is undone or done again: what was said of it is old."""
    submitted = Signal(object)
    view_asked = Signal(str)
    zoom_asked = Signal(int)
    preview_asked = Signal()
    arrange_asked = Signal(str)
    highlight_all_asked = Signal()
    run_asked = Signal()
    preview_run_asked = Signal()
    save_recipe_asked = Signal()
    export_asked = Signal()
    step_asked = Signal()
    shortcuts_asked = Signal()
    window_asked = Signal(str)
    """A small window by name: about, help or settings."""
    quit_asked = Signal()

    def __init__(self, state: AppState, bridge: JobBridge, opening: Opening, dialogs: Dialogs, settings: Taste) -> None:
        super().__init__(state)
        self._state, self._bridge, self._opening = state, bridge, opening
        self._dialogs, self._settings = dialogs, settings
        self.finding = Finding(state, bridge, self, settings)
        self.skills = SkillCommands(state, bridge, self.write, self.submit, self.noticed.emit, self)
        self.labels = Labelling(state, dialogs, self.write, self.noticed.emit, self._label_many)
        self.subsets = SubsetCommands(state, dialogs, self.write, self.noticed.emit)
        opening.noticed.connect(self.noticed)
        opening.submitted.connect(self.submitted)
        bridge.ended.connect(self._take)

    # ---- file ------------------------------------------------------------------------------------------------

    def open_images(self) -> None:
        """Ask for a folder of pictures and import it."""
        if (folder := self._dialogs.images_folder()) is not None:
            self._opening.bring([folder])

    def open_instructions(self) -> None:
        """Ask for files of records and import them."""
        self._opening.bring(self._dialogs.instruction_files())

    def import_with_options(self) -> None:
        """Choose what to import, and look at it first."""
        self._opening.options_asked.emit([])

    def open_project(self) -> None:
        """Ask for a Project and open it."""
        if (folder := self._dialogs.project_folder()) is not None:
            self._opening.open(folder)

    def try_demo(self) -> None:
        """Open the demo, making it first if need be."""
        self._opening.demo()

    def close_project(self) -> None:
        """Back to the start page."""
        if self._opening.may_stop():
            self._opening.close()

    def export(self) -> None:
        """Show the export dialog."""
        self.export_asked.emit()

    def quit(self) -> None:
        """Close the window."""
        self.quit_asked.emit()

    # ---- edit ------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back the latest write."""
        self._replay("undo")

    def redo(self) -> None:
        """Do again what was undone last."""
        self._replay("redo")

    def _replay(self, what: str) -> None:
        """At once, or, where it is very much, by a Job."""
        project = self._state.project
        if project is None:
            return
        self.replayed.emit()
        bulk = getattr(project, "bulk", None)
        if bulk is not None and bulk.is_large(what):
            self.submit(lambda: bulk.submit_replay(what, listener=self._bridge.listener))
        else:
            self.write(getattr(project, what))

    def pin_in(self) -> None:
        """Pin the highlighted Samples in."""
        self._pin("in")

    def pin_out(self) -> None:
        """Pin the highlighted Samples out."""
        self._pin("out")

    def pin_clear(self) -> None:
        """Let go of the highlighted Samples."""
        self._pin(None)

    def highlight_all(self) -> None:
        """Highlight everything shown."""
        self.highlight_all_asked.emit()

    def _pin(self, pin: str | None) -> None:
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None:
            return
        if len(rows := self._state.highlight) > AT_ONCE:
            self.submit(lambda: project.bulk.submit_pin(dataset.id, rows, pin, listener=self._bridge.listener))
            if self._state.subset is not None and pin is not None:
                hint = tr("This subset stays as it is: run the recipe again (Ctrl+R), or compare and subtract.")
                self.noticed.emit(Notice(tr("So many pins count from the next run on."), hint, good=True))
        elif ids := self._state.highlighted_ids():
            subset = self._state.subset
            if subset is None or pin is None:
                self.write(lambda: project.pin(ids, pin))
            else:
                self._correct(lambda: project.subsets.pin(subset.id, ids, pin))

    def _correct(self, write: Callable[[], Changes]) -> None:
        """Pin in the Subset shown, and say what became of it."""
        try:
            changes = write()
        except CuratorError as error:
            self.noticed.emit(notice_of_error(error))
            return
        self._state.take(changes)
        for note in changes.notes:
            undo = tr("Ctrl+Z takes it back.") if "subset" in changes.tables else ""
            self.noticed.emit(Notice(note, undo, good=True))

    def _label_many(self, name: str | None) -> None:
        """More than the window can wait for."""
        project, dataset, rows = self._state.project, self._state.dataset, self._state.highlight
        if project is not None and dataset is not None:
            self.submit(lambda: project.bulk.submit_label(dataset.id, rows, name, listener=self._bridge.listener))

    def write(self, write: Callable[[], Changes]) -> bool:
        """Make a small edit of the Project and let every view take it in; False when it was refused, and said so."""
        try:
            self._state.take(write())
        except CuratorError as error:
            self.noticed.emit(notice_of_error(error))
            return False
        return True

    # ---- view ------------------------------------------------------------------------------------------------

    def show_gallery(self) -> None:
        """Pictures or cards."""
        self.view_asked.emit("gallery")

    def show_table(self) -> None:
        """A table."""
        self.view_asked.emit("table")

    def show_instructions(self) -> None:
        """Records in columns."""
        self.view_asked.emit("instructions")

    def show_rounds(self) -> None:
        """Rounds of labels."""
        self.view_asked.emit("rounds")

    def show_trials(self) -> None:
        """Selectors against each other."""
        self.view_asked.emit("trials")

    def show_lifelong(self) -> None:
        """The timeline of a lifelong pile."""
        self.view_asked.emit("lifelong")

    def show_map(self) -> None:
        """The map."""
        self.view_asked.emit("map")

    def preview(self) -> None:
        """One Sample, large."""
        self.preview_asked.emit()

    def sort_by(self) -> None:
        """Choose the order."""
        self.arrange_asked.emit("sort")

    def group_by(self) -> None:
        """Choose the headings."""
        self.arrange_asked.emit("group")

    def colour_by(self) -> None:
        """Choose the colours."""
        self.arrange_asked.emit("colour")

    def larger(self) -> None:
        """Zoom in."""
        self.zoom_asked.emit(1)

    def smaller(self) -> None:
        """Zoom out."""
        self.zoom_asked.emit(-1)

    def show_dataset(self) -> None:
        """All Samples of the Dataset shown."""
        if self._state.dataset is not None:
            self._state.show_dataset(self._state.dataset.id)

    def show_shortcuts(self) -> None:
        """The F1 sheet."""
        self.shortcuts_asked.emit()

    def about(self) -> None:
        """Version and licences."""
        self.window_asked.emit("about")

    def show_help(self) -> None:
        """The help pages."""
        self.window_asked.emit("help")

    def show_settings(self) -> None:
        """The settings."""
        self.window_asked.emit("settings")

    # ---- jobs ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Press Run in the run panel."""
        self.run_asked.emit()

    def run_recipe(self, recipe: Recipe, subset: str) -> None:
        """Run a Recipe on the Dataset shown."""
        project, dataset = self._state.project, self._state.dataset
        if project is None or dataset is None:
            return
        self.submit(
            lambda: project.submit_run(
                dataset.name, recipe, subset, self._settings.device, listener=self._bridge.listener
            )
        )

    def preview_run(self) -> None:
        """Press Preview in the run panel."""
        self.preview_run_asked.emit()

    def preview_recipe(self, recipe: Recipe) -> None:
        """Try a Recipe on a sample of the Dataset shown."""
        project, dataset = self._state.project, self._state.dataset
        if project is not None and dataset is not None:
            self.submit(
                lambda: project.submit_preview(
                    dataset.name, recipe, device=self._settings.device, listener=self._bridge.listener
                )
            )

    def save_recipe(self) -> None:
        """Press Save in the run panel."""
        self.save_recipe_asked.emit()

    def keep_recipe(self, name: str, text: str) -> None:
        """Ask where to, and write a Recipe there."""
        from curator.engine.exporting import atomic_file

        target = self._dialogs.save_recipe(Path.home() / f"{name}.toml")
        if target is None:
            return
        target = target if target.suffix else target.with_suffix(".toml")
        try:
            with atomic_file(target, overwrite=True) as file:
                file.write(text.encode())
        except CuratorError as error:
            self.noticed.emit(notice_of_error(error))
            return
        self.noticed.emit(Notice(tr("Saved {target}", target=target), good=True))

    def export_subset(
        self, format_: str, target: Path, overwrite: bool, params: dict[str, Any], options: dict[str, Any]
    ) -> None:
        """Export the Subset shown."""
        project, subset = self._state.project, self._state.subset
        if project is None or subset is None:
            return
        self.submit(
            lambda: project.submit_export(
                subset.name, target, format_, params, overwrite, listener=self._bridge.listener, options=options
            )
        )

    def lifelong_step(self) -> None:
        """Show the dialog of a lifelong step."""
        self.step_asked.emit()

    def take_step(self, request: LifelongRequest) -> None:
        """Take a lifelong step, and show the timeline that it will stand in."""
        project = self._state.project
        if project is not None and self.submit(
            lambda: project.lifelong.submit_step(request, listener=self._bridge.listener)
        ):
            self.view_asked.emit("lifelong")

    def cancel_running(self) -> None:
        """Ask the Job that runs to stop."""
        if self._state.project is not None and (job := self._state.project.running_job) is not None:
            self.cancel_job(job)

    def cancel_job(self, job: Job) -> None:
        """Ask a Job to stop."""
        if self._state.project is not None:
            self._state.project.cancel(job)

    def stop_job(self, job: Job) -> None:
        """End a Job that does not listen."""
        if self._state.project is not None:
            self._state.project.stop_now(job)

    def again(self, job: Job) -> None:
        """Start once more what failed or was stopped."""
        if (project := self._state.project) is not None:
            self.submit(lambda: project.submit_again(job, listener=self._bridge.listener))

    def submit(self, submit: Callable[[], Job]) -> bool:
        """Start a Job; False when it was refused, and said so."""
        try:
            self.submitted.emit(submit())
        except CuratorError as error:
            self.noticed.emit(notice_of_error(error))
            return False
        return True

    def _take(self, job: Job) -> None:
        """What a Job left behind."""
        if job.changes is not None:
            self._state.take(job.changes)
            if job.changes.notes:
                self.noticed.emit(Notice(tr("{title}: done", title=job.title), "\n".join(job.changes.notes), good=True))
        elif job.failure is not None and job.failure.kind != "cancelled":
            self.noticed.emit(notice_of_failure(job.failure))
