"""Every action of the window in one table: menus, shortcuts, the F1 sheet and enabling all follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

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


FILE, EDIT, VIEW, RUN, SUBSET, HELP = "&File", "&Edit", "&View", "&Run", "&Subset", "&Help"
SKILLS = "S&kills"

ACTIONS = (
    Action("open-images", FILE, "Open &images…", "Ctrl+I", "open_images", "always", "Import a folder of pictures"),
    Action("open-instructions", FILE, "Open i&nstructions…", "Ctrl+Shift+I", "open_instructions", "always",
           "Import files of instruction records (JSON, JSON Lines)"),
    Action("import-options", FILE, "Import with &options…", "Ctrl+Alt+I", "import_with_options", "always",
           "Look before an import: importer, columns, first samples"),
    Action("open-project", FILE, "Open &project…", "Ctrl+O", "open_project", "always", "Open a .curator folder"),
    Action("demo", FILE, "Try the &demo", "", "try_demo", "always", "Import the bundled piles and choose from them"),
    Action("export", FILE, "&Export subset…", "Ctrl+E", "export", "subset", "Write the subset to a folder or file"),
    Action("close-project", FILE, "&Close project", "Ctrl+W", "close_project", "project", "Back to the start page"),
    Action("quit", FILE, "&Quit", "Ctrl+Q", "quit", "always", "Close the window"),
    Action("undo", EDIT, "&Undo", "Ctrl+Z", "undo", "undo", "Take back the latest change"),
    Action("redo", EDIT, "&Redo", "Ctrl+Shift+Z", "redo", "redo", "Do again what was undone last"),
    Action("highlight-all", EDIT, "Highlight &all", "Ctrl+A", "highlight_all", "dataset", "Highlight all shown", True),
    Action("pin-in", EDIT, "Pin &in", "P", "pin_in", "highlight", "Later runs always choose these", True),
    Action("pin-out", EDIT, "Pin &out", "X", "pin_out", "highlight", "Later runs never choose these", True),
    Action("pin-clear", EDIT, "&Clear pin", "U", "pin_clear", "highlight", "Let later runs decide again", True),
    Action("label", EDIT, "&Label…", "L", "labels.ask", "highlight", "Give the highlighted samples a class", True),
    Action("label-clear", EDIT, "Remove la&bel", "0", "labels.clear", "highlight",
           "Take your label away; a given one counts again", True),
    Action("search", EDIT, "&Search", "Ctrl+F", "finding.focus", "dataset",
           "Find samples by words, a filter or a picture"),
    Action("more-like", EDIT, "More li&ke these", "Ctrl+J", "finding.more_like", "highlight",
           "Rank all samples by how like the highlighted ones they are"),
    Action("search-clear", EDIT, "Show &everything", "Ctrl+Shift+F", "finding.clear", "dataset", "Clear the search"),
    Action("gallery", VIEW, "&Gallery", "Ctrl+1", "show_gallery", "dataset", "Samples as pictures or cards"),
    Action("table", VIEW, "&Table", "Ctrl+2", "show_table", "dataset", "Samples as a table"),
    Action("map", VIEW, "&Map", "Ctrl+3", "show_map", "dataset", "Samples laid out by likeness"),
    Action("instructions", VIEW, "&Instructions", "Ctrl+4", "show_instructions", "dataset",
           "Records in columns, and read as conversations"),
    Action("rounds", VIEW, "Label in &rounds", "Ctrl+5", "show_rounds", "dataset", "Label the few that teach most"),
    Action("trials", VIEW, "Tri&als", "Ctrl+6", "show_trials", "dataset", "Try selectors against each other"),
    Action("lifelong", VIEW, "Li&felong steps", "Ctrl+7", "show_lifelong", "dataset",
           "What came in, was chosen and was pruned, step by step"),
    Action("preview", VIEW, "&Preview", "Space", "preview", "current", "Show a sample large; again to go back", True),
    Action("sort", VIEW, "Sort b&y…", "Ctrl+Alt+S", "sort_by", "ready", "Choose the order of the samples"),
    Action("group", VIEW, "Gr&oup by…", "Ctrl+Alt+G", "group_by", "ready", "Put samples under headings"),
    Action("colour", VIEW, "&Colour by…", "Ctrl+Alt+C", "colour_by", "ready", "Colour the map and the gallery"),
    Action("larger", VIEW, "&Larger", "Ctrl++", "larger", "dataset", "Larger pictures"),
    Action("smaller", VIEW, "&Smaller", "Ctrl+-", "smaller", "dataset", "Smaller pictures"),
    Action("all-samples", VIEW, "&Whole dataset", "Ctrl+D", "show_dataset", "subset",
           "All samples, with those of the newest subset marked"),
    Action("skill-show", SKILLS, "&Show only these", "Ctrl+Alt+K", "skills.show", "dataset",
           "Show only the samples of the highlighted skills"),
    Action("skill-rename", SKILLS, "&Rename", "Ctrl+Alt+R", "skills.rename", "dataset",
           "Give the highlighted skill another name"),
    Action("skill-quota", SKILLS, "&Cap", "Ctrl+Alt+Q", "skills.quota", "dataset",
           "Set how many samples of the highlighted skill a run may pick"),
    Action("skill-budget", SKILLS, "&Budget", "Ctrl+Alt+B", "skills.budget", "dataset",
           "Set how many samples of the highlighted skill a run that shares over skills shall pick"),
    Action("skill-merge", SKILLS, "&Merge", "Ctrl+Alt+M", "skills.merge", "dataset",
           "Make one skill of those highlighted"),
    Action("skill-split", SKILLS, "S&plit", "Ctrl+Alt+P", "skills.split", "dataset",
           "Divide the highlighted skill by what its samples are like"),
    Action("skill-hide", SKILLS, "&Hide", "Ctrl+Alt+H", "skills.hide", "dataset",
           "Leave the highlighted skills out of the list, or show them again"),
    Action("run", RUN, "&Run recipe", "Ctrl+R", "run", "ready", "Choose a subset with the recipe in the run panel"),
    Action("preview-run", RUN, "&Preview on a sample", "Ctrl+Shift+R", "preview_run", "ready",
           "Try the recipe on 5,000 samples"),
    Action("save-recipe", RUN, "&Save recipe…", "Ctrl+S", "save_recipe", "dataset", "Save the recipe as a TOML file"),
    Action("lifelong-step", RUN, "Add a &lifelong step…", "Ctrl+Alt+L", "lifelong_step", "ready",
           "Take in what came, choose what to train on, and prune the pool"),
    Action("cancel", RUN, "&Cancel job", "Ctrl+.", "cancel_running", "job", "Stop the job; finished work is kept"),
    Action("subset-rename", SUBSET, "&Rename…", "F2", "subsets.rename", "subset", "Give the subset another name"),
    Action("subset-note", SUBSET, "&Note…", "Ctrl+Shift+N", "subsets.note", "subset", "Write a note beside the subset"),
    Action("subset-lock", SUBSET, "&Lock", "Ctrl+Shift+L", "subsets.lock", "subset", "Protect it; again to unlock"),
    Action("subset-copy", SUBSET, "&Duplicate", "Ctrl+Shift+D", "subsets.copy", "subset", "A copy under another name"),
    Action("subset-remove", SUBSET, "R&emove", "Ctrl+Del", "subsets.remove", "subset", "Undo brings it back"),
    Action("subset-new", SUBSET, "New from &highlight…", "Ctrl+N", "subsets.from_highlight", "highlight",
           "A new subset of the highlighted samples"),
    Action("subset-keep", SUBSET, "&Keep as the dial says", "Ctrl+Shift+K", "subsets.keep", "subset",
           "A new subset of the first picks, as many as the budget dial says"),
    Action("dial-less", SUBSET, "Dial do&wn", "Ctrl+[", "subsets.dial_less", "subset",
           "Show what fewer of the first picks are worth; nothing is written"),
    Action("dial-more", SUBSET, "Dial &up", "Ctrl+]", "subsets.dial_more", "subset", "The dial up again, to all picks"),
    Action("dial-knee", SUBSET, "Dial &to the knee", "Ctrl+\\", "subsets.dial_knee", "subset",
           "From the knee on, more samples add less than on average"),
    Action("subset-compare", SUBSET, "&Compare…", "Ctrl+K", "subsets.compare", "dataset", "Two subsets side by side"),
    Action("copy-recipe", SUBSET, "Co&py recipe", "Ctrl+Shift+C", "subsets.copy_recipe", "recipe",
           "The recipe behind the subset or the run, into the clipboard"),
    Action("run-again", SUBSET, "Run a&gain", "Ctrl+Shift+G", "subsets.run_again", "recipe",
           "Put the recipe behind the subset or the run into the recipe panel"),
    Action("settings", EDIT, "Se&ttings…", "Ctrl+,", "show_settings", "always", "Theme, device, cache, plugins"),
    Action("help", HELP, "&Help", "Shift+F1", "show_help", "always", "How to use Curator"),
    Action("shortcuts", HELP, "&Shortcuts", "F1", "show_shortcuts", "always", "This list"),
    Action("about", HELP, "&About Curator", "", "about", "always", "Version and licence"),
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
    ("Arrow keys", "Move the cursor"),
    ("Shift + arrow keys", "Highlight a range"),
    ("Ctrl + arrow keys", "Move without changing what is highlighted"),
    ("Ctrl + Space", "Highlight, or not, what the cursor is on"),
    ("1 to 9", "Give what is highlighted the class with that number"),
    ("Escape", "Highlight nothing"),
    ("Home / End", "First / last sample"),
    ("Page Up / Page Down", "A screen up / down"),
)
"""What the gallery does with keys that are nobody's shortcut; for the F1 sheet."""

MAP_KEYS = (
    ("M, F, R", "Move, lasso (freehand), rectangle"),
    ("Shift, Alt + lasso", "Add to what is highlighted, take away from it"),
    ("Arrow keys", "Move the map"),
    ("+ / −", "Closer / farther"),
    ("Home", "Show all of the map"),
    ("Escape", "Highlight nothing"),
)
"""The same for the map."""


class ActionSet(QObject):
    """The QActions made from the table, wired to the handlers of one object."""

    def __init__(self, handlers: QObject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.by_id: dict[str, QAction] = {}
        for action in ACTIONS:
            made = QAction(action.text, self)
            if action.shortcut:
                made.setShortcut(QKeySequence(action.shortcut))
            made.setToolTip(f"{action.help} ({action.shortcut})" if action.shortcut else action.help)
            made.setStatusTip(action.help)
            if action.in_view:
                made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            made.triggered.connect(attrgetter(action.handler)(handlers))
            self.by_id[action.id] = made

    def refresh(self, state: AppState, history: HistoryModel) -> None:
        """Enable what makes sense now, and name what undo and redo would do."""
        for action in ACTIONS:
            self.by_id[action.id].setEnabled(CONDITIONS[action.when](state, history))
        for key, word, label in (("undo", "&Undo", history.undo_label), ("redo", "&Redo", history.redo_label)):
            name = label.replace("&", "&&")
            self.by_id[key].setText(f"{word}: {name}" if name else word)


def menus() -> tuple[str, ...]:
    """Titles of the menus in order."""
    return tuple(dict.fromkeys(a.menu for a in ACTIONS))
