"""Pages keep their structure and lose what is no text of them."""

import pytest

from augment.reading.html import read_page
from augment.text.sentences import split_sentences, units

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
        "# The red planet\n\nIt is red, see the_map.\nNobody lives there. It has 10^9 stones.\n\n"
        "- Phobos\n  - near\n- Deimos.\n\n  Far.\n\n3. third\n\nSizes\n\n"
        "| moon | km |  |\n| --- | --- | --- |\n| Phobos \\| 1 | 22 | x |\n\n> Quoted.\n\n"
        "```python\nif x:\n    y()\n```\n\n## Layout\n\nText."
    )
    assert [unit.text for unit in units(text) if unit.kind == "row"] == ["Phobos | 1: km 22; x."]


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


@pytest.mark.parametrize(
    "mark",
    [
        '<sup><a href="#fn1">1</a></sup>',
        '<a href="#fn1"><sup>[1]</sup></a>',
        '<sup class="reference"><a href="#cite_note-1">[note 1]</a></sup>',
        '<a href="#fn1" role="doc-noteref">1</a>',
        '<a href="page.html#fn1">[12]</a>',
    ],
)
def test_marks_of_notes_are_no_part_of_a_number(mark):
    assert read_page(f"<p>Founded in 1998{mark} in Oslo.")[0] == "Founded in 1998 in Oslo."


def test_links_and_powers_that_are_no_notes_stay():
    text = "<p>See <a href='#a'>section a</a>, <a href='#b'>1998</a>, 10<sup>6</sup> and the 5<sup>th</sup>."
    assert read_page(text)[0] == "See section a, 1998, 10^6 and the 5th."


def test_a_heading_outside_of_what_is_read_is_kept():
    page = "<body><header><h1>Acme Robotics</h1><a>Home</a></header><article><p>It was founded in 1998.</article>"
    assert read_page(page)[0] == "# Acme Robotics\n\nIt was founded in 1998."
    page = "<body><header><h1>Our blog</h1></header><main><h1>Acme</h1><p>It was.</main>"
    assert read_page(page)[0] == "# Acme\n\nIt was."


def test_notices_navigation_and_comments_go():
    page = """<body class="has-sidebar comments-open"><div id="cookie-banner"><p>We use cookies. Accept?</p></div>
    <div class="mainNav"><a href="/">Home</a></div><ul><li><a>One</a><li><a>Two</a><li><a>Three</a></ul>
    <h1>Acme</h1><div class="post-content"><p>Acme makes <a>robots</a>.</p><ul><li><a>R1</a> walks.</li></ul></div>
    <div class="comments"><div class="comment"><p>First!</p></div></div><p class="share-links">Tweet</p></body>"""
    assert read_page(page)[0] == "# Acme\n\nAcme makes robots.\n\n- R1 walks."


def test_sections_about_cookies_and_code_with_comments_stay():
    page = """<main><section id="cookies"><h2>Cookies</h2><p>A cookie is a file.</section>
    <pre><code><span class="comment"># so</span> x</code></pre></main>"""
    assert read_page(page)[0] == "## Cookies\n\nA cookie is a file.\n\n```\n# so x\n```"
    assert read_page('<div class="comments"><p>All of it.</div>')[0] == "All of it."


def test_a_layout_table_does_not_hide_its_sentences():
    page = "<table><tr><td>Home<br>News<td>Acme makes robots. They walk.<td>x</table>"
    assert split_sentences(read_page(page)[0])[-3:] == ["Acme makes robots.", "They walk.", "x"]
    long = "Acme makes robots. They walk and talk, and nobody knows why they do so. " * 3
    page = f"<table><tr><td>Menu<td>{long}<tr><td>Foot<td>2020</table>"
    assert "They walk and talk, and nobody knows why they do so." in split_sentences(read_page(page)[0])


def test_rows_of_tables_of_data_are_statements():
    page = """<h1>Products</h1><table><tr><th>Model<th>Weight<th>Price<tr><td rowspan=2>Model X<td>450 kg<td>20 EUR
    <tr><td>460 kg<td>25 EUR<tr><td>Model Y<td colspan=2>sold out</table>"""
    assert [unit.text for unit in units(read_page(page)[0]) if unit.kind == "row"] == [
        "Model X: Weight 450 kg; Price 20 EUR.",
        "Model X: Weight 460 kg; Price 25 EUR.",
        "Model Y: Weight: sold out; Price: sold out.",
    ]
    page = "<h1>Model X</h1><table><tr><th>Weight<td>450 kg<tr><th>Made in<td>Oslo</table>"
    assert split_sentences(read_page(page)[0]) == ["Model X: Weight 450 kg.", "Model X: Made in: Oslo."]
    page = "<h1>Prices</h1><table><tr><td>a<td>1<td>2<tr><td>b<td>3<td>4</table>"
    assert [unit.kind for unit in units(read_page(page)[0])] == ["heading", "table", "table"]


@pytest.mark.parametrize("depth", [50, 101, 149, 900])
def test_text_is_not_lost_however_deep_it_is_nested(depth):
    for page in ("<ul>" + "<li>word<ul>" * depth, "<blockquote>" * depth + "word", "<div>" * depth + "<p>word"):
        wanted = page.count("word")
        text = read_page(page)[0]
        assert sum(unit.text.count("word") for unit in units(text)) == wanted


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ('<meta property="article:published_time" content="2021-03-04T10:00:00Z">', "2021-03-04"),
        ('<meta name="Date" content="2021-03">', "2021-03"),
        ('<meta name="date" content="4 March 2021">', "4 March 2021"),
        ('<body><article><time datetime="2021-03-04">today</time>', "2021-03-04"),
        ('<body><span itemprop="datePublished" datetime="2021-03-04T00:00">', "2021-03-04"),
    ],
)
def test_dates_of_pages(head, date):
    assert read_page(f"<title>A</title>{head}<p>Text.")[1] == {"title": "A", "date": date}


def test_what_is_said_of_a_term_stands_behind_it():
    page = "<dl><dt>Phobos:<dd>A moon. Near.<dd>Small.<dt>a()</dt><dt>b()</dt><dd><p>Does x.<p>And y.<dt>Code<dd><pre>x</pre><dt>Last</dl>So."
    assert read_page(page)[0] == (
        "Phobos: A moon. Near.\n\nSmall.\n\na(), b(): Does x.\n\nAnd y.\n\nCode\n\n```\nx\n```\n\nLast\n\nSo."
    )
