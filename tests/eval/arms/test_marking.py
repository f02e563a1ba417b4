"""The judge of written answers: what it is asked, what counts as right, and how good it is."""

import json
import re

import polars as pl
from scripted_engine import ScriptedBackend, ScriptedPool

from engine.config import EngineConfig
from engine.tasks.base import Answer
from eval.arms.marking import FILE, can_judge, judged
from eval.config import RunConfig
from eval.report.questions import question_tables
from eval.report.summary import free_answers
from eval.runs.abilities import abilities

GIVEN = (
    ("q1", "Who owns the Petrel?", "Olaf Dahl", " It belongs to Olaf Dahl."),
    ("q2", "Who keeps horses?", "Jan Kowal", " Piet Maas"),
    ("q3", "Who founded the library?", "Piet Maas", "  "),
)


class Reader(ScriptedBackend):
    """Says yes where the given answer holds the right one, or never."""

    def __init__(self, never=False):
        super().__init__()
        self.never = never

    def answer(self, call):
        text = "".join(map(chr, call.ids[1:]))
        shown = re.findall(r"Right answer: (.*)\nGiven answer: (.*)\nThe same:", text)
        if len(shown) < 3:  # the two examples in front, computed once
            return Answer(call.key, "", "stop", len(call.ids), 0, 1)
        right, given = shown[-1]
        says_yes = text.endswith("yes")
        return Answer(
            call.key,
            logprobs=[-1.0 if says_yes == (right in given and not self.never) else -9.0]
            * (len(call.ids) - call.score_from),
        )


def written_rows():
    rows = [
        {"item_id": f"i{question}", "question_id": question, "arm": "finetuned", "seed": 0, "split": "own (free)"}
        | {"stem": f"Question: {asked}\nAnswer:", "choices": [f" {right}"], "answer": 0, "written": text}
        | {"norm": "normalised", "correct": False, "chosen": None, "cluster": question}
        for question, asked, right, text in GIVEN
    ]
    return pl.DataFrame(rows, schema_overrides={"chosen": pl.Int32})


def test_the_judge_says_what_is_right_and_how_good_it_is(tmp_path):
    pool = ScriptedPool()
    pool.backend = Reader()
    found = judged(written_rows(), "M", pool, tmp_path)
    assert found["norm"].unique().to_list() == ["judge"]
    assert found["correct"].to_list() == [True, False, False]
    assert json.loads((tmp_path / FILE).read_text()) == {
        "model": "M", "right": {"accepted": 3, "of": 3}, "others": {"accepted": 0, "of": 3}, "trusted": True
    }  # fmt: skip
    before = pool.asked
    assert judged(written_rows(), "M", pool, tmp_path).equals(found)
    assert pool.asked == before
    shown = abilities(pl.concat([written_rows(), found]))
    assert shown[0]["arms"]["finetuned"] == {"right": 0, "of": 1, "chosen": "It belongs to Olaf Dahl.", "judge": 1}
    (table,) = question_tables({"answered": shown, "own": {"table": "own-answers.parquet"}})
    assert table.rows[0][-1] == "no match: It belongs to Olaf Dahl. (the judge: right)"
    assert [row[-1] for row in table.rows[1:]] == ["no match: Piet Maas", "no match: (nothing)"]


def test_a_judge_that_says_no_to_everything_gives_no_figure(tmp_path):
    pool = ScriptedPool()
    pool.backend = Reader(never=True)
    assert judged(written_rows(), "M", pool, tmp_path).is_empty()
    facts = json.loads((tmp_path / FILE).read_text())
    assert facts["right"] == {"accepted": 0, "of": 3}
    assert facts["trusted"] is False
    results = {"own": {"free": 3}, "judge": facts}
    (_, sentence) = free_answers(RunConfig(model="M/M"), results)
    assert (
        "it accepted 0 of 3 right answers and 0 of 3 answers to other questions: it cannot judge, so its figure is left out"
        in sentence
    )


def test_a_model_that_cannot_read_answers_is_no_judge():
    assert not can_judge(RunConfig(model="pico"))
    assert not can_judge(RunConfig(model="org/name", engine=EngineConfig(kind="fake")))
    assert can_judge(RunConfig(model="org/name"))
