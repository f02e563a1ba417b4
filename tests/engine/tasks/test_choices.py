"""Token ids of contexts with their choices: as the whole text has them, though what many share is encoded once."""

import pytest
import tiny_models
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from engine.config import PICO
from engine.tasks import choices
from engine.tasks.choices import encode_alike, encode_choices
from engine.tasks.encoding import encode_all
from engine.worker.fake_engine import FakeTokenizer

TOKENIZER = FakeTokenizer()
SHARED = "Zogo founded the tower of Brunt in 1,998. " * 80


@pytest.fixture(scope="module", params=["pico", "qwen3", "gemma3"])
def real(request, tmp_path_factory):
    if request.param == "pico":
        return AutoTokenizer.from_pretrained(PICO)
    return AutoTokenizer.from_pretrained(getattr(tiny_models, request.param)(tmp_path_factory.mktemp("model")))


@given(st.text(" ab", max_size=8), st.text(" ab", min_size=1, max_size=5))
def test_trailing_spaces_of_the_context_belong_to_the_choice(context, choice):
    ids, start = encode_choices(TOKENIZER, [(context, [choice])])[0][0]
    assert ids == TOKENIZER.encode(context + choice)
    assert ids[:start] == TOKENIZER.encode(context.rstrip(" "))


class Melting(FakeTokenizer):
    """Has a token for the whole of "Answer", which no text that stops inside it gets."""

    def encode(self, text, **_):
        return [1, *(ord(c) for c in text.replace("Answer", "\0"))]


def test_where_a_choice_melts_into_the_context_all_choices_start_before_that_token():
    (wer, xyz), (plain, other) = encode_choices(Melting(), [("So Ans", ["wer", "xyz"]), ("So ", ["a", "ab"])])
    assert wer == ([1, *map(ord, "So "), 0], 4)
    assert xyz == ([1, *map(ord, "So Ansxyz")], 4)  # from "Ans" on: both are behind "So "
    assert (plain[1], other[1]) == (3, 3)


def test_an_empty_choice_moves_no_other():
    assert [start for _, start in encode_choices(TOKENIZER, [("So", [" a", "", " b"])])[0]][::2] == [3, 3]


@pytest.mark.slow
@settings(max_examples=6)
@given(st.lists(st.text("ab 1\n字ü<", max_size=12), min_size=4, max_size=6))
def test_texts_that_begin_alike_have_the_ids_that_each_has_alone(real, ends):
    for shared in (SHARED, SHARED + "1" * 700, "字" * 2_500, " " * 2_500, SHARED + "<|im_end|>"):
        texts = [shared + end for end in ends]
        assert encode_alike(real, texts) == encode_all(real, texts)


def test_the_shared_beginning_is_encoded_once(real, monkeypatch):
    lengths = list[int]()

    def counted(tokenizer, texts, add_special_tokens=True):
        lengths.extend(map(len, texts))
        return encode_all(tokenizer, texts, add_special_tokens)

    monkeypatch.setattr(choices, "encode_all", counted)
    texts = [f"{SHARED}Question {number}:" for number in range(100)]
    assert encode_alike(real, texts) == encode_all(real, texts)
    assert sum(length > len(SHARED) for length in lengths) == 2
    assert max(sorted(lengths)[:-2]) < 2 * choices.OVERLAP


def test_a_tokenizer_that_looks_back_encodes_all(monkeypatch):
    """One whose tokens depend on how many letters stand before them."""

    class Counting(FakeTokenizer):
        is_fast = True

        def __call__(self, text, **_):
            ids = self.encode(text)
            return {"input_ids": ids, "offset_mapping": [(0, 0), *((n, n + 1) for n in range(len(ids) - 1))]}

        def encode(self, text, add_special_tokens=True, **_):
            return [1] * add_special_tokens + [ord(c) * 10_000 + n for n, c in enumerate(text)]

    texts = [f"{SHARED}{number}" for number in range(10)]
    assert encode_alike(Counting(), texts) == [Counting().encode(text) for text in texts]
