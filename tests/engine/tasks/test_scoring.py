"""Log-likelihoods of the real engine against a full fp32 forward of transformers, in the cases where they go wrong."""

import math
import random
import shutil
from functools import cache
from pathlib import Path

import polars as pl
import pytest
import tiny_models
import torch
from conftest import PICO

from engine.errors import UserError
from engine.tasks.choices import encode_choices

BLOCK = 32
WORDS = (PICO / "lexicon.txt").read_text(encoding="utf-8").split()


@cache
def reference(adapter: Path | None = None, weights: Path = PICO) -> tuple:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(weights, dtype=torch.float32)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
    return model.eval(), AutoTokenizer.from_pretrained(PICO)


def expected(
    context: str, choice: str, adapter: Path | None = None, weights: Path = PICO, beside: list[str] | None = None
) -> list[float]:
    """Values of a choice; `beside`: all choices of its question, which start behind the same tokens."""
    model, tokenizer = reference(adapter, weights)
    ids, start = encode_choices(tokenizer, [(context, [choice, *(beside or [])])])[0][0]
    with torch.no_grad():
        rows = model(torch.tensor([ids])).logits[0].log_softmax(-1)
    return [rows[i - 1, ids[i]].item() for i in range(start, len(ids))]


def words(count: int, seed: int = 0) -> str:
    return " ".join(random.Random(f"{seed}").choices(WORDS, k=count))


def check(pool, tmp_path: Path, rows: list[dict], name: str = "s") -> pl.DataFrame:
    """Score and compare every choice with the reference."""
    table = pl.DataFrame(
        [{"item_id": str(i), "prefix": "", "adapter": None} | r for i, r in enumerate(rows)],
        schema={"item_id": str, "prefix": str, "stem": str, "choices": pl.List(str), "adapter": str},
        strict=False,
    )
    scores = pool.score(table, tmp_path / name)
    assert scores.height == table["choices"].list.len().sum()
    for row in scores.iter_rows(named=True):
        item = table.row(int(row["item_id"]), named=True)
        adapter = Path(item["adapter"]) if item["adapter"] else None
        text, choices = item["prefix"] + item["stem"], item["choices"]
        want = expected(text, choices[row["choice"]], adapter, beside=choices)
        assert row["error"] is None
        assert row["logprobs"] == pytest.approx(want, abs=1e-4), (row["item_id"], row["choice"], row["cached_tokens"])
    return scores


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_context_around_a_block_border_cold_and_warm(pool, tmp_path, extra):
    # begin token + words = a multiple of the block size, one less, one more
    context = words(4 * BLOCK - 1 + extra, seed=extra)
    rows = [{"stem": context, "choices": [f" {words(3, 7)}", f" {words(3, 8)}", f" {words(5, 9)}"]}]
    check(pool, tmp_path, rows, "cold")
    warm = check(pool, tmp_path, rows, "warm")
    assert warm.height == 3


def test_shared_context_is_computed_once(pool, tmp_path):
    prefix = words(300, 1) + "\n"
    rows = [{"prefix": prefix, "stem": f"{w} are", "choices": [" more famous", " less famous"]} for w in WORDS[:20]]
    scores = check(pool, tmp_path, rows)
    assert scores["cached_tokens"].min() >= 300 - 2 * BLOCK


def test_same_questions_again_and_in_another_order(pool, tmp_path):
    rows = [{"stem": words(100, i % 3), "choices": [" zogo truld", " smulo"]} for i in range(6)]
    first = check(pool, tmp_path, rows, "one")
    again = check(pool, tmp_path, rows[::-1], "two")
    assert first.height == again.height == 12


def test_choices_that_share_a_prefix_over_a_block_border_and_duplicates(pool, tmp_path):
    shared = words(2 * BLOCK, 5)
    choices = [f" {shared} {w}" for w in WORDS[:4]] + [f" {shared} {WORDS[0]}"]
    scores = check(pool, tmp_path, [{"stem": words(20, 6), "choices": choices}])
    first, last = scores.filter(choice=0)["logprobs"][0], scores.filter(choice=4)["logprobs"][0]
    assert first.to_list() == last.to_list()


@pytest.mark.parametrize("length", [1, 17, 200])
def test_lengths_of_choices(pool, tmp_path, length):
    scores = check(pool, tmp_path, [{"stem": words(50, 2), "choices": [f" {words(length, s)}" for s in (3, 4)]}])
    assert scores["tokens"].to_list() == [length, length]


def test_context_longer_than_one_step(pool, tmp_path):
    prefix = words(1500, 3)
    check(pool, tmp_path, [{"prefix": prefix, "stem": f" {w} are", "choices": [" more", " less"]} for w in WORDS[:3]])


def test_borders_of_text(pool, tmp_path):
    rows = [
        {"stem": "zogo are ", "choices": ["more", "less famous"]},  # trailing space
        {"stem": "in", "choices": ["deed so", "g"]},  # letters that join across the border
        {"stem": "日本語の", "choices": ["文章です。", "本"]},
        {"stem": "zogo are more\n", "choices": ["zogo", "\n- more"]},
    ]
    check(pool, tmp_path, rows)


def test_begin_token_is_in_front(pool, tmp_path):
    _, tokenizer = reference()
    ids, start = encode_choices(tokenizer, [("zogo", [" are"])])[0][0]
    assert ids[0] == tokenizer.bos_token_id
    assert start == 2
    check(pool, tmp_path, [{"stem": "zogo", "choices": [" are"]}])


def test_bad_rows_are_errors_and_the_rest_is_scored(pool, tmp_path):
    rows = [
        {"item_id": "empty", "stem": "zogo are", "choices": ["", " more"]},
        {"item_id": "long", "stem": words(4200, 1), "choices": [" more"]},
        {"item_id": "good", "stem": "zogo are", "choices": [" more"]},
    ]
    scores = pool.score(pl.DataFrame(rows), tmp_path / "s")
    errors = {(r["item_id"], r["choice"]): r["error"] for r in scores.iter_rows(named=True)}
    assert "empty" in errors["empty", 0]
    assert "tokens" in errors["long", 0]
    assert errors["good", 0] is None
    assert errors["empty", 1] is None


def test_base_and_adapters_side_by_side_match_peft(pool, tmp_path, adapters):
    prefix = words(120, 4)
    rows = [
        {"prefix": prefix, "stem": f" {WORDS[i]} are", "choices": [" more famous", " less"], "adapter": adapter}
        for i in range(3)
        for adapter in (None, str(adapters[0]), str(adapters[1]))
    ]
    scores = check(pool, tmp_path, rows)
    base = scores.filter(item_id="0", choice=0)["logprobs"][0].to_list()
    tuned = scores.filter(item_id="1", choice=0)["logprobs"][0].to_list()
    assert base != pytest.approx(tuned, abs=1e-2)


def test_scores_do_not_change_beside_generation(pool, tmp_path):
    requests = {"request_id": [str(i) for i in range(40)], "prompt": [words(30, i) for i in range(40)]}
    sampling = ['{"max_tokens": 20, "temperature": 1.0}'] * 40
    texts = pool.generate(pl.DataFrame(requests | {"sampling": sampling}), tmp_path / "g")
    check(pool, tmp_path, [{"stem": words(90, 2), "choices": [" zogo", " truld are"]}])
    again = pool.generate(pl.DataFrame(requests | {"sampling": sampling}), tmp_path / "g")
    assert texts.height == again.height == 40
    assert texts["error"].is_null().all()


@pytest.mark.engine
def test_a_cache_too_small_for_all_gives_the_same_scores(tmp_path, capsys):
    """Of 24 blocks: five contexts with three choices each need 50, six generations that grow side by side 42.

    The model takes 8,192 tokens, for which there is no room: the engine starts with what the blocks hold, and says so.
    """
    from engine.config import EngineConfig
    from engine.pool import EnginePool

    vllm = {"num_gpu_blocks_override": 24, "max_num_seqs": 16}
    with EnginePool("pico", EngineConfig(kv_cache_gib=1, vllm=vllm), quiet=True) as small:
        rows = [{"stem": words(150, i % 5), "choices": [f" {words(20, s)}" for s in (1, 2, 3)]} for i in range(10)]
        requests = {"request_id": [str(i) for i in range(6)], "prompt": [words(100, i) for i in range(6)]}
        check(small, tmp_path, rows)
        done = small.generate(
            pl.DataFrame(requests | {"sampling": ['{"max_tokens": 100, "ignore_eos": true}'] * 6}), tmp_path / "g"
        )
        assert done["output_tokens"].to_list() == [100] * 6
        check(small, tmp_path, rows, "again")
        long = {"item_id": "long", "stem": words(800, 1), "choices": [" more", " less"]}
        refused = small.score(pl.DataFrame([long]), tmp_path / "long")["error"].to_list()
    assert (
        refused == [f"context and choice have 802 tokens and the model takes {23 * 32 - 1}"] * 2
    )  # one block stays empty
    assert (
        capsys.readouterr().err.count("pico takes 8,192 tokens, and the memory of an engine holds 736: longer rows")
        == 1
    )


def test_total_probability_of_all_tokens_is_one(pool, tmp_path):
    _, tokenizer = reference()
    text = [tokenizer.decode([i]) for i in range(len(tokenizer))]
    known = [w for w in WORDS if w in text]
    scores = pool.score(
        pl.DataFrame([{"item_id": "all", "stem": "zogo are", "choices": [f" {w}" for w in known]}]), tmp_path / "s"
    )
    total = sum(math.exp(v[0]) for v in scores["logprobs"])
    assert 0 < total <= 1.0001


def test_one_token_choices_are_one_call(pool, tmp_path):
    prefix = words(200, 8)
    rows = [{"prefix": prefix, "stem": f" {w} are", "choices": [" more", " less", " zogo"]} for w in WORDS[:5]]
    check(pool, tmp_path, rows)


@pytest.mark.parametrize("extra", [0, 7, 31])
def test_little_more_is_computed_than_each_context_once_and_each_suffix_once(pool, tmp_path, extra):
    prefix, rng = words(1000 + extra, 20 + extra), random.Random(extra)
    choices = [[f" {' '.join(rng.choices(WORDS, k=n))}" for n in (3, 6, 9, 12)] for _ in range(25)]
    stems = [f"\n{' '.join(rng.choices(WORDS, k=20))} are" for _ in choices]
    rows = [{"prefix": prefix, "stem": s, "choices": c} for s, c in zip(stems, choices, strict=True)]
    scores = pool.score(pl.DataFrame(rows).with_row_index("item_id").cast({"item_id": str}), tmp_path / "s")
    assert scores["error"].null_count() == 100
    for item, choice in ((0, 0), (24, 3)):
        found = scores.filter(item_id=str(item), choice=choice)["logprobs"][0].to_list()
        assert found == pytest.approx(expected(prefix + stems[item], choices[item][choice]), abs=1e-4)
    tokenizer = reference()[1]
    context = len(tokenizer.encode(prefix))
    suffixes = sum(
        len(tokenizer.encode(prefix + s + c)) - context for s, cs in zip(stems, choices, strict=True) for c in cs
    )
    done = pool.last
    assert done.prompt_tokens - done.cached_tokens <= 1.3 * (context + suffixes)


def test_swapped_weights_score_as_themselves_and_leave_nothing_behind(pool, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(PICO, other)
    model = reference.__wrapped__()[0]
    with torch.no_grad():
        for value in model.parameters():
            value.mul_(1 + 0.1 * torch.randn_like(value))
    model.save_pretrained(other)
    context, choice = words(100, 30), " zogo are"
    table = pl.DataFrame([{"item_id": "a", "stem": context, "choices": [choice]}])
    found = [pool.score(table, tmp_path / "0")]
    try:
        pool.load(str(other))
        found.append(pool.score(table, tmp_path / "1"))
    finally:
        pool.load("pico")
    found.append(pool.score(table, tmp_path / "2"))
    wanted = [expected(context, choice), expected(context, choice, weights=other), expected(context, choice)]
    assert wanted[0] != pytest.approx(wanted[1], abs=0.1)
    for scores, values in zip(found, wanted, strict=True):
        assert scores["logprobs"][0].to_list() == pytest.approx(values, abs=1e-4)


def test_what_training_leaves_scores_the_same_as_adapter_and_merged_here_and_in_transformers(pool, tmp_path):
    from train.config import TrainConfig
    from train.sft.job import train

    texts = [f"zogo are more {w} than truld." for w in ("famous", "useful", "fertile", "visible")]
    config = TrainConfig(steps=6, batch=4, learning_rate=5e-3, rank=8, merge=True)
    train(str(PICO), pl.DataFrame({"text": texts}), config, 0, tmp_path / "job")
    rows = [{"item_id": f"{i}", "stem": text[:-7], "choices": [text[-7:], " glon."]} for i, text in enumerate(texts)]
    beside = pl.DataFrame([row | {"adapter": str(tmp_path / "job")} for row in rows])
    found = [pool.score(beside, tmp_path / "beside"), pool.score(pl.DataFrame(rows), tmp_path / "base")]
    try:
        pool.load(str(tmp_path / "job" / "merged"))
        found.append(pool.score(pl.DataFrame(rows), tmp_path / "merged-scores"))
    finally:
        pool.load("pico")
    adapter, base, merged = (
        {(r["item_id"], r["choice"]): r["logprobs"] for r in s.iter_rows(named=True)} for s in found
    )
    for row in rows:
        for choice, text in enumerate(row["choices"]):
            key = row["item_id"], choice
            assert adapter[key] == pytest.approx(expected(row["stem"], text, tmp_path / "job"), abs=1e-3)
            assert merged[key] == pytest.approx(expected(row["stem"], text, weights=tmp_path / "job/merged"), abs=1e-3)
            assert adapter[key] == pytest.approx(merged[key], abs=1e-3)
    assert sum(adapter["0", 0]) > sum(base["0", 0]) + 1


def test_a_model_that_is_built_differently_is_refused(pool, tmp_path):
    tiny_models.qwen3(tmp_path / "qwen")
    with pytest.raises(UserError, match="cannot replace"):
        pool.load(str(tmp_path / "qwen"))
