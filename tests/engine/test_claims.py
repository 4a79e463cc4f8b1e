"""Claims: who is at work on what, across processes and through kills."""

import subprocess
import sys
import textwrap

from curator.engine.claims import Claims


def test_a_claim_keeps_others_out_until_it_is_released(tmp_path):
    one, two = Claims(tmp_path), Claims(tmp_path)
    assert one.take("run-1")
    assert one.take("run-1")
    assert not two.take("run-1")
    assert two.take("run-2")
    assert (one.busy("run-1"), one.elsewhere("run-1"), two.elsewhere("run-1")) == (True, False, True)
    one.release("run-1")
    assert not two.busy("run-1")
    two.close()
    assert not one.busy("run-2")


def test_a_killed_holder_lets_go_and_its_file_is_swept(tmp_path):
    code = f"""
        import time
        from pathlib import Path
        from curator.engine.claims import Claims
        claims = Claims(Path({str(tmp_path)!r}))
        claims.take("run-1")
        print("taken", flush=True)
        time.sleep(600)
    """
    holder = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout.readline() == b"taken\n"
        claims = Claims(tmp_path)
        assert claims.elsewhere("run-1")
        claims.sweep()
        assert [f.name for f in (tmp_path / "locks").iterdir()] == ["run-1.lock"]
        holder.kill()
        holder.wait()
    assert not claims.busy("run-1")
    claims.sweep()
    assert list((tmp_path / "locks").iterdir()) == []


def test_a_folder_that_is_not_there_keeps_nobody_out(tmp_path):
    claims = Claims(tmp_path / "absent")
    assert claims.take("run-1")
    assert not claims.busy("run-1")
