"""Which questions the inferences of an augmentation answer outright, told by their words: the benchmark has no gold sentence."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from augment.results.outputs import question_answer
from augment.text.words import normal, plain_words
from eval.benchmarks.documents.facts import Facts, place
from eval.benchmarks.documents.own import question_in

SHARE = 0.5
"""Least share of a question's telling words that a text must have to state its answer in other words."""


def tells(facts: Facts) -> Callable[[list[str]], Callable[[dict[str, Any]], str | None]]:
    """`Benchmark.tells` for questions on such documents.

    verbatim: a text asks the question in its words and gives the answer; paraphrased: a text holds the whole answer and at least
    SHARE of the telling words of the question that the documents have. That is a guess from words: it may be about another
    thing that shares them. None, where a question has no such word, says that nothing can be told.
    """

    def of(texts: list[str]) -> Callable[[dict[str, Any]], str | None]:
        asked = {(normal(q), normal(a)) for q, a in map(_parts, texts) if q}
        holders: dict[str, set[int]] = defaultdict(set)
        for number, text in enumerate(texts):
            for word in plain_words(text):
                holders[word].add(number)

        def told(row: dict[str, Any]) -> str | None:
            question = question_in(row["stem"])
            answer = row["choices"][row["answer"]].strip()
            if (normal(question), normal(answer)) in asked:
                return "verbatim"
            words = {word for word in facts.telling(question) if facts.frequency[word]}
            if not words:
                return None
            found = [holders.get(word, set()) for word in plain_words(answer)]
            for number in set.intersection(*found) if found else ():
                have = sum(place(texts[number], word) is not None for word in words)
                if have >= SHARE * len(words) and place(texts[number], answer) is not None:
                    return "paraphrased"
            return "none"

        return told

    return of


def _parts(text: str) -> tuple[str, str]:
    """The question and answer that a text is; empty for another text."""
    prompt, answer = question_answer(text) or ("", "")
    return re.sub(r"^(?:Q|Question):\s*|\s*(?:A|Answer):$", "", prompt), answer.strip()
