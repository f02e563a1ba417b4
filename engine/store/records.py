"""One JSON file, written whole, in which every number is one."""

import json
import math
from typing import Any

from engine.store.places import Place, write_whole


def write_json(where: Place, value: Any) -> None:
    """Write a JSON file; a figure that is not a number, or infinite, becomes null, which JSON has and NaN it has not."""
    write_whole(where, as_json(value).encode())


def as_json(value: Any) -> str:
    """The same as text, with a newline at the end."""
    return json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """Mappings and lists with null in place of what is no finite number."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
