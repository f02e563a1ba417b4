"""What a sample of requests says about all of them."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.config import AugmentConfig
from augment.stages.estimate import Cost, calibrate, distinct, drawn
from augment.stages.requests import make_requests, prompt_chars
from engine.config import EngineConfig
from engine.pool import EnginePool
from engine.tasks.encoding import as_text
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, RunConfig
from eval.runs.calibration import calibrate_run


def corpus(n):
    rows = [{"doc_id": f"d{i}", "text": f"Town {i} is older than village {i}.", "source": ""} for i in range(n)]
    return pl.DataFrame(rows).with_columns(meta=pl.lit("{}"))


def test_texts_that_never_come_twice_grow_with_the_sample():
    assert distinct({1: 500}, 10) == pytest.approx(5000, rel=0.02)


def test_texts_that_all_came_often_do_not_grow():
    assert distinct({5: 100}, 10) == 100


def test_a_known_number_of_texts_is_found_from_a_part_of_the_draws():
    # 1,000 draws from 1,000 texts: Poisson with mean 1
    counts = {1: 368, 2: 184, 3: 61, 4: 15, 5: 3, 6: 1}
    assert distinct(counts, 5) == pytest.approx(1000 * (1 - 2.718**-5), rel=0.03)


@given(st.dictionaries(st.integers(1, 5), st.integers(0, 50)), st.floats(1, 20))
def test_never_fewer_than_were_seen_nor_more_than_were_drawn(counts, factor):
    seen = sum(counts.values())
    drawings = sum(k * n for k, n in counts.items())
    assert seen <= distinct(counts, factor) <= max(seen, drawings * factor) + 1e-6


def test_every_operator_is_drawn_by_its_share_and_a_context_whole():
    local = make_requests(corpus(300), AugmentConfig(operators=("rephrase", "reverse")), "m")
    shared = make_requests(corpus(300), AugmentConfig(operators=("link",), context_chars=400), "m")
    chosen = drawn(pl.concat([local, shared]), 150)
    counts = dict(chosen["operator"].value_counts().rows())
    assert (counts["rephrase"], counts["reverse"]) == (50, 50)
    assert 50 <= counts["link"] < 75
    whole = shared.filter(pl.col("prefix_key").is_in(chosen.filter(operator="link")["prefix_key"].implode()))
    assert whole.height == counts["link"]
    assert drawn(local, 10_000) is local


def test_costs_add_up():
    assert Cost(2, 10, 5, 3, 1.5).times(2) == Cost(4, 20, 10, 6, 3.0)


def test_an_estimate_by_an_engine_scales_what_was_made(own_ray, tmp_path):
    config = AugmentConfig(operators=("rephrase", "reverse"))
    requests = make_requests(corpus(400), config, "fake:turn=1")
    with EnginePool("fake:turn=1", EngineConfig(kind="fake"), quiet=True) as pool:
        found = calibrate(requests, config, "fake:turn=1", pool, tmp_path, 200)
    assert (found.sample, found.inferences) == (200, 800)
    cost = found.stages["generate"]
    assert (cost.requests, cost.output) == (800, 1600)
    exact = sum(len(as_text(json.loads(text))) for text in requests["messages"])
    assert prompt_chars(requests) == exact - (9 + 12) * 400  # line ends between turns
    assert cost.prompt == pytest.approx(exact, rel=0.2)
    assert set(found.stages) == {"generate", "verify"}
    assert found.yields.keys() == {"rephrase", "reverse"}
    assert found.seconds > found.start > 0


def test_a_run_without_training_counts_its_questions(own_ray, tmp_path):
    config = RunConfig(
        arms=("pretrained", "icl"), seeds=(0, 1), benchmark=BenchmarkConfig(facts=30), engine=EngineConfig(kind="fake")
    )
    worlds = {seed: load(config.benchmark, seed) for seed in config.seeds}
    found = calibrate_run(config, worlds, pl.DataFrame(), tmp_path, 100)
    questions = sum(world.questions.height for world in worlds.values())
    assert set(found.stages) == {"score"}
    assert found.stages["score"].requests == pytest.approx(2 * questions)
    assert found.stages["score"].prompt > 0
