"""The first pictures of a drop are those that the import will bring first."""

from curator.engine.first_look import first_pictures
from curator.engine.project import Project
from curator.engine.task import Task
from curator.plugins.importers.walking import walk


def test_first_pictures_come_in_the_order_of_the_import(tmp_path):
    for name in ("b/1.png", "a.png", "a/2.jpg", "a/1.jpg", "a/x/0.png", "c.txt", ".hidden/1.png", "a/.h.png", "z.PNG"):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    found = first_pictures([tmp_path], 100)
    assert [p.relative_to(tmp_path).as_posix() for p in found] == walk(tmp_path, Task()).images
    assert first_pictures([tmp_path], 2) == found[:2]
    assert first_pictures([tmp_path / "b" / "1.png", tmp_path / "c.txt", tmp_path / "nothing"], 9) == (
        tmp_path / "b" / "1.png",
    )


def test_a_worker_that_was_started_ahead_takes_the_work(tmp_path):
    file = tmp_path / "pile.jsonl"
    file.write_text('{"instruction": "sing", "output": "la"}\n')
    with Project.create(tmp_path / "a.curator", background=True) as project:
        project.prepare()
        project.submit_import([file], "pile").result()
        assert project.dataset("pile").size == 1
