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
from engine.driver.rows import batches, found_at
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
    names, done = _done(out, task)
    twice = done.filter(pl.col("hash").is_duplicated()).sort("part")
    for (part,), some in twice.filter(~pl.col("hash").is_first_distinct()).partition_by("part", as_dict=True).items():
        ids = _ids(join(out, f"part-{names[int(str(part))]}.parquet"), task)
        take_out(out, task.key, ids.filter(ids.hash().is_in(some["hash"].implode())), [names[int(str(part))]])
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
    names, done = _done(out, task)
    asked = _asked(source, task, origin)
    place = found_at(asked["id"].hash(), done["hash"])
    asked = asked.with_columns(part=done["part"].gather(place)).drop_nulls("part")
    del place, done
    adopted = "" if all("from" in entry for entry in known.values()) else _adopted(out) or origin.mark
    made = {key: entry.get("from", adopted) for key, entry in known.items()}
    others = pl.Series([number for number, key in enumerate(names) if made[key] != origin.mark], dtype=pl.UInt32)
    foreign = asked.filter(pl.col("part").is_in(others.implode()))
    if not foreign.is_empty() and not replace:
        facts = _facts(out, made[names[foreign["part"][0]]])
        told = as_text(json.loads(read_bytes(facts))) if exists(facts) else "another model or settings"
        raise UserError(
            f"{out} holds results of {told}, not of {as_text(origin.facts)}: choose another folder, or delete this one."
        )
    silent = pl.Series([number for number, key in enumerate(names) if "content" not in known[key]], dtype=pl.UInt32)
    rest = asked.filter(~pl.col("part").is_in(pl.concat([others, silent]).implode())).drop_nulls("digest")
    of_parts = [_marked(_content(known[key]), number) for number, key in enumerate(names)]
    same = pl.concat([pl.Series(dtype=pl.UInt64), *of_parts])
    edited = rest.filter(found_at(_marked(rest["digest"], rest["part"]), same).is_null())
    return Stale(pl.concat([foreign["id"], edited["id"]]), edited.height)


def _done(out: Place, task: Task) -> tuple[list[str], pl.DataFrame]:
    """The keys of the parts; and each finished id, as `hash`, with the place of its part among them: 12 bytes a row."""
    files = parts(out)
    names = [str(where).rsplit("/", 1)[-1].removeprefix("part-").removesuffix(".parquet") for where in files]

    def read(numbered: tuple[int, Place]) -> pl.DataFrame:
        number, where = numbered
        return pl.DataFrame({"hash": _ids(where, task).hash()}).with_columns(part=pl.lit(number, dtype=pl.UInt32))

    tables = [pl.DataFrame(schema={"hash": pl.UInt64, "part": pl.UInt32}), *in_threads(read, list(enumerate(files)))]
    return names, pl.concat(tables)


def _ids(part: Place, task: Task) -> pl.Series:
    return read_columns(part, [task.key])[task.key].cast(pl.String).unique()


def _marked(digests: pl.Series, part: int | pl.Series) -> pl.Series:
    """Digests that also depend on the part that they are in."""
    number = numpy.atleast_1d(numpy.asarray(part, dtype=numpy.uint64))  # arrays wrap around where they overflow
    return pl.Series(digests.to_numpy() ^ ((number + numpy.uint64(1)) * numpy.uint64(0x9E3779B97F4A7C15)))


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
