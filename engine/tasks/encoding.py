"""From text to token ids: prompts, and contexts with their choices."""

import json
from typing import Any


def encode_prompt(tokenizer: Any, row: dict[str, Any]) -> list[int]:
    """Token ids of a request's `messages` (JSON; through the chat template if there is one) or plain `prompt`."""
    if not row.get("messages"):
        return tokenizer.encode(row.get("prompt") or "")
    messages = json.loads(row["messages"])
    if not tokenizer.chat_template:
        return tokenizer.encode(as_text(messages))
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(text, add_special_tokens=False)


def as_text(messages: list[dict[str, str]]) -> str:
    """Chat messages for a model without a chat template: an answer on the line behind its question, then an empty line."""
    text = messages[0]["content"] if messages else ""
    for message in messages[1:]:
        text += ("\n" if message["role"] == "assistant" else "\n\n") + message["content"]
    return text


def encode_all(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Token ids of many texts; in parallel where the tokenizer can (Hugging Face's fast ones)."""
    batch = getattr(getattr(tokenizer, "backend_tokenizer", None), "encode_batch_fast", None)
    if batch is None or len(texts) < 2:
        return [tokenizer.encode(text) for text in texts]
    tokenizer.encode("")  # takes off the truncation and padding that an earlier call may have left
    return [encoding.ids for encoding in batch(texts)]


def encode_choices(tokenizer: Any, questions: list[tuple[str, list[str]]]) -> list[list[tuple[list[int], int]]]:
    """For each (context, choices) and each choice the ids of context + choice and the position where the choice starts.

    Trailing spaces of the context belong to the choice and both are encoded together, as lm-evaluation-harness does
    (`TemplateLM._encode_pair`), so that numbers can be compared. All choices of a context start at one position, behind the
    same tokens: where one melts into the context's last token ("Ans" + "wer"), all are scored from before that token.
    """
    texts = [text for context, choices in questions for text in (context.rstrip(" "), *(context + c for c in choices))]
    encoded = iter(encode_all(tokenizer, texts))
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


def common_prefix(sequences: list[list[int]]) -> int:
    """How many leading tokens all sequences share."""
    if not sequences:
        return 0
    low, high = min(sequences), max(sequences)
    count = 0
    for a, b in zip(low, high, strict=False):
        if a != b:
            break
        count += 1
    return count
