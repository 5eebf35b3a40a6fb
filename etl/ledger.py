"""What every delivery became: known files, outcomes, rejects. Kept in the warehouse itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
from sqlalchemy import delete, select

from etl.contract import REJECT_COLUMNS
from etl.sources import Delivery
from warehouse.engine import Build
from warehouse.schema import ETL_AMOUNTS, ETL_FILES, ETL_REJECTS


@dataclass
class Entry:
    """One delivery in this run, and what becomes of it. `kept` are its copies, main file first;
    `as_rows`: its file may hold phones, so that only its rows are kept; `judged_by` are the
    circumstances that, once changed, make a refused file worth a try."""

    delivery: Delivery
    content_hash: str
    first_seen: datetime
    file_key: int
    judged_by: str = ""
    kept: tuple[str, ...] = ()
    as_rows: bool = False
    outcome: str = "loaded"
    reason: str | None = None
    rows_read: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)
    extra_columns: tuple[str, ...] = ()
    rejects: list[pl.DataFrame] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Rows rejected one by one."""
        return sum(frame.height for frame in self.rejects)

    def refuse(self, reason: str) -> None:
        """Refuse the whole file: none of its rows counts as loaded or rejected."""
        self.outcome, self.reason, self.rows_read = "refused", reason, 0
        self.counts, self.amounts, self.rejects = {}, {}, []

    def add_amounts(self, **amounts: Decimal) -> None:
        """Count the money of some rows by what became of them, and as `read`."""
        for name, amount in amounts.items():
            self.amounts[name] = self.amounts.get(name, Decimal(0)) + amount


@dataclass(frozen=True)
class Known:
    """What the ledger knows. Contents (and feeds) that were `loaded` once need no second look, nor
    do files (content, feed, name) that were `refused` under the same circumstances; `listings`
    spare reading either again, those of refused files with the mapping that was used."""

    first_seen: dict[tuple[str, str], datetime]
    loaded: set[tuple[str, str]]
    refused: set[tuple[str, str, str]]
    listings: set[tuple[object, ...]]
    next_file_key: int

    def has_seen(self, delivery: Delivery) -> bool:
        """Whether a directory listing tells that a delivery needs no second look."""
        listed = listing(delivery)
        return listed in self.listings or (*listed, delivery.mapping) in self.listings


Listing = tuple[str, str, int, int]


def listing(delivery: Delivery) -> Listing:
    """What a directory listing tells of a delivery: name, feed, size, change time in µs."""
    return delivery.name, delivery.feed, delivery.size, delivery.modified_ns // 1000


def known(build: Build | None, circumstances: Callable[[str | None], str]) -> Known:
    """Read the ledger of a warehouse; None is one that was never published. `circumstances` tells
    for a mapping's name what a file would be judged by now."""
    if build is None:
        return Known({}, set(), set(), set(), 1)
    files = build.fetch(select(ETL_FILES)).to_dicts()
    settled = [
        row for row in files
        if row["outcome"] == "loaded" or row["judged_by"] == circumstances(row["mapping"])
    ]  # fmt: skip
    return Known(
        {(row["content_hash"], row["feed"]): row["first_seen_at"] for row in files},
        {(row["content_hash"], row["feed"]) for row in files if row["outcome"] == "loaded"},
        {(row["content_hash"], row["feed"], row["name"]) for row in settled},
        {
            (row["name"], row["feed"], row["size_bytes"], row["modified_us"])
            + (() if row["outcome"] == "loaded" else (row["mapping"],))
            for row in settled
        },
        max((row["file_key"] for row in files), default=0) + 1,
    )


def copies(build: Build) -> set[str]:
    """Names of the copies of all deliveries a version knows of."""
    texts = build.fetch(select(ETL_FILES.c.kept))["kept"]
    return {name for text in texts for name in json.loads(text)}


def record(build: Build, entries: list[Entry], run_key: int, inbox: Path) -> None:
    """Write the entries and their rejects. A refusal is told until its file is recorded again, or
    is gone from the inbox."""
    files = ETL_FILES
    refused = build.fetch(select(files.c.name, files.c.feed).where(files.c.outcome == "refused"))
    gone = {(name, feed) for name, feed in refused.iter_rows() if not (inbox / name).exists()}
    again = {(entry.delivery.name, entry.delivery.feed) for entry in entries}
    for name, feed in (gone | again) & set(refused.iter_rows()):
        _forget_refusal(build, name, feed)
    rows = [_row(entry, run_key) for entry in entries]
    if rows:
        build.append(ETL_FILES, pl.DataFrame(rows, infer_schema_length=None))
    amounts = [_amounts(entry) for entry in entries if entry.amounts]
    if amounts:
        build.append(ETL_AMOUNTS, pl.DataFrame(amounts, infer_schema_length=None))
    for entry in entries:
        frames = entry.rejects if entry.outcome == "loaded" else [_refusal(entry)]
        for frame in frames:
            build.append(ETL_REJECTS, _with_file(frame, entry))


def _forget_refusal(build: Build, name: str, feed: str) -> None:
    files, rejects = ETL_FILES, ETL_REJECTS
    build.run(delete(files).where(
        files.c.name == name, files.c.feed == feed, files.c.outcome == "refused"
    ))  # fmt: skip
    build.run(delete(rejects).where(
        rejects.c.file == name, rejects.c.feed == feed, rejects.c.line.is_(None)
    ))  # fmt: skip


def _row(entry: Entry, run_key: int) -> dict[str, object]:
    delivery = entry.delivery
    name, feed, size, modified = listing(delivery)
    return {
        "file_key": entry.file_key,
        "feed": feed,
        "name": name,
        "content_hash": entry.content_hash,
        "mapping": delivery.mapping,
        "judged_by": entry.judged_by,
        "kept": json.dumps(entry.kept),
        "size_bytes": size,
        "modified_us": modified,
        "first_seen_at": entry.first_seen,
        "run_key": run_key,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "rows_read": entry.rows_read,
        **{f"rows_{name}": entry.counts.get(name, 0)
           for name in ("loaded", "unchanged", "superseded", "voided")},
        "rows_rejected": entry.rejected,
        "extra_columns": json.dumps(entry.extra_columns, ensure_ascii=False),
    }  # fmt: skip


def _amounts(entry: Entry) -> dict[str, object]:
    kinds = ("read", "loaded", "unchanged", "superseded", "rejected", "voided")
    amounts = {f"{kind}_amount": entry.amounts.get(kind, Decimal(0)) for kind in kinds}
    return {"file_key": entry.file_key, **amounts}


def _refusal(entry: Entry) -> pl.DataFrame:
    row = (None, "file_refused", entry.reason, None)
    return pl.DataFrame([row], schema=REJECT_COLUMNS, orient="row")


def _with_file(frame: pl.DataFrame, entry: Entry) -> pl.DataFrame:
    return frame.with_columns(
        pl.lit(entry.file_key).alias("file_key"),
        pl.lit(entry.delivery.feed).alias("feed"),
        pl.lit(entry.delivery.name).alias("file"),
    )
