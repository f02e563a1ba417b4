"""Workbooks: each sheet a section with its rows as a table, read with openpyxl."""

import datetime
from pathlib import Path
from typing import Any

from augment.reading.formats.base import Converted, Unreadable, archive, clean
from augment.reading.formats.grid import table
from augment.reading.formats.office import office_fields
from augment.text.pages import MARK

EMPTY = 1_000
"""Empty rows behind which a sheet ends: formats reach down to the last row of the program."""


def read_xlsx(path: Path) -> Converted:
    """The sheets in order, hidden ones too: name as a heading, rows as tables, which empty rows divide. Formulas are the values last saved.

    Sheets with formulas that have no saved value are named.
    """
    from openpyxl import load_workbook

    with archive(path, "workbook") as files:
        fields = office_fields(files)
    values, formulas = (load_workbook(path, read_only=True, data_only=saved) for saved in (True, False))
    names, sheets, faults = [], [], []
    try:
        for sheet, written in zip(values.worksheets, formulas.worksheets, strict=True):
            tables, unsaved = _tables(sheet, written)
            if unsaved:
                count = f"{unsaved:,} formulas have" if unsaved > 1 else "1 formula has"
                faults.append((f"sheet {sheet.title}", f"{count} no saved value: open and save it in a spreadsheet"))
            if tables:
                names.append(f"sheet {sheet.title}")
                sheets.append(MARK + clean("\n\n".join([f"## {sheet.title}", *tables])))
    finally:
        values.close()
        formulas.close()
    if not sheets:
        raise Unreadable("a workbook without text")
    return Converted("\n\n".join(sheets), tuple(names), fields, tuple(faults))


def _tables(sheet: Any, written: Any) -> tuple[list[str], int]:
    """The tables of a sheet, a single cell as a paragraph; and how many formulas have no value."""
    tables, rows, unsaved, empty = list[str](), list[list[str]](), 0, 0
    for row, formulas in zip(sheet.iter_rows(values_only=True), written.iter_rows(values_only=True), strict=False):
        unsaved += sum(
            value is None and isinstance(told, str) and told.startswith("=")
            for value, told in zip(row, formulas, strict=False)
        )
        cells = [as_text(value) for value in row]
        if any(cells):
            rows.append(cells)
            empty = 0
            continue
        tables += _written(rows)
        rows = []
        empty += 1
        if empty > EMPTY:
            break
    return tables + _written(rows), unsaved


def _written(rows: list[list[str]]) -> list[str]:
    """Rows as a table, behind those with a single cell, which stand above a table as its title."""
    found: list[str] = []
    while rows and sum(map(bool, rows[0])) == 1 and (len(rows) == 1 or sum(map(bool, rows[1])) != 1 or not found):
        found.append(" ".join(filter(None, rows[0])))
        rows = rows[1:]
    left = min((next(place for place, cell in enumerate(row) if cell) for row in rows), default=0)
    return [*found, table([row[left:] for row in rows])] if rows else found


def as_text(value: Any) -> str:
    """A cell's value as it is read: whole numbers without a point, days without midnight."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.15g}"
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
    return " ".join(str(value).split())
