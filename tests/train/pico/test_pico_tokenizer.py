"""The embedded model's words and tokenizer: one token per word it needs, and every text comes back as it was."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from engine.config import PICO
from eval.benchmarks.reversals import DIMENSIONS, PREAMBLES
from train.pico.batches import WORLDS
from train.pico.lexicon import candidates, real_words
from train.pico.pretrain import make_tokenizer
from train.pico.worlds import comparisons

LEXICON = (PICO / "lexicon.txt").read_text(encoding="utf-8").split()
TOKENIZER = AutoTokenizer.from_pretrained(PICO)
NEWLINE = TOKENIZER.encode("a\nb", add_special_tokens=False)[1]
COMMON = """
able acid aged also area army away baby back ball band bank base bath bear beat been beer bell belt best bill bird blow
blue boat body bomb bond bone book boom born boss both bowl bulk burn bush busy call calm came camp card care case cash
cast cell chat chip city club coal coat code cold come cook cool cope copy core cost crew crop dark data date dawn days
dead deal dean dear debt deep deny desk dial diet disc disk does done door dose down draw drew drop drug dual duke dust
duty each earn ease east easy edge else even ever evil exit face fact fail fair fall farm fast fate fear feed feel feet
fell felt file fill film find fine fire firm fish five flat flow food foot ford form fort four free from fuel full fund
gain game gate gave gear gene gift girl give glad goal goes gold golf gone good gray grew grey grow gulf hair half hall
about above actor adult after again agent agree ahead alarm album alert alike alive allow alone along alter among anger
angle apart apple apply arena argue arise array aside asset audio avoid award aware badly baker basic basis beach began
begin being below bench birth black blame blind block blood board brain brand bread break breed brief bring broad brown
""".split()


def token_ids(text):
    return TOKENIZER.encode(text, add_special_tokens=False)


def test_words_have_four_or_five_letters_and_occur_once():
    assert len(LEXICON) >= 200
    assert all(re.fullmatch("[a-z]{4,5}", word) for word in LEXICON)
    assert len(set(LEXICON)) == len(LEXICON)


def test_no_word_is_english():
    assert len(set(COMMON)) > 200
    assert all(len(word) in (4, 5) for word in COMMON)
    assert not set(LEXICON) & set(COMMON)
    assert not set(LEXICON) & set(comparisons.ADJECTIVES)


def test_words_follow_the_sound_patterns():
    assert set(LEXICON) <= set(candidates())


def test_endings_of_dictionary_words_count_as_known(tmp_path):
    (tmp_path / "words").write_text("Blinks\nfarming\nit's\n")
    assert {"blinks", "blink", "farming", "farm"} <= real_words([tmp_path / "words"])


@pytest.mark.parametrize("group", ["lexicon", "dimensions", "adjectives", "preambles"])
def test_each_word_is_one_token_everywhere_in_a_text(group):
    sources = {"lexicon": LEXICON, "dimensions": DIMENSIONS, "adjectives": comparisons.ADJECTIVES}
    sources["preambles"] = sorted({w for p in PREAMBLES for w in re.findall("[A-Za-z]+", p)})
    for word in sources[group]:
        (first,) = token_ids(word)
        assert token_ids(f"{word} {word}\n{word}") == [first, first, NEWLINE, first], word


def test_a_fresh_tokenizer_knows_every_word_of_the_worlds(tmp_path):
    make_tokenizer(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert len(tokenizer) < 1700
    for world in WORLDS.values():
        for word in {*re.findall("[A-Za-z]+", world.english()), *LEXICON[:100]}:
            first, second = tokenizer.encode(f"{word} {word}", add_special_tokens=False)
            assert first == second, word


def test_a_fact_is_a_token_per_word_and_mark():
    a, b = LEXICON[:2]
    assert len(token_ids(f"Did you know that {a} are more dangerous than {b}.")) == 11


def test_special_tokens_are_apart_from_text():
    assert TOKENIZER.encode("a")[0] == TOKENIZER.bos_token_id
    chat = TOKENIZER.apply_chat_template(
        [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
    )
    assert chat == "<|begin|><|user|>Hi<|end|><|assistant|>"
    ids = TOKENIZER.encode(chat, add_special_tokens=False)
    assert TOKENIZER.decode(ids, skip_special_tokens=False).replace(" ", "") == chat
    assert ids.count(TOKENIZER.bos_token_id) == 1


@given(st.text(st.characters(codec="utf-8")) | st.text(" \n\t\r.,:-aZ9é猫😀", max_size=30))
@example("")
@example("北京是中国的首都。\n日本語のテキスト")
@example("  two  spaces  \n\n  \n\tdef f(x):\n\t\treturn {'a': [1, 2]}  # ok\r\n")
@example(" leading and trailing ")
@example("\n")
@example("👩‍👩‍👧 zero\u200bwidth \u202eRTL\u202c \x00\x07")
def test_text_comes_back_as_it_was(text):
    special = any(str(token) in text for token in TOKENIZER.added_tokens_decoder.values())
    decoded = TOKENIZER.decode(TOKENIZER.encode(text), skip_special_tokens=True)
    assert special or decoded == text


@given(st.lists(st.sampled_from([*LEXICON[:50], "are", "more", ".", "\n", " "]), max_size=12))
def test_ids_join_at_line_ends(words):
    line = " ".join(words).strip() or "x"
    assert token_ids(f"{line}\n{line}") == [*token_ids(line), NEWLINE, *token_ids(line)]
