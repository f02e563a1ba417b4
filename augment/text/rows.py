"""Rows of tables as statements that can be understood alone: "Model X: Weight 450 kg; Price 20 EUR."."""

import re
from collections.abc import Sequence

VALUE = re.compile(r"[-+−±~<>≤≥≈$€£¥#(]*\d")
END = re.compile(r"""[.!?。！？…]["'”’)*_`]*$""")


def statement(head: Sequence[str], cells: Sequence[str], subject: str = "") -> str:
    """What a row says: its first cell is what it is about, the others say something under the words of the header.

    A first cell that is a mere number is named by its column: "Rank 1". In a table of two columns without a header the first cell is a label,
    and the row is about `subject`, the heading above it. "" for a row that says nothing alone: in another table without a header,
    without a first cell, and with nothing behind it.
    """
    label, *values = [cell.strip().rstrip(":：").rstrip() for cell in cells]
    if not re.search(r"\w", label):
        return ""
    if any(head):
        names = [*(name.rstrip(":：").rstrip() for name in head), *[""] * len(cells)]
        if not re.search(r"[^\W\d_]", label):
            label = f"{names[0]} {label}".strip()
        told = [_under(name, value) for name, value in zip(names[1:], values, strict=False) if re.search(r"\w", value)]
    else:
        told = [_under(label, values[0])] if len(values) == 1 and subject and re.search(r"\w", values[0]) else []
        label = subject
    text = f"{label}: {'; '.join(told)}"
    return (text if END.search(text) else f"{text}.") if told else ""


def _under(name: str, value: str) -> str:
    """A value under its name; where it begins with a number, a space is enough between them."""
    if not re.search(r"\w", name):
        return value
    return f"{name} {value}" if VALUE.match(value) else f"{name}: {value}"
