"""`make quick` runs neither Ray nor vLLM: importing one of them is a failure that says what to do."""

import importlib.abc
import importlib.machinery
import sys
from types import ModuleType

import pytest

MARKS = "not engine and not slow"
REFUSED = ("ray", "vllm")


class Refusal(importlib.abc.MetaPathFinder):
    """Finds the packages, so that code may ask whether they are there, and fails the test that loads one."""

    def find_spec(self, name: str, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name in REFUSED else None
        if spec and spec.loader:
            spec.loader.exec_module = refuse
        return spec


def refuse(module: ModuleType) -> None:
    pytest.fail(f"A quick test imports {module.__name__}. If it needs it, mark it: pytest.mark.engine.")


def guard(config: pytest.Config) -> None:
    """Where only quick tests were chosen, refuse from now on."""
    if config.option.markexpr == MARKS:
        sys.meta_path.insert(0, Refusal())
