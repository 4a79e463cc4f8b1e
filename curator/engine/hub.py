"""The Hugging Face cache on disk, and staying off the network. Imports no heavy package.

Layout of the cache: ``$HF_HUB_CACHE/models--ORG--NAME/{refs/main, snapshots/COMMIT/FILE}``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_OFFLINE = ("CURATOR_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


def offline() -> bool:
    """Whether the user asked to stay off the network, by any of the names in use."""
    return any(os.environ.get(name, "").strip().lower() in ("1", "true", "yes", "on") for name in _OFFLINE)


def hub_cache() -> Path:
    """Folder of the hub cache, from the same variables that huggingface_hub reads, as they are now."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("HF_HOME") or Path(base) / "huggingface").expanduser() / "hub"


def cached_file(repo: str, names: Iterable[str]) -> Path | None:
    """The first of ``names`` that the cache holds at the ``main`` revision of ``repo``, or None."""
    folder = hub_cache() / f"models--{repo.replace('/', '--')}"
    try:
        commit = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    for name in names:
        file = folder / "snapshots" / commit / name
        if file.is_file():
            return file
    return None


@contextlib.contextmanager
def no_network(active: bool) -> Iterator[None]:
    """Inside, huggingface_hub sends nothing when ``active``.

    huggingface_hub reads ``HF_HUB_OFFLINE`` once, at its import; afterwards its constant is what counts.
    """
    if not active:
        yield
        return
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before
