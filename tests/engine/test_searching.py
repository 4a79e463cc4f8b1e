"""Search by likeness, with a real encoder on a few pictures and texts."""

import json

import numpy as np
import pytest
from PIL import Image

from curator.engine.browse import Field, Query
from curator.engine.completing import complete
from curator.engine.errors import InputError, NotReadyError
from curator.engine.filter_language import by_meaning
from curator.engine.jobs import DONE
from curator.engine.project import Project
from curator.engine.searching import SearchRequest, cosines

RECORDS = (
    "Sort a list of numbers in python code", "Write python code that sorts words", "Bake bread with flour and yeast",
    "Knead the flour, then bake the bread", "Name the capital city of France", "Which city is the capital of Spain",
)  # fmt: skip


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "records.jsonl"
    file.write_text("".join(json.dumps({"instruction": t, "output": ""}) + "\n" for t in RECORDS))
    with Project.create(tmp_path / "p.curator") as made:
        made.submit_import([file], "records")
        yield made


def search(project, where, **more):
    query = Query(1, where=where, sort="similarity", descending=True, **more)
    if not project.browse.is_ready(query):
        job = project.browse.submit(query)
        assert job.state == DONE, job.failure
    return project.browse.find(query).rows.tolist()


@pytest.fixture
def lsa(project, monkeypatch):
    """The encoder that is always there."""
    monkeypatch.setattr("curator.engine.artefacts.default_encoder", lambda kind, registry: ("lsa", "for the test"))
    return project


def test_words_find_what_they_mean_and_are_remembered(lsa):
    query = Query(1, where='like:"bread and flour"', sort="similarity", descending=True)
    with pytest.raises(NotReadyError):
        lsa.browse.find(query)
    assert set(search(lsa, 'like:"bread and flour"')[:2]) == {2, 3}
    assert lsa.browse.is_ready(query)
    assert search(lsa, 'like:"bread and flour" similarity>0.3 -row:3') == [3]
    assert set(search(lsa, "like:python")[:2]) == {0, 1}
    with pytest.raises(InputError, match="knows none of these words"):
        raise_failure(lsa, "like:xylophone")


def raise_failure(project, where):
    job = project.browse.submit(Query(1, where=where))
    raise InputError(job.failure.text)


def test_near_is_the_mean_of_samples(lsa):
    ids = lsa.browse.ids(1, range(6))
    assert search(lsa, f"near:{ids[2]}")[:2] == [2, 3]
    assert set(search(lsa, f"near:{ids[0]},{ids[1]}")[:2]) == {0, 1}
    assert [n.row for n in lsa.browse.neighbours(1, 4, 1)] == [5]
    assert len(lsa.browse.neighbours(1, 4)) == 5
    with pytest.raises(InputError, match="takes the numbers"):
        search(lsa, "near:abc")


def test_a_picture_finds_its_like(tmp_path, image_folder):
    folder = image_folder(*(f"{i}.png" for i in range(4)), size=(32, 32))
    other = tmp_path / "query.png"
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([folder], "pictures")
        Image.open(folder / "2.png").save(other)
        found = search(project, f'picture:"{other}"')
        assert found[0] == 2
        assert sorted(search(project, "like:red")) == [0, 1, 2, 3]
        with pytest.raises(InputError, match="no picture at"):
            project.browse.is_ready(Query(1, where="picture:/nowhere.png"))


def test_before_there_is_an_embedding_nothing_is_near(project):
    assert project.browse.neighbours(1, 0) == ()


def test_cosines_of_copies_tie_and_unreadable_rows_have_none():
    matrix = np.array([[0.6, 0.8], [np.nan, np.nan], [0.6, 0.8], [1, 0]], np.float32)
    assert np.array_equal(cosines(matrix, np.array([2, 0], np.float32)), [0.6, np.nan, 0.6, 1.0], equal_nan=True)


def test_the_request_has_words():
    assert SearchRequest("pile", "like:x").title == "Search pile"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", ""),
        ("label:dog", "label:dog"),
        ("car", "like:car"),
        ("a red car", 'like:"a red car"'),
        ("red label:dog car", 'like:"red car" label:dog'),
        ("red -label:dog", "like:red -label:dog"),
        ("red OR blue", "red OR blue"),
        ('"red car" (pin:in OR pin:out)', 'like:"red car" (pin:in OR pin:out)'),
    ],
)
def test_bare_words_are_meant(text, meaning):
    assert by_meaning(text) == meaning
    assert by_meaning(meaning) == meaning


FIELDS = (
    Field("label", "category", "A label", ("cat", "night street", "dog")),
    Field("length", "number", "Letters"),
    Field("is", "flag", "State", ("broken",)),
)


@pytest.mark.parametrize(
    ("text", "start", "options"),
    [
        ("l", 0, ["label:", "length<"]),
        ("is:broken la", 10, ["label:"]),
        ("-label:", 7, ["cat", '"night street"', "dog"]),
        ("label:STREET", 6, ['"night street"']),
        ('label:"night st', 6, ['"night street"']),
        ("do", 0, ["label:dog"]),
        ("(nig", 1, ['label:"night street"']),
        ("length<", 7, []),
        ("what:", 5, []),
        ('"ca', 3, []),
        ("", 0, []),
    ],
)
def test_what_could_come_next(text, start, options):
    found = complete(text, len(text), FIELDS)
    assert (found.start, [o.text for o in found.options]) == (start, options)


def test_likeness_to_several_samples_is_compared_once_and_kept(lsa, monkeypatch):
    search(lsa, "near:1,2")
    compared = []
    monkeypatch.setattr("curator.engine.browse.cosines", lambda *given: compared.append(1) or cosines(*given))
    assert search(lsa, "near:3,4,5,6") and len(compared) == 1
    lsa.pin([1], "in")
    assert search(lsa, "near:3,4,5,6 -row:1") and len(compared) == 1
    assert search(lsa, "near:3") and len(compared) == 2
