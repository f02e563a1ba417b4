"""link: the global operator. Other documents in context, one target document, and what follows from both together."""

import re

from augment.operators.base import Operator
from augment.operators.parsing import parse, whole

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

    def parse(self, answer: str) -> list[str]:
        """One conclusion per line; of a line that talks about where it was learned only what follows "therefore"."""
        found = []
        for line in parse(answer):
            if TALK.search(line):
                said = CONCLUSION.match(line)
                if said is None:
                    continue
                line = said["said"][0].upper() + said["said"][1:]
            found.append(line)
        return found


class LinkTrace(Operator):
    """Trace style: "I learned earlier X, this document says Y, therefore Z", kept as one text (the other reading)."""

    scope = "corpus"
    long = True

    def parse(self, answer: str) -> list[str]:
        """The whole answer."""
        return whole(answer)
