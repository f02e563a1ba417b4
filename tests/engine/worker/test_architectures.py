"""Nothing is special to the embedded model: Qwen3 and Gemma 3 checkpoints go through train, generate and score."""

import json
from pathlib import Path

import polars as pl
import pytest
import tiny_models
import torch

from augment.config import AugmentConfig
from augment.stages.rounds import augment
from engine.config import EngineConfig
from engine.pool import EnginePool
from engine.tasks.choices import encode_choices
from train.config import TrainConfig
from train.sft.job import train

pytestmark = pytest.mark.engine

TEXTS = ["Anna is the mother of Ben.", "Trains are faster than bicycles.", "The child of Anna is Ben."]
DOCUMENTS = pl.DataFrame({"doc_id": list("abc"), "text": TEXTS, "source": ["t"] * 3, "meta": ["{}"] * 3})


@pytest.mark.parametrize("make", [tiny_models.qwen3, tiny_models.gemma3])
def test_train_generate_and_score(tmp_path: Path, make):
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = make(tmp_path / "model")
    adapter = tmp_path / "adapter"
    config = TrainConfig(epochs=4, batch=3, learning_rate=5e-2, rank=8)
    result = train(str(folder), pl.DataFrame({"text": TEXTS}), config, 0, adapter)
    assert result["steps"] == 4
    tokenizer = AutoTokenizer.from_pretrained(folder)
    engine = EngineConfig(kv_cache_gib=1, max_lora_rank=8, vllm={"max_model_len": 1024, "max_num_seqs": 8})
    prefix = " ".join(TEXTS * 6) + "\n"
    choices = [" the child of Anna.", " faster than Anna.", " 日本"]
    rows = [
        {"item_id": f"{name}{i}", "prefix": prefix, "stem": stem, "choices": choices, "adapter": path}
        for name, path in (("base", None), ("tuned", str(adapter)))
        for i, stem in enumerate(("Ben is", "Bicycles are", "Anna"))
    ]
    with EnginePool(str(folder), engine, quiet=True) as pool:
        scores = pool.score(pl.DataFrame(rows), tmp_path / "scores")
        sampling = json.dumps({"temperature": 1.0, "max_tokens": 8, "ignore_eos": True})
        one = {"request_id": "one", "prompt": TEXTS[0], "sampling": sampling, "n": 3}
        others = [one | {"request_id": str(i), "prompt": TEXTS[i % 3]} for i in range(10)]
        alone, among = (
            pool.generate(pl.DataFrame(rows), tmp_path / name).filter(request_id="one").sort("sample")["text"].to_list()
            for name, rows in (("alone", [one]), ("among", [*others, one]))
        )
        assert alone == among  # what is drawn depends on the request alone
        assert len(set(alone)) == 3
        inferences = augment(DOCUMENTS, pool, AugmentConfig(max_tokens=12), str(folder), tmp_path / "augmented")
        requests = pl.read_parquet(tmp_path / "augmented/requests.parquet")
    assert scores["error"].is_null().all()
    assert set(inferences["request_id"]) == set(requests["request_id"])
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    stems = {r["item_id"]: r["stem"] for r in rows}
    for name in ("base", "tuned"):
        model = (base if name == "base" else PeftModel.from_pretrained(base, adapter)).eval()
        for row in scores.filter(pl.col("item_id").str.starts_with(name)).iter_rows(named=True):
            ids, start = encode_choices(tokenizer, [(prefix + stems[row["item_id"]], [choices[row["choice"]]])])[0][0]
            with torch.no_grad():
                rows_T_V = model(torch.tensor([ids])).logits[0].log_softmax(-1)
            want = [rows_T_V[i - 1, ids[i]].item() for i in range(start, len(ids))]
            assert row["logprobs"] == pytest.approx(want, abs=1e-4), row
    prompt = json.loads(requests["messages"][0])
    assert "Statement:" in prompt[0]["content"]
