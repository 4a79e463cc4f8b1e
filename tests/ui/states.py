"""Every view has four states, each with words of its own: nothing there (and what to do about it), still coming,
cannot be read, ready. One table for all of them, for the tests of every view."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from curator.engine.errors import StoreError
from curator.engine.jobs import RUNNING, Job
from curator.engine.project import Project
from curator.engine.requests import ImportRequest
from curator.engine.task import Progress
from curator.ui.main_window import MainWindow

STATES = ("empty", "loading", "error", "ready")
EVERYWHERE = {"start", "gallery", "table", "search", "compare", "export", "import", "settings"}
GONE = StoreError("The disk is gone.", "Connect it.")


class Broken:
    """A part of a Project that cannot be read."""

    def __getattr__(self, _name):
        def fail(*_args, **_more):
            raise GONE

        return fail


def fail(*_args, **_more):
    raise GONE


@dataclass
class Scene:
    """The window on a small Project, and what a case needs to spoil it."""

    window: MainWindow
    project: Project
    patch: pytest.MonkeyPatch
    qtbot: object

    def open(self, subset=False):
        self.window.state.set_project(self.project)
        if subset:
            self.window.state.show_subset(1)

    def importing(self):
        self.open()
        state = self.window.state
        state.dataset = replace(state.dataset, status="importing")
        state.shown_changed.emit()
        state.query_changed.emit()

    def job(self):
        job = Job(ImportRequest(("a",), "pile"), None)
        job.state, job.progress = RUNNING, Progress("Reading", 30, 100, 0.0, 0.0)
        return job

    def dialog(self, name):
        self.window.commands.window_asked.emit(name)
        return self.window._small[name][0]

    def click(self, action):
        self.window.actions_.by_id[action].trigger()

    def spoil(self, *parts):
        for part in parts:
            self.patch.setattr(self.project, part, Broken())


def panel(key):
    def root(scene):
        scene.window.docks[key].show()
        scene.window.docks[key].raise_()
        return scene.window.places.panel(key)

    return root


def page(key):
    def root(scene):
        scene.window.commands.view_asked.emit(key)
        return scene.window.center.stack.currentWidget()

    return root


def searching(where):
    """A filter, as the box does it."""

    def arrange(scene):
        scene.open()
        scene.window.state.set_query(replace(scene.window.state.query, where=where))

    return arrange


def deaf(scene):
    """What is asked for beside the window never comes."""
    scene.patch.setattr(scene.window.bridge, "in_background", lambda *_: None)


def with_job(key):
    """A page whose Job runs."""

    def root(scene):
        found = page(key)(scene)
        scene.patch.setattr(found, "_job", scene.job())
        found._tell()
        return found

    return root


def jobs(state, failure=None):
    def root(scene):
        job = scene.job()
        job.state, job.failure = state, failure
        scene.window.jobs.clear()
        scene.window.jobs.add(job)
        return scene.window.jobs

    return root


def detail_at(scene):
    """The panel with the cursor on a sample, looking for what is near."""
    scene.window.state.set_current(3)
    scene.window.detail.show_item(scene.window.samples.item_of_row(3))
    scene.window.detail.more._look()
    return scene.window.detail


def broken_neighbours(scene):
    scene.open()
    scene.patch.setattr(scene.project.browse, "neighbours", fail)


def recipe_of(text):
    def root(scene):
        scene.window.run_panel.load_text(text)
        scene.window.run_panel.show_estimate()
        return scene.window.run_panel

    return root


def export_dialog(scene):
    scene.click("export")
    return next(d for d in scene.window.findChildren(QWidget) if type(d).__name__ == "ExportDialog")


def export_of_nothing(scene):
    dialog = export_dialog(scene)
    dialog.preview._plan = lambda: None
    dialog.preview.look()
    return dialog


def import_dialog(*paths):
    def root(scene):
        scene.window.opening.options_asked.emit([Path(p) if p else scene.project.folder.parent for p in paths])
        return next(d for d in scene.window.findChildren(QWidget) if type(d).__name__ == "ImportDialog")

    return root


def recent_gone(scene):
    scene.window.state.set_project(None)
    scene.window.center.start.recent_chosen.emit(scene.project.folder / "gone.curator")


def one_subset(scene):
    scene.open()
    contents = scene.project.contents()
    scene.patch.setattr(scene.project, "contents", lambda: replace(contents, subsets=contents.subsets[:1]))


def unsaved(scene):
    dialog = scene.dialog("settings")
    scene.patch.setattr(dialog._taste, "set", lambda _new: (_ for _ in ()).throw(OSError("The disk is full")))
    dialog._set(device="cpu")
    return dialog


def no_help(scene):
    dialog = scene.dialog("help")
    dialog.search.setText("xyzzy")
    return dialog


def steps(scene):
    from test_lifelong_page import SKILLS, STEPS

    scene.patch.setattr(scene.project.lifelong, "steps", lambda _: STEPS)
    scene.patch.setattr(scene.project.lifelong, "skills", lambda _: SKILLS)
    scene.open()


def mapped(scene, layout=None):
    import numpy as np

    from curator.engine.pages import Layout

    scene.patch.setattr(scene.project.pages, "layouts", lambda _: [Layout(1, "pca", "now"), Layout(2, "umap", "now")])
    scene.patch.setattr(
        scene.project.pages, "layout", layout or (lambda *_: np.random.default_rng(0).random((60, 2), np.float32))
    )
    scene.open()


def spoiled(*parts, subset=False):
    def arrange(scene):
        if subset:
            scene.open(subset=True)
        scene.spoil(*parts)
        scene.window.state.set_project(None) if not subset else None
        scene.open() if not subset else scene.window.state.shown_changed.emit()

    return arrange


def counts_gone(scene):
    scene.open()
    scene.patch.setattr(scene.project, "counts", fail)
    scene.window.state.show_subset(1)


def contents_gone(scene):
    scene.open()
    scene.patch.setattr(scene.project, "contents", fail)
    scene.patch.setattr(scene.project, "history", fail)
    scene.window.tree.read(scene.project)
    scene.window.history.read(scene.project)


center = lambda scene: scene.window.center  # noqa: E731
whole = lambda scene: scene.window.centralWidget()  # noqa: E731
nothing = lambda scene: scene.window.state.set_project(None)  # noqa: E731
opened, with_subset, importing = Scene.open, lambda s: s.open(subset=True), Scene.importing
RECIPE = 'name = "a"\nencoder = { name = "lsa" }\nselectors = [{ name = "random", budget = 5 }]\n'
NO, SOON, GONE_WORDS = "Nothing is open", "import is still running", "The disk is gone. Connect it."
AT_ONCE = "it is read at once"

CASES = {
    "start": (
        (nothing, center, "Or drop a folder of pictures"),
        (lambda s: (nothing(s), s.window.center.set_importing(True)), center, "Reading what you brought"),
        (recent_gone, whole, "gone.curator"),
        (lambda s: (nothing(s), s.window.center.start.show_recent([s.project.folder])), center, "Recent projects"),
    ),
    "gallery": (
        (searching("text~\"xyzzy\""), page("gallery"), "Nothing here fits the filter"),
        (importing, center, "so far; the import goes on"),
        (spoiled("pages"), page("gallery"), GONE_WORDS),
        (opened, center, "60 samples"),
    ),
    "table": (
        (searching("text~\"xyzzy\""), page("table"), "Nothing here fits the filter"),
        (importing, center, "so far; the import goes on"),
        (spoiled("pages"), page("table"), GONE_WORDS),
        (opened, center, "60 samples"),
    ),
    "map": (
        (opened, page("map"), "There is no map of these samples yet"),
        (importing, page("map"), SOON),
        (lambda s: mapped(s, fail), page("map"), "The disk is gone."),
        (mapped, page("map"), "Layout: umap"),
    ),
    "instructions": (
        (searching("text~\"xyzzy\""), page("instructions"), "Nothing here fits the filter"),
        (importing, center, "so far; the import goes on"),
        (spoiled("pages"), page("instructions"), GONE_WORDS),
        (opened, center, "60 samples"),
    ),
    "rounds": (
        (opened, page("rounds"), "Name the classes"),
        (opened, with_job("rounds"), "Reading…"),
        (spoiled("rounds"), page("rounds"), GONE_WORDS),
        "test_rounds_page.py labels five rounds",
    ),
    "trials": (
        (opened, page("trials"), "No trial yet"),
        (opened, with_job("trials"), "Reading 30 of 100"),
        (spoiled("trials"), page("trials"), GONE_WORDS),
        "test_rounds_page.py shows a trial with its plot",
    ),
    "lifelong": (
        (opened, page("lifelong"), "No lifelong step has been taken"),
        (importing, page("lifelong"), SOON),
        (spoiled("lifelong"), page("lifelong"), GONE_WORDS),
        (steps, page("lifelong"), "Step 3"),
    ),
    "library": (
        (nothing, panel("library"), "Drop a folder or a file here"),
        (lambda s: (nothing(s), s.importing(), s.window.tree.read(None)), panel("library"), SOON),
        (contents_gone, panel("library"), GONE_WORDS),
        (opened, panel("library"), ""),
    ),
    "history": (
        (nothing, panel("history"), "Nothing done yet"),
        AT_ONCE,
        (contents_gone, panel("history"), GONE_WORDS),
        (opened, panel("history"), ""),
    ),
    "run": (
        (nothing, recipe_of(RECIPE), NO),
        (importing, recipe_of(RECIPE), SOON),
        (opened, recipe_of("name = "), "not"),
        (opened, recipe_of(RECIPE), "earlier runs here"),
    ),
    "detail": (
        (nothing, panel("detail"), "Highlight a sample to see it here"),
        (lambda s: (s.open(), deaf(s)), detail_at, "Looking for what is near"),
        (broken_neighbours, detail_at, GONE_WORDS),
        (opened, detail_at, "Nearest"),
    ),
    "subset": (
        (opened, panel("subset"), "Show a subset to see"),
        (importing, panel("subset"), SOON),
        (spoiled("dials", subset=True), panel("subset"), GONE_WORDS),
        (with_subset, panel("subset"), "Where it comes from"),
    ),
    "coverage": (
        (opened, panel("coverage"), "Show a subset to see what it covers"),
        (importing, panel("coverage"), SOON),
        (counts_gone, panel("coverage"), GONE_WORDS),
        (with_subset, panel("coverage"), "Random"),
    ),
    "skills": (
        (nothing, panel("skills"), NO),
        (importing, panel("skills"), SOON),
        (spoiled("skillset"), panel("skills"), GONE_WORDS),
        (opened, panel("skills"), ""),
    ),
    "jobs": (
        (nothing, panel("jobs"), "No jobs yet"),
        (opened, jobs("running"), "Reading · 30 of 100"),
        (opened, jobs("failed", GONE), "The disk is gone."),
        (opened, jobs("done"), "Done"),
    ),
    "search": (
        (opened, center, "60 samples"),
        (lambda s: (s.open(), deaf(s), s.window.commands.finding.search("row<5 label:x")), center, "Searching…"),
        (lambda s: (s.open(), s.window.commands.finding.search("row<")), center, ""),
        (lambda s: (s.open(), s.window.commands.finding.search('text~"sing"')), center, " found"),
    ),
    "compare": (
        (one_subset, lambda s: s.dialog("compare"), "There are no two subsets"),
        (importing, lambda s: s.dialog("compare"), ""),
        (lambda s: (s.open(), s.spoil("subsets")), lambda s: s.dialog("compare"), GONE_WORDS),
        (opened, lambda s: s.dialog("compare"), "only in A"),
    ),
    "export": (
        (with_subset, export_of_nothing, "There is nothing to look at yet"),
        (with_subset, export_dialog, "Looking…"),
        (lambda s: (s.open(True), s.patch.setattr(s.project.exporting, "preview", fail)), export_dialog, GONE_WORDS),
        (with_subset, export_dialog, "nothing is lost"),
    ),
    "import": (
        (nothing, import_dialog(), "Choose files or a folder"),
        (lambda s: (nothing(s), deaf(s)), import_dialog("a.jsonl"), "Looking at a.jsonl"),
        (nothing, import_dialog("/nowhere/a.jsonl"), "a.jsonl"),
        (nothing, import_dialog(""), "sure"),
    ),
    "settings": ("there are always settings", AT_ONCE, (opened, unsaved, "cannot be saved"), (
        opened, lambda s: s.dialog("settings"), "Saved in")),
    "help": ((opened, no_help, "No page has these words"), AT_ONCE, "it is part of the program", (
        opened, lambda s: s.dialog("help"), "")),
}  # fmt: skip
