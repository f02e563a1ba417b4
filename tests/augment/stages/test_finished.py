"""A finished job that is called again reads its table; anything that changed has it done again."""

import polars as pl
import pytest

from augment.config import AugmentConfig, CheckConfig
from augment.stages import rounds
from augment.stages.requests import make_requests
from augment.stages.rounds import augment
from engine.config import EngineConfig
from engine.pool import EnginePool
from engine.store.parts import commit_part
from engine.tasks.generate import GENERATIONS

CONFIG = AugmentConfig(verify=CheckConfig(entailment=False))
POOL = EnginePool("fake", EngineConfig(kind="fake"), quiet=True)
DOCUMENTS = pl.DataFrame({"doc_id": ["d"], "text": ["femp are more dangerous than glon."], "source": "", "meta": "{}"})


def answer(folder, ids, *texts, error=None):
    """Answers to requests, as an engine leaves them."""
    base = dict.fromkeys(GENERATIONS) | {"sample": 0, "finish_reason": "stop", "error": error}
    rows = [base | {"request_id": i, "text": text} for i, text in zip(ids, texts, strict=True)]
    commit_part(folder, ids[0] if error is None else "failed", pl.DataFrame(rows, schema=GENERATIONS))


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Runs the job, and says whether it was gone through."""
    asked = make_requests(DOCUMENTS, CONFIG, "m")
    answer(tmp_path / "generations", asked["request_id"], "- glon are less dangerous than femp.", "NONE")
    began = list[int]()

    class Counted(rounds.Rounds):
        def run(self, documents):
            began.append(1)
            return super().run(documents)

    monkeypatch.setattr(rounds, "Rounds", Counted)

    def run(documents=DOCUMENTS, config=CONFIG) -> tuple[bool, pl.DataFrame]:
        before = len(began)
        found = augment(documents, POOL, config, "m", tmp_path)
        return len(began) > before, found

    return run


def test_a_finished_job_is_not_gone_through_again(job):
    first, again = job(), job()
    assert (first[0], again[0]) == (True, False)
    assert first[1].equals(again[1])
    assert first[1]["kept"].any()


def test_other_settings_documents_answers_and_tables_are(job, tmp_path, monkeypatch):
    job()
    stricter = CONFIG.model_copy(update={"verify": CheckConfig(entailment=False, near=0.5)})
    assert job(config=stricter)[0]
    assert job()[0]  # back again
    assert not job()[0]
    assert job(DOCUMENTS.with_columns(meta=pl.lit('{"shelf": "A3"}')))[0]
    assert job()[0]
    answer(tmp_path / "generations", ["another"], "NONE")
    assert job()[0]
    table = pl.read_parquet(tmp_path / "inferences.parquet")
    table.head(0).write_parquet(tmp_path / "inferences.parquet")
    again, found = job()
    assert again
    assert found.equals(table)
    monkeypatch.setattr("augment.stages.finished._digest", lambda folder: "edited code")
    assert job()[0]


def test_a_job_with_answers_that_failed_is_tried_again(job, tmp_path):
    job()
    ids = pl.read_parquet(tmp_path / "requests.parquet")["request_id"]
    assert (tmp_path / "finished.json").exists()
    (tmp_path / "generations").rename(tmp_path / "gone")
    answer(tmp_path / "generations", ids, None, None, error="out of memory")
    assert job()[0]
    assert not (tmp_path / "finished.json").exists()
