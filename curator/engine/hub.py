"""The Hugging Face cache on disk, and staying off the network. Imports no heavy package.

Layout of the cache: ``$HF_HUB_CACHE/models--ORG--NAME/{refs/main, snapshots/COMMIT/FILE}``.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

_OFFLINE = ("CURATOR_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


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


def reachable() -> bool:
    """Whether the hub answers at all, found out within four seconds.

    huggingface_hub asks again and again for most of a minute, and cannot be cancelled meanwhile. Behind a proxy
    nothing is tried here, and the answer is yes.
    """
    if any(os.environ.get(name) for name in _PROXIES):
        return True
    address = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        with socket.create_connection((address.hostname or "", port), 4):
            return True
    except OSError:
        return False


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
