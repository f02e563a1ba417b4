"""What can be known of the pages' accessibility without a browser; `make axe` asks one (docs/axe.mjs)."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from html_tags import Tags
from pages import all_pages

from augment.results.review import TEMPLATES as SHARED
from eval.report.figures import COLOURS, OTHER
from eval.report.page import TEMPLATES

CSS = "".join(path.read_text() for path in (SHARED / "base.css", SHARED / "review.css", TEMPLATES / "report.css"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[Path]:
    return all_pages(tmp_path_factory.mktemp("pages"))


def scheme(dark: bool) -> dict[str, str]:
    """The colours by name; the dark scheme changes those of the light one."""
    blocks = re.findall(r"(@media screen and \(prefers-color-scheme: dark\) \{\s*)?:root \{(.*?)\}", CSS, re.S)
    chosen = "".join(block for media, block in blocks if not media or dark)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", chosen))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2): 1 for equal colours, 21 for black on white."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_have_contrast(dark):
    colours = scheme(dark)
    assert set(colours) == {"paper", "card", "ink", "soft", "rule", "link", "good", "bad", "mark"}
    for text in ("ink", "soft", "link", "good", "bad"):
        assert contrast(colours[text], colours["paper"]) >= 4.5, text
        assert text == "link" or contrast(colours[text], colours["card"]) >= 4.5, text
    assert contrast(colours["ink"], colours["mark"]) >= 4.5
    for arm, colour in (COLOURS | {"other": OTHER}).items():  # parts of charts need 3:1
        assert contrast(colour, colours["paper"]) >= 3, arm


def test_every_colour_stands_in_a_scheme():
    """A colour outside both schemes would be the same in light and dark."""
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.S)
    assert not re.findall(r"(?:color|background|border|fill|stroke)[^;{}]*#[0-9a-fA-F]{3,8}", rules)


def test_pages_have_language_title_and_one_way_in(pages):
    for page in pages:
        text = page.read_text()
        found = Tags(text).found
        assert ("html", {"lang": "en"}) in found, page
        assert re.search(r"<title>[^<]{10,}</title>", text), page
        for tag in ("main", "h1", "header"):
            assert [name for name, _ in found].count(tag) == 1, (page, tag)
        targets = {attrs.get("id") for _, attrs in found}
        assert all((attrs["href"] or "")[1:] in targets for tag, attrs in found if tag == "a"), page


def test_headings_go_down_one_level_at_a_time(pages):
    for page in pages:
        levels = [int(tag[1]) for tag, _ in Tags(page.read_text()).found if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1, page
        assert all(after - before <= 1 for before, after in pairwise(levels)), page


def test_tables_have_heads_and_wide_ones_can_be_scrolled_by_key(pages):
    for page in pages:
        found = Tags(page.read_text()).found
        assert all("scope" in attrs for tag, attrs in found if tag == "th"), page
        assert [t for t, _ in found].count("thead") == [t for t, _ in found].count("table"), page
        regions = [attrs for _, attrs in found if "wide" in (attrs.get("class") or "").split()]
        assert all(a.get("tabindex") == "0" and a.get("role") == "region" and a.get("aria-label") for a in regions), (
            page
        )


def test_landmarks_have_names_of_their_own(pages):
    for page in pages:
        text = page.read_text()
        sections = re.findall(r'<section aria-labelledby="([^"]+)">\s*<h2 id="([^"]+)">([^<]+)</h2>', text)
        assert all(name == anchor for name, anchor, _ in sections), page
        names = [name for *_, name in sections] + re.findall(r'role="region" aria-label="([^"]+)"', text)
        assert len(names) == len(set(names)), page


def test_figures_are_told_in_words(pages):
    text = pages[0].read_text()
    outer = re.findall(r"(?<!</text>\n)<svg (aria-hidden=\"true\"|role=\"img\" aria-label=\"[^\"]{20,}\")>", text)
    assert len(outer) == 6  # an axis and a chart each: two splits and the loss
    assert not re.search(r"<svg(?! aria-hidden| role=\"img\"| x=)", text)
    assert "finetuned+local 9" in text.split('aria-label="Accuracy on reversal: ')[1].split('"')[0]
    assert "1.20 on held-out texts" in text
    assert not re.search(r"<img(?![^>]*\balt=)", text)


def test_buttons_and_fields_have_names(pages):
    text = pages[1].read_text()
    found = Tags(text.split("<script")[0] + "</body></html>").found
    labelled = {attrs["for"] for tag, attrs in found if tag == "label"}
    assert {attrs["id"] for tag, attrs in found if tag in ("select", "input")} == labelled
    assert all(re.findall(r"<button[^>]*>([^<]+)</button>", text))
