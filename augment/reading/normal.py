"""Text as it is kept: one way to write letters and line ends, and nothing that nobody sees.

What only looks different, such as quotes, dashes and wide spaces, is kept and folded where texts are compared (`augment.text.words.folded`).
"""

import re
import unicodedata

LINE_END = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
SOFT = re.compile("\u00ad\\s*\n\\s*")
UNSEEN = re.compile(
    "[\u00ad\u180e\u200b\u2060\ufeff]|(?<![\u0590-\u1cff\u200c\u2190-\u2bff\ua800-\uabff\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"
)
"""Soft hyphens and zero-width marks. Joiners stay behind letters of scripts that write with them, and in emoji."""
BROKEN = re.compile(r"(?<![\w-])([^\W\d_]{2,})-\n[ \t]*([^\W\d_]{2,})(?![\w-])[ \t]?")


def normal_text(text: str) -> str:
    """A text in NFC, its lines ended by `\\n`, without soft hyphens and zero-width marks, and with words whole that a line break divided.

    A word is only put together where that is sure: at a soft hyphen, or where the whole word stands elsewhere in the text and the one
    with the hyphen does not; the line then ends behind it.
    """
    text = LINE_END.sub("\n", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", UNSEEN.sub("", SOFT.sub("", text)))
    if "-\n" not in text:
        return text
    words = set(re.findall(r"\w+(?:-\w+)*", text.casefold()))

    def whole(found: re.Match[str]) -> str:
        first, second = found[1].casefold(), found[2].casefold()
        sure = first + second in words and f"{first}-{second}" not in words and found[2] == second
        return f"{found[1]}{found[2]}\n" if sure else found[0]

    return BROKEN.sub(whole, text)
