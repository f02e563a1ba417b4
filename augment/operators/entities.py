"""entities: EntiGraph (Yang et al. 2024, "Synthetic continued pretraining"). Texts on how entities of a document relate."""

import re
from itertools import combinations
from random import Random
from typing import Any

from augment.operators.base import Operator, Prompt, Record
from augment.operators.marks import bare, is_none, is_remark, unmarked, without_preamble
from augment.operators.parsing import json_values, own_part, strings, whole
from engine.store.ids import content_id

CLASS = re.compile(
    r"^(?:(?:the )?(?:named |main |key )?(?:entit(?:y|ies)|names?|people|persons?|places?|locations?|cit(?:y|ies)|countr(?:y|ies)|things?|"
    r"objects?|groups?|organi[sz]ations?|compan(?:y|ies)|ideas?|concepts?|events?|dates?|products?|others?))(?: \w+){0,3}\s*[:：]\s*",
    re.IGNORECASE,
)
"""What a model puts in front of entities of one kind."""
TYPE = re.compile(r"\s*(?:[(\[（][^()\[\]]*[)\]）]|\s[–—-]\s.*|[:：]\s.*)\s*$")
"""What a model says of an entity behind its name."""
COMMA = re.compile(r"\s*(?:[,;、，；]|\s(?:and|&)\s)\s*(?:and\s+)?(?![^(]*\))")
"""Between entities on one line; not inside brackets."""
WORDS = 8
"""Words of the longest name; more are a sentence."""


class Entities(Operator):
    """First the model names the document's entities; then it writes about pairs and triples of them in shuffled order."""

    scope = "document"
    long = True
    parts = ("relate",)

    def follow(self, record: Record, answer: str) -> list[Prompt]:
        """A request per pair or triple, up to `relations` of them; the same document draws the same ones."""
        named = names(answer)
        groups = [*combinations(named, 2), *combinations(named, 3)]
        rng = Random(content_id(self.config.seed, record.text, named))
        return [
            self.render("relate", text=record.text, entities=", ".join(rng.sample(group, len(group))))
            for group in rng.sample(groups, min(len(groups), self.config.relations))
        ]

    def as_json(self, answer: str) -> list[Any]:
        """The names in an answer."""
        return names(answer)

    def parse(self, answer: str) -> list[str]:
        """The whole answer: the parts of an account make sense together."""
        return whole(answer)


def names(answer: str) -> list[str]:
    """The entities that an answer names: one per line or separated by commas, without types, each once."""
    text = own_part(answer)
    if (listed := json_values(text)) is not None:
        return list(dict.fromkeys(bare(value) for value in strings(listed[0]) if not is_none(value)))
    lines = [unmarked(line) for line in text.split("\n")]
    lines = [(line, marked) for line, marked in lines if re.search(r"\w", line)]
    listing, found = any(marked for _, marked in lines), list[str]()
    several = sum(marked for _, marked in lines) > 1
    for line, marked in lines:
        line = line if marked else without_preamble(line)
        said = CLASS.sub("", line)
        if not said or (not marked and ((listing and said == line) or is_remark(said))):
            continue
        # in a list of lines a comma may be a name's own ("Springfield, Illinois")
        for one in COMMA.split(said) if not (marked and several and said == line) else [said]:
            name = bare(TYPE.sub("", one)).rstrip(".")
            if re.search(r"\w", name) and not is_none(name) and len(name.split()) <= WORDS:
                found.append(name)
    return list(dict.fromkeys(found))
