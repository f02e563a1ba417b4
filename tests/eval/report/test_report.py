"""The report of a full run, of a poor one, and of one with hostile text. All figures here are made up."""

import errno
import io
import os
import re
from pathlib import Path

import polars as pl
import pytest
import yaml
from html_tags import Tags
from made_up import AUDITED, CHANCE, RATES, full, made_up
from rich.console import Console

from engine.errors import UserError
from eval.config import RunConfig
from eval.measure.accuracy import summarise
from eval.measure.claims import Claim, compare_arms, judge
from eval.report.curves import curves
from eval.report.figures import panels
from eval.report.findings import headline, meaning_of, next_steps, tally, warnings
from eval.report.page import ReportData, table_of_arms, write_report
from eval.report.summary import repeat, spent


def written(run: Path, data: ReportData) -> tuple[str, str]:
    write_report(run, data)
    assert (run / "figures" / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    return (run / "report.html").read_text(), (run / "report.md").read_text()


def test_full_report_has_every_part(tmp_path):
    html, markdown = written(tmp_path, full())
    for part in ("femp", "contradicts its source", "doc-0012", "21,480", "97.0%", "0f3c9a1", "make demo", "1 min 1 s"):
        assert part in html
        assert part in markdown
    assert "the paper&#39;s ordering is shown (all 5 claims)" in html
    assert html.count('role="img"') == 2  # a panel per split


def test_pages_and_figures_are_whole_where_a_disk_fills_amid_them(tmp_path, monkeypatch):
    written(tmp_path, full())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".png", ".html", ".md"}
    before, room, sync = {path: path.read_bytes() for path in files}, [0], os.fsync

    def fill(file: int) -> None:
        room[0] -= 1
        if room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    monkeypatch.setattr("engine.store.places.os.fsync", fill)
    other = full(results=AUDITED, summary=summarise(made_up(norms=("sum", "exact"))))
    for fits in (0, len(files) - 1):
        room[0] = fits
        with pytest.raises(UserError, match=r"Cannot write .*: No space left on device; make room"):
            write_report(tmp_path, other)
        now = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        assert set(now) == set(before)
        assert sum(now[path] != before[path] for path in files) <= fits
    room[0] = len(files)
    assert written(tmp_path, other) != (
        before[tmp_path / "report.html"].decode(),
        before[tmp_path / "report.md"].decode(),
    )


def test_audit_and_gates_are_tables(tmp_path):
    answers = made_up(norms=("sum", "exact"))
    html, markdown = written(tmp_path, full(results=AUDITED, summary=summarise(answers)))
    Tags(html)
    assert "(the written answer compared with the right one (exact match))" in markdown
    assert markdown.count("(chance)") == 2  # what is written has no chance to be right by guessing
    for line in (
        "| reversal | 70.0% | 20.0% | 10.0% | 300 |",
        "| reversal | icl | 90.0% \\[80.0, 95.0\\], 270 | 90.0% \\[80.0, 95.0\\], 30 |",
        "| forgetting: log-likelihood per token of held-out texts | finetuned | 0.75 | 0.50 |",
        "| 75.0% | 50.0% | -25.0, -25.0 \\[-50.0, +25.0\\] |",
    ):
        assert line in markdown, line
    assert html.count("<h3>What tuning cost</h3>") == 1
    assert "What tuning cost" not in written(tmp_path, full())[0]


def test_page_is_one_file_without_scripts(tmp_path):
    html, _ = written(tmp_path, full(results=AUDITED))
    assert not re.search(r"https?://|@import|url\(", html)
    tags = Tags(html).found
    assert "script" not in [tag for tag, _ in tags]
    assert not [attrs for _, attrs in tags if "src" in attrs]
    assert all((attrs["href"] or "").startswith("#") for _, attrs in tags if "href" in attrs)
    assert all("scope" in attrs for tag, attrs in tags if tag == "th")
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {(attrs["href"] or "")[1:] for tag, attrs in tags if tag == "a"} <= set(ids)


def test_minimal_data(tmp_path):
    answers = made_up({"syllogism": {"pretrained": 0.2}}, seeds=1, norms=("sum",))
    html, markdown = written(tmp_path, ReportData("Bare", "syllogisms", "tiny", summarise(answers)))
    Tags(html)
    assert "cannot be judged because this run lacks the arms" in html
    assert "Examples" not in html
    assert "| syllogism | pretrained |" in markdown


def test_nothing_scored(tmp_path):
    answers = made_up(seeds=1).with_columns(correct=pl.lit(None, dtype=pl.Boolean))
    html, _ = written(tmp_path / "null", full(summary=summarise(answers)))
    assert "No question was scored" in html
    html, _ = written(tmp_path / "empty", ReportData("Empty", "none", "none", summarise(answers.clear())))
    assert "Nothing was scored" in html


def test_data_is_escaped(tmp_path):
    evil = '<script>alert("x")</script> | a *bold* `code`\n# head'
    row = {"text": evil, "operator": evil, "source_text": evil, "kept": True, "reason": evil}
    mistake = dict.fromkeys(("arm", "split", "stem", "chosen", "right"), evil)
    data = full(
        title=evil,
        model_note=evil,
        facts=[{"text": evil, "source": evil}],
        inferences=[row, row | {"kept": False}],
        mistakes=[mistake],
        steps=[evil],
        provenance={evil: evil},
        config={"note": evil},
        commands=[evil],
    )
    html, markdown = written(tmp_path, data)
    assert "<script" not in html
    literal = [line for line in markdown.splitlines() if "<script" in line]
    assert literal
    assert all(line.startswith("    ") for line in literal)  # only inside blocks of code
    assert [line for line in markdown.splitlines() if line.startswith("# ")] == [
        r'# &lt;script&gt;alert("x")&lt;/script&gt; \| a \*bold\* \`code\` # head'
    ]


def test_headline_says_where_the_ordering_fails():
    rates = {"reversal": RATES["reversal"] | {"finetuned+local": 0.5}}
    answers = made_up(rates, norms=("sum",))
    summary = summarise(answers)
    found = judge(compare_arms(answers, CHANCE, "reversal"))
    sentence = headline(summary, found, CHANCE)
    assert tally(found) == "mixed"
    assert (
        "ordering is refuted here for “finetuned+local reaches icl” (2 shown, 1 refuted, 2 undecided of 5 claims"
        in sentence
    )
    assert any("Add seeds" in step for step in next_steps(summary, found, {}))


def test_a_headline_names_few_claims_and_counts_many():
    answers = made_up({"reversal": dict.fromkeys(RATES["reversal"], 0.7)}, norms=("sum",))
    summary = summarise(answers)
    found = judge(compare_arms(answers, CHANCE, "reversal"))
    sentence = headline(summary, [*found, *found], CHANCE)
    assert "ordering is not decided (" in sentence
    assert "“" not in sentence


def test_few_questions_are_a_first_look():
    rows = [{"split": "reversal", "arm": arm, "seed": seed, "norm": "sum", "n": 12} for arm in "ab" for seed in (0, 1)]
    assert warnings({"rows": rows, "questions": [{}]}) == [
        "Only 12 reversal questions were asked: these figures are a first look, not a result."
    ]
    assert "Only 24 reversal" in warnings({"rows": rows})[0]
    assert warnings({"rows": [row | {"n": 15} for row in rows]}) == []


def test_headline_counts_what_could_not_be_judged():
    answers = made_up({"reversal": {"icl": 0.97, "finetuned": 0.5}}, norms=("sum",))
    summary = summarise(answers)
    found = judge(compare_arms(answers, CHANCE, "reversal"))
    assert tally(found) == "holds"
    sentence = headline(summary, found, CHANCE)
    assert "ordering is shown (all 1 claims, and 5 could not be judged" in sentence
    assert any("finetuned+local, finetuned+repeat and pretrained" in step for step in next_steps(summary, found, {}))


def test_panels_leave_out_what_was_not_scored():
    answers = made_up(seeds=1).with_columns(
        correct=pl.when(pl.col("arm") != "icl").then(pl.col("correct")).otherwise(None)
    )
    groups = panels(summarise(answers), {"reversal": 0.5})
    assert [(group.split, group.chance) for group in groups] == [("rephrasing", None), ("reversal", 0.5)]
    assert "icl" not in [bar.arm for group in groups for bar in group.bars]


def test_markdown_has_the_table_of_arms(tmp_path):
    _, markdown = written(tmp_path, full())
    assert re.search(
        r"^\| reversal \| finetuned\+local \| 9\d\.\d% \\\[\d\d\.\d, \d\d\.\d\\\] \| 300 \| 0 \| 3 \|$", markdown, re.M
    )
    assert "| reversal | (chance) | 50.0% |" in markdown


@pytest.mark.parametrize("chance", [CHANCE, None])
def test_table_of_arms(chance):
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(table_of_arms(summarise(made_up()), chance))
    text = console.export_text()
    assert re.search(r"finetuned\+local .*9\d\.\d% \[\d\d\.\d, \d\d\.\d\]", text)
    assert ("chance: rephrasing 50.0%, reversal 50.0%" in " ".join(text.split())) == (chance is not None)


def test_a_run_whose_inferences_all_failed_says_so_first(tmp_path):
    results = {"augmentation": {"inferences": 2907, "kept": 0}}
    assert "None of the 2,907 inferences" in warnings(results)[0]
    assert warnings({"augmentation": {"inferences": 10, "kept": 1}}) == warnings({}) == []
    write_report(tmp_path, full(results=results))
    for name in ("report.html", "report.md"):
        assert "None of the 2,907 inferences passed the checks" in (tmp_path / name).read_text()


def test_commands_repeat_the_run_with_its_settings():
    config = RunConfig.model_validate(
        {"name": "x", "model": "m: #1", "seeds": [3], "train": {"steps": 7}, "engine": {"vllm": {"max_model_len": 9}}}
    )
    lines = repeat(config, {"git": {"revision": "0f3c9a1", "diff": "clean"}})
    assert lines[0] == "git checkout 0f3c9a1"
    assert lines[1] == "cat > x-again.yaml <<'END'"
    assert RunConfig.model_validate(yaml.safe_load("\n".join(lines[2 : lines.index("END")]))) == config
    assert lines[-2:] == ["forethought run x-again.yaml --name x-again", "forethought compare runs/x runs/x-again"]
    bare = repeat(config, {"git": {"revision": "not a git checkout", "diff": "1234"}})
    assert bare[0].startswith("# not a git checkout")
    assert "1234" in bare[1]


def test_tokens_are_counted_once_for_each_prompt(tmp_path):
    """Two samples of one request read their prompt once."""
    assert spent(tmp_path) == {}
    for folder, ids in (("generations", "aab"), ("generations-round-2", "c")):
        rows = [("x", 100, 60, 7)] * len(ids)
        table = pl.DataFrame(rows, schema=["text", "prompt_tokens", "cached_tokens", "output_tokens"], orient="row")
        (tmp_path / folder / "_manifest").mkdir(parents=True)
        table.with_columns(request_id=pl.Series(list(ids))).write_parquet(tmp_path / folder / "part-0.parquet")
        (tmp_path / folder / "_manifest/part-0.json").write_text("{}")
    assert spent(tmp_path) == {"prompt": 300, "cached": 180, "output": 28}


def test_held_back_losses_are_curves_too():
    job = {"arm": "finetuned", "seed": 0, "losses": [[10, 2.0], [20, 1.0]], "validation": [[20, 4.0]]}
    (curve,) = curves([job])
    assert (curve.validation, curve.validated) == ("100.00,0.00", 4.0)
    assert curve.points == "50.00,50.00 100.00,75.00"


def test_many_claims_that_hold_are_folded(tmp_path):
    found = [Claim(f"claim {n}", "", "", "refuted" if n == 5 else "shown", difference=0.1) for n in range(10)]
    html, markdown = written(tmp_path, full(claims=found))
    assert "<summary>9 of 10 claims are shown</summary>" in html
    assert html.index("claim 5") < html.index("9 of 10 claims are shown") < html.index("claim 0")
    assert markdown.count("| claim ") == 11


def test_loss_curves_are_means_over_seeds():
    jobs = [
        {"arm": arm, "seed": seed, "steps": 20, "seconds": 1, "losses": [[10, 4.0 + seed], [20, 2.0]], "validation": []}
        for arm in ("finetuned+local", "finetuned")
        for seed in (0, 1)
    ]
    first, second = curves(jobs)
    assert (first.arm, second.arm) == ("finetuned", "finetuned+local")
    assert first.points == "50.00,10.00 100.00,60.00"  # of the highest, 5, and the last step, 20
    assert (first.first, first.last, first.steps) == (4.5, 2.0, 20)
    assert curves([]) == []


@pytest.mark.parametrize(
    ("arm", "told"),
    [
        ("finetuned+qa", "Finetuned on the documents and on what qa made of them."),
        ("finetuned+split", "Finetuned on the documents; the documents are split into sentences."),
        (
            "finetuned+rephrase+reverse+sourced",
            "Finetuned on the documents and on what rephrase and reverse made of them; each inference follows the text that it was made from.",
        ),
        ("finetuned+gold", "Finetuned on the documents and on everything that follows according to the benchmark."),
        ("magic", ""),
    ],
)
def test_an_arm_is_explained_by_the_parts_of_its_name(arm, told):
    assert meaning_of(arm) == told
