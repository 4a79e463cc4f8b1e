import io

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def many_images(tmp_path_factory):
    """A folder of 4,000 tiny pictures: enough for an import to be caught in the act."""
    folder = tmp_path_factory.mktemp("many") / "pictures"
    folder.mkdir()
    for i in range(4000):
        if i % 100 == 0:
            buffer = io.BytesIO()
            Image.new("RGB", (8, 8), (i % 256, i // 256, 90)).save(buffer, "BMP")
        (folder / f"{i:05}.bmp").write_bytes(buffer.getvalue())
    return folder
