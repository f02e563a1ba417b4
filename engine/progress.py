"""One line of progress: done/total, rows and tokens per second, cache hits, time left."""

import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar


class Progress:
    """A live bar on a terminal, a plain line every 15 seconds elsewhere, nothing where `quiet`."""

    def __init__(self, label: str, total: int, done: int = 0, quiet: bool = False):
        self.label, self.total, self.done, self.new, self.quiet = label, total, done, 0, quiet
        self.tokens = self.cached = self.prompt = 0
        self.started = self.printed = time.monotonic()
        self.console = Console(stderr=True)
        self.bar: Bar | None = None

    def __enter__(self) -> "Progress":
        if not self.quiet and self.console.is_terminal:
            columns = (
                TextColumn(f"{self.label:<10}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[note]}"),
            )
            self.bar = Bar(*columns, TimeRemainingColumn(), console=self.console)
            self.bar.start()
            self.task = self.bar.add_task(self.label, total=self.total, completed=self.done, note="")
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()
        elif not self.quiet:
            print(self.line(), file=sys.stderr)

    def add(self, status: Any) -> None:
        """Count an actor's `Status`."""
        self.done += status.rows
        self.new += status.rows
        self.tokens += status.prompt_tokens + status.output_tokens - status.cached_tokens
        self.cached += status.cached_tokens
        self.prompt += status.prompt_tokens
        if self.bar:
            self.bar.update(self.task, completed=self.done, note=self.note())
        elif not self.quiet and time.monotonic() - self.printed > 15:
            self.printed = time.monotonic()
            print(self.line(), file=sys.stderr)

    def lost(self, rows: int) -> None:
        """Rows that were counted went with an engine and are done again."""
        self.done -= rows
        self.new -= rows

    def note(self) -> str:
        """Rates so far."""
        seconds = max(1e-6, time.monotonic() - self.started)
        hits = f", cache {self.cached / self.prompt:.0%}" if self.prompt else ""
        return f"{self.new / seconds:,.0f} rows/s, {self.tokens / seconds:,.0f} tokens/s{hits}"

    def line(self) -> str:
        """The state in one line."""
        seconds = time.monotonic() - self.started
        left = seconds / self.new * (self.total - self.done) if self.new else 0.0
        return f"{self.label}: {self.done:,}/{self.total:,}, {self.note()}, {left:,.0f} s left"
