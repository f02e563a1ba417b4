"""What holds for every benchmark that is drawn from seeds in two sizes."""

import pytest
from drawn import SEEDS, worlds
from hypothesis import given

from engine.errors import UserError
from eval.benchmarks.derivatoids import world as derivatoids
from eval.benchmarks.fictional import world as fictional
from eval.benchmarks.semantic import world as semantic
from eval.benchmarks.syllogisms import world as syllogisms

BENCHMARKS = pytest.mark.parametrize("benchmark", [derivatoids, fictional, semantic, syllogisms])


@BENCHMARKS
@worlds(2)
@given(SEEDS)
def test_a_seed_names_one_world(benchmark, seed):
    first, again, other = (benchmark.load(s, "small") for s in (seed, seed, seed + 1))
    assert first.documents.equals(again.documents)
    assert first.questions.equals(again.questions)
    assert (first.closure, first.stated) == (again.closure, again.stated)
    assert not set(first.documents["doc_id"]) & set(other.documents["doc_id"])
    assert not set(first.questions["question_id"]) & set(other.questions["question_id"])


@BENCHMARKS
def test_an_unknown_size_says_which_there_are(benchmark):
    with pytest.raises(UserError, match=r"benchmark\.size is huge; choose from paper, small"):
        benchmark.load(0, "huge")
