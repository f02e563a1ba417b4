"""Word documents: mammoth writes HTML, which the reader of pages reads; and what office files say of themselves."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree, html

from augment.reading.formats.base import Converted, Unreadable, archive, clean
from augment.reading.formats.grid import is_header
from augment.reading.html import read_page

CORE = "docProps/core.xml"
STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
comment-reference => !
"""
"""What mammoth's own rules leave out, or take in though it is no text of the document."""


def read_docx(path: Path) -> Converted:
    """The text of a Word document: headings, lists, tables, footnotes; no comments, images, headers and footers, which mammoth leaves out."""
    import mammoth

    with archive(path, "Word document") as files:
        if "word/document.xml" not in files.namelist():
            raise Unreadable("a damaged Word document (it has no text part)")
        fields = office_fields(files)
    with path.open("rb") as file:
        made = mammoth.convert_to_html(file, style_map=STYLES, convert_image=mammoth.images.img_element(lambda _: {}))
    text = read_page(_headed(made.value))[0] if made.value.strip() else ""
    if not text.strip():
        raise Unreadable("a Word document without text")
    return Converted(clean(text), (), fields)


def _headed(page: str) -> str:
    """The page with headers in its tables: Word seldom says which row names the columns."""
    root = html.fromstring(f"<main>{page}</main>")
    for found in root.iter("table"):
        rows = [row for row in found.iter("tr") if next(row.iterancestors("table")) is found]
        texts = [[" ".join(cell.itertext()) for cell in row] for row in rows]
        if texts and found.find(".//th") is None and is_header(texts):
            for cell in rows[0]:
                cell.tag = "th"
    return str(html.tostring(root, encoding="unicode"))


def office_fields(files: ZipFile) -> dict[str, Any]:
    """The title of an office file, and the day on which it was last saved, which need not be that of its text."""
    if CORE not in files.namelist():
        return {}
    root: Any = etree.fromstring(
        files.read(CORE), etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    )
    if root is None:
        return {}
    named = {etree.QName(item).localname: (item.text or "").strip() for item in root if isinstance(item.tag, str)}
    title, saved = named.get("title", ""), named.get("modified", "")[:10]
    return {name: value for name, value in (("title", title), ("file_date", saved)) if value}
