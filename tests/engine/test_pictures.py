"""Headers, ends and pixels of every format."""

from __future__ import annotations

import io
import random
import struct

import numpy as np
import pytest
from PIL import Image

from curator.engine.errors import InputError
from curator.engine.picture_headers import quick_header
from curator.engine.pictures import FORMATS, load_rgb, read_header


def noise(width=60, height=40, mode="RGB"):
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8)).convert(mode)


def packed(image, format_, **more):
    file = io.BytesIO()
    image.save(file, format_, **more)
    return file.getvalue()


def reason(read, data, **more):
    with pytest.raises(InputError) as caught:
        read(data, **more)
    return caught.value.text


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_read(format_, tmp_path):
    data = packed(noise(), format_)
    assert read_header(data) == (60, 40, format_)
    assert (load_rgb(data).mode, load_rgb(data).size) == ("RGB", (60, 40))
    (tmp_path / "x").write_bytes(data)
    assert read_header(tmp_path / "x") == (60, 40, format_)
    assert load_rgb(tmp_path / "x").tobytes() == load_rgb(data).tobytes()


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_that_lacks_its_end_is_cut_off(format_):
    data = packed(noise(), format_)
    for length in (len(data) - 1, len(data) - 40, len(data) // 2):
        assert reason(read_header, data[:length]) == "is cut off"


@pytest.mark.parametrize("format_", FORMATS)
def test_any_damage_is_a_reason_and_never_a_crash(format_):
    data, rng = packed(noise(), format_), random.Random(3)
    for _ in range(150):
        broken = bytearray(data[: rng.randrange(1, len(data) + 1)])
        for _ in range(rng.randrange(6)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        for read in (read_header, load_rgb):
            try:
                read(bytes(broken), max_pixels=10_000_000)
            except InputError as error:
                assert error.text.startswith(("is ", "has "))


def test_a_film_behind_a_photograph_does_not_matter():
    assert read_header(packed(noise(), "JPEG") + b"mp4" * 9000)[:2] == (60, 40)


def test_a_thumbnail_with_an_end_does_not_hide_a_missing_end():
    exif = Image.Exif()
    exif[0x9286] = b"ASCII\0\0\0" + packed(noise(16, 16), "JPEG")
    data = packed(noise(), "JPEG", exif=exif)
    assert data.count(b"\xff\xd9") >= 2
    assert reason(read_header, data[:-20]) == "is cut off"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_and_pixels_are_as_displayed(format_, orientation):
    marked = Image.new("RGB", (60, 40))
    marked.paste((255, 255, 255), (0, 0, 30, 20))  # the stored top left corner
    exif = Image.Exif()
    exif[274] = orientation
    data = packed(marked, format_, exif=exif)
    shown = load_rgb(data)
    assert shown.size == read_header(data)[:2] == ((40, 60) if orientation >= 5 else (60, 40))
    corner = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]
    x, y = (3 if c == 0 else s - 4 for c, s in zip(corner, shown.size, strict=True))
    assert min(shown.getpixel((x, y))) > 200
    assert max(shown.getpixel((shown.width - 1 - x, shown.height - 1 - y))) < 60


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_every_mode_becomes_rgb(mode):
    white = Image.new("RGB", (9, 5), "white")
    data = packed(white.convert("RGB").convert(mode) if mode != "LAB" else Image.new("LAB", (9, 5)), "TIFF")
    assert load_rgb(data).mode == "RGB"
    if mode not in ("LAB",):
        assert min(load_rgb(data).getpixel((4, 2))) > 250


def test_transparent_is_white():
    assert load_rgb(packed(Image.new("RGBA", (4, 4), (255, 0, 0, 0)), "PNG")).getpixel((1, 1)) == (255, 255, 255)
    assert load_rgb(packed(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG")).getpixel((1, 1)) == (127, 127, 127)
    palette = Image.new("P", (4, 4), 3)
    palette.putpalette([10, 20, 30] * 256)
    assert load_rgb(packed(palette, "PNG", transparency=3)).getpixel((0, 0)) == (255, 255, 255)
    assert load_rgb(packed(Image.new("RGB", (4, 4), (1, 2, 3)), "PNG", transparency=(1, 2, 3))).getpixel((0, 0)) == (
        255,
        255,
        255,
    )


def test_sixteen_bits_keep_their_range():
    steps = Image.fromarray(np.array([[0, 256, 32768, 65535]], np.uint16))
    assert [p[0] for p in np.asarray(load_rgb(packed(steps, "PNG")))[0]] == [0, 1, 128, 255]
    floats = Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32))
    assert [p[0] for p in np.asarray(load_rgb(packed(floats, "TIFF")))[0]] == [0, 127, 255]


def test_the_first_frame_counts():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for format_ in ("GIF", "WEBP", "PNG", "TIFF"):
        data = packed(frames[0], format_, save_all=True, append_images=frames[1:])
        red, _, blue = load_rgb(data).getpixel((4, 4))
        assert red > 200 > 60 > blue


def test_reasons_are_plain(tmp_path):
    assert reason(read_header, b"") == "is empty (0 bytes)"
    assert reason(load_rgb, tmp_path / "none.png") == "is not there"
    assert "cannot be opened" in reason(load_rgb, tmp_path)
    assert reason(read_header, b"hello, this is text").startswith("is not a picture that can be read: its first bytes")
    assert reason(load_rgb, packed(noise(), "JPEG")[:1500]) == "is cut off"


def test_a_bomb_is_refused_by_its_header():
    big = bytearray(packed(Image.new("1", (8, 8)), "PNG"))
    big[16:24] = struct.pack(">II", 60000, 60000)
    big[29:33] = struct.pack(">I", __import__("zlib").crc32(bytes(big[12:29])))
    assert reason(read_header, bytes(big)) == "is 60000 x 60000 pixels; the limit is 178,000,000 pixels"
    assert reason(load_rgb, packed(noise(), "PNG"), max_pixels=100) == "is 60 x 40 pixels; the limit is 100 pixels"


def test_a_file_over_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("curator.engine.pictures.MAX_BYTES", 1000)
    (tmp_path / "x.png").write_bytes(packed(noise(), "PNG"))
    assert "MB large; the limit is" in reason(read_header, tmp_path / "x.png")


def test_formats_outside_the_list_are_not_tried():
    for format_ in ("ICO", "TGA", "PPM"):
        assert "is not a picture that can be read" in reason(load_rgb, packed(noise(16, 16), format_))


@pytest.mark.real_data
def test_real_photographs(shared_data):
    for number in (1, 2, 3):
        path = shared_data / "instruct" / "llamafactory" / "mllm_demo_data" / f"{number}.jpg"
        assert load_rgb(path).size == read_header(path)[:2]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "P", "RGBA", "1"])
def test_the_short_way_to_a_header_agrees_with_the_decoder(kind, mode):
    if (kind, mode) in {("JPEG", "P"), ("JPEG", "RGBA"), ("PNG", "CMYK"), ("JPEG", "1")}:
        pytest.skip("no such picture")
    file = io.BytesIO()
    Image.new(mode, (37, 19)).save(file, kind, **({"progressive": True} if kind == "JPEG" else {}))
    content = file.getvalue()
    assert quick_header(content) == (37, 19, kind)
    assert read_header(content) == (37, 19, kind)
    for cut in range(0, len(content) - 1, 7):
        assert quick_header(content[:cut]) is None
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new(mode, (37, 19)).save(turned, kind, exif=exif)
    assert quick_header(turned.getvalue()) is None and read_header(turned.getvalue())[:2] == (19, 37)
