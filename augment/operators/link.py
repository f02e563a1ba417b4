"""link: the global operator. Other documents in context, one target document, and what follows from both together."""

import re

from augment.operators.base import Operator
from augment.operators.parsing import Said, read_lines, whole

TALK = re.compile(
    r"^(?:as |since |because )?I (?:have |had )?(?:earlier )?(?:learned|learnt|read|know|recall)\b"
    r"|\b(?:this|the|another|an earlier) document (?:says|states|tells|adds)\b",
    re.IGNORECASE,
)
"""A line that says where it was learned."""
CONCLUSION = re.compile(
    r".*(?:\b(?:therefore|hence|thus|it follows that)|,\s+so)\b[,:]?\s+(?P<said>\S.*)", re.IGNORECASE
)


class Link(Operator):
    """Statement style: the conclusions alone (one reading of the paper's "link this document to the others")."""

    scope = "corpus"

    def read(self, answer: str) -> list[Said]:
        """One conclusion per line; of a line that talks about where it was learned only what follows "therefore"."""
        found = []
        for said in read_lines(answer):
            if said.reason is None and TALK.search(said.text):
                told = CONCLUSION.match(said.text)
                if told is None:
                    said = said._replace(reason="says where it was learned and concludes nothing")
                else:
                    said = said._replace(text=told["said"][0].upper() + told["said"][1:])
            found.append(said)
        return found

    def parse(self, answer: str) -> list[str]:
        """The conclusions alone."""
        return [said.text for said in self.read(answer) if said.reason is None]


class LinkTrace(Operator):
    """Trace style: "I learned earlier X, this document says Y, therefore Z", kept as one text (the other reading)."""

    scope = "corpus"
    long = True

    def parse(self, answer: str) -> list[str]:
        """The whole answer."""
        return whole(answer)
