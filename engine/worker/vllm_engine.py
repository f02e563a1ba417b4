"""vLLM as a backend: this module and `vllm_logprobs` are the only ones that know it."""

import importlib
import importlib.util
import math
import os
from typing import Any

from engine.adapters import digest
from engine.config import LORA_MODULES, EngineConfig, served_rank
from engine.errors import UserError
from engine.models import has_gpu, resolve_model
from engine.tasks.base import Answer, Call
from engine.worker.vllm_logprobs import choice_values, tensor_processor
from engine.worker.watchdog import end_children_with_me


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
        "max_model_len": -1,  # the model's own, or what the memory for the KV cache holds
    }
    if not gpu:
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", str(max(1, math.ceil(config.kv_cache_gib))))
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        options |= {"dtype": "float32", "enforce_eager": True, "distributed_executor_backend": "uni", "block_size": 32}
        # a prompt split over steps rewinds its generator, which on a CPU raises and ends the engine (vLLM 0.32)
        options["enable_chunked_prefill"] = False
    if config.max_lora_rank:
        rank = served_rank(config.max_lora_rank)
        options |= {"enable_lora": True, "max_lora_rank": rank, "max_loras": 4, "max_cpu_loras": 64}
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
        if os.environ.get("VLLM_ENABLE_V1_MULTIPROCESSING") != "0":
            end_children_with_me()
        import vllm
        from vllm.lora.request import LoRARequest
        from vllm.usage.usage_lib import UsageContext

        self.vllm, self.lora_request = vllm, LoRARequest
        try:
            arguments = vllm.EngineArgs(**options)
        except TypeError as error:
            raise UserError(f"engine.vllm: {error}; see vLLM's EngineArgs for the names.") from error
        # by what uses it vLLM chooses how many sequences run at once: offline work takes twice those of a server
        self.engine = vllm.LLMEngine.from_engine_args(arguments, UsageContext.LLM_CLASS)
        self.tokenizer = self.engine.get_tokenizer()
        found = self.engine.model_config
        self.max_model_len: int = found.max_model_len
        fitted = found.original_max_model_len == -1
        self.longest: int = found.get_and_verify_max_len(-1) if fitted else found.max_model_len
        self.capacity = math.ceil(1.1 * self.engine.vllm_config.scheduler_config.max_num_seqs)
        self.seeded = has_gpu() or not self.engine.vllm_config.scheduler_config.enable_chunked_prefill
        # newer versions have errors of their own for a request that cannot be served
        known = importlib.util.find_spec("vllm.exceptions") and importlib.import_module("vllm.exceptions")
        self.refusals = (TypeError, ValueError, getattr(known, "VLLMClientError", ValueError))
        self.final = vllm.sampling_params.RequestOutputKind.FINAL_ONLY
        self.structured = vllm.sampling_params.StructuredOutputsParams
        self.tensors = tensor_processor()
        # exact rows by token id, where the model runner and this version of vLLM have them (GPU)
        runner = getattr(self.engine.vllm_config, "use_v2_model_runner", False)
        self.fixed_rows = bool(runner) and "prompt_logprob_start" in vllm.SamplingParams.__annotations__
        self.tolerance = 1e-3 if "float32" in str(self.engine.model_config.dtype) else 0.25
        self.adapters: dict[str, int] = {}
        self.calls: dict[str, Call] = {}

    def add(self, call: Call) -> None:
        """Queue a call; raises ValueError with vLLM's reason where the call cannot be served."""
        params = dict(call.params)
        if call.targets is not None or call.score_from is not None:
            params |= {"max_tokens": 1, "temperature": 0.0, "detokenize": False}
        if call.targets is not None:
            params["logprob_token_ids"] = call.targets
        elif call.score_from is not None and self.fixed_rows:
            rows = [[token] for token in call.ids[call.score_from :]]
            params |= {"prompt_logprob_token_ids": rows, "prompt_logprob_start": call.score_from - 1}
            params["skip_reading_prefix_cache"] = not call.cached
        elif call.score_from is not None:
            params["prompt_logprobs"] = 0
            # by default vLLM reads no prefix cache for prompt logprobs: each choice would compute its context again
            params |= {"flat_logprobs": True, "skip_reading_prefix_cache": not call.cached}
        if not self.seeded:
            params.pop("seed", None)
        adapter = None
        if call.adapter:
            try:
                # its name is part of the keys of the prefix cache, its number of those of the loaded weights
                name = f"{call.adapter}@{digest(call.adapter)}"
            except OSError as error:
                raise ValueError(f"the adapter {call.adapter} cannot be read: {error.strerror}") from error
            adapter = self.lora_request(name, self.adapters.setdefault(name, len(self.adapters) + 1), call.adapter)
        try:
            if isinstance(params.get("structured_outputs"), dict):  # as JSON has it
                params["structured_outputs"] = self.structured(**params["structured_outputs"])
            # nothing is read before the end, so vLLM need not make an output at every step
            sampling = self.vllm.SamplingParams(**params, output_kind=self.final)
            request = self.engine.add_request(call.key, {"prompt_token_ids": call.ids}, sampling, lora_request=adapter)
        except self.refusals as error:
            raise ValueError(str(error)) from error
        self.calls[call.key] = call
        if call.score_from is not None:
            self._keep_tensors(request)

    def _keep_tensors(self, request: str) -> None:
        """Spare vLLM the loop that makes Python objects of every prompt position, where only the choice's are read."""
        state = self.engine.output_processor.request_states.get(request)
        if state is not None and state.logprobs_processor is not None:
            state.logprobs_processor = self.tensors(**vars(state.logprobs_processor))

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
        if call.targets is not None:
            values = {token: entry.logprob for token, entry in completion.logprobs[0].items()}
            answer.logprobs = [values.get(token, math.nan) for token in call.targets]
        elif call.score_from is not None:
            answer.logprobs = choice_values(call, output, cached)
        return answer

    def load(self, model: str) -> None:
        """Swap in the weights of another model of the same architecture; raises RuntimeError where old state could stay.

        The prefix cache knows no version of the weights, so it is emptied, and an engine that cannot do so is not used on.
        """
        if self.calls:
            raise RuntimeError(f"{len(self.calls)} calls are still open: weights are swapped between jobs only.")
        self.engine.collective_rpc("reload_weights", kwargs={"weights_path": resolve_model(model)})
        if not self.engine.reset_prefix_cache():
            raise RuntimeError("vLLM did not empty its prefix cache after the swap of weights.")

    def close(self) -> None:
        """Stop the engine core."""
        self.engine.engine_core.shutdown()
