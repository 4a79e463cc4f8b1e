from fakes import FakeProject

from curator.ui.views.elided import ElidedLabel


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
