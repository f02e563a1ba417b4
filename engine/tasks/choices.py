"""From text to token ids: contexts with their choices. What many share, as questions behind one context do, is encoded once."""

from collections.abc import Sequence
from typing import Any

from engine.tasks.encoding import as_content, common_prefix, encode_all, encode_text

LEAST_CHARS, LEAST_TEXTS = 2_000, 4
"""Shared characters, and texts that share them, from which it pays."""
OVERLAP = 256
"""Shared characters at least that each text is encoded with again, so that tokens at the join are those of the whole."""
CUTS = 16
"""Places that are tried for the join."""


def encode_choices(tokenizer: Any, questions: list[tuple[str, list[str]]]) -> list[list[tuple[list[int], int]]]:
    """For each (context, choices) and each choice the ids of context + choice and the position where the choice starts.

    Trailing spaces of the context belong to the choice and both are encoded together, as lm-evaluation-harness does
    (`TemplateLM._encode_pair`), so that numbers can be compared. All choices of a context start at one position, behind the
    same tokens: where one melts into the context's last token ("Ans" + "wer"), all are scored from before that token.
    """
    texts = [text for context, choices in questions for text in (context.rstrip(" "), *(context + c for c in choices))]
    encoded = iter(encode_alike(tokenizer, texts))
    found = []
    for _, choices in questions:
        start = len(next(encoded))
        sequences = [next(encoded) for _ in choices]
        if scored := [
            ids for ids, choice in zip(sequences, choices, strict=True) if choice
        ]:  # an empty one is an error
            start = min(start, common_prefix(scored), min(map(len, scored)) - 1)
        found.append([(ids, start) for ids in sequences])
    return found


def encode_alike(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, equal to those of `encode_all`.

    The shared beginning is cut at a token behind which it is encoded as it is in the whole; of each text only what stands behind the cut
    is encoded. The first and the last text are encoded whole as well: where either differs, and with tokenizers that name no places of
    their tokens, all are.
    """
    texts = list(texts)
    shared = texts[0][: common_prefix(texts)] if texts else ""
    found = _cut(tokenizer, shared) if len(texts) >= LEAST_TEXTS and len(shared) >= LEAST_CHARS else None
    if found is None:
        return encode_all(tokenizer, texts)
    head, place = found
    ends = encode_all(tokenizer, [text[place:] for text in texts], add_special_tokens=False)
    joined = [head + end for end in ends]
    if encode_all(tokenizer, [texts[0], texts[-1]]) != [joined[0], joined[-1]]:
        return encode_all(tokenizer, texts)
    return joined


def _cut(tokenizer: Any, shared: str) -> tuple[list[int], int] | None:
    """The tokens before a place of the shared text, and that place; None where its tokens depend on what stands before it."""
    if not getattr(tokenizer, "is_fast", False):
        return None
    encoded = tokenizer(shared, return_offsets_mapping=True, verbose=False, **as_content(tokenizer))
    ids, places = encoded["input_ids"], encoded["offset_mapping"]
    last = next((n for n in reversed(range(len(ids))) if 0 < places[n][1] <= len(shared) - OVERLAP), 0)
    for number in range(last, max(0, last - CUTS), -1):
        # some tokenizers count the space before a word to its token, some do not
        for place in (places[number][0], places[number][0] + 1):
            if encode_text(tokenizer, shared[place:], add_special_tokens=False) == ids[number:]:
                return ids[:number], place
    return None
