"""English words by what they do in a sentence: what the checks know of the language beside its grammar."""

import re

from bm25s.stopwords import STOPWORDS_EN_PLUS

LIGHT = frozenset(
    (
        *STOPWORDS_EN_PLUS,
        *"kind kinds type types sort sorts often usually can may also called known belong belongs".split(),
    )
)
"""Stop words, and words that say how sentences speak."""
OPENERS = frozenset(
    (
        *STOPWORDS_EN_PLUS,
        *"unlike because although whereas since did does has had was were is are can could will would".split(),
    )
)
"""Words that begin sentences, and so are no names there."""
TITLES = frozenset({"mr", "mrs", "ms", "dr", "st", "prof"})
"""What stands in front of a name, without its full stop."""
PRONOUN = re.compile(
    r"\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|these|those|both|former|latter|there|such)\b",
    re.IGNORECASE,
)
"""Words that speak of what stands before them."""
NEGATION = re.compile(
    r"\b(?:not(?! only\b| just\b| merely\b)|cannot|never|no(?! doubt\b)|none(?! other\b)|nobody|nothing(?! but\b)|neither|"
    r"without(?! (?:a |any )?doubt\b))\b|n[’']t\b",
    re.IGNORECASE,
)
"""What denies."""
CONTRAST = re.compile(
    r"\b(?:than|more|less|most|least|only|all|every|each|except|but|before|after|until|unlike|instead|rather|differ\w*|false|"
    r"wrong|ceas\w+|stop(?:s|ped)?|refus\w+|lack\w*|fail\w*|few|hardly|rarely|seldom|closed?|dead|died|lost|locked|declin\w+|dis\w+|"
    r"repeal\w+|optional|private|forbid\w*|ban(?:s|ned)?|absent|empty|avoid\w*|prevent\w*|exclud\w+|end(?:s|ed)?|behind|"
    r"un(?!cle|der|i|less|til|to)\w+|in(?:visible|complete|correct))\b|\b\w{2,}less\b",
    re.IGNORECASE,
)
"""Words of a source from which a denial may follow."""


def stem(word: str) -> str:
    """A word without the ending of a plural or possessive."""
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
