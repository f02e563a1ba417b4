"""Why an engine died, in one sentence."""

import re

from engine.errors import UserError


class EngineFailed(RuntimeError):
    """Engines died more often than allowed; finished rows are kept and the message holds the last cause."""


class NodeLost(EngineFailed):
    """An engine went with its machine."""


def cause_of(error: BaseException) -> Exception:
    """The user's error inside Ray's, or a short EngineFailed or NodeLost."""
    text = str(error)
    inner = getattr(error, "cause", None)
    if isinstance(inner, UserError):
        return UserError(str(inner))
    if "UserError: " in text:
        return UserError(text.rsplit("UserError: ", 1)[1].strip())
    if re.search(r"node( \S+)? (has )?(died|dead)|node was (terminated|preempted)|[Nn]ode is dead", text):
        return NodeLost("the engine's machine was lost")
    detail = re.search(r"Worker exit detail: ([^.]+)", text)
    if detail:
        return EngineFailed(f"its process ended: killed, out of memory or crashed ({detail[1].strip()})")
    # pydantic, which checks vLLM's settings, ends with an address and shows what it was given
    lines = [line for line in text.splitlines() if line.strip() and "For further information visit" not in line]
    last = re.sub(r" \[type=.*$", "", lines[-1]).strip() if lines else type(error).__name__
    return EngineFailed(last.removeprefix("Value error, "))
