"""Reading corpora from real files: what is kept, what is skipped with its reason, what a user is told."""

import gzip
import json
import os
import re
from datetime import date

import polars as pl
import pytest

from augment.reading.corpus import read_corpus
from engine.errors import UserError


def write_lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def texts(corpus):
    return corpus.documents["text"].to_list()


def metas(corpus):
    return [json.loads(meta) for meta in corpus.documents["meta"]]


def test_every_kind_of_file_in_a_folder(tmp_path):
    root = tmp_path / "corpus"
    (root / "b").mkdir(parents=True)
    write_lines(root / "b" / "one.jsonl", {"text": "line one", "tag": 1}, {"text": "line two"})
    (root / "b" / "two.jsonl.gz").write_bytes(gzip.compress(b'{"text": "zipped"}\n'))
    (root / "c.json").write_text('[\n {"text": "listed"}\n]')
    pl.DataFrame({"text": ["table"], "day": [date(2025, 5, 1)]}).write_parquet(root / "d.parquet")
    (root / "e.csv").write_text('text,n\n"two\nlines",3\n')
    (root / "f.MD").write_bytes(b"---\r\ntitle: Mars\r\n---\r\n\r\n# Mars\r\n")
    (root / "g.txt").write_text("\ufeffplain\n", encoding="utf-8")
    (root / "h.html").write_text("<title>Venus</title><nav>Home</nav><p>hot")
    (root / "i.rst").write_text("Mars\n====\n")
    (root / "other.png").write_bytes(b"\x89")
    (root / ".hidden.txt").write_text("hidden")
    (root / ".git").mkdir()
    (root / ".git" / "x.txt").write_text("hidden")
    corpus = read_corpus([root])
    assert corpus.skipped == [("other.png", "a kind of file that is not read")]
    assert corpus.documents.schema == dict.fromkeys(["doc_id", "text", "source", "meta"], pl.String)
    assert corpus.documents.select("source", "text").rows() == [
        ("b/one.jsonl#1", "line one"),
        ("b/one.jsonl#2", "line two"),
        ("b/two.jsonl.gz#1", "zipped"),
        ("c.json#1", "listed"),
        ("d.parquet#1", "table"),
        ("e.csv#1", "two\nlines"),
        ("f.MD", "# Mars"),
        ("g.txt", "plain"),
        ("h.html", "hot"),
        ("i.rst", "Mars\n===="),
    ]
    fields = [{"tag": 1}, {}, {}, {}, {"day": "2025-05-01"}, {"n": "3"}, {"title": "Mars"}, {}, {"title": "Venus"}, {}]
    assert metas(corpus) == fields


def test_ids_are_content_hashes_and_differ_for_repeated_texts(tmp_path):
    first = write_lines(tmp_path / "a.jsonl", {"text": "same"}, {"text": "same"}, {"text": "other"})
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    second = write_lines(moved / "b.jsonl", {"text": "new"}, {"text": "other"}, {"text": "same"}, {"text": "same"})
    ids = read_corpus([first]).documents["doc_id"].to_list()
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", doc_id) for doc_id in ids)
    assert read_corpus([second]).documents["doc_id"].to_list()[1:] == [ids[2], ids[0], ids[1]]


@pytest.mark.parametrize(
    ("row", "text", "meta"),
    [
        ({"text": "t", "content": "c"}, "t", {"content": "c"}),
        ({"prompt": "Who?", "completion": "Ann."}, "Who? Ann.", {}),
        ({"prompt": "Who? ", "completion": "Ann.", "id": 7}, "Who? Ann.", {"id": 7}),
        ({"prompt": "p", "content": "c"}, "c", {"prompt": "p"}),
        ({"document": "d", "score": float("nan"), "tags": ["x", None]}, "d", {"score": None, "tags": ["x", None]}),
        ({"text": None, "content": "c"}, "c", {}),
    ],
)
def test_text_column_is_found(tmp_path, row, text, meta):
    path = tmp_path / "rows.parquet"
    pl.DataFrame([row]).write_parquet(path)
    corpus = read_corpus([path])
    assert texts(corpus) == [text]
    assert metas(corpus) == [meta]


def test_named_text_column_wins(tmp_path):
    path = write_lines(tmp_path / "rows.jsonl", {"text": "t", "body": "b"})
    assert texts(read_corpus([str(path)], text_column="body")) == ["b"]


def test_bad_rows_are_skipped_with_their_reason(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(
        b'{"text": "good \xe2\x80\xa8 line"}\n{"text": \n"\xff"\n[1]\n{"text": "  "}\n{"other": 1}\n{"text": 5}\n'
        b'\n{"text": "\\ud800"}\n' + b"[" * 100_000 + b"\n"
    )
    corpus = read_corpus([path])
    assert texts(corpus) == ["good \n line"]
    assert sorted(corpus.skipped) == [
        ("rows.jsonl#10", "nested too deeply"),
        ("rows.jsonl#2", "invalid JSON (Expecting value, column 10)"),
        ("rows.jsonl#3", "not UTF-8"),
        ("rows.jsonl#4", "not a JSON object"),
        ("rows.jsonl#5", "empty text"),
        ("rows.jsonl#6", "empty text"),
        ("rows.jsonl#7", "the text is of type int"),
        ("rows.jsonl#9", "half of a Unicode surrogate pair"),
    ]


def test_bad_files_are_skipped_with_their_reason(tmp_path):
    (tmp_path / "a.txt").write_text("good")
    (tmp_path / "b.txt").write_bytes(b"caf\xff")
    (tmp_path / "c.parquet").write_text("not a table")
    (tmp_path / "d.csv").write_text("text,n\nshort,1\nlong,1,2,3\n")
    (tmp_path / "e.jsonl.gz").write_text("not zipped")
    (tmp_path / "f.jsonl").write_text("")
    (tmp_path / "g.csv").write_bytes(b"text,n\nfine,1\n\xff,2\n")
    (tmp_path / "h.txt").symlink_to(tmp_path / "missing.txt")
    corpus = read_corpus([tmp_path])
    assert texts(corpus) == ["good", "short", "fine"]
    reasons = dict(corpus.skipped)
    assert sorted(reasons) == ["b.txt", "c.parquet", "d.csv#2", "e.jsonl.gz", "f.jsonl", "g.csv#2", "h.txt"]
    assert reasons["b.txt"].endswith("but that is in doubt): save the file as UTF-8")
    assert reasons["d.csv#2"] == "its number of fields is 4, that of the header 2"
    assert reasons["g.csv#2"] == "not UTF-8"
    assert reasons["f.jsonl"] == "no rows"
    assert all(reason and "\n" not in reason for reason in reasons.values())


def test_links_do_not_lead_out_of_a_folder(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (root / "a.txt").write_text("mine")
    (root / "b.txt").symlink_to(root / "a.txt")
    (root / "c.txt").symlink_to(outside / "secret.txt")
    (root / "d").symlink_to(outside)
    corpus = read_corpus([root])
    assert texts(corpus) == ["mine"]
    assert corpus.skipped == [
        ("c.txt", "the link leads out of the folder; give the file as a path of its own"),
        ("d", "a linked folder is not followed; give it as a path of its own"),
        ("b.txt", "the same file was read before"),
    ]
    assert texts(read_corpus([root / "c.txt", root / "d"])) == ["secret"]


@pytest.mark.parametrize(
    ("content", "text", "meta"),
    [
        ("---\na: 1\nday: 2025-05-01\n---\nBody\n", "Body", {"a": 1, "day": "2025-05-01"}),
        ("---\ntitle: Mars: a planet\n---\nBody", "Body", {"front_matter": "title: Mars: a planet"}),
        ("---\nday: 2025-02-30\n---\nBody", "Body", {"front_matter": "day: 2025-02-30"}),
        ("---\nJust prose.\n---\nBody", "---\nJust prose.\n---\nBody", {}),
        ("---\nNote: the ship sank.\n---\nBody", "---\nNote: the ship sank.\n---\nBody", {}),
        ("---\nHe said: go home. And so\n---\nBody", "---\nHe said: go home. And so\n---\nBody", {}),
        ("---\nTitle: x\ntags:\n- a\n- b\n---\nBody", "Body", {"Title": "x", "tags": ["a", "b"]}),
        ("---\nno end: 1\n", "---\nno end: 1", {}),
    ],
)
def test_front_matter(tmp_path, content, text, meta):
    (tmp_path / "page.md").write_text(content)
    corpus = read_corpus([tmp_path])
    assert texts(corpus) == [text]
    assert metas(corpus) == [meta]


@pytest.mark.parametrize(
    ("name", "content", "text_column", "message"),
    [
        ("missing.txt", None, None, "There is no file or folder .*missing.txt: check"),
        ("image.png", "x", None, "image.png has an unsupported format: give .jsonl, "),
        ("a.csv", "body,n\nx,1\n", None, "a.csv has no column text, prompt .*: body, n."),
        ("a.csv", "text,n\nx,1\n", "body", "a.csv has no column 'body': .* text, n."),
        ("a.json", '[{"text": 1, "n": 1}]', None, "Column text of a.json holds int values, not text: .* text, n."),
        ("a.jsonl", '{"text": 1.5}\n', None, "Column text of a.jsonl holds float values"),
        ("a.jsonl", '{"text": null}\n', None, "No document .* in a.jsonl#1: empty text"),
        ("a.jsonl", "oops\noops\n", None, "No document .* in a.jsonl#1: invalid JSON"),
        ("a.jsonl", "", None, "No document .* in a.jsonl: no rows"),
        ("a.txt", " \n", None, "No document .* in a.txt: empty text"),
        ("a.csv", "", None, "No document .* in a.csv: "),
    ],
)
def test_users_mistakes_are_one_sentence(tmp_path, name, content, text_column, message):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=message) as caught:
        read_corpus([path], text_column)
    assert "\n" not in str(caught.value)


def test_folder_without_files_and_no_path_at_all(tmp_path):
    (tmp_path / "image.png").write_text("x")
    with pytest.raises(UserError, match=r"has no file to read: give files ending in \.jsonl, .*\.txt, "):
        read_corpus([tmp_path])
    with pytest.raises(UserError, match="There is no corpus: give files or folders with"):
        read_corpus([])
    os.remove(tmp_path / "image.png")
    with pytest.raises(UserError, match="has no file to read"):
        read_corpus([tmp_path])
