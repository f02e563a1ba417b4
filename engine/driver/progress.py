"""One line of progress: done/total, rows and tokens per second, cache hits, time left."""

import time
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from engine.console import console, emit, for_machines

PAUSE = 15.0
"""Seconds between plain lines; for machines they come every second."""


class Progress:
    """A live bar on a terminal, a plain line every 15 seconds elsewhere (JSON objects with `--json`), nothing where `quiet`."""

    def __init__(self, label: str, total: int, done: int = 0, quiet: bool = False):
        self.label, self.total, self.done, self.new, self.quiet = label, total, done, 0, quiet
        self.tokens = self.cached = self.prompt = 0
        self.started = self.printed = time.monotonic()
        self.bar: Bar | None = None

    def __enter__(self) -> "Progress":
        if not self.quiet and console.is_terminal:
            columns = (
                TextColumn(f"{self.label:<10}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
            )
            self.bar = Bar(*columns, TimeRemainingColumn(), console=console, redirect_stderr=False)
            self.bar.start()
            self.task = self.bar.add_task(self.label, total=self.total, completed=self.done, note="")
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()
        elif not self.quiet:
            self.say()

    def add(self, status: Any) -> None:
        """Count an actor's `Status`."""
        self.done += status.rows
        self.new += status.rows
        self.tokens += status.prompt_tokens + status.output_tokens - status.cached_tokens
        self.cached += status.cached_tokens
        self.prompt += status.prompt_tokens
        if self.bar:
            self.bar.update(self.task, completed=self.done, note=self.note())
        elif not self.quiet and time.monotonic() - self.printed > (1.0 if for_machines() else PAUSE):
            self.printed = time.monotonic()
            self.say()

    def say(self) -> None:
        """Print the state, as a line or as an object."""
        if for_machines():
            emit(**self.facts())
        else:
            console.print(self.line(), markup=False, soft_wrap=True)

    def lost(self, rows: int) -> None:
        """Rows that were counted went with an engine and are done again."""
        self.done -= rows
        self.new -= rows

    def note(self) -> str:
        """Rates so far."""
        seconds = max(1e-6, time.monotonic() - self.started)
        hits = f", cache {self.cached / self.prompt:.0%}" if self.prompt else ""
        return f"{self.new / seconds:,.0f} rows/s, {self.tokens / seconds:,.0f} tokens/s{hits}"

    def facts(self) -> dict[str, Any]:
        """The state in figures: seconds since the start and left, rates since the start."""
        seconds = max(1e-6, time.monotonic() - self.started)
        return {
            "stage": self.label,
            "done": self.done,
            "total": self.total,
            "seconds": round(seconds, 2),
            "rows_per_second": round(self.new / seconds, 2),
            "tokens_per_second": round(self.tokens / seconds, 2),
            "cache_hit_rate": round(self.cached / self.prompt, 4) if self.prompt else None,
            "seconds_left": round(seconds / self.new * (self.total - self.done), 2) if self.new else None,
        }

    def line(self) -> str:
        """The state in one line."""
        seconds = time.monotonic() - self.started
        left = seconds / self.new * (self.total - self.done) if self.new else 0.0
        return f"{self.label}: {self.done:,}/{self.total:,}, {self.note()}, {left:,.0f} s left"
