"""Reading the log-likelihoods that vLLM gives for the tokens of a prompt."""

import math
from typing import Any

from engine.tasks.base import Call


def choice_values(call: Call, output: Any, cached: int) -> list[float]:
    """Log-likelihoods of the tokens from `score_from` on in a `RequestOutput`; NaN where it has no row that can be trusted.

    Three forms are read: rows by token id (model runner V2), tensors (see `tensor_processor`), and `FlatLogprobs`. The row of
    a token is computed at the token before it; of the latter two, rows of cached positions are uninitialised memory.
    """
    start = call.score_from or 0
    wanted = call.ids[start:]
    nothing = [math.nan] * len(wanted)
    fixed = getattr(output, "prompt_token_id_logprobs", None)
    if fixed is not None:
        return [float(row[0]) for row in fixed] if len(fixed) == len(wanted) else nothing
    rows = output.prompt_logprobs
    if rows is None:
        return nothing
    if hasattr(rows, "logprob_token_ids"):
        tokens = rows.logprob_token_ids[start - 1 :, 0].tolist()
        values = rows.logprobs[start - 1 :, 0].tolist()
    else:
        first = rows.start_indices[start:]
        tokens, values = [rows.token_ids[i] for i in first], [rows.logprobs[i] for i in first]
    if len(values) != len(wanted):
        return nothing
    return [
        value if position - 1 >= cached and token == expected else math.nan
        for position, (expected, token, value) in enumerate(zip(wanted, tokens, values, strict=True), start)
    ]


def tensor_processor() -> type:
    """The class `TensorProcessor`; of vLLM, which is loaded for it."""
    from vllm.v1.engine.logprobs import LogprobsProcessor

    class TensorProcessor(LogprobsProcessor):
        """Leaves the prompt's values in the tensors that the runner made."""

        def _update_prompt_logprobs(self, prompt_logprobs_tensors: Any) -> None:
            self.prompt_logprobs = prompt_logprobs_tensors

    return TensorProcessor
