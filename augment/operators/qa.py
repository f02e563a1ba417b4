"""qa: questions that a document answers, with their answers."""

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from augment.operators.base import Operator
from augment.operators.marks import bare, is_none, is_remark, unmarked, without_preamble
from augment.operators.parsing import Said, json_values, own_part, unfinished

PAIR = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}
QUESTION = r"(?:[Qq]uestion|QUESTION|Q)[ \t]*\d{0,3}[ \t]*[:：]"
ANSWER = r"(?:[Aa]nswer|ANSWER|A)[ \t]*\d{0,3}[ \t]*[:：]"
LABEL = re.compile(
    rf"^[^\w\n]*(?:\d{{1,3}}[.)][^\w\n]*)?(?:(?P<q>{QUESTION})|(?P<a>{ANSWER}))[*_]*[ \t]*"
    rf"|(?<=[ \t])[^\w\s]*(?P<inline>{ANSWER})[*_]*[ \t]+",
    re.MULTILINE,
)
"""Where a question or an answer begins: at the start of a line behind any marks, an answer also behind its question."""
BOTH = re.compile(r"(?P<question>.+?[?？؟])[\"”*]*\s+(?P<answer>\S.*)", re.DOTALL)
NO_ANSWER, NO_QUESTION = "unreadable: a question without an answer", "unreadable: an answer without a question"


class QuestionsAnswers(Operator):
    """Self-asked questions (SEAL, Zweiger et al. 2025, trains on such).

    Question and answer stay one text, "Q: ... A: ...": neither says anything alone, and only so is the answer learned as what
    follows the question.
    """

    scope = "document"
    asks = True
    schema = MappingProxyType({"type": "array", "items": PAIR})

    def read(self, answer: str) -> list[Said]:
        """Pairs in any of the usual layouts; a half one comes back with the reason why it is none."""
        return list(read_pairs(answer))

    def as_json(self, answer: str) -> list[Any]:
        """The pairs of an answer."""
        return [
            {"question": question, "answer": reply} for question, reply in pairs(own_part(answer)) if question and reply
        ]

    def parse(self, answer: str) -> list[str]:
        """The pairs alone."""
        return [said.text for said in self.read(answer) if said.reason is None]


def read_pairs(answer: str) -> Iterator[Said]:
    """Each pair of an answer as "Q: ... A: ...", and what is half a pair."""
    text, half = own_part(answer), unfinished(answer)
    found = list(pairs(text))
    if (listed := json_values(text)) is not None:
        half = listed[1]
    for i, (question, reply) in enumerate(found):
        if is_none(question) or (not question and is_none(reply)):
            continue
        last = half and i == len(found) - 1
        if question and reply:
            yield Said(f"Q: {question} A: {reply}", open=last)
        else:
            yield Said(question or reply, NO_ANSWER if question else NO_QUESTION, open=last)


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """Questions with their answers, "" for a missing one: JSON, labelled ones, or questions with what follows them."""
    if (listed := json_values(text)) is not None:
        loose = list[str]()
        for value in listed[0]:
            told = [bare(v) for v in value.values() if isinstance(v, str)] if isinstance(value, dict) else [str(value)]
            if len(told) > 1:
                yield told[0], told[1]
            else:
                loose += told
        yield from _without_labels(loose)  # of JSON that breaks off only the texts are left
        return
    labels = list[re.Match[str]]()
    for label in LABEL.finditer(text):
        if not label["inline"] or (labels and labels[-1]["q"]):  # an answer may hold such letters
            labels.append(label)
    if not any(label["q"] for label in labels):
        yield from _without_labels(text.split("\n"))
        return
    question = ""
    for label, end in zip(labels, [*(label.start() for label in labels[1:]), len(text)], strict=True):
        said = _told(text[label.end() : end], closes=not label["q"])
        if label["q"]:
            if question:
                yield question, ""
            question = said
        elif said or question:
            yield question, said
            question = ""
    if question:
        yield question, ""


def _told(text: str, closes: bool) -> str:
    """A question or an answer on one line, without what a model says behind its last one."""
    first, *more = re.split(r"\n[ \t]*\n", text.strip())
    kept = [first, *(piece for piece in more if not closes or not is_remark(piece.strip() or "#"))]
    lines = [unmarked(line)[0] for piece in kept for line in piece.split("\n")]
    return bare(" ".join(line for line in lines if re.search(r"\w", line)))


def _without_labels(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Lines that are a question and its answer, or in turns a question and an answer."""
    question = ""
    for line in lines:
        said = bare(without_preamble(unmarked(line)[0]))
        if not re.search(r"\w", said) or is_remark(said):
            continue
        if both := BOTH.fullmatch(said):
            if question:
                yield question, ""
            yield both["question"], both["answer"]
            question = ""
        elif said.endswith(("?", "？", "؟")):
            if question:
                yield question, ""
            question = said
        else:
            yield question, said
            question = ""
    if question:
        yield question, ""
