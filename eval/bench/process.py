"""A part of a bench in a process of its own: `python -m eval.bench.process MODULE FUNCTION WORK.json RESULT.json`."""

import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Work = dict[str, Any]
"""What JSON can hold: a function's input, and what it gives."""


def apart(run: Callable[[Work], Work], work: Work) -> Work:
    """What `run`, a function of a module, makes of `work` in a process of its own; raises RuntimeError with its last words."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "work.json", Path(folder) / "result.json"
        source.write_text(json.dumps(work))
        command = [sys.executable, "-m", __name__, run.__module__, run.__name__, str(source), str(target)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{run.__name__} ended with status {done.returncode}: {done.stderr.strip()[-2000:]}")
        return json.loads(target.read_text())


if __name__ == "__main__":
    module, called, source, target = sys.argv[1:]
    result = getattr(importlib.import_module(module), called)(json.loads(Path(source).read_text()))
    Path(target).write_text(json.dumps(result))
