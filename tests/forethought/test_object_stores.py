"""`augment` and `score` from and to object stores: engines write there, tables are written back, a rerun resumes."""

import json

import pytest

import forethought
from engine.store.places import names, read_bytes, write_whole
from engine.store.tables import read_table
from forethought.cli import run

FAKE = ["--model", "fake", "--engine.kind", "fake"]
TABLES = {
    "documents.parquet",
    "requests.parquet",
    "inferences.parquet",
    "skipped.parquet",
    "review.html",
    "examples.parquet",
    "examples.jsonl",
    "log.txt",
}


def put(url):
    write_whole(f"{url}/docs/a.md", b"# Mars\n\nMars is a red planet. It has two moons.\n")
    write_whole(f"{url}/docs/b.pdf", b"no PDF")
    rows = [{"item_id": f"i{n}", "stem": "So:", "choices": [" yes", " no"]} for n in range(20)]
    write_whole(f"{url}/items.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())


def augmented(url, capsys, *more):
    line = [
        "augment",
        f"{url}/docs",
        "--out",
        f"{url}/out",
        *FAKE,
        *more,
    ]
    assert run(line) == 3
    return capsys.readouterr().err


@pytest.mark.engine
def test_augment_from_and_to_a_bucket_and_again(
    bucket, own_ray, capsys
):  # workers get the server's address when Ray starts
    put(bucket)
    told = augmented(bucket, capsys)
    assert "skipped b.pdf: no PDF" in told
    assert f"wrote {bucket}/out: inferences.parquet" in told
    assert names(f"{bucket}/out") >= TABLES | {"generations"}
    first = read_table(f"{bucket}/out/inferences.parquet")
    parts = {
        name: read_bytes(f"{bucket}/out/generations/{name}")
        for name in names(f"{bucket}/out/generations")
        if name.startswith("part-")
    }
    assert first.height > 0
    assert parts
    augmented(bucket, capsys, "--formats", "messages")
    assert {name: read_bytes(f"{bucket}/out/generations/{name}") for name in parts} == parts  # nothing was asked again
    assert read_table(f"{bucket}/out/inferences.parquet").equals(first)
    assert "examples.jsonl" not in names(f"{bucket}/out")
    assert "messages.jsonl" in names(f"{bucket}/out")


@pytest.mark.engine
def test_a_budget_is_kept_in_a_bucket(bucket, own_ray, capsys):
    put(bucket)
    line = ["augment", f"{bucket}/docs/a.md", "--out", f"{bucket}/budget", *FAKE, "--budget-tokens", "50"]
    assert run(line) in (0, 3)
    assert "budget.parquet" in names(f"{bucket}/budget")


@pytest.mark.engine
def test_score_from_and_to_a_bucket_and_again(bucket, own_ray, capsys):
    put(bucket)
    line = ["score", f"{bucket}/items.jsonl", "--out", f"{bucket}/scores", *FAKE]
    assert run(line) == 0
    assert f"40 choices scored, 0 of them errors; wrote {bucket}/scores" in " ".join(capsys.readouterr().err.split())
    before = names(f"{bucket}/scores")
    assert run([*line, "--dry-run"]) == 0
    assert "already has 40 of the choices; 0 would be scored" in " ".join(capsys.readouterr().err.split())
    assert run(line) == 0
    assert names(f"{bucket}/scores") == before


@pytest.mark.engine
def test_memory_is_written_to_by_this_process(memory, capsys):
    put(memory)
    augmented(memory, capsys)
    assert names(f"{memory}/out") >= TABLES | {"generations"}
    assert run(["score", f"{memory}/items.jsonl", "--out", f"{memory}/scores", *FAKE]) == 0
    assert any(name.startswith("part-") for name in names(f"{memory}/scores"))
    found = forethought.augment(f"{memory}/docs/a.md", model="fake", out=f"{memory}/api", engine={"kind": "fake"})
    assert found.height == read_table(f"{memory}/api/inferences.parquet").height > 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("augment gs://bucket/docs", "gs://bucket/docs cannot be used: "),
        ("augment a.md --out gs://bucket/out", "gs://bucket/out cannot be used: "),
        ("augment a.md --out gs://bucket/out --dry-run", "gs://bucket/out cannot be used: "),
        ("score gs://bucket/items.jsonl", "gs://bucket/items.jsonl cannot be used: "),
        ("score items.jsonl --out gs://bucket/out --dry-run", "gs://bucket/out/_manifest cannot be used: "),
        ("augment nothing://x", "nothing://x cannot be used: Protocol not known: nothing"),
        ("train gs://bucket/examples.parquet", "gs://bucket/examples.parquet cannot be used: "),
        ("verify gs://bucket/pairs.csv", "gs://bucket/pairs.csv cannot be used: "),
    ],
)
def test_a_missing_driver_is_one_sentence(line, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.md").write_text("Mars is red.")
    (tmp_path / "items.jsonl").write_text('{"item_id": "a", "stem": "So:", "choices": [" yes"]}\n')
    assert run([*line.split(), *FAKE] if line.split()[0] in ("augment", "score") else line.split()) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    if "gs://" in line:
        assert "gcsfs" in error
