"""What models put around a statement: list marks, labels, quotes, remarks to the reader, and words for "nothing"."""

import re

END = ".!?…。！？।॥؟"
"""Marks that end a sentence."""
SPACES = re.compile(r"[ \t]*[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+[ \t]*")
"""All that other readers take for the end of a line."""
MARK = re.compile(
    r"""^\s*(?:
        (?:[-*+•▪◦‣●·–—]|>|\[[ xX✓]?\])\s+      # bullets, quotes, boxes to tick
        | \(?\d{1,2}[.)]\s+                     # 1. 2) (3)
        | \(?(?:[a-zA-Z]|[ivx]{2,5}|[IVX]{2,5})\)\s+   # a) (b) (iv)
        | (?:[a-z]|[ivx]{2,5})\.\s+(?=[A-Z"“'])
    )""",
    re.VERBOSE,
)
KINDS = (
    r"(?:reversals?|rewordings?|rephrasings?|paraphrases?|restatements?|conclusions?|inferences?|deductions?|statements?|"
    r"sentences?|versions?|variants?|variations?|alternatives?)"
)
"""What a model may call what it was asked for."""
MORE = r"(?:options?|answers?|results?|lines?|ways?|entities|strateg(?:y|ies)|questions?|lists?|text|summary)"
LABEL = re.compile(
    rf"^(?:(?:(?:first|second|third|other|reversed?|possible|new|another|alternative|final|formal|plain|short|simple|concise) )?{KINDS}|option|answer|result|output|response)\s*#?(?:\d{{1,2}}|[A-Da-d])?\s*(?:\([^()]{{1,40}}\))?\s*[:：]\s*"
    r"|^(?:formal|plain|simple|casual|short|concise|passive|active)(?: voice| style)?\s*[:：]\s+",
    re.IGNORECASE,
)
GREETING = re.compile(
    r"^(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|alright|got it|understood|great)"
    r"(?:[!.:]+(?=\s|$)|,\s*(?=here|below|let\b|i\b))\s*(?:i(?:'|’)?(?:d| would) be (?:happy|glad) to help\W*)?",
    re.IGNORECASE,
)
HERE = re.compile(
    rf"^(?:here(?:'s|’s| is| are)|below (?:is|are)|the following (?:is|are)|these are|this is|i (?:have )?(?:reworded|rephrased|"
    rf"reversed|turned|wrote|written|found))\b[^:：.!?]*\b(?:{KINDS}|{MORE})\b[^:：.!?]*(?:[:：]|\.(?=\s|$))\s*",
    re.IGNORECASE,
)
REMARK = re.compile(
    rf"^(?:let me know\b|i hope\b|hope (?:this|that)\b|feel free\b|would you like (?:me|any)\b|is there anything (?:else|more)\b|"
    rf"do you (?:want|need) (?:me|any|more)\b|please (?:let me|note that (?:the|these|this|i)\b)|"
    rf"if you(?:'d|’d| would| need| want| have)\b.*\b(?:let me|i can|i will|i'll|feel free|ask)\b|"
    rf"i(?:'ve|’ve| have)? (?:kept|tried|made sure|reworded|rephrased|reversed|turned|written)\b|"
    rf"note(?: that|:).*\b(?:{KINDS}|i)\b|"
    rf"(?:these|both|all(?: of)? (?:the|these)|the (?:first|second|third|last|above|original)|each)(?: \w+)? {KINDS} "
    rf"(?:keep|preserve|maintain|retain|start|begin|convey|express|capture|restate|rephrase|reverse|follow|use|say)s?\b)",
    re.IGNORECASE | re.DOTALL,
)
"""What is said to the reader behind the statements."""
REASON = re.compile(r"^(?:explanation|reasoning|rationale|justification)\s*[:：]", re.IGNORECASE)
"""What is said about a statement, in an item of its own."""
ASIDE = re.compile(rf"(?<=[{END}])[\"”’']?\s*[(（](?!documents? \d)(?:[^()]|\([^()]*\))*[)）]\s*$", re.IGNORECASE)
"""A remark in brackets behind the end of a statement."""
NOTHING = re.compile(
    r"^\W*(?:"
    r"(?:none|n/?a|nil|nothing|not applicable)\W*$"
    r"|(?-i:NONE)(?![ \t]+\w)"
    r"|none\s*[.(:;–—-]"
    r"|n/a\b|not applicable\b"
    r"|there (?:is|are|was) (?:nothing|no \w+) (?:here )?(?:that (?:can|could|follows?)|to (?:be )?(?:turn|reword|rephrase|reverse|infer|deduce|"
    r"conclude|derive|link|connect|add|write|say|list|extract|combine))"
    rf"|there (?:is|are) no (?:\w+ )?(?:{KINDS}|entities|questions|strategies|links?)\b"
    rf"|no (?:\w+ )?(?:{KINDS}|entities|questions|strategies|links?)(?: (?:can|could|is|are|follow|possible|found)\b.*)?\W*$"
    r"|nothing (?:new |further |more )?(?:follows|can (?:be )?(?:turned|reworded|inferred|deduced|concluded)|to (?:turn|reword|reverse|infer|"
    r"add|write|deduce|conclude|link))"
    r"|(?:the|this|that) (?:statement|sentence|document|text) (?:cannot|can ?not|can't|can’t|could not) (?:be )?(?:turned|reversed|reworded|"
    r"rephrased|paraphrased|linked|restated)"
    r"|(?:it is|it's) (?:not possible|impossible) to (?:turn|reverse|reword|rephrase|infer|deduce|conclude|link)"
    r"|i (?:cannot|can ?not|can't|can’t|could not|am unable to|was unable to) (?:turn|reverse|reword|rephrase|infer|deduce|conclude|find|link)"
    r")",
    re.IGNORECASE,
)
BOLD = re.compile(r"(?<![\w*])\*\*(?=\S)(.+?)(?<=\S)\*\*(?![\w*])")
AROUND = re.compile(r"^(\*|_|__|`|~~)(?=[^\s*_`])(?P<said>(?:(?!\1).)+)(?<=\S)\1$")
QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»", "'": "'", "‘": "’", "「": "」", "‹": "›"}


def unmarked(line: str) -> tuple[str, bool]:
    """A line without what a list puts in front of it, emphasis and quotes; and whether a list put something there."""
    text, marked = BOLD.sub(r"\1", line).strip(), False
    while True:
        bare = AROUND.sub(r"\g<said>", MARK.sub("", text)).strip()
        labelled = LABEL.sub("", bare)
        marked |= bool(MARK.match(text)) or labelled != bare
        if labelled == text:
            return text, marked
        text = labelled


def bare(text: str) -> str:
    """A statement without a remark in brackets behind it, quotes around it, and line ends inside it."""
    text = SPACES.sub(" ", text).strip()
    before = ""
    while text != before:
        before = text
        text = AROUND.sub(r"\g<said>", ASIDE.sub("", text)).rstrip()
        text = _unquoted(text)
    return text


def _unquoted(text: str) -> str:
    inner = text.rstrip(",;") if text[:1] in QUOTES else text
    stop = inner[-1:] if inner[-1:] in END and inner[-2:-1] in "\"”’'»」" else ""  # "X".
    inner = inner.removesuffix(stop) if stop else inner
    if len(inner) > 2 and inner[-1] in QUOTES.get(inner[0], ""):
        said = inner[1:-1]
        if not any(mark in said for mark in {inner[0], inner[-1]} - {"'", "’"}):
            return said.strip() + (stop if said.strip()[-1:] not in END else "")
    return text


def without_preamble(text: str) -> str:
    """A line without the words with which a model begins: "Sure!", "Here are two reversals:"."""
    return HERE.sub("", GREETING.sub("", text)).strip()


def is_none(text: str) -> bool:
    """Whether the model says that there is nothing to write."""
    return bool(NOTHING.match(text))


def is_remark(text: str) -> bool:
    """Whether a line that is in no list talks to the reader: a heading, a line that announces others, a closing remark."""
    return text.startswith("#") or text.endswith((":", "：")) or text[0] + text[-1] == "()" or bool(REMARK.match(text))


def is_reason(text: str) -> bool:
    """Whether an item only explains another."""
    return bool(REASON.match(text))
