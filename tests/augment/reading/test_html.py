"""Pages keep their structure and lose what is no text of them."""

import pytest

from augment.reading.html import read_page
from augment.text.sentences import units

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
