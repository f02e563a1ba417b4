"""Cuts a paragraph into sentences: sentencex, with what it cuts wrongly put together again."""

import re
from collections.abc import Iterator

import sentencex

CJK = r"\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff9f"
"""Chinese and Japanese script with its punctuation, for joining lines and sentences; words are cut by `words.CHARACTER`."""
WINDOW = 2_000
HYPHEN = re.compile(r"(?<=[^\W\d_]-)\n(?=[a-z])(?!(?:and|or|to|und|oder|bis|et|ou|y|o|e|en|of|og|och)\b)")
"""A line that ends within a word; "pre- and post-war" does not."""
ABBREVIATIONS = {"approx", "ch", "chs", "eq", "eqs", "est", "etc", "fig", "figs", "max", "min", "resp", "vol", "vols"}
WHOLE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)|\$(?=\S)[^$]{1,300}?(?<=\S)\$(?!\d)")
"""Code and formulas within a line."""
ENDS, STANDS = ".!?。", "\ue000\ue001\ue002\ue003"
HIDE, SHOW = str.maketrans(ENDS, STANDS), str.maketrans(STANDS, ENDS)
QUOTED = re.compile(r"""["“「『].*[。！？]["”」』]""", re.DOTALL)
CITED = re.compile(r"\bal\. ?[\[(][^\[\]()]*[\])]$")


def one_line(text: str) -> str:
    """Join wrapped lines: by a space, but by nothing between Chinese or Japanese characters and behind a hyphen within a word."""
    lines = "\n".join(line.strip().removesuffix("\\").rstrip() for line in text.strip().split("\n"))
    lines = HYPHEN.sub("", lines)
    return re.sub(rf"(?<=[{CJK}])\n(?=[{CJK}])", "", lines).replace("\n", " ")


def sentences(paragraph: str, language: str) -> list[str]:
    """The sentences of a paragraph, each on one line.

    `language` is an ISO 639-1 code; sentencex treats an unknown one as English. What is mostly in Chinese or Japanese script is
    split as such.
    """
    line = one_line(paragraph)
    if 2 * len(re.findall(rf"[{CJK}]", line)) > len(re.findall(r"\w", line)):
        language = "ja" if re.search(r"[\u3040-\u30ff]", line) else "zh"
    hidden = WHOLE.sub(lambda span: span[0].translate(HIDE), line)
    found: list[str] = []
    for part in (part.translate(SHOW).strip() for part in _together(_segment(language, hidden))):
        if found and language == "en" and _is_abbreviated(found[-1], part):
            found[-1] += f" {part}"
            continue
        # sentencex leaves closing emphasis ("**So it is.** Next.") at the head of the sentence that follows.
        closing = re.match(r"(?:[*_]{1,3}|~~)(?=\s|$)", part) if found else None
        if closing:
            found[-1] += closing.group()
            part = part[closing.end() :].strip()
        if part:
            found.append(part)
    return found


def _segment(language: str, line: str) -> Iterator[str]:
    """What sentencex makes of a line, window by window: its time grows with the square of the length in many languages.

    The last two sentences of a window are split again with what follows, so that none ends where a window does.
    """
    start, size = 0, WINDOW
    while start + size < len(line):
        parts = sentencex.segment(language, line[start : start + size])[:-2]
        yield from parts
        start += sum(map(len, parts))
        size = WINDOW if parts else 2 * size
    yield from sentencex.segment(language, line[start:])


def _together(parts: Iterator[str]) -> Iterator[str]:
    """Parts that were cut within a word (java.util.List, ASP.NET), behind a citation or between a quotation and who says it."""
    last = ""
    for part in parts:
        # java.util.List, ASP.NET, ./run.sh
        within = last[-1:] == "." and (re.match(rf"(?![{CJK}])\w", part) or part[:1] == "/")
        cited = CITED.search(last.rstrip()) and not part.strip()[:1].isupper()
        said = len(last) < WINDOW and not part[:1].isspace() and re.match(r"\w", part) and QUOTED.fullmatch(last)
        if within or cited or said:
            last += part
        else:
            yield last
            last = part
    yield last


def _is_abbreviated(left: str, right: str) -> bool:
    """Whether `left` ends in an English abbreviation that sentencex 1.0 does not know, so that `right` goes on."""
    word = re.search(r"\b(\w+)\.$", left[-12:])
    if word is None:
        return False
    return word[1] == "Ms" or (word[1].lower() in ABBREVIATIONS and re.match(r"[a-z\d]", right) is not None)
