"""The pages as a site: `make docs` (Sphinx with MyST). The README and the cards lie outside this folder, so the sources are the whole tree."""

import re
from typing import Any

project = "Forethought"
copyright = "the authors of Forethought"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/*.md",
    "examples/*/README.md",
    "engine/pico/README.md",
    "augment/checks/labelled/README.md",
]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Forethought"
html_copy_source = False


def contents(app: Any, page: str, source: list[str]) -> None:
    """The tables of the index are the site's table of contents, too; on GitHub a directive would be shown as code."""
    if page != root_doc:
        return
    for table in re.split(r"\n(?=\| to )", source[0]):
        caption = table.startswith("| to ") and table.split("|")[1].strip().capitalize()
        links = [link if link.startswith("..") else f"./{link}" for link in re.findall(r"\]\(([^)#]+)\.md\)", table)]
        if caption:
            source[0] += "\n".join(["", "", "```{toctree}", ":hidden:", f":caption: {caption}", "", *links, "```"])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", contents)
