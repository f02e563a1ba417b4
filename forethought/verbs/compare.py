"""`forethought compare`: finished runs side by side."""

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from engine.config import Settings
from engine.console import say
from engine.store.places import check_writable, write_whole
from eval.report.compare import compare, read_runs
from eval.report.contrast import as_json, html, markdown, terminal


class Job(Settings):
    """Compare finished runs: settings that differ, accuracies and their differences, cost."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Folders of finished runs (OUT/NAME); each is compared with the first."""
    html: Path | None = None
    """File to which to write the comparison as an HTML page that works offline."""
    markdown: Path | None = None
    """File to which to write it as Markdown."""
    json_file: Annotated[Path | None, tyro.conf.arg(name="json")] = None
    """File to which to write it as JSON."""
    dry_run: bool = False
    """Only print what would be done."""


def run(job: Job) -> None:
    """Print the comparison and write the files that are asked for, or only name them; raises UserError for what is no
    finished run.
    """
    found = compare(read_runs(job.runs))
    files = [
        (path, make) for path, make in ((job.html, html), (job.markdown, markdown), (job.json_file, as_json)) if path
    ]
    if job.dry_run:
        for path, _ in files:
            check_writable(path.absolute().parent)
        pages = ", ".join(str(path) for path, _ in files) or "no file"
        say(
            f"{len(found['runs'])} runs, {len(found['rows'])} pairs of split and arm to set side by side; would write {pages}"
        )
        return
    for path, make in files:
        write_whole(path, make(found).encode())  # first, as a pipe may end before all is printed
    console = Console(highlight=False)
    for part in terminal(found):
        console.print(part, soft_wrap=isinstance(part, str))
    for path, _ in files:
        console.print(f"comparison: {path}", soft_wrap=True)
