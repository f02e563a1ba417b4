"""A user's own documents, cut into passages, with the user's own questions; others are written by an engine in the run
(`eval.benchmarks.documents.questions`)."""

import json

import polars as pl

from augment.reading.corpus import Corpus, read_corpus
from augment.text.pages import pages_of, part_of
from augment.text.passages import passages
from augment.text.sentences import split_sentences
from augment.text.words import normal
from engine.errors import UserError
from engine.store.ids import content_id
from eval.benchmarks.base import Benchmark
from eval.benchmarks.documents.matching import judges
from eval.benchmarks.documents.own import FREE, own_questions
from eval.config import BenchmarkConfig

SPLITS = ("forward", "reversal", "two-step")
CHOICES = 4
GENERAL_WORDS = range(8, 61)
"""Words of a sentence on which forgetting is measured."""


def load(config: BenchmarkConfig) -> Benchmark:
    """The passages of the documents, with the questions of `own_questions` alone; the same for every seed.

    `fact` of a passage is the file (or row) that it is from, so `context_per_fact` keeps so many passages of each document;
    `facts` in its meta are the ids of its sentences, which questions need.
    """
    rows = []
    for doc_id, text, source, meta in corpus_of(config).documents.iter_rows():
        for passage in passages(text, len, config.passage_chars, language=config.language):
            facts = [sentence_id(sentence) for sentence in split_sentences(passage.text, config.language)]
            row = {"doc_id": content_id("documents", doc_id, passage.start), "text": passage.text, "source": source}
            found = json.loads(meta) | {"facts": facts}
            if pages := pages_of(found):
                found["pages"] = part_of(pages, passage.start, passage.end)
            told = json.dumps(found, ensure_ascii=False)
            rows.append(row | {"meta": told, "fact": source})
    own = own_questions(config.own_questions)
    forced = own.questions.filter(~pl.col("split").str.ends_with(FREE))
    guesses = forced.group_by("split", maintain_order=True).agg((1 / pl.col("choices").list.len()).mean())
    return Benchmark(
        "documents",
        pl.DataFrame(rows),
        own.questions,
        dict.fromkeys(SPLITS, 1 / CHOICES) | dict(guesses.iter_rows()),
        judged=(),
        cluster="needs of all seeds",
        judges=judges(config.language) if own.free else {},
        by_engine=True,
    )


def corpus_of(config: BenchmarkConfig) -> Corpus:
    """The documents as they are, and what could not be read; raises UserError where none is named or can be read."""
    if config.data is None:
        raise UserError("The benchmark documents needs benchmark.data: a file or folder of documents.")
    return read_corpus([config.data], config.text_column)


def sentence_id(sentence: str) -> str:
    """What `needs` and the facts of a passage name a sentence by: the same wherever it stands."""
    return content_id("sentence", normal(sentence))


def general(config: BenchmarkConfig) -> pl.DataFrame:
    """Sentences that tuning should leave as likely as they were: doc_id, text, fact.

    By default of Python's language reference, which comes with every Python.
    """
    if config.general:
        texts = read_corpus([config.general], config.text_column).documents["text"].to_list()
    else:
        from pydoc_data.topics import topics

        texts = list(topics.values())
    told = dict.fromkeys(sentence for text in texts for sentence in split_sentences(text))
    chosen = [sentence for sentence in told if len(sentence.split()) in GENERAL_WORDS]
    if not chosen:
        raise UserError(f"benchmark.general: {config.general} has no sentence of 8 to 60 words; give a different text.")
    return pl.DataFrame({"doc_id": [sentence_id(sentence) for sentence in chosen], "text": chosen, "fact": chosen})
