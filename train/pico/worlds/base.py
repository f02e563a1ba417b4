"""What a kind of world gives the training of the embedded model; each module beside this one is one kind.

A module has `lookup` and `exam` (facts in context, and questions about them with answers or choices), `operator` for each name in OPERATORS
(one use of an operator prompt), and `english` (its words). All is drawn afresh from the words it is given, so that
nothing about a benchmark can be learnt.
"""

from typing import NamedTuple

Asked = list[tuple[str, str]]
"""Stems with their answers; each is asked alone after the context."""


class Question(NamedTuple):
    """A forced choice, scored by the likelihood of each choice after the stem."""

    split: str
    stem: str
    choices: list[str]
    right: frozenset[int]


class Use(NamedTuple):
    """One use of an operator: what its prompt shows, an answer, and all lines that would be right."""

    text: str
    lines: list[str]
    allowed: frozenset[str]

    @property
    def answer(self) -> str:
        """The answer as the model writes it."""
        return "\n".join(f"- {line}" for line in self.lines) or "NONE"

    def accepts(self, answer: str) -> bool:
        """Whether an answer has as many lines as it should, all different and right."""
        found = [line.removeprefix("- ") for line in answer.strip().split("\n")]
        if not self.lines:
            return found == ["NONE"]
        return len(set(found)) == len(found) == len(self.lines) and set(found) <= self.allowed
