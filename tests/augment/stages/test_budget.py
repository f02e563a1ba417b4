"""A budget of tokens goes to what brings most, on answers that are there already, so that no engine starts."""

import polars as pl
import pytest

from augment.config import AugmentConfig, CheckConfig
from augment.stages.budget import TRIAL
from augment.stages.requests import make_requests
from augment.stages.rounds import augment
from engine.config import EngineConfig
from engine.errors import UserError
from engine.pool import EnginePool
from engine.store.parts import commit_part
from engine.tasks.generate import GENERATIONS

POOL = EnginePool("fake", EngineConfig(kind="fake"), quiet=True)
OFF = CheckConfig(language=False, reference=False, meaning=False, near=0, entailment=False, consistency=False)
TEXTS = [f"garden {n} is older than castle {n}." for n in range(300)]
DOCUMENTS = pl.DataFrame([{"doc_id": f"d{i}", "text": t, "source": "", "meta": "{}"} for i, t in enumerate(TEXTS)])
TOKENS = 10


def answered(folder, config, answer):
    """All requests that could be made, with an answer of TOKENS tokens each."""
    for sample in range(config.samples):
        once = config.model_copy(update={"samples": 1, "seed": config.seed + sample, "budget_tokens": None})
        rows = []
        for row in make_requests(DOCUMENTS, once, "m").iter_rows(named=True):
            text = answer(row["operator"], row["source_text"], sample)
            base = dict.fromkeys(GENERATIONS) | {"sample": 0, "finish_reason": "stop", "output_tokens": TOKENS}
            rows.append(base | {"request_id": row["request_id"], "text": text})
        commit_part(folder, str(sample), pl.DataFrame(rows, schema=GENERATIONS))


def useful(operator, source, sample):
    return f"- {source.replace('older', 'elder')}" if operator == "reverse" and sample == 0 else "NONE"


def test_the_operator_that_brings_more_gets_what_is_left(tmp_path):
    config = AugmentConfig(budget_tokens=250 * TOKENS, verify=OFF)
    answered(tmp_path / "generations", config, useful)
    found = augment(DOCUMENTS, POOL, config, "m", tmp_path)
    spent = pl.read_parquet(tmp_path / "budget.parquet")
    made = dict(spent.group_by("operator").agg(pl.col("requests").sum()).rows())
    assert made == {"rephrase": TRIAL, "reverse": 250 - TRIAL}
    assert spent["tokens"].sum() == 250 * TOKENS
    assert spent["new"].sum() == found["kept"].sum() == 250 - TRIAL
    assert pl.read_parquet(tmp_path / "requests.parquet").height == 250


@pytest.mark.slow
def test_started_again_it_makes_the_same_choices(tmp_path):
    config = AugmentConfig(budget_tokens=150 * TOKENS, verify=OFF)
    answered(tmp_path / "generations", config, useful)
    first = augment(DOCUMENTS, POOL, config, "m", tmp_path)
    assert augment(DOCUMENTS, POOL, config, "m", tmp_path).equals(first)


@pytest.mark.slow
def test_a_second_sample_waits_for_the_first_and_a_large_budget_makes_all(tmp_path):
    config = AugmentConfig(operators=("reverse",), samples=2, budget_tokens=10**9, verify=OFF)
    answered(tmp_path / "generations", config, useful)
    augment(DOCUMENTS, POOL, config, "m", tmp_path)
    spent = pl.read_parquet(tmp_path / "budget.parquet")
    assert spent["sample"].is_sorted()
    assert dict(spent.group_by("sample").agg(pl.col("requests").sum()).rows()) == {0: 300, 1: 300}
    assert spent.filter(sample=1)["new"].sum() == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"operators": ("study",)}, "cannot be used with study, whose first answers only lead to more requests"),
        ({"rounds": 2}, "works with one round only"),
    ],
)
def test_what_cannot_be_weighed(tmp_path, settings, said):
    with pytest.raises(UserError, match=said):
        augment(DOCUMENTS, POOL, AugmentConfig(budget_tokens=100, **settings), "m", tmp_path)
