"""Word search by BM25 (Lucene's variant, k1 1.5 and b 0.75) through the library bm25s (Lù 2024), no stop words, no stemming."""

from collections.abc import Callable, Sequence

import bm25s
import numpy as np

from augment.text.words import terms


def scorer(texts: Sequence[str]) -> Callable[[str], np.ndarray]:
    """A function from a query to one score per text; 0 where they share no word."""
    words = [terms(text) for text in texts]
    if not any(words):
        return lambda query: np.zeros(len(texts))
    index = bm25s.BM25(method="lucene")
    index.index(words, show_progress=False)
    known = set(index.vocab_dict)

    def scores(query: str) -> np.ndarray:
        asked = [term for term in terms(query) if term in known]
        return index.get_scores(asked) if asked else np.zeros(len(texts))

    return scores
