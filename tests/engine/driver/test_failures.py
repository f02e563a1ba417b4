"""Why an engine died: what vLLM, Ray and the operating system say, and what we make of it."""

import sys

import pytest

from engine.driver.failures import EngineFailed, cause_of
from engine.errors import UserError
from engine.worker.logs import explained, root_cause

KV = (
    "ValueError: To serve at least one request with the model's max seq len (262144), (36.00 GiB KV cache is needed, which is "
    "larger than the available KV cache memory (12.50 GiB). Based on the available memory, the estimated maximum model length "
    "is 91008. Try increasing `gpu_memory_utilization`"
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            KV,
            r"262144 tokens needs 36.00 GiB and there are 12.50: lower max_model_len in engine.vllm \(to 91008 at most\)",
        ),
        (
            "ValueError: No available memory for the cache blocks. Try increasing",
            "leaves no memory for a KV cache: raise",
        ),
        (
            "ValueError: Model architectures ['FooModel'] are not supported for now. Supp",
            "does not support the model type 'FooModel'",
        ),
        (
            "ValueError: GPT2LMHeadModel does not support LoRA yet.",
            "no adapters for GPT2LMHeadModel: merge the adapter",
        ),
        (
            "ValueError: Free memory on device cuda:0 (3.1/79.2 GiB) on startup is less than desired",
            "3.1 of the GPU's 79.2 GiB are free",
        ),
    ],
)
def test_settings_that_no_other_try_would_mend_are_the_users_to_mend(text, told):
    found = cause_of(RuntimeError(f"Traceback\n{text}"))
    assert isinstance(found, UserError)
    with pytest.raises(UserError, match=told):
        raise found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0",
            "the GPU ran out of memory: lower",
        ),
        ("Task was killed due to the node running low on memory.", "its machine ran out of memory and Ray ended it"),
    ],
)
def test_out_of_memory_is_named_with_its_remedy(text, told):
    found = cause_of(RuntimeError(text))
    assert isinstance(found, EngineFailed)
    assert str(found).startswith(told)


LOG = """INFO 11-28 06:00:00 [core.py:99] Initializing
(EngineCore pid=123) ERROR 11-28 06:00:01 [core.py:1201] Traceback (most recent call last):
(EngineCore pid=123) ERROR 11-28 06:00:01 [core.py:1201]   File "x.py", line 1, in f
(EngineCore pid=123) ERROR 11-28 06:00:01 [core.py:1201] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB
RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore': 1}
"""


def test_the_root_cause_is_found_in_what_the_core_logged():
    assert root_cause(LOG) == "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB"
    assert root_cause("nothing\nhere") is None


def test_an_error_that_points_to_another_one_becomes_that_one(
    capfd,
):  # whose files are as those that Ray gives a worker
    plain = ValueError("as it is")
    assert explained(plain) is plain
    print(LOG, file=sys.stderr, flush=True)
    pointing = RuntimeError("Engine core initialization failed. See root cause above.")
    assert "CUDA out of memory" in str(explained(pointing))
