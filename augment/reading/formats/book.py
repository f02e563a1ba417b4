"""EPUB: an archive of pages, read one after the other by the reader of HTML.

EbookLib, the library for it, is under the AGPL; what is needed of the format is a list of files.
"""

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from augment.reading.encodings import decode
from augment.reading.formats.base import Converted, Unreadable, archive, clean
from augment.reading.html import declared_encoding, read_page

FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Ways to scramble fonts, which leave the text alone."""
CLOSED = re.compile(
    r"<((?!(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)\b)[A-Za-z][\w:-]*)((?:\s[^<>]*?)?)/>"
)
"""An empty element of XHTML, which HTML would take for one that is never closed."""


def read_epub(path: Path) -> Converted:
    """The chapters of a book in its reading order, without its table of contents; raises Unreadable for a book with copy protection."""
    with archive(path, "EPUB") as files:
        names = set(files.namelist())
        if "META-INF/encryption.xml" in names:
            ways = _xml(files, "META-INF/encryption.xml").xpath("//*[local-name()='EncryptionMethod']/@Algorithm")
            if set(ways) - set(FONTS):
                raise Unreadable("an EPUB with copy protection")
        found = _xml(files, "META-INF/container.xml").xpath("//*[local-name()='rootfile']/@full-path")
        if not found:
            raise Unreadable("a damaged EPUB (it names no package)")
        package = _xml(files, found[0])
        chapters, faults = [], []
        for name in _spine(package, posixpath.dirname(found[0])):
            if name not in names:
                faults.append((name, "the book names this chapter and does not have it"))
                continue
            data = files.read(name)
            text, _ = read_page(CLOSED.sub(r"<\1\2></\1>", decode(data, declared_encoding(data))))
            if text.strip():
                chapters.append(clean(text))
    if not chapters:
        raise Unreadable("an EPUB without text")
    return Converted("\n\n".join(chapters), (), _fields(package), tuple(faults))


def _xml(files: ZipFile, name: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    root = etree.fromstring(files.read(name), parser)
    if root is None:
        raise Unreadable(f"a damaged EPUB ({name} is no XML)")
    return root


def _spine(package: Any, folder: str) -> list[str]:
    """The names of the chapters' files in the archive, in order; the page that lists the chapters is none."""
    items = {item.get("id"): item for item in package.xpath("//*[local-name()='manifest']/*[local-name()='item']")}
    order = [items.get(name) for name in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']/@idref")]
    chapters = [item for item in order if item is not None and "nav" not in (item.get("properties") or "").split()]
    pages = [item for item in chapters if "html" in (item.get("media-type") or "html")]
    return [posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "")))) for item in pages]


def _fields(package: Any) -> dict[str, Any]:
    """What the book says of itself: title, authors, language, date of its publication."""
    found: dict[str, Any] = {}
    for name, kept in (("title", "title"), ("language", "lang"), ("date", "date")):
        value = package.xpath(f"//*[local-name()='metadata']/*[local-name()='{name}']//text()")
        if value and value[0].strip():
            found[kept] = value[0].strip()[:10] if name == "date" else value[0].strip()
    authors = [
        " ".join(str(a).split())
        for a in package.xpath("//*[local-name()='metadata']/*[local-name()='creator']//text()")
    ]
    return found | ({"authors": authors} if authors else {})
