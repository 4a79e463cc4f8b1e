"""The commands about sources."""

import json

import pytest
from click.testing import CliRunner

from curator.cli import cli


@pytest.fixture
def run(tmp_path, monkeypatch):
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home"))
    return lambda *args: CliRunner().invoke(cli, [str(a) for a in args])


def test_inspect_shows_and_maps(run, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"ask": "q", "reply": "a"}\n', encoding="utf-8")
    assert run("inspect", path).exit_code == 1
    shown = run("inspect", path, "--importer", "instructions", "--map", "ask=prompt", "--map", "reply=response")
    assert shown.exit_code == 0 and "ask" in shown.output and "q a" in shown.output
    hint = run("import", "none", path, "--dry-run")
    assert hint.exit_code == 1 and '--map "ask=prompt" --map "reply=response"' in hint.output
    mapped = run("import", "none", path, "--dry-run", "--map", "ask=prompt", "--map", "reply=response")
    assert mapped.exit_code == 0 and "* " in mapped.output and "q a" in mapped.output
    seen = json.loads(run("inspect", path, "--importer", "instructions", "--json").stdout)
    assert seen["problems"][0]["source"] == "a.jsonl#1"


def test_import_again_repoint_and_files(run, tmp_path, image_folder):
    root = image_folder("a.png", "b.png")
    project = tmp_path / "p.curator"
    assert run("init", project).exit_code == 0
    assert run("import", project, root, "--name", "x").exit_code == 0
    (root / "b.png").unlink()
    again = run("import", project, "--name", "x")
    assert again.exit_code == 0 and "1 unchanged, 1 vanished" in again.output
    moved = root.rename(tmp_path / "moved")
    assert "2 files of “x” are missing" in run("files", project, "x").output
    shown = run("repoint", project, "x", moved)
    assert shown.exit_code == 0 and "1 files of “x” are missing" in shown.output
    assert run("repoint", project, "x", tmp_path / "nowhere").exit_code == 1
    assert json.loads(run("files", project, "x", "--copy", "--json").stdout)["dataset"]["name"] == "x"
