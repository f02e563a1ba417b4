"""From a text, or a chat, to token ids that end as the model ends. What documents say is text: never a control token."""

from collections.abc import Iterator, Sequence
from typing import Any

from jinja2 import TemplateError

from engine.errors import UserError
from engine.tasks.encoding import as_text, encode_all, encode_messages, special_tokens

Chat = list[dict[str, str]]


def text_ids(texts: Sequence[str], tokenizer: Any) -> list[list[int]]:
    """Token ids of each text with one begin token, if the model has one, and one end token."""
    return [ended(ids, tokenizer) for ids in encode_all(tokenizer, list(texts))]


def ended(ids: list[int], tokenizer: Any) -> list[int]:
    """The ids with the end token behind them, where it is not there already and the tokenizer has one."""
    end = tokenizer.eos_token_id
    return list(ids) if end is None or (ids and ids[-1] == end) else [*ids, end]


def chat_ids(messages: Chat, tokenizer: Any) -> tuple[list[int], int]:
    """Token ids of a chat up to the token that ends its last turn, and how many of them come before that turn.

    Raises UserError where the last turn is not the assistant's, or the model's template refuses the turns.
    """
    if not messages or messages[-1].get("role") != "assistant":
        raise UserError("messages: a training chat must end with an assistant turn.")
    if not tokenizer.chat_template:  # as the engine asks such a model
        front, whole = encode_all(tokenizer, [f"{as_text(messages[:-1])}\n", as_text(messages)])
        return ended(whole, tokenizer), common(front, whole)
    try:
        front, whole = encode_messages(tokenizer, messages[:-1]), encode_messages(tokenizer, messages, False)
    except TemplateError as error:
        raise UserError(f"messages: the model's chat template rejects a chat: {error}.") from error
    start = common(front, whole)
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    last = next((i for i in range(len(whole) - 1, start, -1) if whole[i] in special), None)
    if last is not None and not tokenizer.decode(whole[last + 1 :]).strip():
        return whole[: last + 1], start  # what a template writes behind the end of a turn, no model writes
    return ended(whole, tokenizer), start


def end_tokens(tokenizer: Any) -> list[int]:
    """The tokens that trained texts and chats end with."""
    ends = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    if tokenizer.chat_template:
        turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        ends.append(chat_ids(turns, tokenizer)[0][-1])
    return list(dict.fromkeys(ends))


def control_tokens(texts: Sequence[str], tokenizer: Any) -> int:
    """How many texts hold the name of a control token."""
    names = special_tokens(tokenizer)
    return sum(bool(names.search(text)) for text in texts) if names else 0


def pieces(ids: list[int], length: int) -> Iterator[tuple[int, list[int]]]:
    """The ids in pieces of at most `length`, each with the number of its first token.

    A piece begins with the last token of the one before it, so that every token but the first of a text is once the next
    token of something, wherever the borders fall.
    """
    for begin in range(0, max(1, len(ids) - 1), length - 1):
        yield begin, ids[begin : begin + length]


def common(front: Sequence[int], whole: Sequence[int]) -> int:
    """How many leading tokens the two share."""
    return next((i for i, (a, b) in enumerate(zip(front, whole, strict=False)) if a != b), min(len(front), len(whole)))
