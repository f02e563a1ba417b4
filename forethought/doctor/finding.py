"""What a look at the machine brings: one line each."""

from dataclasses import dataclass
from typing import Literal

GIB = 2**30


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it will do, what was found, and what to do."""

    check: str
    status: Literal["ok", "warn", "fail"]
    found: str
    remedy: str = ""
