"""Letters, line ends and marks that nobody sees, each written in one way."""

import json

import pytest

from augment.reading.corpus import read_corpus
from augment.reading.normal import normal_text


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("cafe\u0301", "café"),
        ("co\u00adoperate", "cooperate"),
        ("co\u00ad\n  operate", "cooperate"),
        ("a\u200bb\u2060c\ufeffd\u180ee", "abcde"),
        ("x\u200dy z\u200c", "xy z"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🔬 ❤️\u200d🔥", "👩\u200d🔬 ❤️\u200d🔥"),
        ("a\r\nb\rc\u2028d\u2029e\x85f\x0cg", "a\nb\nc\nd\ne\nf\ng"),
        ("“It’s” — 5\u00a0000 ½ ﬁ", "“It’s” — 5\u00a0000 ½ ﬁ"),
    ],
)
def test_one_way_to_write_a_text(text, normal):
    assert normal_text(text) == normal
    assert normal_text(normal) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The commit-\ntee met. The committee left.", "The committee\nmet. The committee left."),
        ("The commit-\n  tee.\n\nThis committee left.", "The committee\n.\n\nThis committee left."),
        ("The commit-\ntee met.", "The commit-\ntee met."),
        ("A well-\nknown man, wellknown and well-known.", "A well-\nknown man, wellknown and well-known."),
        ("See Marie-\nCurie and MarieCurie.", "See Marie-\nCurie and MarieCurie."),
        ("- a-\n- b ab", "- a-\n- b ab"),
    ],
)
def test_words_that_a_line_break_divided_are_whole_where_that_is_sure(text, normal):
    assert normal_text(text) == normal


def test_texts_and_titles_of_every_kind_of_file_are_normal(tmp_path):
    (tmp_path / "a.txt").write_text("Cafe\u0301\u2028so\u00ad.")
    (tmp_path / "b.jsonl").write_text(
        json.dumps({"text": "Cafe\u0301\r\nso\u00ad.", "title": "Cafe\u0301 \u200bX", "n": "e\u0301"})
    )
    (tmp_path / "c.html").write_text("<title>Cafe\u0301</title><p>Cafe\u0301 so&shy;.")
    (tmp_path / "d.md").write_text("---\ntitle: Cafe\u0301\n---\nCafe\u0301 so\u200b.")
    corpus = read_corpus([tmp_path])
    assert corpus.documents["text"].to_list() == ["Café\nso.", "Café\nso.", "Café so.", "Café so."]
    assert [json.loads(meta).get("title") for meta in corpus.documents["meta"]] == [None, "Café X", "Café", "Café"]
    assert json.loads(corpus.documents["meta"][1])["n"] == "e\u0301"
