"""Whether a job is finished already: its inferences were made of all that would be asked and read now.

Recorded beside them is what they were made of: documents, settings, models, our own code, and what the engines' folders hold. Where all is
the same, calling again reads one file instead of making requests, reading answers and checking them once more. A job with a plug-in or
embeddings, whose code and weights are not known here, is gone through again: what the engines said is there.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from augment.checks.registry import GROUP as CHECKS
from augment.config import AugmentConfig
from augment.operators.registry import GROUP as OPERATORS
from augment.plugins import plugins
from engine.fingerprint import adapter_fingerprint
from engine.pool import EnginePool
from engine.store.ids import content_id
from engine.store.parts import keys
from engine.store.places import Place, join, names
from engine.store.records import write_json

RECORD = "finished.json"
PACKAGE = Path(__file__).parents[1]
CODE = (".py", ".yaml", ".md")


def facts_of(
    documents: pl.DataFrame, pool: EnginePool, reader: EnginePool, config: AugmentConfig, model: str
) -> dict[str, Any] | None:
    """What inferences are made of; None where that cannot be known whole."""
    if plugins(OPERATORS) or plugins(CHECKS) or config.partners == "embedding":
        return None
    return {
        "documents": hashlib.sha256(documents.hash_rows().to_numpy().tobytes()).hexdigest() + pl.__version__,
        "config": config.model_dump(mode="json"),
        "prompts": _digest(config.prompts) if config.prompts else None,
        "adapter": adapter_fingerprint(str(config.verify.reader)) if config.verify.reader else None,
        "model": [model, pool.mark(), reader.mark()],
        "code": [_digest(PACKAGE), pl.__version__],
    }


def is_finished(out: Path, answers: Place, facts: dict[str, Any] | None) -> bool:
    """Whether inferences.parquet in `out` was made of just these."""
    record, table = out / RECORD, out / "inferences.parquet"
    if facts is None or not record.is_file() or not table.is_file():
        return False
    told = json.loads(record.read_text(encoding="utf-8"))
    return bool(told == {"from": content_id(facts), "answers": _held(answers), "inferences": _of_file(table)})


def record_finished(out: Path, answers: Place, facts: dict[str, Any] | None) -> None:
    """Say what inferences.parquet was made of. Answers that failed are asked for again, so then nothing is finished."""
    (out / RECORD).unlink(missing_ok=True)
    failed = pl.scan_parquet(out / "inferences.parquet", glob=False).filter(
        pl.col("reason").str.contains("engine: |not scored: ")
    )
    if facts is not None and failed.head(1).collect(engine="streaming").is_empty():
        told = {
            "from": content_id(facts),
            "answers": _held(answers),
            "inferences": _of_file(out / "inferences.parquet"),
        }
        write_json(out / RECORD, told)


def _held(answers: Place) -> str:
    """What the engines' folders hold, by the names in their manifests."""
    folders = [name for name in sorted(names(answers)) if name.startswith(("generations", "verify"))]
    return content_id({name: keys(join(answers, name)) for name in folders})


def _of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _digest(folder: Path) -> str:
    """What the code and prompts of a folder are."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in CODE)
    return content_id({str(path.relative_to(folder)): _of_file(path) for path in files})
