"""The kinds of work, by the names that the pool and the engines know them by."""

from engine.tasks.base import Task
from engine.tasks.generate import GENERATE
from engine.tasks.score import SCORE

TASKS: dict[str, Task] = {"generate": GENERATE, "score": SCORE}
