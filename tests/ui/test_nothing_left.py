"""What one test sets for the whole process is gone in the next (the fixture of conftest.py)."""

import os

import pytest
from PySide6.QtGui import QPalette

from curator.ui.taste import apply_theme


@pytest.mark.parametrize("turn", ["first", "second"])
def test_settings_of_the_process_end_with_their_test(turn, qapp):
    assert "CURATOR_LEFT_BEHIND" not in os.environ
    assert qapp.palette().color(QPalette.ColorRole.Base).lightness() > 128
    os.environ["CURATOR_LEFT_BEHIND"] = turn
    apply_theme("dark")
    assert qapp.palette().color(QPalette.ColorRole.Base).lightness() < 128
