"""Every command, used as a user would, inside this process."""

import json
import sqlite3

import pytest
from click.testing import CliRunner

from curator.cli import cli

SKILLS = ("translate", "add", "summarise", "rhyme")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Invoke ``curator ARGS`` in a folder of its own; checks the exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CURATOR_PLUGINS_DIR", str(tmp_path / "plugins"))

    def invoke(*args, code=0):
        result = CliRunner().invoke(cli, [str(a) for a in args])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def pile(tmp_path):
    file = tmp_path / "pile.jsonl"
    lines = [
        json.dumps(
            {
                "instruction": f"{SKILLS[i % 4]} thing number {i} {'very ' * (i % 3)}well",
                "input": "",
                "output": f"{SKILLS[i % 4]} result {i * 17 % 101}",
                "task": SKILLS[i % 4],
            }
        )
        for i in range(120)
    ]
    file.write_text("\n".join([*lines, lines[3], "{not json"]) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def project(run, pile):
    run("init", "p.curator")
    run("import", "p.curator", pile, "--name", "pile")
    return "p.curator"


def choose(run, project, *more):
    return run("run", project, "--recipe", "diverse", "--set", "encoder=lsa", "--set", "selector.budget=12", *more)


def test_init_refuses_a_taken_place_and_a_wrong_name(run):
    run("init", "p.curator")
    assert "p.curator" in run("init", "p.curator", code=1).stderr
    assert "plain.curator" in run("init", "plain", code=1).stderr


def test_import_tells_what_came_in_and_what_did_not(run, project, pile):
    out = json.loads(run("import", project, pile, "--name", "pile", "--json").stdout)
    assert out["dataset"]["size"] == 121
    assert out["dataset"]["kind"] == "instruction"
    assert len(out["skipped"]) == 1


def test_importing_again_adds_nothing_and_keeps_ids(run, project, pile):
    def ids():
        db = sqlite3.connect(f"{project}/project.sqlite")
        found = db.execute("select id, row, source from sample order by row").fetchall()
        db.close()
        return found

    before = ids()
    with pile.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"instruction": "one more", "output": "yes", "task": "add"}) + "\n")
    run("import", project, pile, "--name", "pile")
    after = ids()
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def test_run_makes_plain_rows(run, project):
    choose(run, project, "--name", "first")
    db = sqlite3.connect(f"{project}/project.sqlite")
    rows = db.execute(
        "select rank, source, text, gain, weight, reason, skill from chosen where subset = 'first' order by rank"
    ).fetchall()
    db.close()
    assert [r[0] for r in rows] == list(range(1, 13))
    assert all(source.startswith("pile.jsonl#") for _, source, *_ in rows)
    assert all(text and reason for _, _, text, _, _, reason, _ in rows)


def test_the_same_recipe_gives_back_the_same_subset(run, project):
    choose(run, project)
    assert "Nothing has changed" in choose(run, project).stdout
    listed = json.loads(run("list", project, "--json").stdout)
    assert len(listed["subsets"]) == 1
    assert len(listed["embeddings"]) == 1


def test_the_budget_is_kept_and_the_copy_is_dropped(run, project):
    out = json.loads(choose(run, project, "--json", "--name", "x").stdout)
    assert out["subset"]["size"] == 12
    shown = json.loads(run("show", project, "x", "--json").stdout)
    assert len({r["sample_id"] for r in shown["rows"]}) == 10
    assert dict((name, pile) for name, _, pile in shown["counts"]["class"])["rhyme"] == 31


def test_export_is_byte_for_byte_the_records(run, project, pile, tmp_path):
    choose(run, project, "--name", "x")
    run("export", project, "x", "out.jsonl")
    originals = set(pile.read_bytes().splitlines())
    written = (tmp_path / "out.jsonl").read_bytes().splitlines()
    assert len(written) == 12
    assert set(written) <= originals
    assert "exists already" in run("export", project, "x", "out.jsonl", code=1).stderr
    run("export", project, "x", "out.jsonl", "--overwrite")
    run("export", project, "x", "out.csv", "--format", "csv")
    assert len((tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()) == 13


def test_show_prints_recipe_coverage_counts_and_reasons(run, project):
    choose(run, project)
    out = run("show", project).stdout
    for words in ("12 of 121 samples", "random:", "By skill", "By class", "First picks", "[encoder]", "seed"):
        assert words in out


def test_list_names_everything(run, project):
    choose(run, project)
    out = run("list", project).stdout
    for words in ("Datasets", "pile", "Subsets", "diverse 12", "Runs", "done", "Embeddings", "lsa"):
        assert words in out


def test_pins_are_obeyed_by_the_next_run(run, project):
    first = json.loads(choose(run, project, "--json", "--name", "a").stdout)
    assert first["subset"]["size"] == 12
    rows = json.loads(run("show", project, "a", "--json").stdout)["rows"]
    out = rows[0]["sample_id"]
    taken = {r["sample_id"] for r in rows}
    pinned = next(i for i in range(50, 121) if i not in taken)
    run("pin", project, "--in", pinned, "--out", out)
    choose(run, project, "--name", "b")
    after = json.loads(run("show", project, "b", "--json").stdout)["rows"]
    assert after[0]["sample_id"] == pinned
    assert out not in {r["sample_id"] for r in after}


def test_undo_and_redo_by_name_across_processes(run, project):
    choose(run, project)
    assert "diverse 12" in run("undo", project).stdout
    assert json.loads(run("list", project, "--json").stdout)["subsets"] == []
    assert "diverse 12" in run("redo", project).stdout
    assert len(json.loads(run("list", project, "--json").stdout)["subsets"]) == 1
    assert "Nothing to redo" in run("redo", project, code=1).stderr


def test_every_write_can_answer_in_json(run, project):
    assert json.loads(run("init", "other.curator", "--json").stdout)["project"].endswith("other.curator")
    assert json.loads(run("pin", project, "--in", "1,2", "--json").stdout)[0]["label"] == "Pin in 2 samples"
    assert json.loads(run("undo", project, "--json").stdout)["tables"] == ["history", "pin"]
    assert json.loads(run("redo", project, "--json").stdout)["label"] == "Pin in 2 samples"
    run("pin", project, code=2)


def test_quotas_limit_the_finished_subset(run, project):
    more = ("--set", "constraints.by=class", "--set", "constraints.at_most=2", "--json", "--name", "q")
    out = json.loads(choose(run, project, *more).stdout)
    assert {name: chosen for name, chosen, _ in out["counts"]["class"]} == dict.fromkeys(SKILLS, 2)
    assert out["subset"]["summary"]["stopped"]


def test_dry_run_prints_a_recipe_that_is_accepted_back(run, project, tmp_path):
    printed = choose(run, project, "--dry-run").stdout
    (tmp_path / "mine.toml").write_text(printed, encoding="utf-8")
    again = run("run", project, "--recipe", "mine.toml", "--dry-run").stdout
    assert again == printed


def test_plugins_lists_and_explains(run):
    assert "pcoreset" in run("plugins").stdout
    out = run("plugins", "pcoreset").stdout
    assert "budget" in out
    found = json.loads(run("plugins", "--json").stdout)
    assert {p["role"] for p in found} >= {"importer", "encoder", "clusterer", "selector", "exporter"}
    assert "curator plugins" in run("plugins", "nonsense", code=1).stderr


def test_recipe_prints_the_built_in_ones(run):
    assert "diverse" in run("recipe").stdout
    assert 'name = "balanced"' in run("recipe", "balanced").stdout
    assert {r["name"] for r in json.loads(run("recipe", "--json").stdout)} >= {"diverse", "balanced", "dedupe"}
    assert json.loads(run("recipe", "balanced", "--json").stdout)["name"] == "balanced"


def test_doctor_finds_no_fault_in_a_sound_project_and_names_a_missing_array(run, project, tmp_path):
    choose(run, project)
    assert "No faults found." in run("doctor", project).stdout
    for file in (tmp_path / project / "arrays").glob("embedding-*.npy"):
        file.unlink()
    assert "embedding-" in run("doctor", project, code=1).stdout


def test_messages_say_what_to_do_and_exit_with_1(run, project, tmp_path):
    assert "curator import" in run("run", init(run), code=1).stderr
    assert "does not exist" in run("import", project, "nowhere", code=1).stderr
    assert "pile" in run("run", project, "--dataset", "other", code=1).stderr
    assert "diverse" in run("run", project, "--recipe", "other", code=1).stderr
    assert "no selector" not in run("run", project, "--set", "selector.size=3", code=1).stderr
    (tmp_path / "empty").mkdir()
    run("import", project, "empty", code=1)
    run("list", "absent.curator", code=1)


def init(run):
    run("init", "fresh.curator")
    return "fresh.curator"


def test_usage_errors_exit_with_2(run, project):
    run("run", code=2)
    run("run", project, "--set", "budget", code=2)
    run("pin", project, "--in", "one", code=2)
    run("no-such-command", code=2)


def test_without_a_display_the_window_says_so(run):
    assert "no display" in run(code=1).stderr


def test_a_new_project_is_listed_and_asked_without_a_crash(run):
    run("init", "p.curator")
    assert run("list", "p.curator").stdout.count("(none)") == 4
    for command in ("show", "run", "export", "undo", "redo", "search", "compare", "simulate"):
        more = {"export": ["x", "out"], "search": ["dog"]}.get(command, [])
        said = run(command, "p.curator", *more, code=1).stderr
        assert said.startswith("Error: ") and len(said.splitlines()) >= 1, command


def test_a_project_with_a_dataset_and_nothing_chosen_is_listed(run, project):
    said = run("list", project).stdout
    assert "pile" in said
    assert said.count("(none)") == 3


def test_what_a_plugin_parameter_does_is_told_whole_under_its_own_column(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    told = run("plugins", "redundancy").stdout
    assert "…" not in told
    lines = told[told.index("  parameter ") :].splitlines()
    column = lines[0].index("what it does")
    assert all(len(line) <= 100 for line in lines)
    assert any(line[:column].isspace() and not line[column].isspace() for line in lines[1:])
