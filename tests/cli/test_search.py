"""``curator search`` from the outside."""

import json

import pytest
from click.testing import CliRunner

from curator.cli import cli


@pytest.fixture
def run(tmp_path, image_folder, monkeypatch):
    monkeypatch.setenv("CURATOR_CONFIG", str(tmp_path / "settings.toml"))
    folder = image_folder("cats/a.png", "cats/b.png", "dogs/c.png", size=(32, 32))
    project = str(tmp_path / "p.curator")

    def call(*args, code=0):
        result = CliRunner().invoke(cli, [args[0], project, *args[1:]])
        assert result.exit_code == code, result.output
        return result.output

    call("init")
    call("import", str(folder), "--name", "pets")
    return call


def test_filters_words_and_pictures(run, tmp_path):
    assert "2 of 3 in pets where label:cats" in run("search", "label:cats")
    found = json.loads(run("search", "--json", "-label:cats"))
    assert [s["sample"]["source"] for s in found["samples"]] == ["dogs/c.png"]
    found = json.loads(run("search", "--json", "--picture", str(tmp_path / "pictures/dogs/c.png")))
    assert found["samples"][0]["sample"]["source"] == "dogs/c.png"
    assert found["samples"][0]["similarity"] == pytest.approx(1, abs=1e-4)
    assert "where like:blue" in run("search", "blue", "--count", "1")
    assert "1 of 3 in pets where dogs" in run("search", "dogs", "--exact")


def test_what_is_wrong_is_said(run):
    assert "There is no label “cow”" in run("search", "label:cow", code=1)
    assert "0 of 3" in run("search", "is:broken")
    assert "label" in run("search", "--fields")
    assert "label" in [f["name"] for f in json.loads(run("search", "--fields", "--json"))]
