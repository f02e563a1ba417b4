"""Decisions in a run: of all worlds at once, kept in its folder, and with a page for more."""

from inference_rows import DOCUMENTS, row, table

from augment.config import AugmentConfig
from augment.review.decisions import STORED, Decision, write_decisions
from eval.benchmarks.registry import load
from eval.config import RunConfig
from eval.report.summary import steps
from eval.runs.folder import changes
from eval.runs.reviewed import decided, reviewed_worlds

MADE = {0: table(row(0), row(1)), 7: table(row(1), row(2, kept=False, reason="duplicate"))}
TEXTS = dict.fromkeys((0, 3, 7), DOCUMENTS)


def test_a_decision_counts_in_every_world_and_is_kept(tmp_path, capfd):
    path = tmp_path / "given.jsonl"
    path.write_bytes(write_decisions([Decision("i1", "reject"), Decision("i2", "keep")]))
    config = RunConfig(augment=AugmentConfig(decisions=(path,)))
    found = reviewed_worlds(MADE, TEXTS, config, tmp_path)
    assert {seed: table["kept"].to_list() for seed, table in found.items()} == {0: [True, False], 7: [False, True]}
    assert all(table.columns == MADE[0].columns for table in found.values())
    assert "review: 2 decisions used" in capfd.readouterr().err
    assert '"decisions":[{"inference_id":"i1"' in (tmp_path / "review.html").read_text()
    again = reviewed_worlds(MADE, TEXTS, RunConfig(), tmp_path)
    assert all(again[seed].equals(found[seed]) for seed in MADE)


def test_without_decisions_the_inferences_stay_and_there_is_a_page(tmp_path):
    found = reviewed_worlds(MADE, TEXTS, RunConfig(), tmp_path)
    assert all(found[seed].equals(table) for seed, table in MADE.items())
    assert [path.name for path in tmp_path.iterdir()] == ["review.html"]


def test_a_run_may_go_on_with_decisions(tmp_path):
    old = RunConfig().model_dump(mode="json")
    assert changes(old, RunConfig(augment=AugmentConfig(decisions=(tmp_path / "d.jsonl",)))) == []


def test_a_report_says_what_people_decided(tmp_path):
    assert decided(tmp_path) == {}
    (tmp_path / STORED).write_bytes(
        write_decisions([Decision("i1", "reject"), Decision("i2", "keep"), Decision("i3", "reject")])
    )
    assert decided(tmp_path) == {"keep": 1, "reject": 2, "edit": 0}
    results = {"augmentation": {"inferences": 9, "kept": 5}, "review": decided(tmp_path)}
    told = steps(RunConfig(), load(RunConfig().benchmark, 0), results)
    assert "People reviewed 3 of the inferences: they kept 1, rejected 2 and edited 0." in told
