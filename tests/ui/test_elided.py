from fakes import FakeProject

from curator.engine.records import HistoryEntry
from curator.ui.models.history import HistoryModel
from curator.ui.views.elided import ElidedLabel
from curator.ui.views.library import HistoryList


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
