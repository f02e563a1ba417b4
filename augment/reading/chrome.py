"""What a page holds besides its text: navigation, notices, comments, marks of notes; and its title and date.

Pages say what their parts are by elements and roles, and by words of their classes and ids.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

DROPPED = set("head script style noscript template nav button select textarea iframe object svg canvas dialog".split())
MARGINS = {"header", "footer", "aside"}
"""Dropped outside <main> and <article>, where they hold what is the same on every page."""
ROLES = {
    "navigation",
    "banner",
    "contentinfo",
    "search",
    "menu",
    "menubar",
    "dialog",
    "alertdialog",
    "doc-noteref",
    "doc-backlink",
}
WORDS = set(
    "ad ads advert advertisement adsense breadcrumb breadcrumbs catlinks comment comments consent cookie cookiebar cookies disqus editsection footer "
    "gdpr headerlink jump login masthead menu modal nav navbar navbox navfooter navheader navigation navlinks newsletter noprint outbrain pager pagination popup "
    "printfooter promo promos recommended related respond responses share sharing signup skiplink social sponsor sponsored subscribe taboola "
    "teaser toolbar trending widget".split()
)
"""Words of a class or an id that say that a block is not the page's text."""
BLOCKS = set("div section aside ul ol table form p li dl footer header span a".split())
LINKED, FEWEST, LINKS, LABEL = {"ul", "ol", "table", "p", "div"}, 3, 0.8, 60
"""Lists of links: elements with so many, which hold so much of the letters and have so many each at most: labels, no sentences."""
PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
TEXT = re.compile(r"(?i)\b(?:section|sect\d|refsect\d|refentry|chapter|body|content|main|post|article|entry)\b")
"""Names of what is the page's text, whatever else is said of it."""
FLAG = re.compile(r"(?i)^(?:has|no|with|without|is|js|wp|hide|show|skin|page|single|theme|layout)[-_]")
NOTE = re.compile(r"[\[(]?(?:\d{1,3}|[a-z]|[*†‡§¶#↩^]{1,3}|note \d+|citation needed)[\])]?", re.IGNORECASE)
ISO = re.compile(r"\d{4}-\d\d(?:-\d\d)?")
DATES = (
    "//meta[@property='article:published_time' or @itemprop='datePublished']/@content",
    "//meta[translate(@name, 'DATECRIUMSPBLH', 'datecriumspblh')='date' or @name='pubdate' or @name='publish-date' or @name='DC.date.issued'"
    " or @name='dcterms.created' or @name='citation_publication_date']/@content",
    "//*[@itemprop='datePublished']/@datetime",
    "(//main | //article)//time[1]/@datetime",
    "//time[1]/@datetime",
)


def is_dropped(element: Any, inside: bool) -> bool:
    """Whether an element is marked as no text of the page; `inside` is <main> or <article>."""
    get = element.get
    return (
        element.tag in DROPPED
        or (element.tag in MARGINS and not inside)
        or get("role") in ROLES
        or get("hidden") is not None
        or get("aria-hidden") == "true"
        or re.search(r"display\s*:\s*none", get("style") or "") is not None
        or _is_note(element)
    )


def strip(root: Any) -> None:
    """Take out blocks whose class or id says that they are not the page's text, and lists of links outside of <main> and <article>.

    A block that holds the page's heading or its <main> stays.
    """
    elements = list(root.iter())
    mains = [element for element in elements if element.tag in ("main", "article") or element.get("role") == "main"]
    inside = {inner for main in mains for inner in main.iter()}
    code = {inner for block in root.iter("pre", "code") for inner in block.iter()}
    listed = _lists_of_links(elements) - inside
    for element in elements:
        if element in code or not (element in listed or _is_chrome(element, element in inside)):
            continue
        parent, before = element.getparent(), element.getprevious()
        if parent is None or element.find(".//h1") is not None or element.find(".//main") is not None:
            continue
        if before is not None:
            before.tail = f"{before.tail or ''} {element.tail or ''}"
        else:
            parent.text = f"{parent.text or ''} {element.tail or ''}"
        parent.remove(element)


def _lists_of_links(elements: list[Any]) -> set[Any]:
    """Elements that hold little but links, which are labels."""
    found, counts = set[Any](), dict[Any, tuple[int, int, int]]()  # letters, those of links, links
    for element in reversed(elements):  # what stands inside comes first
        letters, linked, links = _letters(element.text), 0, 0
        for child in element:
            all_in, linked_in, links_in = counts[child]
            letters += all_in + _letters(child.tail)
            linked += linked_in
            links += links_in
        counts[element] = (letters, letters, 1) if element.tag == "a" else (letters, linked, links)
        if element.tag in LINKED and links >= FEWEST and linked >= LINKS * letters and 0 < linked <= LABEL * links:
            found.add(element)
    return found


def _letters(text: str | None) -> int:
    return sum(map(str.isalnum, text or ""))


def _is_chrome(element: Any, inside: bool) -> bool:
    tag = element.tag
    if tag in BLOCKS and _is_named(element.get("class") or ""):
        return True
    # ids of sections are made of their headings, which may well be "Cookies"
    return tag in ("div", "ul", "ol", "form") and not inside and _is_named(element.get("id") or "")


@lru_cache(10_000)
def _is_named(names: str) -> bool:
    """Whether a class or an id has one of `WORDS`; of what is also called text, as a whole word."""
    found = [name for name in names.split() if not FLAG.match(name)]
    if TEXT.search(re.sub("[-_]", " ", names)):
        return any(name.lower() in WORDS for name in found)
    return any(WORDS & {part.lower() for part in PART.findall(name)} for name in found)


def _is_note(element: Any) -> bool:
    """A number or mark that leads to a note."""
    if element.tag not in ("sup", "a"):
        return False
    text = " ".join("".join(element.itertext()).split())
    if NOTE.fullmatch(text) is None:
        return False
    links = element.xpath("self::a/@href | .//a/@href | ancestor::a/@href")
    raised = element.tag == "sup" or element.xpath("boolean(ancestor::sup | .//sup)")
    if element.tag == "a" and not raised:
        return any("#" in link for link in links) and re.fullmatch(r"[↩^¶#]+|\[\d+\]", text) is not None
    return any("#" in link for link in links)


def fields_of(root: Any, line: Callable[[str], str]) -> dict[str, Any]:
    """`title` and `date` of a page, where it names them; a date of more than a day is cut to the day."""
    title = line("".join(root.xpath("//head/title[1]//text()")))
    named = (line(str(value)) for path in DATES for value in root.xpath(path))
    date = next(filter(None, named), "")
    day = ISO.match(date)
    return {name: value for name, value in (("title", title), ("date", day[0] if day else date)) if value}
