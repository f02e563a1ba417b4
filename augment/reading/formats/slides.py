"""Presentations: each slide a section, read with python-pptx."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from augment.reading.formats.base import Converted, Unreadable, archive, clean
from augment.reading.formats.grid import table
from augment.reading.formats.office import office_fields
from augment.text.pages import MARK

MARGINS = {"DATE", "FOOTER", "HEADER", "SLIDE_NUMBER"}
"""Placeholders that are the same on every slide."""


def read_pptx(path: Path) -> Converted:
    """The slides in order: title as a heading, text as paragraphs and lists, tables, and the speaker's notes. Pictures and charts are left out."""
    from pptx import Presentation

    with archive(path, "presentation") as files:
        fields = office_fields(files)
    shown = Presentation(str(path))
    names, slides = [], []
    for number, slide in enumerate(shown.slides, 1):
        title = slide.shapes.title
        heading, named = (" ".join(title.text_frame.text.split()), title.shape_id) if title is not None else ("", None)
        blocks = [f"## {heading}"] if heading else []
        blocks += [text for shape in _shapes(slide.shapes) if shape.shape_id != named and (text := _text(shape))]
        if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
            blocks += [" ".join(line.split()) for line in frame.text.splitlines() if line.strip()]
        names.append(f"slide {number}")
        slides.append(MARK + clean("\n\n".join(blocks)))
    text = "\n\n".join(slides)
    if not text.replace(MARK, "").strip():
        raise Unreadable("a presentation without text, perhaps of images")
    return Converted(text, tuple(names), fields)


def _shapes(shapes: Iterable[Any]) -> Iterator[Any]:
    """All shapes of a slide, those in groups too, without the margins."""
    for shape in shapes:
        if (
            shape.is_placeholder
            and shape.placeholder_format.type is not None
            and shape.placeholder_format.type.name in MARGINS
        ):
            continue
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape


def _text(shape: Any) -> str:
    """The text of a shape: a table, one paragraph, or a list where it has several."""
    if getattr(shape, "has_table", False) and shape.has_table:
        return table([[cell.text for cell in row.cells] for row in shape.table.rows])
    if not shape.has_text_frame:
        return ""
    lines = [(paragraph.level, " ".join(paragraph.text.split())) for paragraph in shape.text_frame.paragraphs]
    lines = [(level, line) for level, line in lines if line]
    if len(lines) < 2 and all(level == 0 for level, _ in lines):
        return "".join(line for _, line in lines)
    return "\n".join(f"{'  ' * level}- {line}" for level, line in lines)
