"""Benchmarks are whole without the recipe of the embedded model, and the recipe still teaches the language that they speak."""

import ast
from pathlib import Path

import pytest

from eval.benchmarks import reversals
from eval.benchmarks.semantic import wordings
from eval.benchmarks.syllogisms import logic
from train.pico.worlds import comparisons, hierarchies, syllogisms

FOLDER = Path(reversals.__file__).parent


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.py")), ids=lambda file: str(file.relative_to(FOLDER)))
def test_a_benchmark_imports_nothing_of_training(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert not [name for name in names if name.split(".")[0] == "train"]


def test_the_recipe_knows_the_words_of_the_comparisons():
    assert set(reversals.DIMENSIONS) <= set(comparisons.ADJECTIVES)
    assert set(reversals.PREAMBLES) <= set(comparisons.OPENERS)


def test_the_recipe_knows_the_sentences_of_the_hierarchy():
    for kind, told in wordings.WORDINGS.items():
        assert set(told) <= set(hierarchies.WORDINGS[kind])
        assert wordings.REWORDED[kind] == hierarchies.REWORDED[kind]
        assert wordings.REVERSED[kind] == hierarchies.REVERSED[kind]


def test_the_recipe_has_the_logic_of_the_syllogisms():
    assert len(logic.FORMS) == len(syllogisms.FORMS) == 36
    for form in logic.FORMS:
        taught = syllogisms.Form(*form)
        assert logic.implied(*form.premises) == syllogisms.implied(*taught.premises)
        assert logic.strongest(form, "SP") == syllogisms.strongest(taught, "SP")
