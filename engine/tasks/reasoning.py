"""Where a model's reasoning ends and its answer begins, in the text that an engine gives."""

import re
from typing import NamedTuple

TAGS = ("think", "thinking", "reasoning", "thought")
"""Names of the tags that reasoning models put around their thoughts (Qwen 3, DeepSeek-R1, Phi-4-reasoning and others)."""
NAMES = "|".join(TAGS)
BLOCK = re.compile(rf"^[ \t]*<({NAMES})>(.*?)</\1>", re.DOTALL | re.MULTILINE)
OPEN = re.compile(rf"^[ \t]*<({NAMES})>", re.MULTILINE)
CLOSE = re.compile(rf"(?:^|(?<=[.!?…:;)\]。！？]))[ \t]*</(?:{NAMES})>|</(?:{NAMES})>[ \t]*(?=\n|\Z)", re.MULTILINE)
"""An end without a beginning, which was in the prompt: on a line of its own, or behind a sentence. Prose that mentions the tag
has it inside a sentence."""
ANY_CLOSE = re.compile(rf"</(?:{NAMES})>")
ENDS_OPEN = re.compile(rf"<({NAMES})>\s*\Z")
MARKED = re.compile(r"<\|(?:start|channel|message|end|return)\|>")
FINAL = re.compile(r"assistantfinal")
ANALYSIS = re.compile(r"\s*(?:<\|channel\|>)?(?:analysis|commentary)(?:<\|message\|>|(?=[A-Z\"'(]))")
"""The channels of gpt-oss (harmony), with their control tokens or, as engines give them, without."""


class Parted(NamedTuple):
    """What a model said, in its two parts."""

    answer: str | None
    """None where the text ends before the reasoning does."""
    reasoning: str | None = None


def opens(prompt: str) -> bool:
    """Whether a prompt ends inside reasoning, as the chat templates of some models leave it."""
    return bool(ENDS_OPEN.search(prompt))


def part(text: str, opened: bool = False) -> Parted:
    """The answer and the reasoning in a text; `opened` says that the prompt began the reasoning.

    What mentions a tag inside a sentence is an answer, not reasoning.
    """
    if ANALYSIS.match(text) or text.lstrip().startswith("<|channel|>"):
        return _channels(text)
    thoughts = list[str]()
    end = (ANY_CLOSE if opened else CLOSE).search(text)
    if end and (opened or not OPEN.search(text[: end.start()])):
        thoughts.append(text[: end.start()])
        text = text[end.end() :]
    elif opened:
        return Parted(None, text.strip() or None)
    thoughts += [found[2] for found in BLOCK.finditer(text)]
    text = BLOCK.sub("", text)
    if found := OPEN.search(text):
        return Parted(None, "\n\n".join([*thoughts, text[found.end() :]]).strip() or None)
    return Parted(text.strip() if thoughts else text, "\n\n".join(thoughts).strip() or None)


def _channels(text: str) -> Parted:
    """The final channel, and all before it."""
    plain = MARKED.sub("", text)
    if ends := list(FINAL.finditer(plain)):
        return Parted(plain[ends[-1].end() :].strip(), _plain(plain[: ends[-1].start()]))
    if text.lstrip().startswith("<|channel|>final"):
        return Parted(plain.lstrip().removeprefix("final").strip())
    return Parted(None, _plain(plain))


def _plain(text: str) -> str | None:
    return ANALYSIS.sub("", text, count=1).strip() or None
