"""Thresholds that decisions choose: the best one, only where it is shown to be better, only for rows in which its figure counts."""

import json
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inference_rows import DOCUMENTS, row, table

from augment.checks.entailment import AS_LIKELY, RIVAL
from augment.review.decisions import Decision
from augment.review.thresholds import LEAST, best_threshold, calibrated, judged_by


def entailed(number, margin, kept=None, **changes):
    """A row that entailment has decided about by its margin, with a threshold of 0."""
    kept = margin > 0 if kept is None else kept
    verdicts = json.dumps({"format": "ok", "entailment": "ok" if kept else RIVAL, "margin": margin})
    reason = None if kept else f"{RIVAL}: glon are blue."
    return row(number, verdicts=verdicts, kept=kept, reason=reason, **changes)


def margins(rows, seed=0):
    rng = Random(seed)
    return [round(rng.uniform(-0.5, 0.5), 3) for _ in range(rows)]


def decisions(rows, right):
    return {
        r["inference_id"]: Decision(
            r["inference_id"], "keep" if right(json.loads(r["verdicts"])["margin"]) else "reject"
        )
        for r in rows
    }


def use(rows, decided, consistency=True):
    made, tried = calibrated(table(*rows), decided, DOCUMENTS, consistency, "en")
    return {r["inference_id"]: r for r in made.to_dicts()}, tried


@given(st.lists(st.tuples(st.integers(-9, 9), st.booleans()), min_size=1, max_size=30))
def test_the_best_threshold_agrees_with_as_many_as_any(pairs):
    values, right = np.array([v / 10 for v, _ in pairs]), np.array([r for _, r in pairs])
    agreement = [int(((values > t) == right).sum()) for t in [-10.0, *values]]
    assert ((values > best_threshold(values, right)) == right).sum() == max(agreement)


def test_a_better_threshold_is_used_for_rows_without_a_decision_too():
    rows = [entailed(n, margin) for n, margin in enumerate(margins(200))]
    found, (told,) = use(rows, decisions(rows[:80], lambda margin: margin > 0.2))
    assert told.used
    assert told.value == pytest.approx(0.2, abs=0.03)
    assert told.after.right > told.before.right
    for r in rows:
        margin = json.loads(r["verdicts"])["margin"]
        assert found[r["inference_id"]]["kept"] == (margin > told.value)
    gone = next(r for r in rows if 0 < json.loads(r["verdicts"])["margin"] <= told.value)
    assert found[gone["inference_id"]]["reason"].startswith("threshold of review: margin 0.")
    assert json.loads(found[gone["inference_id"]]["verdicts"])["entailment"] == "ok"
    assert "cross-validated" in str(told)


def test_a_lower_threshold_brings_rows_back():
    rows = [entailed(n, margin) for n, margin in enumerate(margins(200))]
    found, (told,) = use(rows, decisions(rows[:80], lambda margin: margin > -0.2))
    back = [r for r in found.values() if r["kept"] and json.loads(r["verdicts"])["margin"] <= 0]
    assert len(back) == told.returned > 20
    assert told.rejected == 0
    assert all(r["reason"] is None and RIVAL in r["verdicts"] for r in back)


def test_decisions_that_have_nothing_to_do_with_the_figure_change_nothing():
    rng, rows = Random(1), [entailed(n, margin) for n, margin in enumerate(margins(100))]
    found, (told,) = use(rows, decisions(rows, lambda margin: rng.random() < 0.5))
    assert not told.used
    assert "no gain shown, so the threshold stays" in str(told)
    assert list(found.values()) == table(*rows).to_dicts()


def test_few_decisions_or_decisions_of_one_kind_try_nothing():
    rows = [entailed(n, margin) for n, margin in enumerate(margins(200))]
    assert use(rows, decisions(rows[: LEAST - 1], lambda margin: margin > 0.2))[1] == []
    assert use(rows, decisions(rows, lambda margin: True))[1] == []
    bare = [row(n) for n in range(50)]
    assert use(bare, {r["inference_id"]: Decision(r["inference_id"], "keep") for r in bare})[1] == []


def test_a_figure_counts_only_in_rows_that_nothing_else_rejects():
    evidence = json.dumps({"margin": 0.4, "evidence": 1.0, "threshold": 2.0, "slip": 0.1})
    slipped = json.dumps({"margin": -0.1, "evidence": 3.0, "threshold": 2.0, "slip": 9.0})
    rows = table(
        entailed(0, 0.1),
        entailed(1, -0.1),
        entailed(2, 0.3, kept=False) | {"reason": "contradicts the corpus: x"},
        row(3, verdicts=evidence, kept=False, reason=AS_LIKELY),
        row(4, verdicts=slipped, kept=False, reason=f"{RIVAL}: x"),
        row(5, verdicts='{"margin": null}'),
    )
    assert judged_by(rows, "margin").ids == ["i0", "i1"]
    assert judged_by(rows, "evidence").ids == ["i3"]


def test_what_comes_back_must_not_contradict_what_stays():
    rows = [entailed(n, margin) for n, margin in enumerate(margins(200))]
    clash = entailed(500, -0.01, text="glon are more common than femp.", source_text="femp, glon.")
    stays = entailed(501, 0.4, text="femp are more common than glon.", source_text="femp, glon.")
    decided = decisions(rows[:80], lambda margin: margin > -0.2)
    assert not use([*rows, clash, stays], decided)[0]["i500"]["kept"]
    assert use([*rows, clash], decided)[0]["i500"]["kept"]
    assert use([*rows, clash, stays], decided, consistency=False)[0]["i500"]["kept"]
