from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeProject
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor

from curator.engine.jobs import Failed
from curator.engine.project import Project
from curator.engine.records import EmbeddingRecord
from curator.engine.task import Progress
from curator.engine.types import Changes
from curator.ui.models import layouts
from curator.ui.models.hues import Entry
from curator.ui.models.layouts import SMALL
from curator.ui.views.map_legend import Legend
from curator.ui.views.map_names import beside, free_places

MADE = Changes(frozenset({"projection", "embedding"}))


@pytest.fixture
def project(pictures):
    return FakeProject(pictures, sizes=(900, 30), kinds=("image", "instruction"), subset_size=40)


@pytest.fixture
def layout():
    grid = np.stack(np.meshgrid(np.arange(30), np.arange(30)), axis=-1).reshape(-1, 2)
    return grid.astype(np.float32)


@pytest.fixture
def page(window, qtbot, project, request):
    if request.node.get_closest_marker("parametrize") is None and "layout" in request.fixturenames:
        project.pages.layouts_made["umap"] = request.getfixturevalue("layout")
    window.state.set_project(project)
    window.commands.show_map()
    made = window.center.view
    if project.pages.layouts_made:
        qtbot.waitUntil(lambda: made.canvas is not None and made.canvas.data is not None)
    return made


def text(page):
    return page.message.text()


def test_without_a_map_there_is_a_button_that_makes_one(page, project, qtbot):
    assert page.layouts.condition == "empty"
    assert page.button.isVisible() and "no map" in text(page)
    assert page.canvas is None
    page.button.click()
    assert [j.request.projector for j in project.submitted] == ["pca", "umap"]
    assert page.layouts.condition == "loading"
    assert page.bar.isVisible() and not page.button.isVisible()
    project.submitted[0].take(Progress("Embedding", 30, 120))
    qtbot.waitUntil(lambda: "25%" in text(page))


def test_what_went_wrong_is_said_and_can_be_tried_again(page, project, qtbot):
    page.button.click()
    for job in project.submitted:
        job.take(Failed("input", "There is no room.", "Make some."))
    qtbot.waitUntil(lambda: page.layouts.condition == "error")
    assert text(page) == "There is no room." and page.button.text() == "&Try again"
    page.button.click()
    assert page.layouts.condition == "loading"


def test_the_quick_map_comes_first_and_the_fine_one_replaces_it(page, project, qtbot):
    grid = np.random.default_rng(0).random((900, 2)).astype(np.float32)
    page.button.click()
    first, second = project.submitted
    project.pages.layouts_made["pca"] = grid
    project.finish(first, MADE)
    qtbot.waitUntil(lambda: page.layouts.condition == "ready")
    assert page.which.text() == "Layout: pca"
    project.pages.layouts_made["umap"] = grid[::-1].copy()
    project.finish(second, MADE)
    qtbot.waitUntil(lambda: page.which.text() == "Layout: umap")
    qtbot.waitUntil(lambda: page.canvas.data is not None)
    page.layouts.choose(1)
    assert page.which.text() == "Layout: pca"
    assert len(project.submitted) == 2


def test_with_an_embedding_the_quick_map_is_made_unasked(window, qtbot, project):
    embedding = EmbeddingRecord(1, 1, "lsa", {}, "f", "f.npy", 900, 8, "cpu", "now", 1.0)
    before = project.contents
    project.contents = lambda: replace(before(), embeddings=[embedding])
    window.state.set_project(project)
    assert not project.submitted
    window.commands.show_map()
    assert [j.request.projector for j in project.submitted] == ["pca"]
    project.pages.layouts_made["pca"] = np.random.default_rng(0).random((900, 2)).astype(np.float32)
    project.finish(project.submitted[0], MADE)
    qtbot.waitUntil(lambda: [j.request.projector for j in project.submitted] == ["pca", "umap"])
    assert [j.gives_way for j in project.submitted] == [False, True]


def test_an_unasked_map_waits_for_the_plugins_which_load_one_after_the_other(
    window, qtbot, project, layout, monkeypatch
):
    class Loading:
        left = 3
        complete = property(lambda self: self.left == 0)

        def load_one(self):
            self.left = max(0, self.left - 1)
            return self.left > 0

    loading = Loading()
    monkeypatch.setattr(layouts, "registry", lambda: loading)
    project.pages.layouts_made["pca"] = layout
    window.state.set_project(project)
    window.commands.show_map()
    assert loading.left == 3 and not project.submitted
    qtbot.waitUntil(lambda: [j.request.projector for j in project.submitted] == ["umap"])
    assert loading.complete


def test_a_large_pile_gets_the_finer_map_when_it_is_asked_for(window, qtbot, pictures, layout):
    project = FakeProject(pictures, sizes=(SMALL + 1,), kinds=("image",), subset_size=40)
    project.pages.layouts_made["pca"] = np.random.default_rng(0).random((SMALL + 1, 2)).astype(np.float32)
    window.state.set_project(project)
    window.commands.show_map()
    page = window.center.view
    qtbot.waitUntil(lambda: page.finer.isVisible())
    assert not project.submitted
    page.finer.click()
    assert [(j.request.projector, j.gives_way) for j in project.submitted] == [("umap", False)]
    assert not page.finer.isVisible()
    project.pages.layouts_made["umap"] = project.pages.layouts_made["pca"][::-1].copy()
    project.finish(project.submitted[0], MADE)
    qtbot.waitUntil(lambda: page.which.text() == "Layout: umap")
    assert not page.finer.isVisible()


def test_a_lasso_highlights_everywhere(page, window, qtbot, layout):
    canvas = page.canvas
    path = [canvas._to_view(x, y) for x, y in ((-0.5, -0.5), (4.5, -0.5), (4.5, 2.5), (-0.5, 2.5))]
    rows = canvas.rows_inside(path)
    assert rows.tolist() == [r * 30 + c for r in range(3) for c in range(5)]
    canvas.encircled.emit(rows, "set")
    assert window.state.highlight.tolist() == rows.tolist()
    canvas.encircled.emit(np.array([100, 101], np.int32), "add")
    assert len(window.state.highlight) == 17
    canvas.encircled.emit(rows, "remove")
    assert window.state.highlight.tolist() == [100, 101]
    assert sorted(i.row() for i in window.center.chosen.selectedRows()) == [100, 101]


def drag(canvas, qtbot, points, modifiers=Qt.KeyboardModifier.NoModifier):
    view = canvas.viewport()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, modifiers, points[0].toPoint())
    for point in points[1:]:
        qtbot.mouseMove(view, point.toPoint())
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, modifiers, points[-1].toPoint())


def test_a_lasso_may_end_where_it_began(page, window, qtbot, layout):
    qtbot.keyClick(page, Qt.Key.Key_F)
    corners = [
        page.canvas._to_view(x, y) for x, y in ((-0.5, -0.5), (4.5, -0.5), (4.5, 2.5), (-0.5, 2.5), (-0.5, -0.5))
    ]
    drag(page.canvas, qtbot, corners)
    assert len(window.state.highlight) == 15


def test_the_map_fits_beside_its_legend(page, window, qtbot, layout):
    window.state.set_colour("class")
    qtbot.waitUntil(lambda: page.legend.isVisible())
    assert page.canvas.covered > page.legend.width()
    assert page.canvas._to_view(29, 0).x() <= page.legend.x()
    page.canvas.box.scaleBy((0.5, 0.5))
    seen = page.canvas.box.viewRect()
    page.canvas.cover(0)
    assert page.canvas.box.viewRect() == seen  # somebody has moved it


def test_a_rectangle_by_mouse_and_a_click(page, window, qtbot, layout):
    canvas = page.canvas
    qtbot.keyClick(page, Qt.Key.Key_R)
    assert canvas.tool == "rectangle"
    drag(canvas, qtbot, [canvas._to_view(9.5, 9.5), canvas._to_view(11, 11), canvas._to_view(12.5, 12.5)])
    assert window.state.highlight.tolist() == [310, 311, 312, 340, 341, 342, 370, 371, 372]
    qtbot.keyClick(page, Qt.Key.Key_M)
    spot = canvas._to_view(5, 5).toPoint()
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert (window.state.highlight.tolist(), window.state.current) == ([155], 155)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert window.state.highlight.tolist() == []


def test_the_filter_the_choice_and_the_colour_are_those_of_all_views(page, window, qtbot, layout):
    state, canvas = window.state, page.canvas
    state.set_query(replace(state.query, where="row<100"))
    qtbot.waitUntil(lambda: len(canvas.data.base) == 100)
    state.set_colour("class")
    qtbot.waitUntil(lambda: len(page.legend.buttons) == 3)
    assert canvas.names and {n.text for n in canvas.names} == {"class_0", "class_1", "class_2"}
    state.set_query(replace(state.query, where=""))
    state.show_subset(1)
    qtbot.waitUntil(lambda: len(canvas.data.chosen) == 40 and len(canvas.data.base) == 900)
    state.set_highlight([1, 2, 3])
    qtbot.waitUntil(lambda: len(canvas.data.lit) == 3)
    page.names.setChecked(False)
    qtbot.waitUntil(lambda: not canvas.names)


def test_the_legend_filters(page, window, qtbot, layout, project):
    find = project.browse.find
    project.browse.find = lambda query: find(replace(query, where=""))
    window.state.set_colour("class")
    qtbot.waitUntil(lambda: len(page.legend.buttons) == 3)
    page.legend.buttons[1].click()
    assert window.state.query.where == 'class:"class_1"'
    qtbot.waitUntil(lambda: page.legend.buttons[1].isChecked())
    assert page.legend.height() > 3 * page.legend.buttons[0].sizeHint().height()
    assert page.legend.geometry().right() > page.width() - 20
    page.legend.buttons[0].click()
    assert window.state.query.where == 'class:"class_0","class_1"'
    for _ in range(2):
        next(b for b in page.legend.buttons if b.isChecked()).click()
    assert window.state.query.where == ""


def test_keys_and_zoom_move_the_map_and_the_points_are_painted(page, qtbot, layout):
    canvas = page.canvas
    before = canvas.box.viewRect()
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.box.viewRect().left() > before.left()
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.box.viewRect().width() < before.width()
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: canvas._complete and not canvas._rest.isActive())
    image = canvas.grab().toImage()
    spot = canvas._to_view(10, 10).toPoint()
    beside = (canvas._to_view(10, 10) + canvas._to_view(11, 11)).toPoint() / 2
    assert image.pixelColor(spot) != image.pixelColor(beside)


def test_the_card_shows_what_is_under_the_mouse(page, qtbot, layout):
    canvas = page.canvas
    canvas.hovered.emit(155, QPoint(60, 60))
    assert page.card.isVisible()
    assert "class_2" in page.card.text.text()
    canvas.hovered.emit(None, QPoint())
    assert not page.card.isVisible()
    canvas.hovered.emit(155, QPoint(60, 60))
    canvas.zoom(1)
    assert not page.card.isVisible()


def test_nothing_is_computed_while_it_is_hidden(page, window, qtbot, layout):
    window.commands.show_gallery()
    window.state.set_highlight([5])
    window.state.set_colour("class")
    assert len(page.canvas.data.lit) == 0
    window.commands.show_map()
    qtbot.waitUntil(lambda: len(page.canvas.data.lit) == 1)
    window.state.show_dataset(2)
    qtbot.waitUntil(lambda: page.canvas.data is None)
    assert page.layouts.condition == "empty"


def test_names_do_not_lie_on_each_other():
    boxes = [QRectF(10, 10, 40, 10), QRectF(20, 12, 40, 10), QRectF(10, 40, 40, 10), QRectF(90, 90, 40, 10)]
    assert free_places(boxes, QRectF(0, 0, 100, 100)) == [0, 2]


def test_a_name_at_the_edge_or_beside_the_legend_moves_into_sight():
    view, lid = QRectF(0, 0, 100, 100), QRectF(70, 0, 30, 50)
    moved = [beside(QRectF(x, y, 20, 10), view, lid) for x, y in ((-5, 10), (58, 10), (85, 80), (75, 10), (120, 80))]
    assert [m.left() for m in moved] == [0, 47, 80, 75, 120]


def test_a_legend_with_too_little_room_keeps_what_is_pressed_and_counts_the_rest(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    entries = tuple(Entry(f"class {i}", QColor("red"), 9 - i, i, True) for i in range(8))
    legend.show_entries("Class", entries, True, frozenset({"class 6"}))
    legend.show()
    whole = legend.height()
    assert legend.more.isHidden()
    legend.fit(None, whole)
    assert legend.more.isHidden()
    legend.fit(None, whole // 2)
    shown = [b.property("entry") for b in legend.buttons if b.isVisible()]
    assert legend.height() <= whole // 2 and shown[0] == "class 0" and shown[-1] == "class 6"
    assert legend.more.text() == f"{8 - len(shown)} more lines"
    legend.fit(None, whole)
    assert legend.height() == whole and legend.more.isHidden()


def test_a_legend_with_too_little_room_beside_the_map_has_shorter_names(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    entries = tuple(Entry(f"a long name of a skill {i}", QColor("red"), 9, i, True) for i in range(3))
    legend.show_entries("Skill", entries, True, frozenset())
    whole = legend.width()
    legend.fit(whole * 2 // 3, None)
    assert legend.width() <= whole * 2 // 3 + 10 and all("…" in b.text() for b in legend.buttons)
    legend.fit(whole * 2, None)
    assert legend.width() == whole


def test_an_empty_legend_hides(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    legend.show_entries("x", (), True, frozenset())
    assert not legend.isVisible()


def test_pictures_stand_at_the_points_when_few_are_in_view(page, window, qtbot, layout):
    pictures, canvas = page.pictures, page.canvas
    canvas.fit()
    pictures.look()
    assert pictures.spots == []  # 900 points are in view
    canvas.box.setRange(QRectF(0.5, 0.5, 4, 4), padding=0)
    qtbot.waitUntil(lambda: 0 < len(pictures.spots) <= 60)
    spot = pictures.spots[0]
    assert (spot.x, spot.y) == tuple(layout[spot.row]) and spot.path.suffix == ".png"
    pictures.show_pictures(False)
    bare = canvas.grab().toImage()
    pictures.show_pictures(True)
    qtbot.waitUntil(lambda: window.thumbs.get(spot.path, 56, spot.digest) is not None)
    assert canvas.grab().toImage() != bare
    window.state.show_subset(1)
    qtbot.waitUntil(lambda: any(s.chosen for s in pictures.spots))
    page.faces.click()
    assert pictures.spots == []


def test_the_menu_of_layouts_says_what_each_costs(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"instruction": "a", "output": "b"}\n')
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([tmp_path / "r.jsonl"], "pile").result()
        quick, fine = (project.estimates.of_projection("pile", name) for name in ("pca", "umap"))
        assert quick.seconds < fine.seconds and [p.basis for p in fine.parts] == ["rough", "rough"]


def test_fit_shows_the_bulk_and_a_far_flung_point_is_reached_by_zooming_out(page, layout):
    from curator.ui.views.map_data import MapData

    far = layout.copy()
    far[17] = (5_000.0, 3.0)
    canvas = page.canvas
    canvas.show_data(MapData(far))
    assert canvas.box.viewRect().right() < 200 and canvas.box.viewRect().contains(15.0, 15.0)
    canvas.box.scaleBy((400, 400))
    assert canvas.box.viewRect().contains(5_000.0, 3.0) and canvas.data.nearest(5_000.0, 3.0, 1.0) == 17
    canvas.fit()
    assert canvas.box.viewRect().right() < 200
