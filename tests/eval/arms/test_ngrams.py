"""The answerer that only counts words: by hand, and near chance on every split that asks for what documents imply."""

import math

import polars as pl
import pytest

from eval.arms.ngrams import BACKOFF, ORDERS, UNSEEN, Counts, ngram_answers, ngram_rows, with_ngrams, words
from eval.benchmarks.base import SET_A
from eval.benchmarks.fictional.world import files
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig

SEEDS = 10
IMPLIED = [
    *(("reversals", "reversal"), ("syllogisms", "syllogism"), ("fictional", SET_A), ("celebrities", SET_A)),
    *(("semantic", split) for split in ("reversal", "syllogism", "longer", "holdout")),
    ("derivatoids", "holdout"),
]
BELOW = {("syllogisms", "syllogism", 1), *(("semantic", "longer", order) for order in ORDERS)}
"""Where counts may fall further below chance, as the modules of the two say: the most frequent quantifier of premises is not that of
conclusions, and what is inherited from far above is said of few things."""


def test_words_and_signs():
    assert words("Did you know? Femp are 3.5 m long.") == "did you know ? femp are 3 . 5 m long .".split()


def test_log_likelihoods_by_hand():
    counts = Counts(["a b c.", "a b d."], 3)
    assert counts.total == 10  # words, signs and two beginnings
    assert counts.loglikelihood("a b", " c") == pytest.approx(math.log(1 / 2))
    assert counts.loglikelihood("x b", " c") == pytest.approx(BACKOFF + math.log(1 / 2))
    assert counts.loglikelihood("x", " a") == pytest.approx(2 * BACKOFF + math.log(2 / 11))
    assert counts.loglikelihood("", " zzz") == pytest.approx(BACKOFF + math.log(UNSEEN / 11))  # after a beginning


def world_of(name: str, seed: int, folder):
    if name == "celebrities":  # the original files are not in the tree: fresh people in their format
        for file, rows in files(seed).items():
            pl.DataFrame(rows).write_ndjson(folder / file)
        return load(BenchmarkConfig(name=name, data=folder), seed)
    return load(BenchmarkConfig(name=name, size="small"), seed)


@pytest.mark.parametrize("name", sorted({name for name, _ in IMPLIED}))
def test_counting_words_answers_nothing_that_is_implied(name, tmp_path):
    worlds = {seed: world_of(name, seed, tmp_path) for seed in range(SEEDS if name != "celebrities" else 2)}
    for order in ORDERS:
        found = pl.concat(ngram_answers(world, seed, world.documents["text"], order) for seed, world in worlds.items())
        for split in [split for one, split in IMPLIED if one == name]:
            chance = sum(world.chance[split] for world in worlds.values()) / len(worlds)
            share = found.filter(split=split)["credit"].mean()
            assert share < chance + 0.05, (split, order)
            assert share > chance - 0.05 or (name, split, order) in BELOW, (split, order)


@pytest.mark.parametrize("name", ["fictional", "celebrities"])
def test_words_point_away_from_the_right_name_where_others_were_targets(name, tmp_path):
    world = world_of(name, 0, tmp_path)
    found = ngram_answers(world, 0, world.documents["text"]).group_by("split").agg(pl.col("credit").mean())
    shares = dict(found.iter_rows())
    assert shares["reversal"] < 0.15  # the reversal curse needs no model
    assert shares[SET_A] == pytest.approx(0.25, abs=0.05)


def test_the_arm_is_in_every_table():
    world = load(BenchmarkConfig(size="small"), 0)
    answers = with_ngrams(ngram_answers(world, 0, ["nothing"], arm="pretrained"), {0: world, 1: world})
    assert answers.group_by("arm").len().sort("arm").rows() == [("ngrams", 160), ("pretrained", 80)]


def test_each_arms_own_training_text_is_counted():
    world = load(BenchmarkConfig(size="small"), 0)
    right = world.questions.select(pl.col("stem") + pl.col("choices").list.get(pl.col("answer")))["stem"]
    examples = pl.DataFrame({"arm": ["finetuned"] * len(right), "seed": [0] * len(right), "text": right})
    rows = ngram_rows({0: world}, examples)
    assert {(row["arm"], row["order"]) for row in rows} == {("finetuned", order) for order in ORDERS}
    assert {row["accuracy"] for row in rows if row["order"] == 4} == {1.0}  # it holds the answers
