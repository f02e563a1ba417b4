"""link: the global operator. Numbered documents in context, one target document, and what follows from both together.

The documents of the context are cited by their numbers, so that an inference names all its sources.
"""

import re

from augment.operators.base import Operator
from augment.operators.parsing import Said, read_lines, unfinished, whole

TALK = re.compile(
    r"^(?:as |since |because )?I (?:have |had )?(?:earlier )?(?:learned|learnt|read|know|recall)\b"
    r"|\b(?:this|the|another|an earlier) document (?:\d+ )?(?:says|states|tells|adds)\b",
    re.IGNORECASE,
)
"""A line that says where it was learned."""
CONCLUSION = re.compile(
    r".*(?:\b(?:therefore|hence|thus|it follows that)|,\s+so)\b[,:]?\s+(?P<said>\S.*)", re.IGNORECASE
)


NUMBERS = r"(?:documents? )?\d{1,3}(?:(?:\s*[,;]\s*|\s+and\s+)(?:document )?\d{1,3})*"
CITED = re.compile(rf"\s*(?:\[{NUMBERS}\]|\((?=document){NUMBERS}\))", re.IGNORECASE)
"""Numbers of documents, as the prompts ask for them and as models write them."""


def without_citations(said: Said) -> Said:
    """A fragment without the numbers of documents in it, which are named apart."""
    cited = [int(n) for found in CITED.findall(said.text) for n in re.findall(r"\d+", found)]
    text = re.sub(r"\s+([.,;!?])", r"\1", CITED.sub("", said.text)).strip() if cited else said.text
    return said._replace(text=text, cited=tuple(dict.fromkeys(cited)))


class Link(Operator):
    """Statement style: the conclusions alone (one reading of the paper's "link this document to the others")."""

    scope = "corpus"

    def read(self, answer: str) -> list[Said]:
        """One conclusion per line; of a line that talks about where it was learned only what follows "therefore"."""
        found = []
        for said in map(without_citations, read_lines(answer)):
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
    schema = None

    def read(self, answer: str) -> list[Said]:
        """The whole answer."""
        return [without_citations(Said(text, open=unfinished(answer))) for text in whole(answer)]

    def parse(self, answer: str) -> list[str]:
        """The whole answer, without what it cites."""
        return [said.text for said in self.read(answer)]
