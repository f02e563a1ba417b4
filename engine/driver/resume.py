"""What a folder has been computed from, compared with what is asked now: edited rows are done again, another model is refused.

Each manifest entry names a fingerprint of model and settings (`from`) and a digest for each row (`content`). Entries that
older versions wrote have neither; their rows count as they are.
"""

import base64
import contextlib
import hashlib
import json
from typing import Any, NamedTuple

import numpy
import polars as pl

from engine.console import say
from engine.driver.rows import batches
from engine.errors import UserError
from engine.fingerprint import adapter_fingerprint, as_text
from engine.store.parts import entries, in_threads, parts, take_out
from engine.store.places import Place, exists, join, read_bytes
from engine.store.records import write_json
from engine.store.tables import read_columns
from engine.tasks.base import Task

ADOPTED = ("_manifest", "from-adopted.json")


class Origin:
    """What the rows of one call are computed from."""

    def __init__(self, mark: str, facts: dict[str, Any]):
        self.mark, self.facts = mark, facts
        self.adapters: dict[str, str | None] = {}

    def entry(self, rows: pl.DataFrame, task: Task) -> dict[str, str]:
        """What the manifest says of a part with the results of some filled rows."""
        digests = self.digests(rows, task).drop_nulls().to_numpy()
        return {"from": self.mark, "content": base64.b64encode(digests.astype("<u8").tobytes()).decode()}

    def digests(self, rows: pl.DataFrame, task: Task) -> pl.Series:
        """A number for each filled row that depends on its id and all that is asked; null where its adapter is gone."""
        names = sorted(
            {task.key, *task.needed, *task.defaults} - {"prefix_key"}
        )  # which only says what is done together
        adapters = {name: self._adapter(name) for name in rows["adapter"].drop_nulls().unique()}
        known = pl.col("adapter").replace_strict(adapters, default=None, return_dtype=pl.String)
        texts = rows.select(pl.struct(*[known if name == "adapter" else name for name in names]).struct.json_encode())
        found = [
            int.from_bytes(hashlib.blake2b(t.encode(), digest_size=8).digest(), "little") for t in texts.to_series()
        ]
        gone = rows["adapter"].is_in([name for name, value in adapters.items() if value is None])
        return pl.select(pl.when(~gone.fill_null(False)).then(pl.Series(found, dtype=pl.UInt64))).to_series()

    def _adapter(self, name: str) -> str | None:
        if name not in self.adapters:
            self.adapters[name] = adapter_fingerprint(name)
        return self.adapters[name]

    def record(self, out: Place) -> None:
        """Say in a folder what this origin's mark stands for."""
        if not exists(where := _facts(out, self.mark)):
            write_json(where, self.facts)


def settle(source: pl.DataFrame | Place, task: Task, out: Place, origin: Origin, replace: bool) -> None:
    """Take out of a folder what is not what is asked now, so that the rest is finished.

    Rows that were edited under their id go; so do those of another model or other settings where `replace` says so, and
    without it raise UserError. An id that stands in two parts stays in the first.
    """
    known = entries(out)
    if not known:
        return
    done = _done(out, task)
    twice = done.filter(pl.col("id").is_duplicated()).sort("part")
    for (part,), some in twice.filter(~pl.col("id").is_first_distinct()).partition_by("part", as_dict=True).items():
        take_out(out, task.key, some["id"], [str(part)])
    if not all("from" in entry for entry in known.values()):
        _adopt(out, origin)
    changed = stale(source, task, out, origin, replace)
    if changed.edited:
        say(f"{changed.edited:,} rows have been edited since {out} was written: they are done again")
    take_out(out, task.key, changed.ids)


class Stale(NamedTuple):
    """Finished rows that are not what is asked now: their ids, and how many of them were edited."""

    ids: pl.Series
    edited: int


def stale(source: pl.DataFrame | Place, task: Task, out: Place, origin: Origin, replace: bool) -> Stale:
    """What `settle` takes out, found without changing anything; raises as it does."""
    known = entries(out)
    if not known:
        return Stale(pl.Series(dtype=pl.String), 0)
    asked = _asked(source, task, origin).join(_done(out, task), on="id")
    adopted = "" if all("from" in entry for entry in known.values()) else _adopted(out) or origin.mark
    made = {key: entry.get("from", adopted) for key, entry in known.items()}
    others = {key for key, mark in made.items() if mark != origin.mark}
    foreign = asked.filter(pl.col("part").is_in(others))
    if not foreign.is_empty() and not replace:
        facts = _facts(out, made[foreign["part"][0]])
        told = as_text(json.loads(read_bytes(facts))) if exists(facts) else "another model or settings"
        raise UserError(
            f"{out} holds results of {told}, and now {as_text(origin.facts)} is asked: choose another folder, or remove this one."
        )
    contents = [pl.DataFrame({"part": key, "digest": _content(entry)}) for key, entry in known.items()]
    same = pl.concat([pl.DataFrame(schema={"part": pl.String, "digest": pl.UInt64}), *contents])
    silent = [key for key, entry in known.items() if "content" not in entry]
    rest = asked.filter(~pl.col("part").is_in(others | set(silent))).drop_nulls("digest")
    edited = rest.join(same, on=["part", "digest"], how="anti")
    return Stale(pl.concat([foreign["id"], edited["id"]]), edited.height)


def _done(out: Place, task: Task) -> pl.DataFrame:
    """Each finished id with the key of its part."""

    def read(where: Place) -> pl.DataFrame:
        key = str(where).rsplit("/", 1)[-1].removeprefix("part-").removesuffix(".parquet")
        ids = read_columns(where, [task.key])[task.key].cast(pl.String).unique()
        return pl.DataFrame({"id": ids, "part": [key] * ids.len()}, schema={"id": pl.String, "part": pl.String})

    return pl.concat(in_threads(read, parts(out)))


def _asked(source: pl.DataFrame | Place, task: Task, origin: Origin) -> pl.DataFrame:
    """Each row's id and digest."""
    columns = {task.key, *task.needed, *task.defaults}
    tables = [pl.DataFrame(schema={"id": pl.String, "digest": pl.UInt64})]
    for batch in batches(source, task, columns):
        filled = task.fill(batch)
        tables.append(pl.DataFrame({"id": filled[task.key], "digest": origin.digests(filled, task)}))
    return pl.concat(tables)


def _content(entry: dict[str, Any]) -> pl.Series:
    """The digests of a part's rows."""
    return pl.Series(numpy.frombuffer(base64.b64decode(entry.get("content", "")), "<u8").astype(numpy.uint64))


def _facts(out: Place, mark: str) -> Place:
    return join(out, "_manifest", f"from-{mark}.json")


def _adopt(out: Place, origin: Origin) -> None:
    """Take parts that do not say what they are of for this origin's, where no call has done so before."""
    if not _adopted(out):
        say(f"{out} does not say which model its results are of: they are taken for those of {as_text(origin.facts)}")
        with contextlib.suppress(UserError):  # it may only be read
            write_json(join(out, *ADOPTED), {"from": origin.mark})
            origin.record(out)


def _adopted(out: Place) -> str | None:
    """The mark of parts that have none: that of the first call which saw them."""
    where = join(out, *ADOPTED)
    found: str | None = json.loads(read_bytes(where))["from"] if exists(where) else None
    return found
