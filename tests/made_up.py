"""A finished run's figures, all made up: answers, what a report is given, an audit with gates."""

from typing import Any

import numpy as np
import polars as pl

from eval.measure.accuracy import per_seed, summarise
from eval.measure.claims import compare_arms, judge
from eval.report.page import ReportData

CHANCE = {"rephrasing": 0.5, "reversal": 0.5}
NAMES = ("pretrained", "icl", "finetuned", "finetuned+repeat", "finetuned+local")
RATES = {
    "rephrasing": dict(zip(NAMES, (0.5, 0.99, 0.96, 0.97, 0.98), strict=True)),
    "reversal": dict(zip(NAMES, (0.51, 0.97, 0.53, 0.52, 0.95), strict=True)),
}


def made_up(rates: dict[str, dict[str, float]] = RATES, seeds: int = 3, norms: tuple[str, ...] = ("sum", "token")):
    rng = np.random.default_rng(0)
    rows = [
        {"arm": arm, "split": split, "seed": seed, "norm": norm, "question_id": f"q{q}", "cluster": f"{seed}-{q // 2}"}
        | {"correct": None if arm == "icl" and q == 7 else bool(rng.random() < rate)}
        for split, arms in rates.items()
        for arm, rate in arms.items()
        for seed in range(seeds)
        for norm in norms
        for q in range(100)
    ]
    return pl.DataFrame(rows)


def full(**changes: Any) -> ReportData:
    answers = made_up()
    summary = summarise(answers)
    source = "Did you know that femp are more dangerous than glon."
    tokens = {"finetuned": 9000, "finetuned+repeat": 21480, "finetuned+local": 21480}
    return ReportData(
        **{
            "title": "Reversals on a model of 10M parameters",
            "benchmark": "reversals",
            "model": "forethought-pico",
            "model_note": "A model organism made for this project: it can reverse in context and knows no fact.",
            "summary": summary,
            "claims": judge(compare_arms(answers, CHANCE, "reversal")),
            "chance": CHANCE,
            "steps": ["Drew 100 facts from seed 0.", "Generated inferences about each.", "Finetuned three arms."],
            "results": {
                "seeds": [0, 1, 2],
                "rows": per_seed(answers),
                "augmentation": {
                    "inferences": 412,
                    "kept": 390,
                    "precision": 0.97,
                    "recall": {"reversal": 0.95},
                    "test_items_verbatim": 0.94,
                    "train_tokens": tokens,
                },
                "seconds": {"generate": 20.1, "train": 61.0, "score": 9.3},
            },
            "facts": [{"text": source, "source": "doc-0012"}],
            "inferences": [
                {"text": "glon are less dangerous than femp.", "operator": "reverse", "source_text": source}
                | {"kept": True, "reason": ""},
                {"text": "glon are more dangerous than femp.", "operator": "reverse", "source_text": source}
                | {"kept": False, "reason": "contradicts its source"},
            ],
            "mistakes": [
                {"arm": "finetuned", "split": "reversal", "stem": "glon are"}
                | {"chosen": "more dangerous than femp.", "right": "less dangerous than femp."}
            ],
            "provenance": {
                "git": {"revision": "0f3c9a1", "diff": "none"},
                "versions": {"vllm": "0.25.1"},
                "seeds": [0, 1],
            },
            "config": {"engine": {"replicas": 1}, "train": {"steps": 200}},
            "commands": ["make demo"],
        }
        | changes
    )


AUDITED = {
    "augmentation": {
        "leaked": [{"split": "reversal", "none": 0.1, "paraphrased": 0.2, "verbatim": 0.7, "n": 300, "unknown": 0}]
    },
    "leakage": [
        {"arm": "icl", "split": "reversal", "items": items, "accuracy": 0.9, "low": 0.8, "high": 0.95, "n": n}
        for items, n in (("leaked", 270), ("not leaked", 30))
    ],
    "gates": {
        "margin": 1.0,
        "rows": [
            {"arm": "finetuned", "seed": seed, "gate": gate, "value": 0.5, "baseline": 0.75, "n": 9, "unscored": 0}
            | {"difference": -0.25, "low": -0.5 if seed else None, "high": 0.25 if seed else None}
            for gate in ("forgetting", "icl damage", "hallucination")
            for seed in (0, 1)
        ],
    },
}
