"""One driver per folder, on a disk and in an object store."""

import json
import subprocess
import sys
import threading

import pytest

from engine.errors import UserError
from engine.store import owner as owners
from engine.store.owner import InUse, claim
from engine.store.places import create, join, names, place, read_bytes, write_whole


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(owners, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(owners, "STALE_SECONDS", 0.8)


def card(folder, number=1):
    return json.loads(read_bytes(join(place(folder), "_owner", f"{number}.json")))


def leave(folder, number=1, **changed):
    """The card of a driver that is no more."""
    claimed = claim(place(folder))
    left = card(folder) | changed
    claimed.release()
    write_whole(join(place(folder), "_owner", f"{number}.json"), json.dumps(left).encode())


def check_owners(folder):
    folder = place(folder)
    first = claim(folder)
    with pytest.raises(InUse, match=r"in use by process \d+ on .*: wait for it, stop it, or choose another folder"):
        claim(folder)
    first.check()
    first.release()
    assert names(join(folder, "_owner")) == set()
    second = claim(folder)
    second.release()
    # a driver of this machine whose process is gone
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    leave(folder, pid=int(gone.stdout))
    third = claim(folder)
    assert third.number == 2
    third.release()
    # one of another machine, whose heart does not beat
    leave(folder, machine="another")
    fourth = claim(folder)
    fourth.release()
    assert names(join(folder, "_owner")) == set()


def test_a_folder_has_one_owner(tmp_path):
    check_owners(tmp_path / "out")


def test_a_folder_in_memory_has_one_owner():
    check_owners("memory://owned/out")


def test_the_heartbeat_of_another_machine_keeps_its_folder(tmp_path):
    first = claim(tmp_path)
    first.card["machine"] = "another"
    before = card(tmp_path)["beat"]
    while card(tmp_path)["beat"] < before + 2:
        pass
    with pytest.raises(InUse):
        claim(tmp_path)
    first.release()


def test_an_owner_that_slept_while_another_took_over_is_told(tmp_path):
    first = claim(tmp_path)
    assert create(tmp_path / "_owner" / "2.json", b'{"driver": "other", "beat": 0}')
    first._look()
    with pytest.raises(UserError, match="Another driver has taken over"):
        first.check()
    first.release()
    assert names(tmp_path / "_owner") == {"1.json", "2.json"}


def test_of_many_that_claim_at_once_one_wins(tmp_path):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    leave(tmp_path, pid=int(gone.stdout))
    won, refused, start = [], [], threading.Barrier(8)

    def race():
        start.wait()
        try:
            won.append(claim(tmp_path))
        except InUse:
            refused.append(1)

    racers = [threading.Thread(target=race) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert (len(won), len(refused)) == (1, 7)
    won[0].release()


def test_a_file_is_created_once(tmp_path):
    for where in (tmp_path / "deep" / "x", "memory://created/x"):
        assert [create(where, b"one"), create(where, b"two")] == [True, False]
        assert read_bytes(where) == b"one"
    assert names(tmp_path / "deep") == {"x"}
