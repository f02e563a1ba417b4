"""entities: EntiGraph (Yang et al. 2024, "Synthetic continued pretraining"). Texts on how entities of a document relate."""

from itertools import combinations
from random import Random

from augment.operators.base import Operator, Prompt, Record
from augment.operators.parsing import parse, whole
from engine.store.ids import content_id


class Entities(Operator):
    """First the model names the document's entities; then it writes about pairs and triples of them in shuffled order."""

    scope = "document"
    long = True
    parts = ("relate",)

    def follow(self, record: Record, answer: str) -> list[Prompt]:
        """A request per pair or triple, up to `relations` of them; the same document draws the same ones."""
        named = list(dict.fromkeys(name.rstrip(".") for name in parse(answer)))
        groups = [*combinations(named, 2), *combinations(named, 3)]
        rng = Random(content_id(self.config.seed, record.text, named))
        return [
            self.render("relate", text=record.text, entities=", ".join(rng.sample(group, len(group))))
            for group in rng.sample(groups, min(len(groups), self.config.relations))
        ]

    def parse(self, answer: str) -> list[str]:
        """The whole answer: the parts of an account make sense together."""
        return whole(answer)
