import numpy as np
import pytest
from fakes import FakeProject
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget

from curator.ui import theme
from curator.ui.job_bridge import JobBridge
from curator.ui.models.hues import Hues
from curator.ui.models.marks import Marks
from curator.ui.models.samples import SampleModel
from curator.ui.state import AppState
from curator.ui.views.gallery import Gallery
from curator.ui.views.gallery_grid import Grid
from curator.ui.views.spoken import Announcer

KEY, MOD = Qt.Key, Qt.KeyboardModifier
MILLION = 1_000_000


@pytest.fixture
def gallery(qtbot, tmp_path, pictures, thumbs):
    project = FakeProject(pictures, sizes=(MILLION,), subset_size=10)
    state, model = AppState(), SampleModel()
    state.set_project(project)
    made = Gallery(model, state, thumbs, Hues(state, JobBridge(state)), Marks(state, JobBridge(state)))
    qtbot.addWidget(made)
    made.resize(700, 500)
    model.show_samples(project, project.dataset(1), None)
    made.project, made.model, made.state = project, model, state
    with qtbot.waitExposed(made):
        made.show()
    made.setFocus()
    return made


def current(gallery):
    return gallery.cursor_.place


def highlighted(gallery):
    return gallery.state.highlight.tolist()


def test_a_grid_finds_every_cell_again():
    grid = Grid(count=103, width=500, cell=96)
    for place in range(103):
        assert grid.at(grid.rect(place).center()) == place
    assert grid.at(grid.rect(102).center() + QPoint(grid.step, 0)) == -1
    assert grid.at(QPoint(0, 0)) == -1
    assert grid.at(QPoint(grid.left + grid.cell + 1, grid.gap + 1)) == -1
    assert grid.height == grid.rect(102).bottom() + 1 + grid.gap


def test_what_a_window_sees_is_all_it_sees_and_little_more():
    grid = Grid(count=1000, width=500, cell=96)
    for top in (0, 7, 8, 1000, grid.height - 300):
        seen = grid.visible(top, 300)
        inside = [i for i in range(1000) if grid.rect(i).bottom() >= top and grid.rect(i).top() < top + 300]
        assert set(inside) <= set(seen)
        assert len(seen) <= len(inside) + 2 * grid.columns
    assert len(Grid(0, 500, 96).visible(0, 300)) == 0


def test_a_narrow_grid_has_one_column():
    assert Grid(10, 20, 96).columns == 1


def test_a_million_rows_paint_only_what_is_in_sight(gallery, qtbot):
    qtbot.waitUntil(lambda: gallery.painted > 0)
    assert gallery.painted <= 60
    assert not [w for w in gallery.viewport().findChildren(QWidget)]
    before = gallery.project.pages_read
    qtbot.keyClick(gallery, KEY.Key_End)
    gallery.grab()
    assert current(gallery) == MILLION - 1
    assert gallery.painted <= 60
    assert gallery.project.pages_read - before <= 3
    assert gallery.viewport().rect().contains(gallery.cell_rect(MILLION - 1))


def test_keys_move_the_cursor(gallery, qtbot):
    columns = gallery.grid.columns
    for key, expected in (
        (KEY.Key_Right, 0), (KEY.Key_Right, 1), (KEY.Key_Down, 1 + columns), (KEY.Key_Left, columns),
        (KEY.Key_Up, 0), (KEY.Key_Up, 0), (KEY.Key_End, MILLION - 1), (KEY.Key_Right, MILLION - 1), (KEY.Key_Home, 0),
    ):  # fmt: skip
        qtbot.keyClick(gallery, key)
        assert current(gallery) == expected
    qtbot.keyClick(gallery, KEY.Key_PageDown)
    assert current(gallery) == columns * (gallery.viewport().height() // gallery.grid.step)
    qtbot.keyClick(gallery, KEY.Key_PageUp)
    assert current(gallery) == 0
    assert highlighted(gallery) == [0]


def test_shift_highlights_a_range_and_control_single_places(gallery, qtbot):
    gallery.go(3)
    qtbot.keyClick(gallery, KEY.Key_Right, MOD.ShiftModifier)
    qtbot.keyClick(gallery, KEY.Key_Right, MOD.ShiftModifier)
    assert highlighted(gallery) == [3, 4, 5]
    qtbot.keyClick(gallery, KEY.Key_Left, MOD.ShiftModifier)
    assert highlighted(gallery) == [3, 4]
    qtbot.keyClick(gallery, KEY.Key_Down, MOD.ControlModifier)
    assert highlighted(gallery) == [3, 4]
    qtbot.keyClick(gallery, KEY.Key_Space, MOD.ControlModifier)
    assert highlighted(gallery) == [3, 4, 4 + gallery.grid.columns]
    qtbot.keyClick(gallery, KEY.Key_Right)
    assert highlighted(gallery) == [5 + gallery.grid.columns]


def test_the_mouse_highlights(gallery, qtbot):
    def click(place, modifiers=MOD.NoModifier, button=Qt.MouseButton.LeftButton):
        qtbot.mouseClick(gallery.viewport(), button, modifiers, gallery.cell_rect(place).center())

    click(1)
    click(3, MOD.ShiftModifier)
    assert highlighted(gallery) == [1, 2, 3]
    click(2, button=Qt.MouseButton.RightButton)
    assert highlighted(gallery) == [1, 2, 3]
    click(2, MOD.ControlModifier)
    assert highlighted(gallery) == [1, 3]
    with qtbot.waitSignal(gallery.activated):
        qtbot.mouseDClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=gallery.cell_rect(0).center())


def test_a_million_can_be_highlighted(gallery):
    gallery.highlight_all()
    assert np.array_equal(gallery.state.highlight, np.arange(MILLION))


def test_zoom_keeps_the_cursor_in_sight(gallery):
    gallery.go(5000)
    for steps in (2, 2, 2, -9):
        gallery.zoom(steps)
        assert gallery.viewport().rect().intersects(gallery.cell_rect(5000))


def test_pins_and_broken_files_are_painted_in_light_and_dark(gallery, qtbot, thumbs, pictures):
    samples = gallery.project.samples(1, 0, 2)
    gallery.project.pin([samples[0].id], "in")
    gallery.project.pin([samples[1].id], "out")
    gallery.model.mark_members(gallery.project.subset(1))
    gallery.model.look_again()
    gallery.go(2)
    qtbot.waitUntil(lambda: thumbs.is_broken(pictures / "11.png", 128) or bool(gallery.grab() and None))
    gallery.setPalette(QPalette(QColor("#f0f0f0")))
    light = gallery.grab().toImage()
    gallery.setPalette(QPalette(QColor("#202020")))
    dark = gallery.grab().toImage()
    corner = QPoint(2, 2)
    assert light.pixelColor(corner).lightness() > 200 > 60 > dark.pixelColor(corner).lightness()


def test_an_empty_gallery_takes_keys(gallery, qtbot):
    gallery.model.show_samples(None, None, None)
    qtbot.keyClick(gallery, KEY.Key_Down)
    gallery.highlight_all()
    assert current(gallery) == -1


def test_colors_keep_apart():
    for palette in (QPalette(QColor("#f0f0f0")), QPalette(QColor("#202020"))):
        c = theme.colors(palette)
        assert abs(c.text.lightness() - c.ground.lightness()) > 120
        assert c.dark == (c.ground.lightness() < 128)


def test_a_screen_reader_hears_what_the_cursor_is_on(gallery):
    Announcer(gallery, gallery.model, gallery.state)
    gallery.go(4)
    words = gallery.accessibleDescription()
    assert words == "5 of 1,000,000, class_1/0000004.png, class_1, highlighted"
    gallery.project.pin([10_000_004], "out")
    gallery.model.look_again()
    assert gallery.accessibleDescription().endswith("highlighted, pinned out")
    gallery.state.set_current(None)
    assert gallery.accessibleDescription() == ""
