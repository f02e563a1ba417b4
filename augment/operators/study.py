"""study: Active Reading (Lin et al. 2025). The model proposes ways to study this document, then follows each."""

from augment.operators.base import Operator, Prompt, Record
from augment.operators.parsing import parse, whole


class Study(Operator):
    """First a list of strategies for the document, then what each of them writes."""

    scope = "document"
    long = True
    parts = ("apply",)

    def follow(self, record: Record, answer: str) -> list[Prompt]:
        """A request per strategy, up to `strategies` of them."""
        proposed = list(dict.fromkeys(parse(answer)))[: self.config.strategies]
        return [self.render("apply", text=record.text, strategy=strategy) for strategy in proposed]

    def parse(self, answer: str) -> list[str]:
        """The whole answer."""
        return whole(answer)
