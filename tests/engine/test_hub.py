"""Where weights are looked for, and staying off the network."""

import socket
from pathlib import Path

import pytest
from huggingface_hub import constants

from curator.engine.hub import cached_file, hub_cache, no_network, offline, reachable

VARIABLES = ("CURATOR_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", VARIABLES[:3])
def test_any_of_three_names_asks_to_stay_offline(monkeypatch, name):
    assert not offline()
    monkeypatch.setenv(name, "0")
    assert not offline()
    monkeypatch.setenv(name, "1")
    assert offline()


def test_the_cache_is_where_the_hub_puts_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    assert hub_cache() == tmp_path / "home" / "hub"
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert hub_cache() == tmp_path / "xdg" / "huggingface" / "hub"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert hub_cache() == Path("~/.cache/huggingface/hub").expanduser()
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "c"))
    assert hub_cache() == tmp_path / "c"


def test_a_cached_file_is_found_at_the_main_revision(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert cached_file("org/name", ["a.bin"]) is None
    folder = tmp_path / "models--org--name"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    (folder / "snapshots" / "abc").mkdir(parents=True)
    assert cached_file("org/name", ["a.bin"]) is None
    (folder / "snapshots" / "abc" / "a.bin").write_bytes(b"x")
    assert cached_file("org/name", ["a.safetensors", "a.bin"]) == folder / "snapshots" / "abc" / "a.bin"


def test_a_hub_that_does_not_answer_is_noticed_at_once(monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        assert reachable()
    assert not reachable()
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    assert reachable()


def test_no_network_is_put_back(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with no_network(False):
        assert not constants.HF_HUB_OFFLINE
    with pytest.raises(KeyError), no_network(True):
        assert constants.HF_HUB_OFFLINE
        raise KeyError
    assert not constants.HF_HUB_OFFLINE
