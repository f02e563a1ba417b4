"""The house stays one: sizes of files and folders, a sign at every door, no import that hides in a function, tests that mirror it."""

import ast
import importlib
import pkgutil
import tomllib
from pathlib import Path

import pytest
import quick

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("engine", "augment", "train", "eval", "forethought")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ROOMS = sorted({path.parent for path in FILES})
MOST_LINES, MOST_FILES = 300, 14


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_file_can_be_read_in_one_sitting():
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*FILES, *TESTS]}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("room", ROOMS, ids=name)
def test_a_room_is_not_crowded_and_its_sign_names_what_is_in_it(room):
    inside = {p.stem for p in room.glob("*.py")} | {p.name for p in room.iterdir() if (p / "__init__.py").exists()}
    inside -= {"__init__", "__main__"}
    assert len(list(room.glob("*.py"))) - 1 <= MOST_FILES
    body = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
    sign = ast.get_docstring(body) or ""
    assert {word for word in inside if word not in sign} == set(), "the sign does not name them"
    if room != ROOT / "forethought":  # its __init__ also offers the verbs as functions
        assert len(body.body) == 1, "a sign holds no code"


def test_no_import_of_our_own_hides_in_a_function():
    """One that would stand there hides a circle. The front door alone loads its functions when they are first named."""
    inner = [
        f"{name(path)}:{node.lineno}"
        for path in FILES
        if path != ROOT / "forethought/__init__.py"
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES)
        or (isinstance(node, ast.Import) and node.names[0].name.split(".")[0] in PACKAGES)
    ]
    assert inner == []


def test_tests_mirror_the_rooms():
    rooms = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    missing = {str(room) for room in rooms if not (ROOT / room).is_dir()}
    assert missing == set(), "no such room"
    stems = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(set(stems)) == len(stems), "pytest needs different names"


def test_no_file_of_tests_needs_another_one():
    """What several share is a module in tests/ itself, where pytest finds it."""
    needed = [
        f"{name(path)}: {node.module}"
        for path in TESTS
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("test_")
    ]
    assert needed == []


def test_layers_are_named_for_every_room():
    """A new room that no contract of import-linter names would stand outside of the order."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layered = {
        name.strip() for c in contracts if c["type"] == "layers" for layer in c["layers"] for name in layer.split("|")
    }
    rooms = {f"{p}.{room.name}" for p in PACKAGES for room in (ROOT / p).iterdir() if (room / "__init__.py").exists()}
    assert rooms - layered == set()


def test_the_quick_tests_are_those_that_refuse_an_engine():
    assert f'-m "{quick.MARKS}"' in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_scripts_beside_the_packages_import_what_there_is():
    """No type checker reads them, and most run only where there is a GPU or a network."""
    gone = []
    for path in sorted([*(ROOT / "examples").rglob("*.py"), *(ROOT / "docs").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES:
                module = importlib.import_module(node.module or "")
                inside = {found.name for found in pkgutil.iter_modules(getattr(module, "__path__", []))}
                gone += [
                    f"{name(path)}: {one.name}"
                    for one in node.names
                    if one.name not in inside and not hasattr(module, one.name)
                ]
    assert gone == []
