from pathlib import Path

import platformdirs
import pytest

from curator.engine.errors import InputError
from curator.engine.packed.streams import cache_folder
from curator.settings import Settings, load_settings, save_settings, use_cache


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("DEVICE", "OFFLINE", "CACHE_DIR", "PLUGINS_DIR"):
        monkeypatch.delenv(f"CURATOR_{name}", raising=False)


def test_round_trip(tmp_path):
    file = tmp_path / "deep" / "settings.toml"
    settings = Settings("cpu", True, tmp_path / "cache", tmp_path / "plugins")
    save_settings(settings, file)
    assert load_settings(file) == settings


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    file = tmp_path / "settings.toml"
    save_settings(Settings(device="cpu"), file)
    monkeypatch.setenv("CURATOR_DEVICE", "cuda")
    monkeypatch.setenv("CURATOR_OFFLINE", "0")
    monkeypatch.setenv("CURATOR_CACHE_DIR", str(tmp_path))
    found = load_settings(file)
    assert (found.device, found.offline, found.cache_dir) == ("cuda", False, Path(tmp_path))


def test_archives_are_unpacked_where_the_settings_keep_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATOR_CACHE_DIR", "before")
    use_cache(tmp_path / "cache")
    assert cache_folder() == tmp_path / "cache"
    use_cache(Settings().cache_dir)
    assert cache_folder() == platformdirs.user_cache_path("curator")


def test_a_broken_file_is_named(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("device = [")
    with pytest.raises(InputError, match="Mend or delete it"):
        load_settings(file)
    file.write_text("speed = 3")
    with pytest.raises(InputError, match="unknown setting “speed”"):
        load_settings(file)
