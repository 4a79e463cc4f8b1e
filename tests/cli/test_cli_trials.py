"""``curator simulate`` and ``curator compare``."""

import json

from click.testing import CliRunner

from curator.cli import cli


def run(*args, code=0):
    done = CliRunner().invoke(cli, [str(a) for a in args])
    assert done.exit_code == code, done.output
    return done.output


def test_simulate_and_compare_print_tables_and_write_files(tmp_path, digit_pictures):
    p = tmp_path / "p.curator"
    run("init", p)
    run("import", p, digit_pictures)
    quick = ("--set", "width=8", "--set", "layers=1", "--set", "steps=10")
    some = ("--selectors", "random,margin", "--seeds", 2)
    text = run("simulate", p, *some, "--rounds", 1, *quick, "--out", tmp_path / "s.csv")
    assert "all rounds" in text and "ahead of random" in text and "Wrote" in text
    found = json.loads(run("simulate", p, *some, "--rounds", 1, *quick, "--json"))
    assert len(found["points"]) == 8
    text = run("compare", p, "--selectors", "random,k-center", "--budgets", "10", "--seeds", 2)
    assert "k-center" in text and "radius" in text
    assert "needs" in run("compare", p, "--selectors", "top-score", "--budgets", "10", code=1)
    assert "endings" in run("compare", p, "--selectors", "random", "--out", tmp_path / "x.txt", code=1)
