"""The shipped operators that are more than a prompt file."""

from augment.operators import Operator
from augment.ops.deduce import Deduce
from augment.ops.entities import Entities
from augment.ops.link import Link, LinkTrace
from augment.ops.qa import QuestionsAnswers
from augment.ops.rules import Repeat, ReverseTraining, Shuffle
from augment.ops.study import Study

OPERATORS: dict[str, type[Operator]] = {
    "deduce": Deduce,
    "entities": Entities,
    "link": Link,
    "link-trace": LinkTrace,
    "qa": QuestionsAnswers,
    "repeat": Repeat,
    "reverse-training": ReverseTraining,
    "shuffle": Shuffle,
    "study": Study,
}
