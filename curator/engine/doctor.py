"""What is installed, where weights are looked for, and which device would be used."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from curator.engine.device import choose_device, versions
from curator.engine.errors import DeviceError
from curator.engine.registry import registry

SHOWN_VARIABLES = (
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_ENDPOINT",
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "CURATOR_OFFLINE",
    "CURATOR_CACHE_DIR",
    "CURATOR_PLUGINS_DIR",
    "CURATOR_DEVICE",
)


def report(device: str = "auto") -> dict[str, dict[str, Any]]:
    """Facts by title, plain values. Loads torch to ask for the device; never prints a token."""
    try:
        words = choose_device(device).words
    except DeviceError as error:
        words = error.text
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME", "~/.cache/huggingface")) / "hub")
    hub = hub.expanduser()
    cached = sorted(p.name.removeprefix("models--").replace("--", "/") for p in hub.glob("models--*"))
    encoders = {}
    for name in registry().names("encoder"):
        ready, reason = registry().get("encoder", name).make().available()
        encoders[name] = f"{'ready' if ready else 'not here'}: {reason}"
    return {
        "versions": {**versions(), "platform": platform.platform()},
        "device": {"chosen": words, "cores": os.cpu_count()},
        "encoders": encoders,
        "caches": {"hub": str(hub), "models": ", ".join(cached) or "none"},
        "environment": {name: os.environ[name] for name in SHOWN_VARIABLES if name in os.environ},
    }
