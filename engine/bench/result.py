"""What every bench takes and gives alike: a choice of peers, and its figures as JSON."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from rich.console import Console

from engine.errors import UserError
from engine.store.places import check_writable, write_whole


def choose_peers(known: Collection[str], peers: tuple[str, ...] | None) -> tuple[str, ...]:
    """The peers asked for, by default all; raises UserError where there is no such peer."""
    if unknown := set(peers or ()) - set(known):
        raise UserError(f"There is no peer {min(unknown)!r}; choose from {', '.join(known)}.")
    return tuple(known) if peers is None else peers


def check_out(out: Path | None) -> None:
    """Raise UserError where the figures could not be written, before they are measured."""
    if out and out.is_dir():
        raise UserError(f"--json {out} is a folder; give a file.")
    if out:
        check_writable(out.absolute().parent)


def publish(result: dict[str, Any], out: Path | None) -> dict[str, Any]:
    """Write the figures and print them; returns them."""
    if out:
        write_whole(out, json.dumps(result, indent=2).encode())
    Console().print_json(json.dumps(result))
    return result
