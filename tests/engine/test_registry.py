import subprocess
import sys
from dataclasses import dataclass

import pytest

from curator.engine import registry as module
from curator.engine.errors import InputError, PluginError
from curator.engine.params import param
from curator.engine.registry import PluginSpec, Registry

GOOD = '''
from dataclasses import dataclass
from curator.engine.api import selector

@selector("from-a-file", version=1)
@dataclass(frozen=True)
class FromAFile:
    """A plugin from the user's folder."""
'''


@pytest.fixture
def fresh(monkeypatch):
    """A registry of its own, so that test plugins do not stay."""
    module.registry().discover()  # modules register once, when first imported: let that be in the real one
    found = Registry()
    monkeypatch.setattr(module, "_registry", found)
    return found


def spec(name="one", role="selector", needs=(), cls=None):
    @dataclass(frozen=True)
    class Plugin:
        """Does something.

        And more of it.
        """

        budget: int = param(5, low=1, help="How many")

    return PluginSpec(role, name, 1, cls or Plugin, frozenset(needs), frozenset({"image"}), "test")


def test_a_plugin_is_found_by_role_and_name():
    found = Registry()
    found.add(spec("one"))
    assert found.get("selector", "one").make({"budget": "7"}).budget == 7
    assert found.get("selector", "one").summary == "Does something."


def test_an_unknown_name_lists_the_known_ones():
    found = Registry()
    found.add(spec("one"))
    with pytest.raises(InputError, match="Known: one"):
        found.get("selector", "two")


def test_a_second_plugin_of_the_same_name_is_an_error():
    found = Registry()
    found.add(spec("one"))

    @dataclass(frozen=True)
    class Other:
        """Another."""

    with pytest.raises(PluginError, match="Two selectors are called “one”"):
        found.add(spec("one", cls=Other))


def test_unknown_roles_and_needs_are_refused():
    with pytest.raises(PluginError):
        Registry().add(spec(role="juggler"))
    with pytest.raises(PluginError):
        Registry().add(spec(needs={"magic"}))


def test_a_file_runs_only_after_a_yes_and_only_unchanged(tmp_path, fresh):
    file = tmp_path / "mine.py"
    file.write_text(GOOD)
    fresh.discover(tmp_path)
    assert "from-a-file" not in fresh.names("selector")
    assert module.untrusted_files(tmp_path) == [file]

    module.trust(file)
    fresh.discover(tmp_path)
    assert "from-a-file" in fresh.names("selector")

    file.write_text(GOOD + "# changed\n")
    assert module.untrusted_files(tmp_path) == [file]


def test_a_plugin_that_does_not_load_is_listed_and_stops_nothing(tmp_path, fresh):
    bad, good = tmp_path / "a_bad.py", tmp_path / "b_good.py"
    bad.write_text("import a_module_that_is_not_there\n")
    good.write_text(GOOD)
    module.trust(bad)
    module.trust(good)
    fresh.discover(tmp_path)
    assert "from-a-file" in fresh.names("selector")
    assert [f.origin for f in fresh.failures] == [str(bad)]
    assert "a_module_that_is_not_there" in fresh.failures[0].text


def test_reading_all_plugins_loads_no_heavy_package():
    code = (
        "import sys; from curator.engine.registry import registry; registry().discover();"
        "assert not registry().failures, registry().failures;"
        "print([m for m in ('torch','open_clip','sklearn','hdbscan','umap','transformers','PySide6')"
        " if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
