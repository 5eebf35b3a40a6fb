"""One run: find what is due, load it into a private copy, derive, check, publish, report."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Table, delete, func, insert, select

import etl
import warehouse
from etl import checks, derive, ledger, publish, sources, upsert
from etl.contract import MissingColumns, SecretNeeded, Terms, check_columns, conform
from etl.ledger import Entry
from etl.sources import Delivery, SourceError, SourceMapping, StillWriting
from etl.touched import Touched
from warehouse import schema, versions
from warehouse.answers import SAMPLE
from warehouse.engine import Build
from warehouse.feeds import FEEDS, Feed, feed_columns
from warehouse.settings import Settings

LOG = logging.getLogger("guidepost.etl")
SAMPLE_MARK = ".sample"
RUN_LOG = "runs.jsonl"
KEPT = "deliveries"
DERIVATION = "derived_with"
OK, FAILED, NEEDS_A_PERSON, BUSY = 0, 1, 2, 3


@dataclass(frozen=True)
class Outcome:
    """What a run came to: exit code, the version it published (None: none), and its files."""

    exit_code: int = OK
    version: int | None = None
    entries: Sequence[Entry] = ()
    message: str = ""

    def summary(self) -> str:
        """One line for the log."""
        if self.message:
            return self.message
        loaded = sum(entry.counts.get("loaded", 0) for entry in self.entries)
        rejected = sum(entry.rejected for entry in self.entries)
        refused = sum(entry.outcome == "refused" for entry in self.entries)
        done = f"published version {self.version}" if self.version else "dry run, nothing published"
        return (
            f"{done}: {len(self.entries)} files, {loaded} rows loaded, {rejected} rejected,"
            f" {refused} files refused"
        )


def run(
    settings: Settings, feeds: Sequence[str] = (), *, dry_run: bool = False, rebuild: bool = False
) -> Outcome:
    """Load everything due (or rebuild from kept deliveries) and publish. Never raises for what a
    delivery, a disk or a second run can do: the outcome says it."""
    started = _now()
    try:
        with publish.only_run(settings.warehouse):
            outcome = _run(settings, feeds, started, dry_run=dry_run, rebuild=rebuild)
    except publish.Busy as busy:
        return Outcome(BUSY, message=str(busy))
    except Exception as error:  # whatever it was, the live version is untouched
        LOG.debug("failed", exc_info=True)
        outcome = Outcome(FAILED, message=f"failed, nothing was published: {error}")
    _log_run(settings.warehouse, started, outcome)
    return outcome


def _run(
    settings: Settings, feeds: Sequence[str], started: datetime, *, dry_run: bool, rebuild: bool
) -> Outcome:
    publish.check_room(settings.warehouse)
    with _live(settings.warehouse) as live:
        due = _kept(settings, live) if rebuild and live else _due(settings, feeds, live, started)
        is_current = live is None or _derived_with(live) == _derivation(settings)
    if not due and is_current:
        return Outcome(message="nothing new")
    with publish.building(settings.warehouse, afresh=rebuild) as (version, build):
        touched = Touched(build) if live and is_current and not rebuild else None
        _load_all(build, due, settings, touched)
        if is_current and all(entry.outcome == "waiting" for entry in due):
            return Outcome(message="nothing new yet: files are still being written")
        LOG.info("deriving credit, lines and scans")
        touched = derive.derive(build, settings, touched)
        LOG.info("checking")
        checks.check(build, settings, touched)
        exit_code = _record(build, due, settings, started, keep=not dry_run)
        if dry_run:
            return Outcome(exit_code, None, due)
        publish.close_and_publish(settings.warehouse, version, build)
    return Outcome(exit_code, version, due)


def _derivation(settings: Settings) -> str:
    """What derived tables depend on besides loaded rows: the time zone, and the program."""
    return sha256(f"{settings.timezone} {_program()}".encode()).hexdigest()


@cache
def _program() -> str:
    """Digest of the sources that derive."""
    files = (path for area in (warehouse, etl) for path in Path(area.__path__[0]).glob("*.py"))
    return sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()


def _derived_with(build: Build) -> str:
    facts = schema.ETL_FACTS
    found = build.fetch(select(func.max(facts.c.text)).where(facts.c.name == DERIVATION))
    return str(found.item())


def _now() -> datetime:
    """Naive UTC, as everything is stored."""
    return datetime.now(UTC).replace(tzinfo=None)


# What is due -----------------------------------------------------------------------------------
@contextmanager
def _live(directory: Path) -> Iterator[Build | None]:
    """The live version, to be looked at; None before the first publish."""
    version = versions.current(directory)
    if version is None:
        yield None
        return
    build = Build(versions.path(directory, version), read_only=True)
    try:
        yield build
    finally:
        build.abandon()


def _circumstances(
    settings: Settings, mappings: Sequence[SourceMapping]
) -> Callable[[str | None], str]:
    """What besides its content decides on a file: settings, and the mapping of that name."""
    prints = {m.name: "".join(table.fingerprint for table in m.tables) for m in mappings}
    common = f"{settings.timezone} {settings.max_reject_share} {settings.secret is None}"

    def digest(mapping: str | None) -> str:
        return sha256(f"{common} {prints.get(mapping or '')}".encode()).hexdigest()

    return digest


def _due(
    settings: Settings, feeds: Sequence[str], live: Build | None, started: datetime
) -> list[Entry]:
    """Deliveries whose content needs a look, and problems of the inbox not told yet."""
    mappings = sources.load_mappings(settings.sources, feed_columns())
    circumstances = _circumstances(settings, mappings)
    known = ledger.known(live, circumstances)
    found, problems = sources.find_deliveries(settings.inbox, list(FEEDS), mappings)
    due: list[Entry] = []
    settled = set(known.settled)

    def add(delivery: Delivery, content: str) -> Entry | None:
        identity = (content, delivery.feed)
        if identity in settled:
            return None
        settled.add(identity)
        first_seen = known.first_seen.get(identity, started)
        due.append(Entry(delivery, content, first_seen, known.next_file_key + len(due)))
        due[-1].judged_by = circumstances(delivery.mapping)
        return due[-1]

    for delivery in sorted(found, key=lambda one: one.name):
        if (not feeds or delivery.feed in feeds) and ledger.listing(delivery) not in known.listings:
            try:
                add(delivery, sources.content_hash(delivery))
            except SourceError as error:  # looked at in every run: its listing may not change
                unreadable = sha256(f"{delivery.name}\n{error}".encode()).hexdigest()
                entry = add(replace(delivery, modified_ns=0), unreadable)
                if entry:
                    entry.refuse(str(error))
    for problem in [] if feeds else problems:
        content = sha256(f"{problem.name}\n{problem.reason}".encode()).hexdigest()
        entry = add(Delivery(Path(problem.name), problem.name, ""), content)
        if entry:
            entry.refuse(f"{problem.name}: {problem.reason}")
    return due


def _kept(settings: Settings, live: Build) -> list[Entry]:
    """Every delivery ever loaded, from its kept copy, in the order of recording."""
    mappings = sources.load_mappings(settings.sources, feed_columns())
    files = live.fetch(select(schema.ETL_FILES).where(schema.ETL_FILES.c.outcome == "loaded"))
    return [
        _kept_entry(settings, mappings, row) for row in files.sort("file_key").iter_rows(named=True)
    ]


def _kept_entry(
    settings: Settings, mappings: Sequence[SourceMapping], row: dict[str, Any]
) -> Entry:
    kept = tuple(json.loads(row["kept"]))
    paths = [settings.warehouse / KEPT / name for name in kept]
    delivery = sources.kept_delivery(row["name"], row["feed"], paths, mappings)
    delivery = replace(delivery, modified_ns=row["modified_us"] * 1000)
    entry = Entry(delivery, row["content_hash"], row["first_seen_at"], row["file_key"], kept=kept)
    entry.judged_by = row["judged_by"]
    return entry


# Loading ---------------------------------------------------------------------------------------
def _load_all(
    build: Build, due: Sequence[Entry], settings: Settings, touched: Touched | None
) -> None:
    """Each feed in the contract's order: its files into a stage, the stage into its table."""
    done = 0
    for feed in FEEDS.values():
        entries = [e for e in due if e.delivery.feed == feed.name and e.outcome == "loaded"]
        if not entries:
            continue
        stage = upsert.stage_table(feed)
        build.create(stage, temporary=True)
        for entry in entries:
            _stage_file(build, stage, feed, entry, settings)
        counts = upsert.merge(build, feed, stage, touched.rows[feed.name] if touched else None)
        build.drop(stage)
        for file_key, *numbers in counts.iter_rows():
            entry = next(one for one in entries if one.file_key == file_key)
            entry.counts = dict(zip(upsert.OUTCOMES, map(int, numbers), strict=True))
        for entry in entries:
            done += 1
            LOG.info("[%d/%d] %s: %s", done, len(due), entry.delivery.name, _told(entry))


def _stage_file(build: Build, stage: Table, feed: Feed, entry: Entry, settings: Settings) -> None:
    """Read one file into the stage, or refuse it whole and take its rows out again."""
    try:
        _read_into(build, stage, feed, entry, settings)
        limit = settings.max_reject_share
        if entry.rejected > limit * entry.rows_read:
            entry.refuse(_too_many(entry, limit))
    except StillWriting as waiting:
        entry.outcome, entry.reason = "waiting", str(waiting)
    except (SourceError, MissingColumns, SecretNeeded) as error:
        entry.refuse(
            f"{entry.delivery.name}: {error}" if not isinstance(error, SourceError) else str(error)
        )
    if entry.outcome != "loaded":
        build.run(delete(stage).where(stage.c.file_key == entry.file_key))


def _read_into(build: Build, stage: Table, feed: Feed, entry: Entry, settings: Settings) -> None:
    terms = Terms(settings.timezone, entry.first_seen, settings.secret or _sample_secret(settings))
    for batch in sources.read(entry.delivery, timezone=settings.timezone):
        columns = [name for name in batch.columns if name not in ("line", "_broken", "_raw")]
        check_columns(feed, columns)
        entry.extra_columns = tuple(name for name in columns if name not in feed.columns)
        done = conform(batch, feed, terms)
        entry.rows_read += batch.height
        if done.rejected.height:
            entry.rejects.append(done.rejected)
        rows = done.accepted.rename({"line": "file_line"}).with_columns(
            pl.lit(entry.file_key, pl.Int32).alias("file_key")
        )
        build.append(stage, rows)


def _sample_secret(settings: Settings) -> str | None:
    """The sample company's phones are made up, so any key will do for them."""
    return "sample" if (settings.inbox / SAMPLE_MARK).exists() else None


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


# Recording -------------------------------------------------------------------------------------
def _record(
    build: Build, due: Sequence[Entry], settings: Settings, started: datetime, *, keep: bool
) -> int:
    """Write ledger, run and facts about the warehouse itself; returns the exit code."""
    recorded = [entry for entry in due if entry.outcome != "waiting"]
    runs = build.fetch(select(func.max(schema.ETL_RUNS.c.run_key))).item()
    run_key = (runs or 0) + 1
    for entry in recorded:
        if entry.outcome == "loaded" and keep:
            entry.kept = entry.kept or _keep(settings.warehouse / KEPT, entry)
    ledger.record(build, recorded, run_key, settings.inbox)
    bad = any(entry.outcome == "refused" or entry.rejected for entry in recorded)
    row = {
        "run_key": run_key, "started_at": started, "finished_at": _now(),
        "exit_code": NEEDS_A_PERSON if bad else OK, "files": len(recorded),
        "rows_read": sum(entry.rows_read for entry in recorded),
        "rows_loaded": sum(entry.counts.get("loaded", 0) for entry in recorded),
        "rows_rejected": sum(entry.rejected for entry in recorded),
    }  # fmt: skip
    build.append(schema.ETL_RUNS, pl.DataFrame([row]))
    _note(build, DERIVATION, _derivation(settings))
    if (settings.inbox / SAMPLE_MARK).exists():
        _note(build, SAMPLE, "true")
    return NEEDS_A_PERSON if bad else OK


def _note(build: Build, name: str, text: str) -> None:
    """Remember a fact about the warehouse in place of what was known of it."""
    facts = schema.ETL_FACTS
    build.run(delete(facts).where(facts.c.name == name))
    build.run(insert(facts).values(name=name, text=text))


def _keep(directory: Path, entry: Entry) -> tuple[str, ...]:
    """Copies of a delivery and of the files it was joined with, in a folder named by content."""
    return tuple(_copy(directory, path) for path in (entry.delivery.path, *entry.delivery.lookups))


def _copy(directory: Path, path: Path) -> str:
    with path.open("rb") as file:
        folder = directory / file_digest(file, "sha256").hexdigest()
    target = folder / path.name
    if not target.exists():
        directory.mkdir(mode=0o700, exist_ok=True)  # deliveries hold phones as they came
        folder.mkdir(exist_ok=True)
        temporary = folder / ".copying"
        shutil.copyfile(path, temporary)
        temporary.rename(target)
    return target.relative_to(directory).as_posix()


def _log_run(directory: Path, started: datetime, outcome: Outcome) -> None:
    """One line of JSON for every run, also those that published nothing."""
    line = {
        "started_at": f"{started:%Y-%m-%dT%H:%M:%SZ}",
        "finished_at": f"{_now():%Y-%m-%dT%H:%M:%SZ}",
        "exit_code": outcome.exit_code, "version": outcome.version, "message": outcome.summary(),
    }  # fmt: skip
    with suppress(OSError), (directory / RUN_LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
