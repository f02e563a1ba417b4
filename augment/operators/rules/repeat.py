"""repeat: each document once more. It teaches nothing new; a control arm is trained on it."""

from collections.abc import Sequence

from augment.operators.base import Operator, Record


class Repeat(Operator):
    """Each document once more."""

    scope = "document"
    rule = True

    def derive(self, records: Sequence[Record]) -> list[str | None]:
        """The texts themselves."""
        return [record.text for record in records]
