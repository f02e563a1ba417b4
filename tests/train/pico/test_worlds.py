"""The embedded model's training worlds: what they teach is true, passes the checks of augmentation and is understood."""

from random import Random

import pytest
from conftest import PICO

from augment.checks.rules.form import Form
from augment.operators.parsing import parse
from eval.benchmarks import reversals
from eval.benchmarks.closure import derive
from eval.benchmarks.semantic.hierarchy import inherit, invert
from eval.benchmarks.semantic.reading import read
from eval.benchmarks.syllogisms import world as syllogisms
from train.pico.batches import WORLDS
from train.pico.worlds import comparisons, hierarchies
from train.pico.worlds.syllogisms import QUANTIFIERS, STATEMENTS, draw_forms, implied, rename, strongest, turned

WORDS = (PICO / "lexicon.txt").read_text(encoding="utf-8").split()
OPERATORS = [(world, name) for world, module in WORLDS.items() for name in module.OPERATORS]


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("n", [1, 2, 13])
def test_a_context_has_questions_with_right_answers(world, n):
    context, asked = WORLDS[world].lookup(Random(n), WORDS, n)
    assert context.count("\n") >= n
    assert len({stem for stem, _ in asked}) > n // 2
    assert all(answer.startswith(" ") and answer.endswith(".") for _, answer in asked)
    for question in WORLDS[world].exam(Random(n), WORDS, n, 5)[1]:
        assert len(set(question.choices)) == len(question.choices) in (2, 4, 6)
        assert question.right
        assert question.right < set(range(len(question.choices)))


@pytest.mark.parametrize("world", WORLDS)
def test_the_largest_context_is_drawn_from_the_lexicon(world):
    context, asked = WORLDS[world].lookup(Random(0), WORDS, WORLDS[world].MOST)
    assert len(context.split()) > 1000
    assert len(asked) > 40


@pytest.mark.parametrize(("world", "name"), OPERATORS)
def test_an_operators_answer_passes_the_checks(world, name):
    rng, none = Random(3), 0
    for _ in range(100):
        use = WORLDS[world].operator(rng, WORDS, name)
        assert use.accepts(use.answer)
        assert not use.accepts(use.answer + "\n- All of this is wrong.")
        assert parse(use.answer) == use.lines
        none += not use.lines
        form = Form([use.text])
        assert [form.fault(line, use.text, False) for line in use.lines] == [None] * len(use.lines), use
    assert (none > 5) == (name == "deduce")


def test_the_benchmark_of_reversals_reads_the_answers():
    for name, side in (("rephrase", lambda fact: fact), ("reverse", comparisons.reverse)):
        for seed in range(50):
            use = comparisons.operator(Random(seed), WORDS, name)
            told = reversals.read(use.text, frozenset(WORDS))
            assert {reversals.read(line, frozenset(WORDS)) for line in use.lines} == {side(told)}


def test_the_benchmark_of_syllogisms_reads_the_answers():
    names = frozenset(WORDS)
    for seed in range(50):
        for name in ("rephrase", "reverse"):
            use = WORLDS["syllogisms"].operator(Random(seed), WORDS, name)
            told = syllogisms.read(use.text, names)
            assert {syllogisms.read(line, names) for line in use.lines} == {
                told if name == "rephrase" else turned(told)
            }
        use = WORLDS["syllogisms"].operator(Random(seed), WORDS, "deduce")
        told = [syllogisms.read(sentence, names) for sentence in use.text.split(". ")]
        mine = dict(zip(sorted({w for s in told for w in s[1:]}), "SMP", strict=True))
        follows = {rename(s, {v: k for k, v in mine.items()}) for s in implied(*(rename(s, mine) for s in told))}
        assert {syllogisms.read(line, names) for line in use.lines} <= follows


def test_what_is_turned_around_follows():
    for statement in STATEMENTS:
        assert turned(statement) in implied(statement)


def test_forms_conclude_equally_often():
    found = [strongest(form, "SP")[0][0] for form in draw_forms(Random(0), 33)]
    assert [found.count(quantifier) for quantifier in QUANTIFIERS] == [11, 11, 11]


def test_a_hierarchy_teaches_its_closure():
    told = hierarchies.draw_facts(Random(5), WORDS, 30)
    follows = derive([fact for own in told.values() for fact in own], (inherit, invert))
    taught = {fact for topic in told for level in hierarchies.inherited(told, topic) for fact in level}
    assert taught == {s for s in follows if not s[1].startswith(hierarchies.INVERSE)}
    assert max(len(needs) for needs in follows.values()) >= 4


def test_the_benchmark_of_hierarchies_reads_the_answers():
    for seed in range(60):
        use = hierarchies.operator(Random(seed), WORDS, ("reverse", "deduce", "rephrase")[seed % 3])
        words = {w.strip(".,:") for line in (use.text, *use.lines) for w in line.split()} & set(WORDS)
        for line in use.lines:
            kinds = [read(line, classes) for classes in _classes(line, sorted(words))]
            assert any(kinds), line


def _classes(line: str, words: list[str]) -> list[dict[str, str]]:
    """Ways to take the words of a line: one is a category, the others what a relation may name."""
    here = [w for w in words if w in line]
    ways = [{here[0]: a, here[1]: b} for a, b in (("category", "category"),)]
    for kind in ("trait", "part", "ability", "thing"):
        for subject in here:
            rest = [w for w in here if w != subject]
            ways.append({subject: "category"} | dict.fromkeys(rest, kind))
            ways += [{subject: "category"} | dict.fromkeys(rest, kind) | {verb: "verb"} for verb in rest]
    return ways
