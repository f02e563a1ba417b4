"""The only module that knows vLLM."""

import importlib.util
import math
import os
from pathlib import Path
from typing import Any

from engine.backend import Answer, Call
from engine.config import LORA_MODULES, PICO, EngineConfig
from engine.errors import UserError


def resolve_model(model: str) -> str:
    """A model name to what vLLM and transformers load: `pico`, a local folder or a hub name.

    Raises UserError where a path is not a model folder.
    """
    if model == "pico":
        return str(PICO)
    path = Path(model).expanduser()
    if path.is_dir():
        if not (path / "config.json").exists():
            raise UserError(
                f"{model} is no model folder: it has no config.json; give a folder saved by save_pretrained."
            )
        if not any(path.glob("*.safetensors")):
            raise UserError(f"{model} has no .safetensors file; save it with safetensors (no other format is loaded).")
        return str(path.resolve())
    if path.exists() or model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise UserError(
            f"There is no model {model!r}: give pico, a folder with config.json, or a hub name like org/name."
        )
    from transformers import AutoConfig

    try:
        AutoConfig.from_pretrained(model)
    except (OSError, ValueError) as error:
        raise UserError(
            f"The hub model {model} cannot be had ({str(error).splitlines()[0]}); check name, network and access."
        ) from error
    return model


def has_gpu() -> bool:
    """Whether PyTorch sees a CUDA device."""
    import torch

    return torch.cuda.is_available()


def engine_options(model: str, config: EngineConfig) -> dict[str, Any]:
    """Arguments for vLLM's `EngineArgs` or `LLM`; sets the environment that a CPU engine needs, so call it before import."""
    gpu = has_gpu()
    options: dict[str, Any] = {
        "model": resolve_model(model),
        "load_format": "safetensors",
        "enable_prefix_caching": True,
        "generation_config": "vllm",
        "disable_log_stats": True,
        "seed": 0,
    }
    if not gpu:
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(max(1, math.ceil(config.kv_cache_gib))))
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        options |= {"dtype": "float32", "enforce_eager": True, "distributed_executor_backend": "uni", "block_size": 32}
        # a prompt split over steps rewinds its generator, which on a CPU raises and ends the engine (vLLM 0.32)
        options["enable_chunked_prefill"] = False
    if config.max_lora_rank:
        options |= {"enable_lora": True, "max_lora_rank": config.max_lora_rank, "max_loras": 4, "max_cpu_loras": 64}
        # a wrapped lm_head cannot give prompt logprobs on a CPU: it indexes sampled rows only (punica_cpu.py)
        options["lora_target_modules"] = list(LORA_MODULES)
    return options | config.vllm


class VllmEngine:
    """vLLM's `LLMEngine`, fed call by call between steps.

    The synchronous engine rather than `AsyncLLM`: the latter always puts the engine core into a second process
    (127 s against 25 s to start on two cores); feeding between steps keeps both equally full.
    """

    def __init__(self, model: str, config: EngineConfig):
        if importlib.util.find_spec("vllm") is None:
            raise UserError("vLLM is not installed: pip install 'forethought[cpu]' or 'forethought[gpu]'.")
        options = engine_options(model, config)
        import vllm
        from vllm.lora.request import LoRARequest

        self.vllm, self.lora_request = vllm, LoRARequest
        try:
            arguments = vllm.EngineArgs(**options)
        except TypeError as error:
            raise UserError(f"engine.vllm: {error}; see vLLM's EngineArgs for the names.") from error
        self.engine = vllm.LLMEngine.from_engine_args(arguments)
        self.tokenizer = self.engine.get_tokenizer()
        self.max_model_len: int = self.engine.model_config.max_model_len
        self.capacity = math.ceil(1.1 * self.engine.vllm_config.scheduler_config.max_num_seqs)
        self.seeded = has_gpu() or not self.engine.vllm_config.scheduler_config.enable_chunked_prefill
        self.adapters: dict[str, int] = {}
        self.calls: dict[str, Call] = {}

    def add(self, call: Call) -> None:
        """Queue a call; raises ValueError with vLLM's reason where the call cannot be served."""
        params = dict(call.params)
        if call.score_from is not None:
            params |= {"max_tokens": 1, "temperature": 0.0, "detokenize": False, "prompt_logprobs": 0}
            # by default vLLM reads no prefix cache for prompt logprobs: each choice would compute its context again
            params |= {"flat_logprobs": True, "skip_reading_prefix_cache": not call.cached}
        if not self.seeded:
            params.pop("seed", None)
        adapter = None
        if call.adapter:
            number = self.adapters.setdefault(call.adapter, len(self.adapters) + 1)
            adapter = self.lora_request(call.adapter, number, call.adapter)
        try:
            sampling = self.vllm.SamplingParams(**params)
        except TypeError as error:
            raise ValueError(str(error)) from error
        self.engine.add_request(call.key, {"prompt_token_ids": call.ids}, sampling, lora_request=adapter)
        self.calls[call.key] = call

    def step(self) -> list[Answer]:
        """One engine step."""
        if not self.calls:
            return []
        answers = []
        for output in self.engine.step():
            if output.finished:
                call = self.calls.pop(output.request_id)
                answers.append(self._answer(call, output))
        return answers

    def _answer(self, call: Call, output: Any) -> Answer:
        completion, cached = output.outputs[0], output.num_cached_tokens or 0
        answer = Answer(
            call.key, completion.text, completion.finish_reason or "", len(call.ids), cached, len(completion.token_ids)
        )
        if call.score_from is not None:
            rows = output.prompt_logprobs
            answer.logprobs = []
            for position in range(call.score_from, len(call.ids)):
                # the row of a token is computed at the token before it; rows of cached positions are uninitialised
                start, end = rows.start_indices[position], rows.end_indices[position]
                known = position - 1 >= cached and end > start and rows.token_ids[start] == call.ids[position]
                answer.logprobs.append(rows.logprobs[start] if known else math.nan)
        return answer

    def close(self) -> None:
        """Stop the engine core."""
        self.engine.engine_core.shutdown()
