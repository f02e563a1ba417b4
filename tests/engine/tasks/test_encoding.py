"""Token ids of prompts, and of contexts with their choices."""

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.tasks.encoding import common_prefix, encode_choices, encode_prompt
from engine.worker.fake_engine import FakeTokenizer

TOKENIZER = FakeTokenizer()


class ChatTokenizer(FakeTokenizer):
    chat_template = "yes"

    def apply_chat_template(self, messages, tokenize, add_generation_prompt):
        turns = "".join(f"<{m['role']}>{m['content']}" for m in messages)
        return turns + ("<assistant>" if add_generation_prompt else "")


def test_prompts_go_through_the_chat_template_where_there_is_one():
    messages = json.dumps([{"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi"}])
    assert encode_prompt(ChatTokenizer(), {"messages": messages}) == list(
        map(ord, "<system>Be short.<user>Hi<assistant>")
    )
    assert encode_prompt(TOKENIZER, {"messages": messages}) == [1, *map(ord, "Be short.\n\nHi")]
    turns = [{"role": role, "content": said} for role, said in (("user", "\nA:"), ("assistant", "- a"), ("user", "B:"))]
    assert encode_prompt(TOKENIZER, {"messages": json.dumps(turns)}) == [1, *map(ord, "\nA:\n- a\n\nB:")]
    assert encode_prompt(ChatTokenizer(), {"prompt": "Hi"}) == [1, *map(ord, "Hi")]


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


@given(st.lists(st.lists(st.integers(0, 2), max_size=6), max_size=5))
def test_common_prefix_is_the_longest_that_all_share(sequences):
    count = common_prefix(sequences)
    assert len({tuple(s[:count]) for s in sequences}) <= 1
    assert all(len(s) >= count for s in sequences)
    if sequences and min(map(len, sequences)) > count:
        assert len({s[count] for s in sequences}) > 1
