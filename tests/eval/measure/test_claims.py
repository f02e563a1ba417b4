"""Verdicts on the paper's claims, from answers that are made up."""

import polars as pl
import pytest

from eval.measure.claims import BEHIND, CHANCE, GAIN, ORDERING, Claim, Expected, compare_arms, counted, judge, said

HALF = {"reversal": 0.5, "rephrasing": 0.5, "holdout": 0.5}


def share(arm: str, right: int, split: str = "reversal", of: int = 100, seeds: int = 3) -> pl.DataFrame:
    """`right` of `of` questions of each seed, each about its own fact."""
    rows = [
        {"arm": arm, "split": split, "seed": seed, "norm": "sum", "question_id": f"q{n}", "cluster": f"{seed} {n}"}
        | {"correct": n < right}
        for seed in range(seeds)
        for n in range(of)
    ]
    return pl.DataFrame(rows)


def judged(expected=ORDERING, **right: int) -> dict[str, Claim]:
    answers = pl.concat([share(arm.replace("_", "+"), number) for arm, number in right.items()])
    return {claim.text: claim for claim in judge(compare_arms(answers, HALF, "reversal", expected=expected))}


def one(relation: str, left: int, right: int, **more: int) -> str:
    (claim,) = judged(
        (Expected("finetuned+local", relation, "icl", ""),), finetuned_local=left, icl=right, **more
    ).values()
    return "vacuous" if claim.vacuous else claim.verdict


def test_the_papers_ordering_is_shown():
    found = judged(pretrained=50, icl=97, finetuned=50, finetuned_repeat=52, finetuned_local=95)
    assert {claim.verdict for claim in found.values()} == {"shown"}
    assert found["pretrained is at chance"].vacuous == "a property of the data set, not a finding"
    assert (
        said([*found.values()])
        == "5 shown, 0 refuted, 0 undecided of 5 claims; 1 cannot be tested here and are not counted"
    )


def test_the_opposite_is_refuted():
    found = judged(pretrained=90, icl=60, finetuned=58, finetuned_repeat=90, finetuned_local=30)
    assert {text: claim.verdict for text, claim in found.items() if text != "icl is above finetuned"} == dict.fromkeys(
        (one.text for one in ORDERING if one.arm != "icl" or one.other != "finetuned"), "refuted"
    )


@pytest.mark.parametrize(
    ("relation", "left", "right", "verdict"),
    [
        ("above", 90, 70, "shown"),
        ("above", 70, 90, "refuted"),
        ("above", 72, 70, "refuted"),  # less than GAIN above
        ("above", 100, 100, "refuted"),
        ("below", 70, 90, "shown"),
        ("below", 90, 70, "refuted"),
        ("reaches", 95, 96, "shown"),
        ("reaches", 99, 80, "shown"),
        ("reaches", 60, 96, "refuted"),
        ("reaches", 82, 90, "undecided"),
        ("reaches", 52, 51, "vacuous"),  # at chance there is nothing to reach
    ],
)
def test_verdicts_go_by_the_margins(relation, left, right, verdict):
    assert (GAIN, BEHIND) == (0.05, 0.1)
    assert one(relation, left, right) == verdict


def test_an_arm_beside_chance():
    below = Expected("finetuned", "below", CHANCE, "")
    assert judged((below,), finetuned=20)["finetuned is below chance"].verdict == "shown"
    found = judged((below,), finetuned=70)["finetuned is below chance"]
    assert (found.verdict, found.difference) == ("refuted", pytest.approx(0.2))


def test_a_claim_alone_may_be_shown_and_among_many_undecided():
    claim = Expected("icl", "above", "finetuned", "")
    others = [Expected("icl", "above", f"x{n}", "") for n in range(40)]
    answers = pl.concat([share("icl", 62), share("finetuned", 53), *(share(f"x{n}", 62) for n in range(40))])
    alone = judge(compare_arms(answers, HALF, "reversal", expected=(claim,)))
    together = judge(compare_arms(answers, HALF, "reversal", expected=(claim, *others)))
    assert (alone[0].verdict, together[0].verdict) == ("shown", "undecided")
    assert alone[0].low == together[0].low > 0  # the interval is the claim's own


def test_claims_without_an_arm_are_not_measured():
    found = judged(icl=97, finetuned=50)
    assert found["icl is above finetuned"].verdict == "shown"
    open_ones = [text for text, claim in found.items() if not claim.measured]
    assert len(open_ones) == 5
    assert all(found[text].verdict == "undecided" and found[text].vacuous for text in open_ones)


def test_what_is_implied_says_nothing_where_what_is_stated_was_not_learnt():
    claim = (Expected("icl", "above", "finetuned", ""),)
    answers = pl.concat([share("icl", 97), share("finetuned", 50), share("finetuned", 60, "rephrasing")])
    (found,) = judge(compare_arms(answers, HALF, "reversal", expected=claim))
    assert found.vacuous == "finetuned has not learnt what is stated: 60.0% of rephrasing, less than 75.0%"
    assert counted([found]) == []
    learnt = pl.concat([share("icl", 97), share("finetuned", 50), share("finetuned", 90, "rephrasing")])
    assert not judge(compare_arms(learnt, HALF, "reversal", expected=claim))[0].vacuous
    (stated,) = judge(
        compare_arms(pl.concat([answers, share("icl", 99, "rephrasing")]), HALF, "rephrasing", expected=claim)
    )
    assert not stated.vacuous


def test_claims_state_figures():
    found = judged(icl=97, finetuned=50)["icl is above finetuned"]
    assert found.ours.startswith("icl 97.0% [")
    assert "finetuned 50.0% [" in found.ours
    assert "paired difference +47.0 points [+" in found.ours
    assert found.difference == pytest.approx(0.47)
    assert found.low < 0.47 < found.high
