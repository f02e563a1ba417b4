"""fixed-prompts: seven tasks that are the same for every document (SPA, Tang et al. 2026, arXiv 2603.22213)."""

from augment.operators.base import Operator, Prompt, Record
from augment.operators.parsing import whole

TASKS = (
    "Explain its key concepts: what each of them is, and what the document says of it.",
    "Draw a mind map in words: its topic, the branches of the topic, and under each what the document says of it, as full sentences.",
    "Say what it implies: what must be true if the document is, though it does not say so.",
    "Ask questions that can only be answered by thinking about several of its statements together, and answer each in a full sentence.",
    "Write a case study: a short account of somebody who meets what the document describes, and to whom all that it says applies.",
    "Write a discussion between two people who explain to each other what the document says, and correct each other where they must.",
    "Teach it as a teacher would: step by step, from what is simple to what is not, in words of your own.",
)
"""Named as there: key concepts, mind map, implications; questions with critical thinking; case studies, discussions, teacher-style.
The wordings are ours."""


class FixedPrompts(Operator):
    """A text for each of TASKS."""

    scope = "document"
    long = True
    schema = None

    def requests(self, record: Record) -> list[Prompt]:
        """A request per task."""
        return [self.render(record=record, task=task) for task in TASKS]

    def parse(self, answer: str) -> list[str]:
        """The whole answer."""
        return whole(answer)
