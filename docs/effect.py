"""Each operator alone: what it yields per 1,000 generated tokens, how right it is, and what it brings at matched training tokens.

    python docs/effect.py OUT [SEED...]

Runs every small data set with one operator at a time; the control of equal steps and tokens is finetuned+repeat. Writes OUT/effect.md.
"""

import sys
from pathlib import Path

import polars as pl

from augment.config import AugmentConfig
from engine.config import EngineConfig
from engine.pool import EnginePool
from engine.store.parts import read_parts
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, RunConfig
from eval.measure.accuracy import paired_difference, summarise
from eval.measure.verification import measured
from eval.runs.run import run_job
from train.config import TrainConfig

WORK = {
    "reversals": (("rephrase", "reverse"), 200),
    "syllogisms": (("rephrase", "reverse", "deduce"), 600),
    "semantic": (("rephrase", "reverse", "deduce"), 400),
}
"""Data sets with the operators that are tried on them and the steps of training, as `forethought reproduce` has them."""
ARMS = ("finetuned+repeat", "finetuned+local")


def main(out: Path, seeds: tuple[int, ...]) -> None:
    """Run what is missing and write the table."""
    engine = EngineConfig(kv_cache_gib=1, vllm={"max_num_seqs": 128})
    lines = [
        "| data set | operator | new per 1,000 tokens | precision before, after | kept of the right | split | control | with it | difference |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    with EnginePool("pico", engine) as pool:
        for name, (operators, steps) in WORK.items():
            benchmark = BenchmarkConfig(name=name, size="small")
            worlds = {seed: load(benchmark, seed) for seed in seeds}
            for operator in operators:
                config = RunConfig(
                    name=f"{name}-{operator}",
                    out=out,
                    arms=ARMS,
                    seeds=seeds,
                    benchmark=benchmark,
                    engine=engine,
                    augment=AugmentConfig(operators=(operator,), temperature=0.7, max_tokens=64),
                    train=TrainConfig(rank=32, learning_rate=0.002, batch=8, save_steps=50, steps=steps),
                )
                run = run_job(config, pool)
                lines += rows(name, operator, run, worlds)
                (out / "effect.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def rows(name: str, operator: str, run: Path, worlds: dict) -> list[str]:
    """The lines of one run: one per split that is judged, and rephrasing."""
    inferences, answers = pl.read_parquet(run / "inferences.parquet"), pl.read_parquet(run / "answers.parquet")
    tokens = read_parts(run / "generations", {}).unique(["request_id", "sample"])["output_tokens"].sum()
    kept = inferences.filter("kept").unique("request_id text".split()).height
    checks = measured(inferences, worlds)
    before, after = (f"{100 * checks[i]['precision']:.1f}%" for i in (0, -1))
    front = (
        f"| {name} | {operator} | {1000 * kept / tokens:.1f} | {before}, {after} | {100 * checks[-1]['recall']:.1f}%"
    )
    summary, told = summarise(answers).filter(norm="sum"), []
    for split in dict.fromkeys(("rephrasing", *next(iter(worlds.values())).judged)):
        control, own = (
            f"{100 * summary.filter(arm=arm, split=split)['accuracy'].item():.1f}%"
            for arm in ("finetuned+repeat", "finetuned+local")
        )
        gap = paired_difference(answers, "finetuned+local", "finetuned+repeat", split, "sum")
        shown = f"{100 * gap.difference:+.1f} [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]" if gap else "-"
        told.append(f"{front} | {split} | {control} | {own} | {shown} |")
        front = "| | | | | "
    return told


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(map(int, sys.argv[2:])) or (0, 1))
