"""A row is its content: the ids of requests, questions, documents and parts."""

import hashlib
import json
from typing import Any

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def content_id(*values: Any) -> str:
    """16 hex digits that depend on the values alone (canonical JSON, sha256)."""
    return hashlib.sha256(_CANONICAL.encode(values).encode("utf-8", "surrogatepass")).hexdigest()[:16]
