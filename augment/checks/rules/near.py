"""near duplicate: texts that say the same in the same order and look alike, found by MinHash signatures.

Looks alone would call "a are more common than b" and "b are more common than a" duplicates. So all words but a few light
ones, all numbers and signs must be equal in equal order, whatever the language; MinHash (Broder 1997, by the library
datasketch) then bounds how much the rest may differ. Rewordings with other words are no duplicates: they are wanted.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from augment.checks.base import Check, Finding, Given
from augment.config import CheckConfig
from augment.text.words import exact_terms

LIKE = 0.7
"""Least estimated Jaccard similarity of the character shingles of two near duplicates."""
SHINGLE = 3
"""Characters in a shingle: few, because sentences are short."""
BANDS, BAND = 16, 4
"""Bands of a signature and values in each: of pairs with similarity 0.7 all but 1 in 80 share a band."""
BATCH = 50_000
"""Texts whose signatures are made at a time."""
LIGHT = frozenset("a an the that also too indeed just really actually then thus therefore so hence".split())
"""English words that may come and go; written small, or first in a text."""


class NearDuplicate(Check):
    """See `near_duplicates`."""

    name = "near duplicate"

    def wanted(self, config: CheckConfig) -> bool:
        """Set by `near`."""
        return config.near > 0

    def check(self, rows: pl.DataFrame, given: Given) -> list[Finding]:
        """All rows together, and the corpus."""
        identities, texts = rows["inference_id"].to_list(), rows["text"].to_list()
        return [Finding(reason) for reason in reasons(identities, texts, [*given.known], given.config.near)]


def telling(text: str) -> str:
    """The terms of a text that near duplicates have in common, in order."""
    terms = exact_terms(text)
    kept = (t.casefold() for i, t in enumerate(terms) if t not in LIGHT and (i or t.casefold() not in LIGHT))
    return " ".join(kept)


def near_duplicates(texts: list[str], like: float = LIKE) -> list[int | None]:
    """For each text the first one in the list that it nearly repeats, or None for a text that stays.

    Signatures are made of texts whose telling terms another one has too. One pass in polars over each band: those with an
    equal band are compared with the first of them. Cost grows with the number of texts, not of pairs.
    """
    terms = pl.Series([telling(text) for text in texts], dtype=pl.String).hash()
    shared = terms.is_duplicated().arg_true().to_list()
    found: list[int | None] = [None] * len(texts)
    if shared:
        for place, to in zip(shared, _repeats([texts[i] for i in shared], terms[shared], like), strict=True):
            found[place] = None if to is None else shared[to]
    return found


def _repeats(texts: list[str], keys: pl.Series, like: float) -> list[int | None]:
    signatures = _signatures(texts)
    first = np.arange(len(texts))
    for band in range(BANDS):
        part = signatures[:, band * BAND : (band + 1) * BAND]
        frame = pl.DataFrame({"key": keys, **{f"v{i}": part[:, i] for i in range(BAND)}}).with_row_index("row")
        earliest = frame.select(pl.col("row").first().over("key", *(f"v{i}" for i in range(BAND))))["row"].to_numpy()
        here = np.flatnonzero(earliest < first)
        alike = (signatures[here] == signatures[earliest[here]]).mean(axis=1) >= like
        first[here[alike]] = earliest[here[alike]]
    for row in np.flatnonzero(first < np.arange(len(texts))):  # in order, so that chains end at a text that stays
        first[row] = first[first[row]]
    return [int(to) if to < row else None for row, to in enumerate(first)]


def reasons(identities: list[str], texts: list[str], corpus: list[str], like: float = LIKE) -> list[str | None]:
    """Why inferences are rejected as near duplicates of the corpus' sentences or of earlier inferences; else None."""
    found: list[str | None] = []
    for to in near_duplicates([*corpus, *texts], like)[len(corpus) :]:
        if to is None:
            found.append(None)
        elif to < len(corpus):
            found.append("nearly stated in the corpus")
        else:
            found.append(f"near duplicate: of {identities[to - len(corpus)]}")
    return found


def _signatures(texts: list[str]) -> np.ndarray:
    """MinHash signatures, uint32 [texts, BANDS x BAND]."""
    from datasketch import MinHash  # which takes much of scipy along

    parts = []
    for start in range(0, len(texts), BATCH):
        sketches = MinHash.generator(
            _shingles(texts[start : start + BATCH]), num_perm=BANDS * BAND, seed=1, scheme="affine32", hashfunc=int
        )
        parts.append(np.stack([sketch.hashvalues for sketch in sketches]))
    return np.concatenate(parts)


def _shingles(texts: list[str]) -> Iterator[list[int]]:
    """32-bit hashes of each text's character shingles; those at its end are shorter."""
    plain = [" ".join(exact_terms(text)).casefold() or " " for text in texts]
    codes = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in plain])
    ends = np.cumsum(lengths)
    left = np.repeat(ends, lengths) - np.arange(len(codes))  # characters to the end of the text
    padded, hashes = np.append(codes, np.zeros(SHINGLE, np.uint64)), np.zeros(len(codes), np.uint64)
    for i in range(SHINGLE):
        hashes = (
            hashes * np.uint64(0x9E3779B97F4A7C15) + np.where(left > i, padded[i : i + len(codes)], 0) + np.uint64(1)
        )
        hashes ^= hashes >> np.uint64(29)
    for begin, end in zip(ends - lengths, ends, strict=True):
        yield (hashes[begin:end] >> np.uint64(32)).tolist()
