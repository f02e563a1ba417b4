"""Makes `engine/pico/lexicon.txt`: nonsense words that no English reader knows.

    python -m train.pico.lexicon --dictionary /usr/share/dict/american-english-huge

The paper (section on data sets) replaces content words by "4-5 letter phonotactically plausible
nonsense words". Ours are English onset + vowel + coda, and
absent from every dictionary named, also when a plural or verb ending is taken off its words.
"""

import argparse
import random
import re
from pathlib import Path

ONSETS = "b d f g h j k l m n p r s t v w y z bl br cl cr dr fl fr gl gr pl pr sk sl sm sn sp st sw tr tw".split()
VOWELS = ["a", "e", "i", "o", "u", "ee", "oo", "ai", "ou"]
CODAS = "b d f g k l m n p r t v z ck ff ft ld lf lk lm lp lt mp nd ng nk nt pt rb rd rf rg rk rl rm rn rp rt sk sp st".split()


def candidates() -> list[str]:
    """Every one- and two-syllable word of 4 or 5 letters that the sound patterns allow, sorted."""
    closed = {o + v + c for o in ONSETS for v in VOWELS for c in CODAS}
    open_ = {o + v + c + w for o in ONSETS if len(o) < 3 for v in "aeiou" for c in "bdfgklmnprtvz" for w in "aiou"}
    return sorted(w for w in closed | open_ if 4 <= len(w) <= 5)


def real_words(dictionaries: list[Path]) -> set[str]:
    """Lower-case words of the dictionaries, with common endings also taken off."""
    words: set[str] = set()
    for path in dictionaries:
        for word in re.findall(r"[a-z]+", path.read_text(encoding="utf-8").lower()):
            words.add(word)
            words.update(word[: -len(end)] for end in ("s", "es", "ed", "er", "ing", "y") if word.endswith(end))
    return words


def main() -> None:
    """Command line: writes `size` words, shuffled by `seed`, one per line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dictionary", type=Path, action="append", required=True)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("engine/pico/lexicon.txt"))
    args = parser.parse_args()
    known = real_words(args.dictionary)
    words = [w for w in candidates() if w not in known]
    random.Random(args.seed).shuffle(words)
    args.out.write_text("\n".join(words[: args.size]) + "\n", encoding="utf-8")
    print(f"{args.size} of {len(words)} candidates written to {args.out}")


if __name__ == "__main__":
    main()
