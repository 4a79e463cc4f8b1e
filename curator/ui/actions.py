"""Every action of the window in one table: menus, shortcuts, the F1 sheet and enabling all follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from curator.ui.language import noop, tr

if TYPE_CHECKING:
    from curator.ui.models.history import HistoryModel
    from curator.ui.state import AppState


@dataclass(frozen=True)
class Action:
    """One thing a user can do.

    ``handler`` is the name of a method of :class:`~curator.ui.commands.Commands`, or "part.method" for a method of one
    of its parts; ``when`` one of
    :data:`CONDITIONS`; ``in_view`` limits the shortcut to the gallery and the table, so that letters and Space keep
    their meaning elsewhere.
    """

    id: str
    menu: str
    text: str
    shortcut: str
    handler: str
    when: str
    help: str
    in_view: bool = False


FILE, EDIT, VIEW = noop("&File"), noop("&Edit"), noop("&View")
RUN, SUBSET, SKILLS, HELP = noop("&Run"), noop("&Subset"), noop("S&kills"), noop("&Help")

ACTIONS = (
    Action("open-images", FILE, noop("Open &images…"), "Ctrl+I", "open_images", "always",
           noop("Import a folder of pictures")),
    Action("open-instructions", FILE, noop("Open i&nstructions…"), "Ctrl+Shift+I", "open_instructions", "always",
           noop("Import files of instruction records (JSON, JSON Lines)")),
    Action("import-options", FILE, noop("Import with &options…"), "Ctrl+Alt+I", "import_with_options", "always",
           noop("Look before an import: importer, columns, first samples")),
    Action("open-project", FILE, noop("Open &project…"), "Ctrl+O", "open_project", "always",
           noop("Open a .curator folder")),
    Action("demo", FILE, noop("Try the &demo"), "Ctrl+Shift+O", "try_demo", "always",
           noop("Import the bundled piles and choose from them")),
    Action("export", FILE, noop("&Export subset…"), "Ctrl+E", "export", "subset",
           noop("Write the subset to a folder or file")),
    Action("close-project", FILE, noop("&Close project"), "Ctrl+W", "close_project", "project",
           noop("Back to the start page")),
    Action("quit", FILE, noop("&Quit"), "Ctrl+Q", "quit", "always", noop("Close the window")),
    Action("undo", EDIT, noop("&Undo"), "Ctrl+Z", "undo", "undo", noop("Take back the latest change")),
    Action("redo", EDIT, noop("&Redo"), "Ctrl+Shift+Z", "redo", "redo", noop("Do again what was undone last")),
    Action("highlight-all", EDIT, noop("Highlight &all"), "Ctrl+A", "highlight_all", "dataset",
           noop("Highlight all shown"), True),
    Action("pin-in", EDIT, noop("Pin &in"), "P", "pin_in", "highlight",
           noop("Later runs always choose these; the subset shown takes them in"), True),
    Action("pin-out", EDIT, noop("Pin &out"), "X", "pin_out", "highlight",
           noop("Later runs never choose these; the subset shown lets them go"), True),
    Action("pin-clear", EDIT, noop("&Clear pin"), "U", "pin_clear", "highlight",
           noop("Let later runs decide again"), True),
    Action("label", EDIT, noop("&Label…"), "L", "labels.ask", "highlight",
           noop("Give the highlighted samples a class"), True),
    Action("label-clear", EDIT, noop("Remove la&bel"), "0", "labels.clear", "highlight",
           noop("Take your label away; a given one counts again"), True),
    Action("search", EDIT, noop("&Search"), "Ctrl+F", "finding.focus", "dataset",
           noop("Find samples by words, a filter or a picture")),
    Action("more-like", EDIT, noop("More li&ke these"), "Ctrl+J", "finding.more_like", "highlight",
           noop("Rank all samples by how like the highlighted ones they are")),
    Action("search-clear", EDIT, noop("Show &everything"), "Ctrl+Shift+F", "finding.clear", "dataset",
           noop("Clear the search")),
    Action("gallery", VIEW, noop("&Gallery"), "Ctrl+1", "show_gallery", "dataset",
           noop("Samples as pictures or cards")),
    Action("table", VIEW, noop("&Table"), "Ctrl+2", "show_table", "dataset", noop("Samples as a table")),
    Action("map", VIEW, noop("&Map"), "Ctrl+3", "show_map", "dataset", noop("Samples laid out by likeness")),
    Action("instructions", VIEW, noop("&Instructions"), "Ctrl+4", "show_instructions", "dataset",
           noop("Records in columns, and read as conversations")),
    Action("rounds", VIEW, noop("Label in &rounds"), "Ctrl+5", "show_rounds", "dataset",
           noop("Label the few that teach most")),
    Action("trials", VIEW, noop("Tri&als"), "Ctrl+6", "show_trials", "dataset",
           noop("Try selectors against each other")),
    Action("lifelong", VIEW, noop("Li&felong steps"), "Ctrl+7", "show_lifelong", "dataset",
           noop("What came in, was chosen and was pruned, step by step")),
    Action("preview", VIEW, noop("&Preview"), "Space", "preview", "current",
           noop("Show a sample large; again to go back"), True),
    Action("sort", VIEW, noop("Sort b&y…"), "Ctrl+Alt+S", "sort_by", "ready", noop("Choose the order of the samples")),
    Action("group", VIEW, noop("Gr&oup by…"), "Ctrl+Alt+G", "group_by", "ready", noop("Put samples under headings")),
    Action("colour", VIEW, noop("&Colour by…"), "Ctrl+Alt+C", "colour_by", "ready",
           noop("Colour the map and the gallery")),
    Action("larger", VIEW, noop("&Larger"), "Ctrl++", "larger", "dataset", noop("Larger pictures")),
    Action("smaller", VIEW, noop("&Smaller"), "Ctrl+-", "smaller", "dataset", noop("Smaller pictures")),
    Action("all-samples", VIEW, noop("&Whole dataset"), "Ctrl+D", "show_dataset", "subset",
           noop("All samples, with those of the newest subset marked")),
    Action("skill-show", SKILLS, noop("&Show only these"), "Ctrl+Alt+K", "skills.show", "dataset",
           noop("Show only the samples of the highlighted skills")),
    Action("skill-rename", SKILLS, noop("&Rename"), "Ctrl+Alt+R", "skills.rename", "dataset",
           noop("Give the highlighted skill another name")),
    Action("skill-quota", SKILLS, noop("&Cap"), "Ctrl+Alt+Q", "skills.quota", "dataset",
           noop("Set how many samples of the highlighted skill a run may pick")),
    Action("skill-budget", SKILLS, noop("&Budget"), "Ctrl+Alt+B", "skills.budget", "dataset",
           noop("Set how many samples of the highlighted skill a run that shares over skills shall pick")),
    Action("skill-merge", SKILLS, noop("&Merge"), "Ctrl+Alt+M", "skills.merge", "dataset",
           noop("Make one skill of those highlighted")),
    Action("skill-split", SKILLS, noop("S&plit"), "Ctrl+Alt+P", "skills.split", "dataset",
           noop("Divide the highlighted skill by what its samples are like")),
    Action("skill-hide", SKILLS, noop("&Hide"), "Ctrl+Alt+H", "skills.hide", "dataset",
           noop("Leave the highlighted skills out of the list, or show them again")),
    Action("run", RUN, noop("&Run recipe"), "Ctrl+R", "run", "ready",
           noop("Choose a subset with the recipe in the run panel")),
    Action("preview-run", RUN, noop("&Preview on a sample"), "Ctrl+Shift+R", "preview_run", "ready",
           noop("Try the recipe on 5,000 samples")),
    Action("save-recipe", RUN, noop("&Save recipe…"), "Ctrl+S", "save_recipe", "dataset",
           noop("Save the recipe as a TOML file")),
    Action("lifelong-step", RUN, noop("Add a &lifelong step…"), "Ctrl+Alt+L", "lifelong_step", "ready",
           noop("Take in what came, choose what to train on, and prune the pool")),
    Action("cancel", RUN, noop("&Cancel job"), "Ctrl+.", "cancel_running", "job",
           noop("Stop the job; finished work is kept")),
    Action("subset-rename", SUBSET, noop("&Rename…"), "F2", "subsets.rename", "subset",
           noop("Give the subset another name")),
    Action("subset-note", SUBSET, noop("&Note…"), "Ctrl+Shift+N", "subsets.note", "subset",
           noop("Write a note beside the subset")),
    Action("subset-lock", SUBSET, noop("&Lock"), "Ctrl+Shift+L", "subsets.lock", "subset",
           noop("Protect it; again to unlock")),
    Action("subset-copy", SUBSET, noop("&Duplicate"), "Ctrl+Shift+D", "subsets.copy", "subset",
           noop("A copy under another name")),
    Action("subset-remove", SUBSET, noop("R&emove"), "Ctrl+Del", "subsets.remove", "subset",
           noop("Undo brings it back")),
    Action("subset-new", SUBSET, noop("New from &highlight…"), "Ctrl+N", "subsets.from_highlight", "highlight",
           noop("A new subset of the highlighted samples")),
    Action("subset-keep", SUBSET, noop("&Keep as the dial says"), "Ctrl+Shift+K", "subsets.keep", "subset",
           noop("A new subset of the first picks, as many as the budget dial says")),
    Action("dial-less", SUBSET, noop("Dial do&wn"), "Ctrl+[", "subsets.dial_less", "subset",
           noop("Show what fewer of the first picks are worth; nothing is written")),
    Action("dial-more", SUBSET, noop("Dial &up"), "Ctrl+]", "subsets.dial_more", "subset",
           noop("The dial up again, to all picks")),
    Action("dial-knee", SUBSET, noop("Dial &to the knee"), "Ctrl+\\", "subsets.dial_knee", "subset",
           noop("From the knee on, more samples add less than on average")),
    Action("subset-compare", SUBSET, noop("&Compare…"), "Ctrl+K", "subsets.compare", "dataset",
           noop("Two subsets side by side")),
    Action("copy-recipe", SUBSET, noop("Co&py recipe"), "Ctrl+Shift+C", "subsets.copy_recipe", "recipe",
           noop("The recipe behind the subset or the run, into the clipboard")),
    Action("run-again", SUBSET, noop("Run a&gain"), "Ctrl+Shift+G", "subsets.run_again", "recipe",
           noop("Put the recipe behind the subset or the run into the recipe panel")),
    Action("settings", EDIT, noop("Se&ttings…"), "Ctrl+,", "show_settings", "always",
           noop("Theme, device, cache, plugins")),
    Action("help", HELP, noop("&Help"), "Shift+F1", "show_help", "always", noop("How to use Curator")),
    Action("shortcuts", HELP, noop("&Shortcuts"), "F1", "show_shortcuts", "always", noop("This list")),
    Action("about", HELP, noop("&About Curator"), "Ctrl+F1", "about", "always", noop("Version and licence")),
)  # fmt: skip

Condition = Callable[["AppState", "HistoryModel"], bool]
CONDITIONS: dict[str, Condition] = {
    "always": lambda state, history: True,
    "project": lambda state, history: state.project is not None,
    "dataset": lambda state, history: state.dataset is not None,
    "ready": lambda state, history: state.ready,
    "subset": lambda state, history: state.subset is not None,
    "recipe": lambda state, history: state.subset is not None or state.run is not None,
    "highlight": lambda state, history: state.ready and len(state.highlight) > 0,
    "current": lambda state, history: state.current is not None,
    "undo": lambda state, history: bool(history.undo_label),
    "redo": lambda state, history: bool(history.redo_label),
    "job": lambda state, history: state.project is not None and state.project.running_job is not None,
}

GALLERY_KEYS = (
    (noop("Arrow keys"), noop("Move the cursor")),
    (noop("Shift + arrow keys"), noop("Highlight a range")),
    (noop("Ctrl + arrow keys"), noop("Move without changing what is highlighted")),
    (noop("Ctrl + Space"), noop("Highlight, or not, what the cursor is on")),
    (noop("1 to 9"), noop("Give what is highlighted the class with that number")),
    (noop("Escape"), noop("Highlight nothing")),
    (noop("Home / End"), noop("First / last sample")),
    (noop("Page Up / Page Down"), noop("A screen up / down")),
)
"""What the gallery does with keys that are nobody's shortcut; for the F1 sheet."""

MAP_KEYS = (
    (noop("M, F, R"), noop("Move, lasso (freehand), rectangle")),
    (noop("Shift, Alt + lasso"), noop("Add to what is highlighted, take away from it")),
    (noop("Arrow keys"), noop("Move the map")),
    (noop("+ / −"), noop("Closer / farther")),
    (noop("Home"), noop("Show all of the map")),
    (noop("Escape"), noop("Highlight nothing")),
)
"""The same for the map."""


class ActionSet(QObject):
    """The QActions made from the table, wired to the handlers of one object."""

    def __init__(self, handlers: QObject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.by_id: dict[str, QAction] = {}
        for action in ACTIONS:
            made = QAction(tr(action.text), self)
            if action.shortcut:
                made.setShortcut(QKeySequence(action.shortcut))
            help_ = tr(action.help)
            made.setToolTip(f"{help_} ({action.shortcut})" if action.shortcut else help_)
            made.setStatusTip(help_)
            if action.in_view:
                made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            made.triggered.connect(attrgetter(action.handler)(handlers))
            self.by_id[action.id] = made

    def refresh(self, state: AppState, history: HistoryModel) -> None:
        """Enable what makes sense now, and name what undo and redo would do."""
        for action in ACTIONS:
            self.by_id[action.id].setEnabled(CONDITIONS[action.when](state, history))
        for key, word, label in (
            ("undo", tr("&Undo"), history.undo_label),
            ("redo", tr("&Redo"), history.redo_label),
        ):
            name = label.replace("&", "&&")
            self.by_id[key].setText(f"{word}: {name}" if name else word)


def menus() -> tuple[str, ...]:
    """Titles of the menus in order."""
    return tuple(dict.fromkeys(a.menu for a in ACTIONS))
