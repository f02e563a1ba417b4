"""From text to token ids: prompts, messages and texts.

What stands in documents, questions and messages is text: `<|im_end|>` in a sentence is five or six ordinary tokens there and ends
no turn. Control tokens come from the tokenizer (a begin token) and from the chat template alone.
"""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any


def encode_prompt(tokenizer: Any, row: dict[str, Any]) -> list[int]:
    """Token ids of a request's `messages` (JSON; through the chat template if there is one) or plain `prompt`."""
    if not row.get("messages"):
        if row.get("prompt") is None:
            raise ValueError("it has neither prompt nor messages")
        return encode_text(tokenizer, row["prompt"])
    messages = json.loads(row["messages"])
    if any(message["content"] is None for message in messages):
        raise ValueError("a message has no content")
    if not tokenizer.chat_template:
        return encode_text(tokenizer, as_text(messages))
    return encode_messages(tokenizer, messages, settings=json.loads(row.get("chat_template_kwargs") or "{}"))


def asked_of(row: dict[str, Any]) -> dict[str, Any]:
    """A request for an engine that has the tokenizer itself: `messages` and `chat_template_kwargs`, or `prompt`; {} for an empty one."""
    if not row.get("messages"):
        if row.get("prompt") is None:
            raise ValueError("it has neither prompt nor messages")
        return {"prompt": row["prompt"]} if row["prompt"] else {}
    messages = json.loads(row["messages"])
    if any(message["content"] is None for message in messages):
        raise ValueError("a message has no content")
    settings = json.loads(row.get("chat_template_kwargs") or "{}")
    return ({"messages": messages} | ({"chat_template_kwargs": settings} if settings else {})) if messages else {}


def encode_text(tokenizer: Any, text: str, add_special_tokens: bool = True) -> list[int]:
    """Token ids of content, in which nothing is a control token; `add_special_tokens` puts the tokenizer's own around it."""
    return tokenizer.encode(text, add_special_tokens=add_special_tokens, **as_content(tokenizer))


def encode_messages(
    tokenizer: Any,
    messages: list[dict[str, Any]],
    add_generation_prompt: bool = True,
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> list[int]:
    """Token ids of messages in the chat template, whose control tokens count while those in the messages are text.

    `settings` are further arguments of the template, for instance enable_thinking.

    Where messages hold such strings, marks take their places while the template is filled in. What it makes is then cut at its
    own control tokens, as every tokenizer does first, and the pieces between them are encoded as content.
    """
    special, hidden = special_tokens(tokenizer), list[str]()
    mark = _unused(json.dumps(messages, ensure_ascii=False))
    shown = _hide(messages, special, mark, hidden) if special else messages
    text = tokenizer.apply_chat_template(shown, tokenize=False, add_generation_prompt=add_generation_prompt, **settings)
    if not special or not hidden:
        return tokenizer.encode(text, add_special_tokens=False)
    ids = []
    for number, piece in enumerate(special.split(text)):
        if number % 2:
            ids.append(tokenizer.convert_tokens_to_ids(piece.strip()))
        elif piece:
            content = re.sub(f"{mark}(\\d+){mark}", lambda found: hidden[int(found[1])], piece)
            ids += encode_text(tokenizer, content, add_special_tokens=False)
    return ids


@functools.lru_cache(maxsize=8)
def special_tokens(tokenizer: Any) -> re.Pattern[str] | None:
    """Finds a tokenizer's control tokens, in one group with the space that they take along; None where it has none."""
    tokens = [t for t in getattr(tokenizer, "added_tokens_decoder", {}).values() if t.special and t.content.strip()]
    tokens.sort(key=lambda token: -len(token.content))
    names = [r"\s*" * t.lstrip + re.escape(t.content) + r"\s*" * t.rstrip for t in tokens]
    return re.compile(f"({'|'.join(names)})") if names else None


def as_content(tokenizer: Any) -> dict[str, bool]:
    """What tells a Hugging Face tokenizer to take control tokens for text; others know none."""
    return {"split_special_tokens": True} if hasattr(tokenizer, "added_tokens_decoder") else {}


def _hide(value: Any, special: re.Pattern[str], mark: str, hidden: list[str]) -> Any:
    """The value with numbered marks for all control tokens in its strings, which are collected in `hidden`."""
    if isinstance(value, str):

        def put(found: re.Match[str]) -> str:
            hidden.append(found[0])
            return f"{mark}{len(hidden) - 1}{mark}"

        return special.sub(put, value)
    if isinstance(value, list):
        return [_hide(v, special, mark, hidden) for v in value]
    return {k: _hide(v, special, mark, hidden) for k, v in value.items()} if isinstance(value, dict) else value


def _unused(text: str) -> str:
    """A character for private use that the text does not have."""
    return next(c for c in map(chr, range(0xE000, 0xF900)) if c not in text)


def as_text(messages: list[dict[str, str]]) -> str:
    """Chat messages for a model without a chat template: an answer on the line behind its question, then an empty line."""
    text = messages[0]["content"] if messages else ""
    for message in messages[1:]:
        text += ("\n" if message["role"] == "assistant" else "\n\n") + message["content"]
    return text


LABEL = re.compile(r"[^\n:：]{1,40}[:：]")


def run_on(messages: list[dict[str, Any]]) -> list[str]:
    """Where a model without a chat template goes on with an example of its own: the labels with which the user's turns begin.

    In `as_text` an answer is followed by the next turn. A turn that begins with no label ("Statement:") cannot be told.
    """
    found = (LABEL.match(m["content"]) for m in messages if m["role"] == "user")
    return list(dict.fromkeys("\n" + label[0] for label in found if label))


def encode_all(tokenizer: Any, texts: list[str], add_special_tokens: bool = True) -> list[list[int]]:
    """Token ids of many texts; in parallel where the tokenizer can (Hugging Face's fast ones)."""
    batch = getattr(getattr(tokenizer, "backend_tokenizer", None), "encode_batch_fast", None)
    if batch is None or len(texts) < 2:
        return [encode_text(tokenizer, text, add_special_tokens) for text in texts]
    # takes off truncation and padding that an earlier call may have left, and makes what follows content
    encode_text(tokenizer, "")
    return [encoding.ids for encoding in batch(texts, add_special_tokens=add_special_tokens)]


def common_prefix(sequences: Sequence[list[int]] | Sequence[str]) -> int:
    """How many leading tokens, or characters, all sequences share."""
    if not sequences:
        return 0
    low, high = min(sequences), max(sequences)
    least, most = 0, min(len(low), len(high))
    while least < most:  # comparing slices is fast, walking over them is not
        middle = (least + most + 1) // 2
        if low[least:middle] == high[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least
