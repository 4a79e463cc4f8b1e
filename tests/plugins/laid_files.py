"""Small sources written to a folder, and what an importer makes of one."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from curator.engine.api import Draft, Skip, Task
from curator.engine.importing import find_importer
from curator.engine.registry import registry


def png(shade: int = 0, size: tuple[int, int] = (10, 10)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (shade, 90, 60)).save(file, "PNG")
    return file.getvalue()


def laid(root: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return root


def read(path: Path, plugin: Any = None) -> tuple[list[Draft], list[Skip], list[str]]:
    """What ``plugin``, or else the importer that is found by looking, reads, sets aside and tells."""
    plugin = plugin or find_importer(path, None, registry())[1]
    lines: list[str] = []
    items = list(plugin.read(path, plugin.open(path), Task(on_log=lines.append)))
    return [i for i in items if isinstance(i, Draft)], [i for i in items if isinstance(i, Skip)], lines
