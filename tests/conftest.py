"""Fixtures shared by tests: one warm engine for the session, small models of other architectures."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import quick
from hypothesis import settings
from object_store import object_store

# how long an example takes says more about what else the machine does than about the code
settings.register_profile("forethought", deadline=None, max_examples=50)
settings.load_profile("forethought")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
PICO = Path(__file__).resolve().parent.parent / "engine/pico"


def pytest_configure(config: pytest.Config) -> None:
    quick.guard(config)


def place(item: pytest.Item) -> int:
    """Where a test stands in the order.

    Tests that start a Ray of their own run first, as the engine lives in one Ray to the end; then those of the engine, which
    are one block; then the longest, so that at the end no process waits for the other.
    """
    fixtures = getattr(item, "fixturenames", ())
    marks = {mark.name for mark in item.iter_markers()}
    kinds = ("own_ray" in fixtures, "pool" in fixtures, "timeout" in marks, bool({"engine", "slow"} & marks), True)
    return kinds.index(True)


@pytest.hookimpl(tryfirst=True)  # xdist writes the groups into the names in its own hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs an engine, as far as it can be seen, and put the tests in order.

    Two processes share the tests (`make test`): what needs the warm engine stays in one of them.
    """
    for item in items:
        if place(item) == 1:
            item.add_marker(pytest.mark.xdist_group("engine"))
        if place(item) < 3 or "adapters" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.engine)
    items.sort(key=place)


@pytest.fixture
def own_ray() -> Iterator[None]:
    """No Ray before the test and none after it."""
    import ray

    ray.shutdown()
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The URL of an empty bucket on an S3 server of this machine."""
    with object_store() as url:
        yield url


@pytest.fixture
def memory() -> Iterator[str]:
    """The URL of an empty folder in fsspec's memory."""
    import fsspec

    files = fsspec.filesystem("memory")
    files.store.clear()
    yield "memory://mine"
    files.store.clear()


@pytest.fixture(scope="session")
def pool() -> Iterator:
    """The embedded model in a real vLLM engine, with chunked prefill in small steps so that long contexts are split."""
    from engine.config import EngineConfig
    from engine.pool import EnginePool

    vllm = {"max_num_batched_tokens": 512, "enable_chunked_prefill": True, "max_model_len": 4096, "max_num_seqs": 32}
    with EnginePool("pico", EngineConfig(kv_cache_gib=1, max_lora_rank=8, vllm=vllm), quiet=True) as warm:
        yield warm


@pytest.fixture(scope="session")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two random LoRA adapters for the embedded model."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from engine.config import LORA_MODULES

    folders = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        config = LoraConfig(r=8, target_modules=list(LORA_MODULES), init_lora_weights=False, task_type="CAUSAL_LM")
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(PICO), config)
        folders.append(tmp_path_factory.mktemp("adapter"))
        model.save_pretrained(folders[-1])
    return folders
