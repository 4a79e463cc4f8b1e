"""The docs hold: commands exist, links lead somewhere, generated pages are fresh."""

import importlib.util
import re
import shlex
from pathlib import Path

import click
import pytest

from curator.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_page_is_reached_from_the_readme():
    seen: set[Path] = set()
    to_read = [ROOT / "README.md"]
    while to_read:
        page = to_read.pop()
        if page in seen:
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#:]+\.md)", page.read_text(encoding="utf-8"))
        to_read += [(page.parent / link).resolve() for link in links]
    docs = {p for p in (ROOT / "docs").rglob("*.md") if not p.name.endswith(".template.md")}
    assert docs - seen == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_and_their_options_exist(page):
    for line in re.findall(r"^\s*(curator [^\n|]*)$", page.read_text(encoding="utf-8"), re.M):
        words = shlex.split(line.split("  #")[0].split(" > ")[0])
        if len(words) < 2 or words[1] not in cli.commands:
            assert words[1:2] == [] or not re.match(r"^[a-z]+$", words[1]), line
            continue
        command = cli.commands[words[1]]
        if isinstance(command, click.Group) and len(words) > 2:
            assert words[2] in command.commands, line
            command = command.commands[words[2]]
        known = {o for p in command.params if isinstance(p, click.Option) for o in p.opts}
        assert {w for w in words[2:] if w.startswith("--")} <= known, line


def test_the_reference_pages_are_fresh():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for name, text in generate.pages().items():
        found = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
        assert found == text, f"docs/reference/{name} is stale: run python docs/generate.py"


def test_ci_runs_the_two_commands_of_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(re.findall(r"^    python3 -m venv ", text, re.M)) == 1
    assert len(re.findall(r"^    \.venv/bin/pip install .*\[test\]", text, re.M)) == 1
