"""The peers of `forethought bench`, each in a process of its own: `python -m engine.bench.peers generate|score NAME WORK.json RESULT.json`.

Every function takes the same work as our pool and returns {"start": seconds, "seconds": [one per repeat], ...}.
"""

import importlib.metadata
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.config import EngineConfig
from engine.models import has_gpu, resolve_model
from engine.worker.vllm_engine import engine_options

Work = dict[str, Any]


def engine_arguments(work: Work) -> dict[str, Any]:
    """The vLLM arguments that our pool uses, without adapters."""
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    return engine_options(work["model"], EngineConfig(**work["engine"])) | work.get("options", {})


def timed(start: float, jobs: list[Any], job: Callable[[Any], Any]) -> dict[str, Any]:
    """Run `job` on the work of every repeat; `start` is when the peer began to load."""
    result: dict[str, Any] = {"start": time.monotonic() - start, "seconds": [], "values": []}
    for repeat in jobs:
        began = time.monotonic()
        result["values"].append(job(repeat))
        result["seconds"].append(time.monotonic() - began)
    return result


def llm_generate(work: Work) -> dict[str, Any]:
    """A call of vLLM's `LLM.generate` over all prompts."""
    start, options = time.monotonic(), engine_arguments(work)
    import vllm

    llm = vllm.LLM(**options)
    sampling = vllm.SamplingParams(**work["sampling"])

    def job(prompts: list[str]) -> int:
        return sum(len(o.outputs[0].token_ids) for o in llm.generate(prompts, sampling, use_tqdm=False))

    return timed(start, work["prompts"], job)


def llm_score(work: Work) -> dict[str, Any]:
    """A call of `LLM.generate` with `prompt_logprobs`, each choice behind its context."""
    start, options = time.monotonic(), engine_arguments(work)
    import vllm

    llm = vllm.LLM(**options)
    tokenizer = llm.get_tokenizer()
    sampling = vllm.SamplingParams(max_tokens=1, prompt_logprobs=0)

    def job(pairs: list[list[str]]) -> list[float]:
        outputs = llm.generate([context + choice for context, choice in pairs], sampling, use_tqdm=False)
        found: list[float] = []
        output: Any
        for (context, _), output in zip(pairs, outputs, strict=True):
            ids, rows = output.prompt_token_ids, output.prompt_logprobs
            found.append(sum(rows[i][ids[i]].logprob for i in range(len(tokenizer.encode(context)), len(ids))))
        return found

    return timed(start, work["pairs"], job)


def lm_eval(work: Work) -> dict[str, Any]:
    """lm-evaluation-harness's vLLM backend, `loglikelihood`, automatic batches."""
    start, options = time.monotonic(), engine_arguments(work)
    version = importlib.metadata.version

    def answer(name: str) -> str:
        # it asks for a distribution named vllm and stops where only vllm-cpu is installed
        try:
            return version(name)
        except importlib.metadata.PackageNotFoundError:
            return version(f"{name}-cpu") + "+cpu"

    importlib.metadata.version = answer  # type: ignore[assignment]
    from lm_eval.api.instance import Instance
    from lm_eval.models.vllm_causallms import VLLM

    model = VLLM(pretrained=options.pop("model"), batch_size="auto", **options)

    def job(pairs: list[list[str]]) -> list[float]:
        asked = [Instance("loglikelihood", {}, (context, choice), i) for i, (context, choice) in enumerate(pairs)]
        return [value for value, _ in model.loglikelihood(asked, disable_tqdm=True)]

    return timed(start, work["pairs"], job)


def ray_data_llm(work: Work) -> dict[str, Any]:
    """`ray.data.llm` on tokenised prompts. Every execution loads the engine anew: what one of a single row takes is the start."""
    options = engine_arguments(work)
    import ray
    from ray.data.llm import build_processor, vLLMEngineProcessorConfig
    from transformers import AutoTokenizer

    names = ("VLLM_CPU_KVCACHE_SPACE", "VLLM_CPU_OMP_THREADS_BIND", "VLLM_ENABLE_V1_MULTIPROCESSING")
    environment = {name: os.environ[name] for name in names if name in os.environ and "MULTI" not in name}
    environment["OMP_NUM_THREADS"] = str(os.cpu_count())
    ray.init(
        num_cpus=(os.cpu_count() or 1) + 2, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False
    )
    tokenizer = AutoTokenizer.from_pretrained(options["model"])
    config = vLLMEngineProcessorConfig(
        model_source=options.pop("model"),
        engine_kwargs=options,
        runtime_env={"env_vars": environment},
        placement_group_config={"bundles": [{"CPU": 1, "GPU": int(has_gpu())}]},
        batch_size=256,
        concurrency=1,
        log_engine_metrics=False,
        chat_template_stage=False,
        tokenize_stage=False,
        detokenize_stage=False,
    )
    processor = build_processor(
        config,
        preprocess=lambda row: {"tokenized_prompt": row["ids"], "sampling_params": work["sampling"]},
        postprocess=lambda row: {"tokens": len(row["generated_tokens"])},
    )

    def job(prompts: list[str]) -> int:
        data = ray.data.from_items([{"ids": ids} for ids in tokenizer(list(prompts)).input_ids])
        return sum(row["tokens"] for row in processor(data).take_all())

    starts = timed(0, [prompts[:1] for prompts in work["prompts"]], job)["seconds"]
    whole = timed(0, work["prompts"], job)["seconds"]
    start = statistics.median(starts)
    if statistics.median(whole) - start < start / 4:
        sys.exit("the work is too short to be told from its start, which every execution repeats: give more --rows")
    return {"start": start, "seconds": [seconds - start for seconds in whole], "values": []}


def transformers(work: Work) -> dict[str, Any]:
    """transformers `generate` in batches of 64, padded on the left."""
    start = time.monotonic()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = resolve_model(work["model"])
    device, dtype = ("cuda", torch.bfloat16) if has_gpu() else ("cpu", torch.float32)
    model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
    model = model.to(device).eval()
    tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    new = work["sampling"]["max_tokens"]

    def job(prompts: list[str]) -> int:
        made = 0
        for i in range(0, len(prompts), 64):
            batch = tokenizer(prompts[i : i + 64], return_tensors="pt", padding=True).to(device)
            batch.pop("token_type_ids", None)
            with torch.no_grad():
                out = model.generate(**batch, max_new_tokens=new, min_new_tokens=new, do_sample=False)
            made += out.shape[0] * (out.shape[1] - batch["input_ids"].shape[1])
        return made

    return timed(start, work["prompts"], job)


PEERS: dict[str, dict[str, Callable[[Work], dict[str, Any]]]] = {
    "generate": {"llm_generate": llm_generate, "ray_data_llm": ray_data_llm, "transformers": transformers},
    "score": {"lm_eval": lm_eval, "llm_generate": llm_score},
}


if __name__ == "__main__":
    what, name, source, target = sys.argv[1:]
    Path(target).write_text(json.dumps(PEERS[what][name](json.loads(Path(source).read_text()))))
