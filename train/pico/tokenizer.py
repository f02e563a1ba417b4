"""The embedded model's tokenizer: one token per known word, bytes for everything else.

A word is the same token at the start of a line as within one, because a space is put in front of each
line before splitting and taken away again when decoding; so a fact and a question about it share tokens.
"""

import json
import re
from pathlib import Path

SPECIAL = ["<|pad|>", "<|begin|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
# pico has seen questions with their examples in one message: turns before the last answer become one text (as `as_text`).
CHAT_TEMPLATE = (
    "{{ bos_token }}<|user|>{% for message in messages %}{% set answer = message['role'] == 'assistant' %}"
    "{% if answer and loop.last %}{{ eos_token }}<|assistant|>"
    "{% elif not loop.first %}{{ '\n' if answer else '\n\n' }}{% endif %}{{ message['content'] | trim }}"
    "{% endfor %}{{ eos_token }}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
PATTERN = r"\n| ?[A-Za-z]+| ?[0-9]| ?[^\sA-Za-z0-9]|[ \t\r]+?"


def byte_alphabet() -> dict[int, str]:
    """The printable stand-in of every byte that the byte-level pre-tokeniser of `tokenizers` uses (GPT-2's table)."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {b: chr(b) for b in keep}
    table.update({b: chr(256 + i) for i, b in enumerate(b for b in range(256) if b not in table)})
    return table


def build(lexicon: list[str], text: str, out: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json into `out`.

    `lexicon` gives one token per word; `text` is any English whose words and marks become tokens too.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    alphabet = byte_alphabet()
    pieces = {" " + w for w in lexicon} | {"\n", ": ", " -"}
    for piece in re.findall(r"[A-Za-z]+|[^\sA-Za-z0-9]", text):
        pieces |= {" " + piece} if piece.isalpha() else {piece, " " + piece}
    known = sorted("".join(alphabet[b] for b in p.encode()) for p in pieces)
    vocab = {t: i for i, t in enumerate(SPECIAL + sorted(alphabet.values()))}
    for token in known:
        vocab.setdefault(token, len(vocab))
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], ignore_merges=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace("\n", "\n "), normalizers.Prepend(" ")])
    split = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteLevel(), decoders.Replace("\n ", "\n"), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", vocab["<|begin|>"])]
    )
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|begin|>",
        "eos_token": "<|end|>",
        "pad_token": "<|pad|>",
        "model_max_length": 8192,
        "clean_up_tokenization_spaces": False,
        "chat_template": CHAT_TEMPLATE,
    }
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
