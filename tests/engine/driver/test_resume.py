"""A folder is what it was computed from: edited rows are done again, other weights refused, two drivers never mixed."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from engine.config import PICO, EngineConfig
from engine.driver.resume import Origin
from engine.errors import UserError
from engine.fingerprint import fingerprint, folder_digest
from engine.pool import EnginePool
from engine.store.owner import InUse, claim
from engine.store.parts import commit_part, entries, parts, read_parts, write_part
from engine.tasks.registry import TASKS

FAKE = EngineConfig(kind="fake", replicas=1, cpus=0.5, shard_rows=50)


def items(count: int = 6, stem: str = "a stem") -> pl.DataFrame:
    ids = [f"i{n}" for n in range(count)]
    return pl.DataFrame({"item_id": ids, "stem": [stem] * count, "choices": [["x", "yz"]] * count})


def edit(weights: Path) -> None:
    """Turn one bit in the middle."""
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)


@pytest.mark.engine
def test_edited_items_are_done_again_under_their_old_ids(tmp_path: Path, monkeypatch):
    changed = items().with_columns(
        stem=pl.when(pl.col("item_id") == "i3").then(pl.lit("another")).otherwise(pl.col("stem"))
    )
    with EnginePool("none", FAKE, quiet=True) as pool:
        first = pool.score(items(), tmp_path / "s")
        for table, redone in ((items(), 0), (changed, 2), (changed, 0), (items(), 2)):
            found = pool.score(table, tmp_path / "s").sort("item_id", "choice")
            assert pool.last.rows == redone
            assert found.height == 12
            fresh = pool.score(table, tmp_path / f"fresh-{redone}-{table is changed}").sort("item_id", "choice")
            assert found.equals(fresh)
        assert first.sort("item_id", "choice").equals(found)
        # another machine may list what was written late, the manifest too
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr("engine.store.parts.names", lambda folder: set())
            assert pool.score(items(), tmp_path / "s").height == 12
            assert pool.last.rows == 0
        # the columns that only say what is done together, and their order, change nothing
        table = pl.DataFrame({"request_id": ["a"], "prompt": ["x"]})
        pool.generate(table, tmp_path / "g")
        pool.generate(
            table.with_columns(prefix_key=pl.lit("k")).select("prompt", "prefix_key", "request_id"), tmp_path / "g"
        )
        assert pool.last.rows == 0


@pytest.mark.engine
def test_other_weights_are_refused_or_replace_but_never_pass(tmp_path: Path):
    model = tmp_path / "model"
    shutil.copytree(PICO, model)
    with EnginePool(str(model), FAKE, quiet=True) as pool:
        pool.score(items(), tmp_path / "s")
    shutil.move(model, tmp_path / "moved")
    with EnginePool(str(tmp_path / "moved"), FAKE, quiet=True) as pool:
        pool.score(items(), tmp_path / "s")
        assert (pool.last.rows, pool.fleet.actors) == (0, [])  # a moved folder is the same model
    edit(tmp_path / "moved" / "model.safetensors")
    before = {path: path.read_bytes() for path in parts(tmp_path / "s")}
    with EnginePool(str(tmp_path / "moved"), FAKE, quiet=True) as pool:
        with pytest.raises(UserError, match=r"holds results of model \(.*\), not of moved \(.*\): choose another"):
            pool.score(items(), tmp_path / "s")
        assert {path: path.read_bytes() for path in parts(tmp_path / "s")} == before
        assert pool.score(items(), tmp_path / "s", replace=True).height == 12
        assert pool.last.rows == 12
        pool.score(items(), tmp_path / "s")
        assert pool.last.rows == 0
        # weights that are swapped in count as what they are
        pool.load("other weights")
        with pytest.raises(UserError, match="other weights"):
            pool.score(items(), tmp_path / "s")
        pool.score(items().with_columns(item_id=pl.col("item_id") + "o"), tmp_path / "s")
        assert pool.last.rows == 12
        pool.load(str(tmp_path / "moved"))
        pool.score(items(), tmp_path / "s")
        assert pool.last.rows == 0


def test_settings_count_where_they_change_values():
    plain = fingerprint("none", FAKE)[0]
    other = {
        "replicas": 3,
        "kv_cache_gib": 4.0,
        "shard_rows": 7,
        "vllm": {"max_num_seqs": 8, "gpu_memory_utilization": 0.5},
    }
    assert fingerprint("none", FAKE.model_copy(update=other))[0] == plain
    assert fingerprint("none", FAKE.model_copy(update={"vllm": {"dtype": "float16"}}))[0] != plain


def test_one_bit_of_an_adapter_changes_its_rows_and_its_place_does_not(tmp_path: Path):
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
        (folder / "adapter_config.json").write_text("{}")
        (folder / "adapter_model.safetensors").write_bytes(b"0" * 5000)
        (folder / "README.md").write_text(folder.name)
    rows, score = items(1).with_columns(prefix=pl.lit("")), TASKS["score"]

    def digest(folder: Path) -> int | None:
        return Origin("mark", {}).digests(rows.with_columns(adapter=pl.lit(str(folder))), score)[0]

    assert digest(folders[0]) == digest(folders[1])
    before = folder_digest(folders[0])
    edit(folders[0] / "adapter_model.safetensors")
    assert folder_digest(folders[0]) != before
    assert digest(folders[0]) != digest(folders[1])
    assert digest(tmp_path / "gone") is None


@pytest.mark.engine
def test_a_folder_of_an_older_version_goes_on_and_is_recorded(tmp_path: Path, capsys):
    with EnginePool("none", FAKE, quiet=True) as pool:
        pool.score(items(4), tmp_path / "s")
        for entry in (tmp_path / "s" / "_manifest").iterdir():
            if entry.name.startswith("part-"):
                entry.write_text(json.dumps({"rows": json.loads(entry.read_text())["rows"]}))
            else:
                entry.unlink()
        capsys.readouterr()
        assert pool.score(items(), tmp_path / "s").height == 12
        assert pool.last.rows == 4
        assert (
            "does not say which model its results are of: they are taken for those of none" in capsys.readouterr().err
        )
        pool.score(items(), tmp_path / "s")
        assert capsys.readouterr().err == ""
    with EnginePool("other", FAKE, quiet=True) as pool, pytest.raises(UserError, match="holds results of none"):
        pool.score(items(2), tmp_path / "s")


@pytest.mark.engine
def test_a_second_driver_is_refused_and_orphans_go(tmp_path: Path):
    with EnginePool("none", FAKE, quiet=True) as pool:
        pool.score(items(4), tmp_path / "s")
        before = entries(tmp_path / "s")
        other = claim(tmp_path / "s")
        with pytest.raises(InUse, match="in use by process"):
            pool.score(items(), tmp_path / "s")
        other.release()
        assert entries(tmp_path / "s") == before
        write_part(tmp_path / "s", "orphan", read_parts(tmp_path / "s", {}))
        pool.score(items(), tmp_path / "s")
        assert pl.read_parquet(tmp_path / "s" / "*.parquet").height == 12
        assert {path.name for path in (tmp_path / "s").iterdir() if path.suffix != ".parquet"} == {"_manifest"}
        # rows that two drivers of an older version did both are had once
        commit_part(tmp_path / "s", "zz", read_parts(tmp_path / "s", {}))
        assert pool.score(items(), tmp_path / "s").height == 12


@pytest.mark.engine
def test_a_folder_that_cannot_be_written_serves_what_is_finished(tmp_path: Path, monkeypatch):
    def refuse(where: Path, content: bytes) -> bool:
        raise UserError(f"Cannot write {where}: Read-only file system; choose another folder.")

    with EnginePool("none", FAKE, quiet=True) as pool:
        pool.score(items(4), tmp_path / "s")
        monkeypatch.setattr("engine.store.owner.create", refuse)  # root may write anywhere
        assert pool.score(items(4), tmp_path / "s").height == 8
        with pytest.raises(UserError, match=r"Cannot write .*_owner"):
            pool.score(items(5), tmp_path / "s")
