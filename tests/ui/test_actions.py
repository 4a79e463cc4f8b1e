from collections import Counter
from operator import attrgetter

from PySide6.QtGui import QKeySequence

from curator.ui.actions import ACTIONS, CONDITIONS
from curator.ui.views.shortcuts import ShortcutSheet, sheet


def test_ids_and_shortcuts_are_unique_and_can_be_typed():
    assert max(Counter(a.id for a in ACTIONS).values()) == 1
    keys = [QKeySequence(a.shortcut).toString() for a in ACTIONS if a.shortcut]
    assert all(keys)
    assert max(Counter(keys).values()) == 1


def test_every_action_has_a_handler_a_condition_and_help(window):
    for action in ACTIONS:
        assert callable(attrgetter(action.handler)(window.commands)), action
        assert action.when in CONDITIONS
        assert action.help


def test_mnemonics_are_unique_in_each_menu():
    for menu in {a.menu for a in ACTIONS}:
        letters = [a.text[a.text.index("&") + 1].lower() for a in ACTIONS if a.menu == menu and "&" in a.text]
        assert max(Counter(letters).values()) == 1, menu


def test_the_sheet_shows_every_shortcut(qtbot):
    text = sheet()
    for action in ACTIONS:
        if action.shortcut:
            assert action.help.replace("&", "&amp;") in text
    dialog = ShortcutSheet()
    qtbot.addWidget(dialog)
    assert dialog.findChildren(object)


def test_every_action_is_in_a_menu(window):
    shown = [a for bar in window.menuBar().actions() for a in bar.menu().actions()]
    assert set(window.actions_.by_id.values()) <= set(shown)
