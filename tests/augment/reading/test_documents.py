"""Documents as they are: a folder of mixed files, encodings, HTML, passages, repeated paragraphs, modes, exit status."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.reading.corpus import read_corpus
from augment.reading.encodings import decode
from augment.reading.html import read_page
from augment.text.passages import drop_repeated, passages
from augment.text.sentences import split_sentences, targets, units
from engine.errors import UserError
from forethought.cli import run

FRENCH = "Les élèves étaient déjà là. Le café où il dînait était fermé, et la forêt brûlait près du château. "
BIG = "".join(f"Fact {n} is that word{n} follows word{n + 1}, e.g. in vol. 3. It was so! " for n in range(75_000))


@pytest.fixture
def folder(tmp_path):
    """Good and bad files as they lie about."""
    root = tmp_path / "documents"
    (root / "deep" / ".git").mkdir(parents=True)
    (root / "deep" / ".git" / "config.txt").write_text("hidden")
    (root / "a.md").write_text("---\ntitle: Mars\n---\n# Mars\n\nMars is red. It has two moons.\n")
    (root / "b.html").write_text("<html><body><nav>Home</nav><p>Venus is hot.</p></body></html>")
    (root / "c.csv").write_text('text,n\n"Saturn\nhas rings.",1\n')
    (root / "d.jsonl").write_text('{"text": "Neptune is far."}\n{"text": \n{"text": "Uranus is cold."}\n')
    (root / "deep" / "big.txt").write_text(BIG[:5_000_000])
    (root / "e.txt").write_text("")
    (root / "f.txt").write_bytes("Merkur ist klein.".encode("utf-16"))
    (root / "g.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (root / "h.txt").write_bytes(b"some\0bytes")
    (root / "i.md").write_text("# Only\n\n## Headings\n")
    (root / "j.csv").write_text("name,n\nx,1\n")
    (root / "k [old].docx").write_bytes(b"PK\x03\x04")
    return root


BAD = {
    "k [old].docx": "a kind of file that is not read",
    "d.jsonl#2": "invalid JSON (Expecting value, column 10)",
    "e.txt": "empty text",
    "g.txt": "binary (a PNG image)",
    "h.txt": "binary (NUL bytes), or UTF-16 without a byte order mark",
    "j.csv": "has no column text, prompt + completion, content or document: set the text column to one of its "
    "columns: name, n",
}


def test_a_folder_of_mixed_files_is_read_and_each_bad_one_is_named(folder):
    corpus = read_corpus([folder])
    assert dict(corpus.skipped) == BAD
    found = dict(corpus.documents.select("source", "text").rows())
    big = found.pop("deep/big.txt")
    assert big == BIG[:5_000_000].strip("\n")
    assert len(split_sentences(big)) > 130_000
    assert found == {
        "a.md": "# Mars\n\nMars is red. It has two moons.",
        "b.html": "Venus is hot.",
        "c.csv#1": "Saturn\nhas rings.",
        "d.jsonl#1": "Neptune is far.",
        "d.jsonl#3": "Uranus is cold.",
        "f.txt": "Merkur ist klein.",
        "i.md": "# Only\n\n## Headings",
    }


def test_the_command_does_the_good_ones_names_the_bad_ones_and_ends_with_3(folder, tmp_path, capsys):
    (folder / "deep" / "big.txt").unlink()
    out = tmp_path / "out"
    line = ["augment", str(folder), "--out", str(out), "--model", "fake", "--engine.kind", "fake"]
    assert run(line) == 3
    told = capsys.readouterr().err
    silent = "no sentence to ask about, only headings, tables or code; it stays among the examples"
    bad = BAD | {"i.md": silent}
    assert dict(pl.read_parquet(out / "skipped.parquet").rows()) == bad
    for source, reason in bad.items():
        assert f"skipped {source}: {reason}\n" in told
    asked = set(pl.read_parquet(out / "requests.parquet")["source_text"])
    assert {"Mars is red.", "Venus is hot.", "Saturn has rings.", "Uranus is cold.", "Merkur ist klein."} <= asked
    assert (out / "examples.jsonl").exists()


def test_exit_status_of_dry_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("Mars is red.")
    assert run(["augment", "a.txt", "--dry-run"]) == 0
    assert run(["augment", "a.txt", ".", "--dry-run"]) == 0  # read twice, but nothing is left out
    (tmp_path / "b.md").write_text("# Heading\n")
    assert run(["augment", ".", "--dry-run"]) == 3
    assert "skipped b.md: no sentence" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "naïve"),
        ("utf-8-sig", "naïve"),
        ("utf-16", "naïve"),
        ("utf-16-be", "\ufeffnaïve"),
        ("utf-32", "naïve"),
        ("cp1252", FRENCH * 3),
        ("cp1251", "Все люди рождаются свободными и равными. Они наделены разумом. " * 3),
        ("koi8-r", "Все люди рождаются свободными и равными. Они наделены разумом. " * 3),
        ("cp932", "すべての人間は自由である。人間は理性を授けられている。"),
        ("gb18030", "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。"),
        ("iso2022_jp", "すべての人間は自由である。"),
    ],
)
def test_encodings(encoding, text):
    assert decode(text.encode(encoding)) == text.lstrip("\ufeff")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"It costs \xa35.", "in doubt"),
        (bytes(range(1, 256)) * 20, "in doubt"),
        ("Größe über alles. ".encode() * 9 + b"\xff", r"damaged UTF-8 \(the first fault is at byte 189\)"),
        (b"%PDF-1.7 text", "a PDF"),
        ("naïve".encode("utf-16-le"), "NUL bytes"),
        (b"\xff\xfea", "truncated"),
    ],
)
def test_what_cannot_be_decoded_with_certainty_is_refused(data, reason):
    with pytest.raises(UnicodeError, match=reason):
        decode(data)


def test_other_encodings_of_tables_and_pages(tmp_path):
    (tmp_path / "a.csv").write_bytes(f'text,n\n"{FRENCH}",1\n"{FRENCH[:40]}",2\n'.encode("cp1252"))
    (tmp_path / "b.htm").write_bytes("<meta charset=iso-8859-2><p>Żółw".encode("iso8859-2"))
    (tmp_path / "c.jsonl").write_bytes(json.dumps({"text": "é"}, ensure_ascii=False).encode("utf-16"))
    corpus = read_corpus([tmp_path])
    assert corpus.documents["text"].to_list() == [FRENCH, FRENCH[:40], "Żółw", "é"]
    assert corpus.skipped == []


PAGE = """<!DOCTYPE html><html><head><title>Mars &amp; moons</title><style>p {}</style></head><body>
<header>Site</header><nav><a href="/">Home</a></nav><main><header><h1>The <em>red</em> planet</h1></header>
<p>It is <b>red</b>, see <a href="http://x">the_map</a>.<br>Nobody
lives&nbsp;there.<script>x()</script> It has 10<sup>9</sup> stones<sup><a href="#n">1</a></sup>.</p>
<ul><li>Phobos<ul><li>near</li></ul></li><li><p>Deimos.</p><p>Far.</p></li></ul><ol start="3"><li>third</ol>
<table><caption>Sizes</caption><tr><th>moon<th>km</tr><tr><td>Phobos | 1<td>22<td>x</tr></table>
<blockquote><p>Quoted.</p></blockquote><pre><code class="language-python">if x:
    y()</code></pre><p hidden>no</p><table><tr><td><h2>Layout</h2><p>Text.</p></td></tr></table>
</main><footer>Contact</footer></body></html>"""


def test_a_page_keeps_its_structure_and_loses_what_is_no_text():
    text, fields = read_page(PAGE)
    assert fields == {"title": "Mars & moons"}
    assert text == (
        "# The red planet\n\nIt is red, see the_map.\nNobody lives there. It has 10^9 stones1.\n\n"
        "- Phobos\n  - near\n- Deimos.\n\n  Far.\n\n3. third\n\nSizes\n\n"
        "| moon | km |  |\n| --- | --- | --- |\n| Phobos \\| 1 | 22 | x |\n\n> Quoted.\n\n"
        "```python\nif x:\n    y()\n```\n\n## Layout\n\nText."
    )
    assert [unit.text for unit in units(text) if unit.kind == "row"] == ["moon | km | ", "Phobos | 1 | 22 | x"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("just text", "just text"),
        ("<aside>a</aside><article><aside>note</aside>b</article>", "note\n\nb"),
        ("a<br><br>b<br>c", "a\n\nb\nc"),
        ("<a><div>A</div></a>b<span>c<p>d</span>", "A\n\nbc\n\nd"),
        ("<div>" * 1000 + "x", "x"),
        ("<ul>" + "<li>a<ul>" * 900, None),
    ],
)
def test_odd_pages(html, text):
    found = read_page(html)[0]
    assert found == text if text is not None else found.count("a") == 900


def count_words(text):
    return len(text.split())


words = st.sampled_from(
    ["Mars", "is", "red.", "It", "has", "two", "moons!", "火星是红色的。", "x" * 30, "- one", "e.g."]
)
joints = st.sampled_from([" ", " ", "\n", "\n\n", "\n\n# ", "\n- ", "\n\n> ", "\n\n```\n", "\r\n"])
texts = st.lists(st.tuples(words, joints), max_size=60).map(lambda pairs: "".join(a + b for a, b in pairs))


@settings(max_examples=60, deadline=None)
@given(texts, st.integers(3, 40), st.integers(0, 20), st.sampled_from([len, count_words]))
def test_no_passage_is_too_long_and_nothing_is_lost(text, most, overlap, tokens):
    overlap = min(overlap, most - 1)
    found = passages(text, tokens, most, overlap)
    assert all(tokens(p.text) <= most for p in found)
    assert all(text[p.start : p.end] == p.text == p.text.strip() for p in found)
    covered = set()
    for before, after in zip([None, *found], found, strict=False):
        assert before is None or (before.start < after.start and before.end < after.end)
        covered |= set(range(after.start, after.end))
    assert all(place in covered for place, character in enumerate(text) if not character.isspace())
    for unit in units(text):
        # a unit that fits stands whole in a passage
        if unit.kind == "sentence" and "\n" not in text and tokens(unit.text) < most:
            assert any(unit.text in p.text for p in found)


def test_passages_are_of_whole_sentences_and_repeat_the_last_ones():
    text = "# Mars\n\nMars is red. It has two\nmoons. Nobody lives there.\n\n- So far.\n- Or so they say."
    found = [p.text for p in passages(text, count_words, 9, 4)]
    assert found == [
        "# Mars\n\nMars is red. It has two\nmoons.",
        "It has two\nmoons. Nobody lives there.",
        "Nobody lives there.\n\n- So far.",
        "- So far.\n- Or so they say.",
    ]
    assert passages(text, count_words, 30)[0].text == text
    assert passages(" \n", count_words, 5) == []
    assert [p.text for p in passages("one two three four five. Six.", count_words, 2)] == [
        "one two",
        "three four",
        "five. Six.",
    ]


def test_each_unit_is_counted_once_and_each_passage_once():
    counted = []

    def tokens(text):
        counted.append(text)
        return count_words(text)

    text = "Mars is red. It has two moons. " * 500
    found = passages(text, tokens, 50, 10)
    assert len(counted) == 1 + 1000 + len(found)


def test_passages_that_cannot_be_made():
    with pytest.raises(UserError, match="must be from 0 to less than their 5 tokens; it is 5"):
        passages("text", count_words, 5, 5)
    with pytest.raises(UserError, match="Not even 'a' fits in a passage of 2 tokens"):
        passages("a b", lambda text: 3 * len(text), 2)


LICENCE = "Permission is granted to everyone to copy this document, on the condition that nothing in it is changed."


def test_repeated_paragraphs_stay_once_and_are_reported():
    texts = [f"Text {n}.\n\n{LICENCE}\n \n\nShort.\n\n  End {n}." for n in range(11)] + [LICENCE]
    documents = pl.DataFrame(
        {"doc_id": [f"d{n}" for n in range(12)], "text": texts, "source": [f"s{n}" for n in range(12)], "meta": "{}"}
    )
    kept, dropped = drop_repeated(documents)
    assert kept["text"].to_list() == [texts[0], *(f"Text {n}.\n\nShort.\n\n  End {n}." for n in range(1, 11))]
    assert kept.columns == documents.columns
    reason = "stands verbatim in 12 documents and came before"
    assert dropped.rows() == [(f"d{n}", f"s{n}", LICENCE, reason) for n in range(1, 12)]
    same, none = drop_repeated(documents.head(10))
    assert same.equals(documents.head(10))
    assert none.is_empty()


def test_modes_of_targets():
    text = "# Mars\n\nMars is red. It has moons.\n\n- So far. 火星。好。"
    assert targets(text, "none") == [("", text)]
    assert targets(text, "independent")[:2] == [("", "Mars is red."), ("", "It has moons.")]
    assert targets("Mars is red.\n\n# So\n\n- It has moons.\n- Two.", "cumulative") == [
        ("", "Mars is red."),
        ("Mars is red.", "It has moons."),
        ("Mars is red. It has moons.", "Two."),
    ]
    assert targets("火星。很红。好。", "cumulative")[-1] == ("火星。很红。", "好。")
    assert targets(" ", "none") == targets("# Mars", "cumulative") == []


@pytest.mark.parametrize(
    "text", ["今天天气很好。我们去公园吧！你想去吗？", 'He said: "So it is." (Really.) Next, e.g. Dr. Lee. ']
)
def test_long_paragraphs_are_split_as_short_ones(text):
    assert split_sentences(text * 400) == split_sentences(text) * 400
