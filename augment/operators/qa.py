"""qa: questions that a document answers, with their answers."""

import re

from augment.operators.base import Operator
from augment.operators.parsing import own_part

PAIR = re.compile(r"^\W*Q:\s*(?P<question>\S.*?)\s+(?:[-*•]\s*)?A:\s*(?P<answer>\S.*?)\s*$", re.MULTILINE)


class QuestionsAnswers(Operator):
    """Self-asked questions (SEAL, Zweiger et al. 2025, trains on such).

    Question and answer stay one text, "Q: ... A: ...": neither says anything alone, and only so is the answer learned as what
    follows the question.
    """

    scope = "document"
    asks = True

    def parse(self, answer: str) -> list[str]:
        """Pairs on one line or two; what has no answer is left out."""
        return [f"Q: {found['question']} A: {found['answer']}" for found in PAIR.finditer(own_part(answer))]
