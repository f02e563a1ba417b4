"""A folder with a file of each format goes the whole way to a report, and `show` names the page that a line comes from."""

import json

import polars as pl
import pytest
from office_files import write_epub, write_pdf, write_scan
from scripted_engine import CITIES, CLUBS, PEOPLE, ScriptedPool

from engine.config import EngineConfig
from eval.benchmarks.registry import load
from eval.config import BenchmarkConfig, RunConfig
from eval.runs.run import run_job
from forethought.cli import run

TOLD = [
    (f"{person} founded the {club} Society in a cold winter.", f"The {club} Society meets every spring in {city}.")
    for person, club, city in zip(PEOPLE, CLUBS, CITIES, strict=True)
]


@pytest.fixture
def folder(tmp_path):
    """The eight clubs in the five formats, and three files that cannot be read."""
    root = tmp_path / "mine"
    root.mkdir()
    write_pdf(root / "heron.pdf", pages=(TOLD[0], TOLD[1], TOLD[2]))
    word(root / "willow.docx", TOLD[3])
    slides(root / "compass.pptx", TOLD[4:6])
    sheet(root / "juniper.xlsx", TOLD[6])
    write_epub(root / "meteor.epub", chapters=(("Founder", TOLD[7][0]), ("Meetings", TOLD[7][1])))
    write_scan(root / "scan.pdf")
    (root / "broken.docx").write_bytes((root / "willow.docx").read_bytes()[:500])
    (root / "broken.epub").write_bytes(b"no archive")
    return root


def word(path, sentences):
    from docx import Document

    document = Document()
    for sentence in sentences:
        document.add_paragraph(sentence)
    document.save(path)


def slides(path, clubs):
    from pptx import Presentation

    shown = Presentation()
    for number, sentences in enumerate(clubs, 1):
        slide = shown.slides.add_slide(shown.slide_layouts[1])
        slide.shapes.title.text = f"Club {number}"
        frame = slide.placeholders[1].text_frame
        frame.text = sentences[0]
        frame.add_paragraph().text = sentences[1]
    shown.save(path)


def sheet(path, sentences):
    from openpyxl import Workbook

    workbook = Workbook()
    for number, sentence in enumerate(sentences):
        workbook.active.cell(1 + 2 * number, 1, sentence)
    workbook.save(path)


def test_passages_know_their_pages(folder):
    documents = load(BenchmarkConfig(name="documents", data=folder, passage_chars=100), 0).documents
    pages = {
        (row["source"], *json.loads(row["meta"])["pages"])
        for row in documents.iter_rows(named=True)
        if "pages" in row["meta"]
    }
    assert {("heron.pdf", "page 1"), ("heron.pdf", "page 3"), ("compass.pptx", "slide 2")} <= pages
    assert any(found[:2] == ("juniper.xlsx", "sheet Sheet") for found in pages)


@pytest.mark.slow
def test_a_file_of_each_format_goes_the_whole_way_to_a_report(folder, tmp_path, capsys):
    benchmark = BenchmarkConfig(name="documents", data=folder, questions=20)
    arms = ("pretrained", "icl", "retrieval")
    config = RunConfig(
        name="job", out=tmp_path, arms=arms, seeds=(0,), benchmark=benchmark, engine=EngineConfig(kind="fake")
    )
    place = run_job(config, ScriptedPool())
    assert "3 files or rows were left out" in capsys.readouterr().err
    skipped = dict(pl.read_parquet(place / "skipped.parquet").rows())
    assert set(skipped) == {"scan.pdf", "broken.docx", "broken.epub"}
    assert skipped["scan.pdf"].startswith("a scanned PDF")
    asked = set(pl.read_parquet(place / "questions.parquet").filter(split="reversal")["stem"])
    for city in CITIES:
        assert any(f"every spring in {city}?" in stem for stem in asked), city
    results = {
        (r["arm"], r["split"]): r["accuracy"]
        for r in json.loads((place / "results.json").read_text())["rows"]
        if r["norm"] == "sum"
    }
    assert results["icl", "reversal"] == 1.0
    assert "Read 5 documents and cut them into" in (place / "report.md").read_text()
    assert (place / "report.html").exists()


@pytest.mark.engine
def test_augment_reads_names_and_ends_with_3_and_show_names_the_page(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(["augment", str(folder), "--out", str(out), "--model", "fake", "--engine.kind", "fake"]) == 3
    told = capsys.readouterr().err
    assert "skipped scan.pdf: a scanned PDF (no text layer" in told
    requests = pl.read_parquet(out / "requests.parquet")
    asked = requests.filter(pl.col("source_text") == TOLD[2][0])["request_id"][0]
    assert run(["show", asked, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "from: heron.pdf; on: page 3; meta:" in shown
    assert '"pages"' not in shown
