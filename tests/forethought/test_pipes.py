"""Output that nobody reads any more (`forethought plan | head`) ends the command quietly."""

import os
import subprocess
import sys

import pytest

PLAN = pytest.param("plan --benchmark.facts 2 --seeds 0 --arms icl", marks=pytest.mark.slow)


@pytest.mark.slow
@pytest.mark.parametrize("line", ["run --help", "--help", PLAN, "frob"])
@pytest.mark.parametrize("both", [False, True])
def test_a_closed_pipe_ends_the_command_quietly(line, both):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "forethought", *line.split()]
    done = subprocess.run(
        command, stdout=writer, stderr=writer if both else subprocess.PIPE, text=True, timeout=120, check=False
    )
    os.close(writer)
    if line == "frob" and not both:  # its sentence is read
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        return
    assert done.returncode in (0, 141)
    assert not done.stderr
