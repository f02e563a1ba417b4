"""One process owns a folder; a dead owner is followed, a living one is not."""

import json
import os
import threading
from pathlib import Path

import pytest

from engine.errors import UserError
from engine.store import owner
from engine.store.owner import OWNER, owned


def test_one_of_many_that_come_at_once_owns_the_folder(tmp_path: Path):
    inside, refused, gate, leave = [], [], threading.Barrier(8), threading.Event()

    def come() -> None:
        gate.wait()
        try:
            with owned(tmp_path):
                inside.append(1)
                leave.wait(20)
        except UserError as error:
            refused.append(str(error))
        if len(refused) == 7:
            leave.set()

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(inside), len(refused)) == (1, 7)
    assert f"{tmp_path} is in use by process {os.getpid()}" in refused[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pid", [2**22 + 1, os.getpid()])  # no such process; another one with the number of the dead
def test_a_dead_owner_on_this_machine_is_followed_at_once(tmp_path: Path, pid: int):
    facts = {"name": "dead", "host": owner.socket.gethostname(), "pid": pid, "began": 1.5}
    (tmp_path / OWNER).write_text(json.dumps(facts))
    with owned(tmp_path):
        assert json.loads((tmp_path / OWNER).read_text())["pid"] == os.getpid()
    assert not (tmp_path / OWNER).exists()


def test_an_owner_on_another_machine_is_followed_when_it_shows_no_sign_of_life(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(owner, "STALE", 2.5)
    mark = tmp_path / OWNER
    mark.write_text(json.dumps({"name": "far", "host": "elsewhere", "pid": 1, "began": 1.0}))
    beating = threading.Timer(1.2, lambda: os.utime(mark, (1, 1)))
    beating.start()
    with pytest.raises(UserError, match="in use by process 1 on elsewhere"), owned(tmp_path):
        pass
    beating.join()
    with owned(tmp_path):
        assert json.loads(mark.read_text())["host"] == owner.socket.gethostname()


def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write into"), owned(tmp_path / "file" / "folder"):
        pass
