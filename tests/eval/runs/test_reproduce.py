"""The table of the paper's claims, from answers that are made up."""

import json

import polars as pl

from eval.benchmarks.base import SET_A
from eval.config import BenchmarkConfig, RunConfig
from eval.measure.accuracy import summarise
from eval.runs.reproduce import FACTS, PAPER, Found, judged, settings_of, write

CHANCE = {
    SET_A: 0.25,
    "rephrasing": 0.25,
    "reversal": 0.25,
    "syllogism": 0.25,
    "longer": 0.25,
    "holdout": 0.25,
    "single": 0.25,
}


def made_up(shares: dict[str, float], split: str) -> Found:
    """100 answers of each arm, of which that share is right."""
    rows = [
        {"arm": arm, "split": split, "seed": 0, "norm": "sum", "question_id": str(n), "cluster": str(n)}
        | {"correct": n < 100 * share}
        for arm, share in shares.items()
        for n in range(100)
    ]
    answers = pl.DataFrame(rows)
    results = {"augmentation": {"inferences": 10, "kept": 9, "precision": 0.9, "recall": {split: 0.5}}, "seconds": {}}
    return Found(answers, summarise(answers), CHANCE, results)


AS_PAPER = {"pretrained": 0.25, "icl": 0.95, "finetuned": 0.02, "finetuned+local": 0.96}


def test_a_small_run_has_as_much_as_minutes_teach_and_any_other_what_the_settings_say():
    small, paper = (RunConfig(benchmark=BenchmarkConfig(size=size)) for size in ("small", "paper"))
    chosen = RunConfig(benchmark=BenchmarkConfig(size="small", facts=30))
    found = [settings_of("semantic", base).benchmark.facts for base in (small, paper, chosen)]
    assert found == [FACTS["semantic"], None, 30]


def test_every_claim_is_judged_by_its_own_measure():
    table = judged({"fictional": made_up(AS_PAPER, "reversal")})
    verdicts = {claim.text: claim.verdict for part, claim in table if part.split == "reversal"}
    assert len(verdicts) == 4
    assert set(verdicts.values()) == {"shown"}
    against = AS_PAPER | {"finetuned": 0.5, "finetuned+local": 0.45}
    table = judged({"fictional": made_up(against, "reversal")})
    verdicts = {claim.text: claim.verdict for part, claim in table if part.split == "reversal"}
    assert verdicts["finetuned is below chance"] == verdicts["finetuned+local reaches icl"] == "refuted"
    assert verdicts["icl is above finetuned"] == "shown"


def test_what_was_not_run_is_not_measured_and_not_left_out():
    few = {"icl": 0.9, "finetuned": 0.9}
    table = judged({"semantic": made_up(few, "syllogism")})
    assert {part.split for part, _ in table} == {part.split for part in PAPER if part.benchmark == "semantic"}
    assert not any(claim.measured for part, claim in table if part.split != "syllogism")
    measured = [claim.measured for part, claim in table if part.split == "syllogism"]
    assert measured == [True, False, False, False, False]


def test_the_page_has_every_claim_and_every_figure(tmp_path):
    found = {"fictional": made_up(AS_PAPER, "reversal"), "reversals": made_up(AS_PAPER, "reversal")}
    page = write(RunConfig(out=tmp_path), found).read_text()
    claims = json.loads((tmp_path / "claims.json").read_text())
    assert len(claims) == 12
    assert {"benchmark", "split", "claim", "verdict", "difference", "low", "high", "vacuous"} <= set(claims[0])
    assert page.count("| **shown** |") == sum(not claim["vacuous"] for claim in claims) == 7
    assert page.count("| not measured |") == sum(claim["why"] == "not measured" for claim in claims) == 5
    assert page.count("| reversals | reversal | 25.0% | 25.0% [") == 1
    assert "7 shown, 0 refuted, 0 undecided of 7 claims." in page
    for figure in ("figure-2", "figure-3"):
        assert f"figures/{figure}.png" in page
        assert (tmp_path / "figures" / f"{figure}.png").stat().st_size > 10_000
    assert "| fictional | 10 | 9 | 90.0% | reversal 50.0% | 0 |" in page
