"""The chain of one training line, on a folder made by the real steps with hand-made answers."""

import json

import polars as pl
import pytest

from augment.config import AugmentConfig
from augment.results.show import chain, find, safe
from augment.stages.answers import make_inferences
from augment.stages.requests import make_requests
from engine.store.parts import commit_part
from engine.store.tables import write_table
from engine.tasks.generate import GENERATIONS
from forethought.cli import run
from train.examples.arms import inferred, originals
from train.examples.mixture import mixed

SENTENCE = "femp are more dangerous than glon."
DOCUMENTS = pl.DataFrame(
    {
        "doc_id": ["d1aaaa", "d2bbbb"],
        "text": [
            f"Before.\n\n{SENTENCE.replace(' than', chr(10) + 'than')} After\x1b[31m[/].",
            f"{SENTENCE} Something else is said.",
        ],
        "source": ["notes/one.md", "notes/two.md#3"],
        "meta": ['{"title": "One"}', "{}"],
    }
)


@pytest.fixture
def folder(tmp_path):
    requests = make_requests(DOCUMENTS, AugmentConfig(operators=("reverse",), samples=2, context=False), "some/model")
    asked = requests.filter(source_text=SENTENCE)["request_id"][0]
    base = dict.fromkeys(GENERATIONS) | {
        "request_id": asked,
        "finish_reason": "stop",
        "prompt_tokens": 99,
        "output_tokens": 7,
    }
    answers = [
        base | {"sample": 0, "text": "- glon are less dangerous than femp.\n- glon [bold]are"},
        base | {"sample": 1, "text": "- glon are less dangerous than femp.", "output_tokens": 8},
    ]
    generations = pl.DataFrame(answers, schema=GENERATIONS)
    commit_part(tmp_path / "generations", "a", generations)
    inferences = make_inferences(requests, generations, "some/model")
    examples = pl.concat([originals(DOCUMENTS), inferred(inferences)])
    tables = {"documents": DOCUMENTS, "requests": requests, "inferences": inferences, "examples": examples}
    for name, table in tables.items():
        write_table(tmp_path / f"{name}.parquet", table)
    return tmp_path


def read(folder, name):
    return pl.read_parquet(folder / f"{name}.parquet")


def shown(folder, identity, capsys):
    assert run(["show", identity, "--out", str(folder)]) == 0
    return capsys.readouterr().out


def test_a_line_is_followed_back_to_its_documents(folder, capsys):
    kept = read(folder, "inferences").row(0, named=True)
    told = shown(folder, kept["inference_id"], capsys)
    order = [told.index(f"{name} ") for name in ("EXAMPLE", "INFERENCE", "REQUEST", "ANSWER", "SOURCE", "DOCUMENT")]
    assert order == sorted(order)
    for expected in (
        "glon are less dangerous than femp.",
        "operator: reverse; kept: True",
        f"REQUEST {kept['request_id']}",
        "model: some/model; sampling: {",
        '"seed": ',
        "[user]",
        "Turn the statement around",
        "ANSWER sample 0",
        "finish_reason: stop; prompt_tokens: 99; output_tokens: 7",
        "  - glon [bold]are",
        'from: notes/one.md; meta: {"title": "One"}',
        "from: notes/two.md#3",
    ):
        assert expected in told
    assert "sample 1" not in told
    assert ">>>femp are more dangerous\n  than glon.<<< After\\x1b[31m[/]." in told
    assert "\x1b" not in told


def test_a_start_of_an_id_is_enough(folder, capsys):
    whole = read(folder, "inferences")["inference_id"][0]
    assert shown(folder, whole[:8], capsys) == shown(folder, whole, capsys)


def test_a_rejected_inference_shows_its_reason(folder, capsys):
    rejected = read(folder, "inferences").filter(~pl.col("kept"))
    told = shown(folder, rejected.filter(reason="duplicate")["inference_id"][0], capsys)
    assert "EXAMPLE" not in told
    assert "kept: False; reason: duplicate" in told
    assert "ANSWER sample 1" in told


def test_a_request_shows_all_its_answers_and_inferences(folder):
    asked = read(folder, "inferences")["request_id"][0]
    found = chain(folder, *find(folder, asked))
    assert [row["sample"] for row in found.generations] == [0, 1]
    assert len(found.inferences) == 3
    assert [row["doc_id"] for row in found.documents] == ["d1aaaa", "d2bbbb"]


def test_a_document_shows_what_came_from_it(folder, capsys):
    told = shown(folder, "d1aaaa", capsys)
    assert told.count("INFERENCE ") == 3
    assert "from: notes/one.md" in told


def test_an_original_line_is_its_document(folder):
    found = chain(folder, *find(folder, "d2bbbb"))
    assert [row["origin"] for row in found.examples] == ["original"]
    assert [row["doc_id"] for row in found.documents] == ["d2bbbb"]


def test_a_copy_leads_to_the_inference_that_it_copies(folder):
    table = mixed(read(folder, "examples"), 0.25, 0)
    write_table(folder / "examples.parquet", table)
    copy = table.filter(origin="operator")["example_id"][-1]
    whole = read(folder, "inferences").filter("kept")["inference_id"].to_list()
    assert copy not in whole
    found = chain(folder, *find(folder, copy))
    assert [row["inference_id"] for row in found.inferences] == whole
    assert found.generations


def test_rows_of_a_run_are_gathered_over_seeds_and_arms(folder):
    inferences, examples = read(folder, "inferences"), read(folder, "examples")
    seeds = [inferences.with_columns(seed=pl.lit(s), doc_ids=pl.lit([d])) for s, d in ((0, "d1aaaa"), (1, "d2bbbb"))]
    write_table(folder / "inferences.parquet", pl.concat(seeds))
    write_table(
        folder / "examples.parquet",
        pl.concat([examples.with_columns(seed=pl.lit(s), arm=pl.lit("finetuned+local")) for s in (0, 1)]),
    )
    identity = inferences["inference_id"][0]
    found = chain(folder, *find(folder, identity))
    assert [row["where"] for row in found.examples] == [["finetuned+local, seed 0", "finetuned+local, seed 1"]]
    assert [(row["where"], row["doc_ids"]) for row in found.inferences] == [
        (["seed 0", "seed 1"], ["d1aaaa", "d2bbbb"])
    ]
    assert len(found.documents) == 2


def test_a_folder_with_few_tables_shows_what_it_has(folder, capsys):
    identity = read(folder, "inferences")["inference_id"][0]
    for name in ("examples", "requests", "documents"):
        (folder / f"{name}.parquet").unlink()
    told = shown(folder, identity, capsys)
    assert "INFERENCE" in told
    assert "ANSWER sample 0" in told


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        ("zzzz", "No id in"),
        ("d1", "needs at least 4 characters"),
        ("same", "2 ids in"),
        (None, "show: give an example_id"),
    ],
)
def test_a_mistake_is_one_sentence(folder, identity, message, capsys):
    table = read(folder, "documents").with_columns(doc_id=pl.Series(["same-1", "same-2"]))
    write_table(folder / "documents.parquet", table)
    assert run(["show", *([identity] if identity else []), "--out", str(folder)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert message in told.err


def test_a_folder_of_something_else(tmp_path, capsys):
    assert run(["show", "abcd", "--out", str(tmp_path)]) == 2
    assert "holds no tables of `augment` or `run`" in capsys.readouterr().err


def test_what_a_terminal_obeys_is_spelled_out():
    assert safe("a\x1b]0;t\x07b\u202ec\nd\te") == "a\\x1b]0;t\\x07b\\x202ec\nd\te"
    assert json.loads(json.dumps(safe("“quoted”"))) == "“quoted”"
