"""An OpenAI-compatible address: how it is written, the key to it, and the models that it serves.

The key is the environment variable `OPENAI_API_KEY` and stands nowhere else: in no setting, file, message or log, and not in Ray.
"""

import importlib.util
import json
import logging
import os
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from engine.errors import UserError

KEY = "OPENAI_API_KEY"
NO_KEY = "none"
"""Sent in place of a key where there is none: most servers that one starts oneself ask for none, and the client wants one."""
START_SECONDS = 60.0
"""How long an address that is overloaded may take to say which models it serves."""
DEAF_SECONDS = 5.0
"""How long one that cannot be reached is tried."""
LISTING_SECONDS = 30.0


class Served(NamedTuple):
    """A model at an address."""

    name: str
    owner: str = ""
    """What the server says of itself: `vllm` for vLLM's."""


def is_address(model: str | None) -> bool:
    """Whether a model is named by an address."""
    return (model or "").lower().startswith(("http://", "https://"))


def checked_address(address: str | None) -> str:
    """The address without a slash at its end; raises UserError where it is none, or holds what belongs in the environment."""
    address = (address or "").strip()
    try:
        parts = urlsplit(address)
        there = bool(is_address(address) and parts.hostname and (parts.port is None or parts.port > 0))
    except ValueError:  # a port that is no number
        there = False
    if not there:
        raise UserError("The teacher's address is not valid: write http://HOST:PORT/v1 or https://HOST/v1.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UserError(
            f"The address of {parts.hostname} contains a user, a password or a query: remove it and put the key in the "
            f"environment variable {KEY}."
        )
    return f"{parts.scheme.lower()}://{parts.netloc}{parts.path.rstrip('/')}"


def key() -> str:
    """The key from the environment."""
    return os.environ.get(KEY, "").strip() or NO_KEY


def without_key(text: str) -> str:
    """A message of a server in one line of bounded length, without the key that it may repeat."""
    own = key()
    told = " ".join(text.split())
    return (told if own == NO_KEY else told.replace(own, "***"))[:300]


def client(address: str, kind: str = "OpenAI", **options: Any) -> Any:
    """A client of the package `openai` that tries nothing again by itself; raises UserError where the package is missing.

    What it and its transport log is kept out: a line per request, and headers.
    """
    if importlib.util.find_spec("openai") is None:
        raise UserError("The package openai is not installed: pip install 'forethought[teacher]'.")
    import openai

    for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    made: Any = getattr(openai, kind)
    return made(base_url=address, api_key=key(), max_retries=0, **options)


def served(address: str, name: str | None = None) -> Served:
    """The model `name` at an address, or the only one there; raises UserError where there is none, for want of a key too.

    Asks for the list of models, which costs nothing. An address without a list serves what is named.
    """
    listed = _listed(checked_address(address))
    if listed is None:
        if not name:
            raise UserError(
                f"{address} does not list its models: give one as --teacher-model, and check the /v1 in the address."
            )
        return Served(name)
    known = {str(one.get("id")): one for one in listed}
    if not name and len(known) == 1:
        name = next(iter(known))
    if not name or (name not in known and listed):
        some = ", ".join(sorted(known)[:8]) + (", ..." if len(known) > 8 else "")
        told = f"has no model {name!r}" if name else f"serves {len(known)} models"
        raise UserError(f"{address} {told}: set --teacher-model to one of {some or 'none'}.")
    return Served(name, str(known.get(name, {}).get("owned_by") or "").lower())


def _listed(address: str) -> list[dict[str, Any]] | None:
    """What the address lists; None where it has no list."""
    import openai

    started, pause = time.monotonic(), 0.5
    with client(address, timeout=LISTING_SECONDS) as asking:
        while True:
            try:
                return _models(asking.get("/models", cast_to=bytes))
            except openai.APIStatusError as error:
                status, most = error.status_code, START_SECONDS
                if status in (404, 405, 501):
                    return None
                told = f"answers {status} ({without_key(error.response.text) or 'nothing'})"
                if status in (401, 403):
                    raise UserError(refused(address)) from None
                if status < 500 and status != 429:
                    raise UserError(f"{address} {told}: check that this is an OpenAI-compatible address.") from None
            except openai.APIConnectionError as error:
                most, told = DEAF_SECONDS, f"cannot be reached ({_reason(error)})"
            except ValueError as error:
                most, told = DEAF_SECONDS, f"answers no list of models ({error})"
            if time.monotonic() - started > most:
                raise UserError(
                    f"{address} {told}: start the server or correct the address, then repeat the command."
                ) from None
            time.sleep(pause)
            pause = min(5.0, 2 * pause)


def _models(content: bytes) -> list[dict[str, Any]]:
    found = json.loads(content)
    rows = found.get("data") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("its JSON has no list `data`")
    return rows


def refused(address: str) -> str:
    """What to do where an address does not take the key."""
    if key() == NO_KEY:
        return f"{address} asks for a key: put it into the environment variable {KEY}."
    return f"{address} refuses the key in the environment variable {KEY}: set the right one, then run again."


def _reason(error: BaseException) -> str:
    return without_key(str(error.__cause__ or error)) or type(error).__name__
