import pytest
from fakes import FakeProject
from PySide6.QtGui import QFontMetrics

from curator.engine.records import HistoryEntry
from curator.ui.models.history import HistoryModel
from curator.ui.views.elided import ElidedButton, ElidedLabel
from curator.ui.views.library import HistoryList
from curator.ui.views.passage import Passages


def test_a_line_gives_way_and_says_the_rest_in_its_tip(qtbot):
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("300 of 3,781 samples in a pile with a long name")
    label.resize(label.sizeHint())
    label.grab()
    assert label.shown() == label.text()
    assert not label.toolTip()
    label.resize(90, label.height())
    label.grab()
    assert label.shown().endswith("…")
    assert label.toolTip() == label.text()
    assert label.minimumSizeHint().width() < 90


def test_shorter_words_come_before_an_ellipsis(qtbot):
    label, button = ElidedLabel(), ElidedButton()
    for widget, texts in ((label, ("1,000 of 5,000 in a pile", "1,000")), (button, ("Sort: as imported", "Sort"))):
        qtbot.addWidget(widget)
        widget.setText(texts[0])
        widget.shorter = texts[1:]
        widget.resize(widget.sizeHint())
        assert widget.shown() == texts[0]
        widget.resize(widget.width() - 2, widget.height())
        assert widget.shown() == texts[1]
    assert button.minimumSizeHint().width() < button.sizeHint().width()
    label.shorter = ("",)
    assert label.shown() == ""


@pytest.mark.parametrize("text", ["one two three four five", "a\n\nb", "", "x" * 500, "😀 smile\n" * 9, "now \n\n"])
def test_a_passage_ends_in_an_ellipsis_only_where_more_would_follow(qapp, text):
    passages, metrics = Passages(qapp.font()), QFontMetrics(qapp.font())
    whole = passages.fit(text, 10_000, 20)
    assert "…" not in whole and whole.split() == text.split()
    for lines in (1, 2, 3):
        fitted = passages.fit(text, 60, lines, spare=10).split("\n")
        assert len(fitted) <= lines and all(metrics.horizontalAdvance(part) <= 60 for part in fitted)
        assert ("".join(fitted).replace(" ", "") == "".join(text.split())) == (not fitted[-1].endswith("…"))
        assert len(fitted) < lines or metrics.horizontalAdvance(fitted[-1]) <= 50


def test_the_window_fits_a_small_screen(window, pictures):
    window.state.set_project(FakeProject(pictures, sizes=(1000,), subset_size=40))
    window.state.show_subset(1)
    assert window.minimumSizeHint().width() <= 1280


def test_the_history_never_scrolls_sideways(qtbot, pictures):
    done = FakeProject(pictures, sizes=(10,), subset_size=2)
    labels = ("Short", "Pin out 3 samples, 3 taken out of “a subset of a long name” and more", "x" * 200)
    done.entries.extend(HistoryEntry(i, "now", label, False) for i, label in enumerate(labels))
    model = HistoryModel()
    panel = HistoryList(model, lambda entry: None)
    qtbot.addWidget(panel)
    model.read(done)
    panel.resize(240, 300)
    panel.show()
    view = panel.view
    name, long, short = (view.visualRect(model.index(row, 0)) for row in range(3))
    assert long.width() <= view.viewport().width()
    assert view.horizontalScrollBar().maximum() == 0
    assert name.height() == short.height() < long.height() <= 2 * short.height()
