"""Taste, not state: one frozen dataclass, read from TOML and the environment by the front ends.

Order: command-line flag, environment (``CURATOR_...``), settings file, default. The engine never reads this; it is
handed values.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import tomli_w

from curator.engine.errors import InputError

APP = "curator"
CACHE = "CURATOR_CACHE_DIR"
"""What the engine reads; without it, the place that the system has for caches."""
THEMES = ("system", "light", "dark")
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Settings:
    """What a user may set.

    Attributes:
        device: "auto", "cpu", "cuda" or "mps" (``CURATOR_DEVICE``).
        offline: never reach for the network (``CURATOR_OFFLINE``).
        cache_dir: thumbnails, unpacked archives and other things that may be deleted (``CURATOR_CACHE_DIR``).
        plugins_dir: folder of single-file plugins (``CURATOR_PLUGINS_DIR``).
        theme: "system", "light" or "dark" (``CURATOR_THEME``).
        cache_mb: space for small pictures in the cache, in MB (``CURATOR_CACHE_MB``).
    """

    device: str = "auto"
    offline: bool = False
    cache_dir: Path = dataclasses.field(default_factory=lambda: platformdirs.user_cache_path(APP))
    plugins_dir: Path = dataclasses.field(default_factory=lambda: platformdirs.user_data_path(APP) / "plugins")
    theme: str = "system"
    cache_mb: int = 1024


def settings_file() -> Path:
    """Where the settings are kept."""
    return platformdirs.user_config_path(APP) / "settings.toml"


def load_settings(file: Path | None = None) -> Settings:
    """Read the settings file and the environment; raises :class:`InputError` naming a bad entry."""
    file = file or settings_file()
    values: dict[str, object] = {}
    if file.is_file():
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{file} cannot be read: {error}.", "Mend or delete it.") from None
    for field in dataclasses.fields(Settings):
        text = os.environ.get(f"CURATOR_{field.name.upper()}")
        if text:
            values[field.name] = text
    known = {f.name for f in dataclasses.fields(Settings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise InputError(f"{file} has an unknown setting “{unknown[0]}”.", f"Known: {', '.join(sorted(known))}.")
    return Settings(**{name: _value(name, value) for name, value in values.items()})  # type: ignore[arg-type]


def save_settings(settings: Settings, file: Path | None = None) -> None:
    """Write the settings file, all of it or nothing."""
    file = file or settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    values = {k: str(v) if isinstance(v, Path) else v for k, v in dataclasses.asdict(settings).items()}
    temporary = file.with_suffix(".new")
    temporary.write_text(tomli_w.dumps(values), encoding="utf-8")
    temporary.replace(file)


def go_offline() -> None:
    """Tell the libraries that load weights to stay off the network, in this process and its children."""
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"


def use_cache(folder: Path) -> None:
    """Tell the engine, in this process and its children, where what can be made again is kept."""
    if folder == platformdirs.user_cache_path(APP):
        os.environ.pop(CACHE, None)
    else:
        os.environ[CACHE] = str(folder)


def _value(name: str, value: object) -> object:
    if name in ("cache_dir", "plugins_dir"):
        return Path(str(value)).expanduser()
    if name == "cache_mb":
        if isinstance(value, bool) or not str(value).isdigit() or int(str(value)) < 1:
            raise InputError(f"The setting “cache_mb” is {value!r}.", "Give a whole number of megabytes from 1 up.")
        return int(str(value))
    if name == "theme" and value not in THEMES:
        raise InputError(f"The setting “theme” is {value!r}.", f"Use one of: {', '.join(THEMES)}.")
    if name == "offline":
        return value if isinstance(value, bool) else str(value).lower() not in ("0", "false", "no", "")
    return str(value)
