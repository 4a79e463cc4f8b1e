import numpy as np
import pytest

from curator.engine.browse import Column
from curator.ui.views.map_data import MapData, with_extra
from curator.ui.views.map_raster import Frame, Points, Raster, crowd_alpha, disc, inside, palette, radius, shuffled

FRAME = Frame(left=0.0, top=4.0, scale=1.0, width=6, height=4)
COLORS = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8)


def points(*xyc):
    x, y, codes = zip(*xyc, strict=True)
    return Points(np.array(x, np.float32), np.array(y, np.float32), np.array(codes, np.uint8))


def test_points_fall_on_the_pixels_they_should():
    raster = Raster(FRAME)
    added = raster.add_crowd(points((0.5, 3.5, 1), (5.9, 0.1, 2), (6.1, 1, 1), (-0.1, 1, 1), (2, 4.5, 1)))
    assert added == 2
    image = raster.image(COLORS)
    assert [tuple(p) for p in np.argwhere(image)] == [(0, 0), (3, 5)]
    assert image[0, 0] >> 24 == image[3, 5] >> 24 > 0
    assert image[0, 0] >> 16 & 255 and not image[0, 0] & 255
    assert image[3, 5] & 255 and not image[3, 5] >> 16 & 255


def test_the_last_of_several_points_gives_the_colour_and_many_are_less_faint():
    raster = Raster(FRAME)
    raster.add_crowd(points((1, 1, 1), (1, 1, 1), (1, 1, 2), (3, 1, 1)))
    image = raster.image(COLORS)
    assert image[3, 1] & 255 and image[3, 1] >> 24 > image[3, 3] >> 24


def test_discs_have_rings_and_keep_inside():
    raster = Raster(Frame(0.0, 20.0, 1.0, 20, 20))
    assert raster.add_discs(points((10, 10, 1), (0.5, 10, 1)), 2.0, ring=2) == 1
    image = raster.image(COLORS)
    assert image[10, 10] == 0xFFFF0000
    assert image[10, 13] & 255 and not image[10, 13] >> 16 & 255
    assert not image[10, 16]


def test_slices_give_the_same_picture_as_all_at_once():
    rng = np.random.default_rng(1)
    cloud = Points(*(rng.random((2, 5000)).astype(np.float32) * 6), rng.integers(1, 3, 5000).astype(np.uint8))
    whole, parts = Raster(FRAME), Raster(FRAME)
    whole.add_crowd(cloud)
    for first in range(0, 5000, 700):
        parts.add_crowd(cloud.part(first, first + 700))
    assert np.array_equal(whole.image(COLORS), parts.image(COLORS))


def test_alpha_and_palette():
    assert crowd_alpha(np.array([0, 1, 2, 1000]))[0] == 0
    assert not crowd_alpha(np.zeros(3, np.int64)).any()
    table = palette(COLORS)
    assert table[256 + 255] == 0xFFFF0000 and table[256] == 0 and table[2 * 256 + 128] == 0x80000080


def test_fewer_points_are_larger():
    sizes = [radius(n) for n in (10, 3000, 10_000, 50_000, 100_000, 10**6)]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == 0.5
    assert disc(0.5)[-1] == (0, 0, 255)
    assert [a for _, _, a in disc(2)] == sorted(a for _, _, a in disc(2))


def test_a_frame_knows_what_it_covers():
    grown = FRAME.grown(0.5)
    assert (grown.left, grown.top, grown.width, grown.height) == (-3.0, 6.0, 12, 8)
    assert grown.covers(FRAME) and not FRAME.covers(grown)
    assert not grown.covers(Frame(0.0, 4.0, 2.0, 6, 4))


def slow_inside(x, y, corners):
    odd = False
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y0 <= y < y1 or y1 <= y < y0) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    return odd


@pytest.mark.parametrize("seed", range(4))
def test_inside_a_polygon_agrees_with_one_point_at_a_time(seed):
    rng = np.random.default_rng(seed)
    corners = np.round(rng.random((9, 2)) * 8)
    x, y = (rng.integers(0, 17, (2, 400)) / 2).astype(np.float32)
    assert inside(x, y, corners).tolist() == [slow_inside(a, b, corners.tolist()) for a, b in zip(x, y, strict=True)]
    assert not inside(x, y, corners[:2]).any()


def test_rows_without_a_place_are_left_out_and_the_order_is_fixed():
    layout = np.array([[0, 0], [np.nan, 1], [2, 2], [3, np.inf]], np.float32)
    rows, x, _ = shuffled(layout)
    assert sorted(rows.tolist()) == [0, 2] and sorted(x.tolist()) == [0.0, 2.0]
    assert shuffled(layout)[0].tolist() == rows.tolist()


@pytest.fixture
def data():
    grid = np.stack(np.meshgrid(np.arange(10), np.arange(10)), axis=-1).reshape(-1, 2)
    return MapData(grid.astype(np.float32))


def test_what_is_hidden_is_in_none_of_the_layers(data):
    data.paint((np.arange(100) % 3).astype(np.uint8))
    data.show(np.arange(50, dtype=np.int32))
    data.choose(np.array([3, 70], np.int32))
    data.light(np.array([4, 80, 5], np.int32), 9)
    assert len(data.base) == 50 and sorted(data.base_rows.tolist()) == list(range(50))
    assert data.chosen.codes.tolist() == [0]
    assert sorted(data.lit.x.tolist()) == [4.0, 5.0] and set(data.lit.codes.tolist()) == {9}
    data.show(None)
    assert len(data.base) == 100


def test_the_nearest_shown_row(data):
    assert data.nearest(3.1, 2.2, 0.5) == 23
    assert data.nearest(3.5, 2.5, 0.3) is None
    data.show(np.array([99], np.int32))
    assert data.nearest(3.1, 2.2, 0.5) is None
    assert data.place_of(99) == (9.0, 9.0)
    assert data.place_of(100) is None and data.place_of(None) is None


def test_names_stand_at_the_median_of_the_largest(data):
    column = Column(np.repeat([0, 1, -1], [70, 20, 10]), "category", ("many", "some", "none at all"))
    found = data.names(column)
    assert [(n.text, n.count) for n in found] == [("many", 70), ("some", 20)]
    assert found[1].y == 7.5


def test_a_far_flung_point_does_not_shrink_the_others():
    layout = np.random.default_rng(0).uniform(0, 10, (300, 2)).astype(np.float32)
    everything = MapData(layout).bounds
    assert everything[0] < layout[:, 0].min() and everything[1] > layout[:, 0].max()
    layout[7] = (900.0, 5.0)
    left, right, low, high = MapData(layout).bounds
    assert (low, high) == pytest.approx(MapData(np.delete(layout, 7, 0)).bounds[2:], abs=0.5)
    assert -1.5 < left < 0.1 and 9.9 < right < 11.5
    few = layout[:20]
    assert MapData(few).bounds[1] > 900  # of a handful each counts
    layout[:100] = (900.0, 5.0)
    assert MapData(layout).bounds[1] > 900  # many are no strays


def test_bounds_leave_room(data):
    left, right, low, high = data.bounds
    assert left < 0 < 9 < right and low < 0 < 9 < high
    assert MapData(np.full((3, 2), np.nan, np.float32)).bounds == (-1.0, 1.0, -1.0, 1.0)
    assert len(with_extra(COLORS, (1, 1, 1), (2, 2, 2))) == 6
