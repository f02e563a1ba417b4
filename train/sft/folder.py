"""The folder of a training: what its results come from, whether they are there, and room for others."""

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl

from engine.console import say
from engine.errors import UserError
from engine.models import fingerprint
from engine.store.places import remove, write_whole
from train.config import TrainConfig
from train.sft.outputs import DONE
from train.sft.watch import FAILED, PROGRESS

SETTINGS = "training.json"
"""Written first into a folder: model, settings, seed and texts of the training that it holds."""
NO_MATTER = {
    *("workers", "least_workers", "cpus", "gpu", "microbatch", "gradient_checkpointing", "max_failures"),
    *("report_to", "merge", "split", "validation"),
}
"""Settings on which the result does not depend; the last two decide which texts there are."""
WITH_VALIDATION = {"patience", "save_steps"}
"""Settings on which it depends only where texts are held back."""
WRITTEN = (
    *(
        SETTINGS,
        DONE,
        FAILED,
        PROGRESS,
        "examples.parquet",
        "validation.parquet",
        "README.md",
        "checkpoints",
        "ray",
        "merged",
    ),
    *("*.safetensors", "model.safetensors.index.json", "adapter_config.json", "config.json", "generation_config.json"),
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "vocab.*", "merges.txt"),
)
"""What a training writes."""


def trained_on(examples: pl.DataFrame) -> pl.DataFrame:
    """The columns of examples that training reads."""
    return examples.select(c for c in ("text", "prompt", "messages", "teacher_context") if c in examples.columns)


def facts_of(
    model: str, examples: pl.DataFrame, config: TrainConfig, seed: int, validation: pl.DataFrame | None
) -> dict[str, Any]:
    """All on which a training's result depends."""
    left_out = NO_MATTER if validation is not None else NO_MATTER | WITH_VALIDATION
    return {
        "model": fingerprint(model),
        "examples": _digest(examples),
        "validation": None if validation is None else _digest(validation),
        "seed": seed,
        **{f"train.{name}": value for name, value in _settings(config).items() if name not in left_out},
    }


def _settings(config: TrainConfig) -> dict[str, Any]:
    """The settings; one that came later is left out where it is not used, so that what was trained before it still counts."""
    return {name: value for name, value in config.model_dump(mode="json").items() if name != "tokens" or value}


def _digest(examples: pl.DataFrame) -> str:
    table = trained_on(examples)
    return hashlib.sha256(json.dumps([table.columns, table.rows()]).encode()).hexdigest()[:16]


def result_of(out: Path, facts: dict[str, Any]) -> dict[str, Any] | None:
    """What a finished training left, or None where there is none that was made from these facts."""
    return _json(out / DONE) if _json(out / SETTINGS) == facts else None


def make_room(out: Path, facts: dict[str, Any]) -> None:
    """Leave what a training from these facts has begun, and remove what another one left; says which setting differs.

    Raises UserError where the folder holds files of these names that no training wrote.
    """
    there, begun = [path for name in WRITTEN for path in out.glob(name)], _json(out / SETTINGS)
    if begun == facts:
        (out / FAILED).unlink(missing_ok=True)
        return
    older = (out / DONE).exists() or (out / "checkpoints").exists()  # of a version that kept no facts
    if there and begun is None and not older:
        raise UserError(
            f"{out} holds files not written by training ({', '.join(sorted(path.name for path in there)[:3])}), which training "
            "would overwrite: choose another folder (--out)."
        )
    if there:
        other = [name for name in facts if (begun or {}).get(name) != facts[name]]
        differs = f"with other {', '.join(other)}" if begun else "by another version"
        say(f"[yellow]note[/]: what {out.name} holds was trained {differs}; it is trained anew")
    for path in there:
        remove(path)
    write_whole(out / SETTINGS, json.dumps(facts, indent=1).encode())


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
