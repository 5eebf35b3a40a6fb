"""Deliveries into their tables, feed by feed: read, judged, staged, merged."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import polars as pl
from sqlalchemy import Table, delete

from etl import forgotten, sources, upsert
from etl.as_rows import Rows
from etl.contract import SecretNeeded, Terms, conform, sealed
from etl.drift import MissingColumns, check_columns
from etl.due import KEPT, secret_of
from etl.forgotten import Forgotten
from etl.kept import Copies
from etl.ledger import Entry
from etl.sources import Delivery, SourceError, StillWriting
from etl.touched import Touched
from warehouse.engine import Build
from warehouse.feeds import FEEDS, Feed
from warehouse.settings import Settings

LOG = logging.getLogger("guidepost.etl")
TOGETHER = 50_000_000
"""From so many bytes on (unpacked or not) files of a feed are read two at a time."""
READERS = 2
UNSEALED = "build-unsealed"
"""Where copies lie that may not be kept as they are; swept like a build."""


def load_all(
    build: Build,
    due: Sequence[Entry],
    settings: Settings,
    touched: Touched | None,
    known: Forgotten,
    *,
    keep: bool,
) -> None:
    """Each feed in the contract's order: its files into a stage, the stage into its table."""
    done = 0
    for feed in FEEDS.values():
        entries = [e for e in due if e.delivery.feed == feed.name and e.outcome == "loaded"]
        if not entries:
            continue
        stage = upsert.stage_table(feed)
        build.create(stage, temporary=True)
        alone = threading.Lock()
        stage_file = partial(_stage_file, build, stage, feed, settings, known, alone, keep)
        _stage_each(entries, stage_file, one_by_one=bool(known.erased))
        counts = upsert.merge(build, feed, stage, touched.rows[feed.name] if touched else None)
        build.drop(stage)
        for row in counts.iter_rows(named=True):
            entry = next(one for one in entries if one.file_key == row["file_key"])
            entry.counts = {name: int(row[name]) for name in upsert.OUTCOMES}
            if feed.amount:
                entry.add_amounts(**{name: row[f"{name}_amount"] for name in upsert.OUTCOMES})
        for entry in entries:
            done += 1
            LOG.info("[%d/%d] %s: %s", done, len(due), entry.delivery.name, _told(entry))


def _stage_each(
    entries: Sequence[Entry], stage_file: Callable[[Entry], None], *, one_by_one: bool
) -> None:
    """Stage every content once: of files with the same one the first that is not refused. Files of
    which rows are kept are read one by one."""
    first = {entry.content_hash: entry for entry in reversed(entries)}
    once = [entry for entry in entries if entry is first[entry.content_hash]]
    size = sum(entry.delivery.size for entry in once)
    if one_by_one or size < TOGETHER or any(entry.as_rows for entry in once):
        for entry in once:
            stage_file(entry)
    else:
        with ThreadPoolExecutor(READERS) as pool:
            list(pool.map(stage_file, once))
    loaded = {entry.content_hash for entry in once if entry.outcome == "loaded"}
    for entry in entries:
        if entry is first[entry.content_hash]:
            continue
        if entry.content_hash in loaded:
            entry.outcome, entry.reason = "repeated", "its content has just been loaded"
            continue
        stage_file(entry)
        if entry.outcome == "loaded":
            loaded.add(entry.content_hash)


def _stage_file(
    build: Build, stage: Table, feed: Feed, settings: Settings, known: Forgotten,
    alone: threading.Lock, keep: bool, entry: Entry,
) -> None:  # fmt: skip
    """Read one file, or our copy of it, into the stage, or refuse it whole and take its rows out
    again. Several are read at a time; copying and staging are done `alone`."""
    copies: Copies | None = None
    rows = Rows(settings.warehouse / KEPT) if keep and (entry.as_rows or known.erased) else None
    try:
        if keep:
            folder = settings.warehouse / (UNSEALED if entry.as_rows else KEPT)
            with alone:
                copies = Copies(folder, entry.delivery, entry.content_hash)
            entry.kept = copies.names
        delivery = copies.delivery if copies else entry.delivery
        names_them = _read_into(build, stage, feed, entry, delivery, settings, known, alone, rows)
        sources.check_sizes(entry.delivery)
        limit = settings.max_reject_share
        if entry.rejected > limit * entry.rows_read:
            entry.refuse(_too_many(entry, limit))
        elif rows and copies and (entry.as_rows or names_them):
            entry.kept = (rows.keep(delivery.path.name),)
            copies.remove()
    except StillWriting as waiting:
        entry.outcome, entry.reason = "waiting", str(waiting)
    except (SourceError, MissingColumns, SecretNeeded) as error:
        entry.refuse(
            f"{entry.delivery.name}: {error}" if not isinstance(error, SourceError) else str(error)
        )
    if entry.outcome != "loaded":
        with alone:
            build.run(delete(stage).where(stage.c.file_key == entry.file_key))
        entry.kept = ()
        if copies:
            copies.remove()
    if rows:
        rows.discard()


def _read_into(
    build: Build, stage: Table, feed: Feed, entry: Entry, delivery: Delivery, settings: Settings,
    known: Forgotten, alone: threading.Lock, copy: Rows | None,
) -> bool:  # fmt: skip
    """Whether the file names somebody who was forgotten; they are not among what is read into the
    stage and the copy."""
    names_them = False
    terms = Terms(settings.timezone, entry.first_seen, secret_of(settings))
    for batch in sources.read(delivery, timezone=settings.timezone):
        columns = [name for name in batch.columns if name not in ("line", "_broken", "_raw")]
        check_columns(feed, batch, columns, settings.timezone)
        entry.extra_columns = tuple(name for name in columns if name not in feed.columns)
        spared = forgotten.anonymised(batch, feed, known)
        names_them = names_them or (spared is not batch and not spared.equals(batch))
        done = conform(spared, feed, terms)
        if copy:
            copy.add(sealed(spared, feed, done.rejected["line"], terms.secret))
        entry.rows_read += batch.height
        if feed.amount:
            entry.add_amounts(read=done.read_amount, rejected=done.rejected_amount)
        if done.rejected.height:
            entry.rejects.append(done.rejected)
        rows = done.accepted.rename({"line": "file_line"}).with_columns(
            pl.lit(entry.file_key, pl.Int32).alias("file_key")
        )
        with alone:
            build.append(stage, rows)
    return names_them


def _too_many(entry: Entry, limit: float) -> str:
    examples = pl.concat(entry.rejects).head(3)
    told = "; ".join(
        f"line {row['line']}: {row['message']}" for row in examples.iter_rows(named=True)
    )
    return (
        f"{entry.delivery.name}: {entry.rejected} of {entry.rows_read} rows are bad, more than"
        f" {limit:.0%}, so the whole file was refused; {told}; correct it and deliver it again"
    )


def _told(entry: Entry) -> str:
    if entry.outcome != "loaded":
        return f"{entry.outcome}: {entry.reason}"
    counts = ", ".join(f"{number} {name}" for name, number in entry.counts.items() if number)
    return f"{entry.rows_read} rows read: {counts or 'none loaded'}, {entry.rejected} rejected"
