"""The shipped operators that are more than a prompt file."""

from augment.operators.base import Operator
from augment.operators.deduce import Deduce
from augment.operators.entities import Entities
from augment.operators.link import Link, LinkTrace
from augment.operators.qa import QuestionsAnswers
from augment.operators.rules import Repeat, ReverseTraining, Shuffle
from augment.operators.study import Study

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
