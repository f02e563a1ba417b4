"""Contexts of global operators: shared prefixes, partners, and what is left out."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.config import AugmentConfig
from augment.operators.base import Record
from augment.stages.requests import make_requests
from augment.stages.together.contexts import describe, groups
from augment.text.embed import embed
from engine.errors import UserError
from engine.tasks.encoding import as_text


def records(*texts):
    return [Record(text, (f"d{i}",)) for i, text in enumerate(texts)]


def made(texts, **settings):
    return list(groups(records(*texts), AugmentConfig(**settings)))


OAKS = ["oaks are trees", "oaks have roots", "oaks have leaves", "old oaks stand"]
FISH = ["fish swim far", "cod and fish", "fish eat worms", "deep fish hide"]


def test_a_corpus_that_fits_is_one_context_and_all_are_targets():
    (group,) = made(OAKS)
    assert {r.text for r in group.targets} == {r.text for r in group.members} == set(OAKS)
    assert sorted(group.context.split("\n\n")) == sorted(OAKS)


def test_partners_are_documents_that_are_alike():
    found = made(OAKS + FISH, context_chars=70)
    assert sorted(sorted(r.text for r in group.members) for group in found) == sorted(map(sorted, (OAKS, FISH)))
    assert all(group.targets == group.members for group in found)


def test_partners_can_be_those_with_like_embeddings():
    texts = ["femp femp femp", "glon glon glon", "glon glon", "femp femp"]
    found = made(texts, context_chars=28, partners="embedding", embedder="pico")
    assert sorted(sorted(r.text for r in group.members) for group in found) == [
        ["femp femp", "femp femp femp"],
        ["glon glon", "glon glon glon"],
    ]
    vectors = embed(texts, "pico")
    assert (vectors**2).sum(1) == pytest.approx([1] * 4, abs=1e-5)
    assert embed(texts[::-1], "pico")[::-1] == pytest.approx(vectors, abs=1e-4)


def test_a_fake_engine_embeds_nothing():
    with pytest.raises(UserError, match=r"augment\.embedder"):
        list(groups(records(*OAKS, *FISH), AugmentConfig(context_chars=70, partners="embedding"), "fake"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("abc ", min_size=1, max_size=30).map(str.strip).filter(bool), unique=True, max_size=12),
    st.integers(5, 60),
    st.sampled_from(["bm25", "random"]),
    st.randoms(),
)
def test_every_text_is_a_target_once_or_reported(texts, budget, partners, rng):
    config = AugmentConfig(context_chars=budget, partners=partners)
    told = records(*texts)
    found = list(groups(told, config))
    assert found == list(groups(rng.sample(told, len(told)), config))
    for group in found:
        assert len(group.context) <= budget
        assert len(group.members) > 1
        assert set(group.targets) <= set(group.members)
    table = describe(((str(i), group) for i, group in enumerate(found)), told, config)
    assert sorted(doc for docs in table["targets"] for doc in docs) == sorted(doc for r in told for doc in r.doc_ids)
    long = {doc for r in told if len(r.text) > budget for doc in r.doc_ids}
    listed = table.filter(reason="longer than augment.context_chars")["targets"].to_list()
    assert {doc for docs in listed for doc in docs} == long


def test_what_a_context_leaves_out_is_counted():
    config = AugmentConfig(context_chars=34, partners="random")
    told = records("one two three", "four five six", "seven eight", "x" * 50)
    table = describe(((str(i), g) for i, g in enumerate(groups(told, config))), told, config)
    assert table.filter(pl.col("reason").is_null())["left_out"].to_list() == [2, 2]
    assert table.filter(pl.col("reason").is_not_null()).select("targets", "left_out", "reason").rows() == [
        (["d3"], 3, "longer than augment.context_chars")
    ]


@pytest.mark.parametrize("partners", ["bm25", "random"])
def test_targets_of_a_context_share_prefix_and_prefix_key(partners):
    documents = pl.DataFrame({"doc_id": list("abcdefgh"), "text": OAKS + FISH})
    config = AugmentConfig(operators=("link", "link-trace"), context_chars=70, partners=partners)
    table = make_requests(documents, config, "m")
    contexts = {g.numbered: {r.text for r in g.targets} for g in groups(records(*OAKS, *FISH), config)}
    assert table.height == 2 * 8
    assert table["prefix_key"].n_unique() == len(contexts) < 8
    for rows in table.partition_by("prefix_key"):
        prompts = [as_text(json.loads(m)) for m in rows["messages"]]
        (context,) = [c for c, targets in contexts.items() if targets == set(rows["source_text"])]
        end = prompts[0].index(context) + len(context)
        assert len({prompt[:end] for prompt in prompts}) == 1
        assert all(prompt.rindex(text) > end for prompt, text in zip(prompts, rows["source_text"], strict=True))
