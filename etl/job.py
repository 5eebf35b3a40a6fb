"""One run: find what is due, load it into a private copy, derive, check, publish, report."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

import polars as pl
from sqlalchemy import delete, func, insert, select

import etl
import warehouse
from etl import checks, derive, forgotten, kept, ledger, nightly, publish, restated
from etl.due import KEPT, SAMPLE_MARK, kept_entries, new_entries, reading_live, secret_of
from etl.ledger import Entry
from etl.loading import load_all
from etl.touched import Touched
from warehouse import schema, versions
from warehouse.accounts import RUN_LOG
from warehouse.answers import SAMPLE
from warehouse.engine import Build, EngineError
from warehouse.settings import Settings

LOG = logging.getLogger("guidepost.etl")
DERIVATION = "derived_with"
OK, FAILED, NEEDS_A_PERSON, BUSY = 0, 1, 2, 3


@dataclass(frozen=True)
class Outcome:
    """What a run came to: exit code, the version it published (None: none), its number among
    those that published, its files, and which feeds are late."""

    exit_code: int = OK
    version: int | None = None
    entries: Sequence[Entry] = ()
    message: str = ""
    run_key: int | None = None
    late: Mapping[str, str] = field(default_factory=dict)

    def summary(self) -> str:
        """One line for the log."""
        return self._done() + (f"; late: {', '.join(self.late)}" if self.late else "")

    def _done(self) -> str:
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
    work = partial(_run, settings, feeds, started, dry_run=dry_run, rebuild=rebuild)
    try:
        with publish.only_run(settings.warehouse):
            return _ended(settings, started, _tried(work), quietly=dry_run)
    except publish.Busy as busy:
        return Outcome(BUSY, message=str(busy))
    except Exception as error:  # there is not even a lock to be had
        return _ended(settings, started, _failed(error), quietly=dry_run)


def _tried(work: Callable[[], Outcome]) -> Outcome:
    try:
        return work()
    except (Exception, pl.exceptions.PanicException) as error:  # the live version is untouched
        return _failed(error)


def _failed(error: BaseException) -> Outcome:
    LOG.debug("failed", exc_info=True)
    return Outcome(FAILED, message=f"failed, nothing was published: {error}")


def _ended(settings: Settings, started: datetime, outcome: Outcome, *, quietly: bool) -> Outcome:
    """What a run came to, with late feeds, logged, and told to whom it concerns."""
    late = nightly.late(settings)
    code = NEEDS_A_PERSON if late and outcome.exit_code == OK else outcome.exit_code
    outcome = replace(outcome, exit_code=code, late=late)
    if not _log_run(settings.warehouse, started, outcome):
        code = code or NEEDS_A_PERSON
        outcome = replace(outcome, exit_code=code)
    if not quietly:
        run = outcome.run_key or f"of {started:%Y-%m-%d %H:%M} UTC"
        failed = outcome.message if code == FAILED else ""
        troubles = nightly.troubles(settings, failed, outcome.entries, late)
        nightly.tell(settings, f"run {run}", troubles, published=outcome.version is not None)
    return outcome


def _run(
    settings: Settings, feeds: Sequence[str], started: datetime, *, dry_run: bool, rebuild: bool
) -> Outcome:
    versions.sweep(settings.warehouse)
    with reading_live(settings.warehouse) as live:
        started = max(started, _last_run(live))
        due = (
            kept_entries(settings, live)
            if rebuild and live
            else new_entries(settings, feeds, live, started)
        )
        known = forgotten.read(live, secret_of(settings))
        is_current = live is None or _derived_with(live) == _derivation(settings)
        before = restated.months(live)
    if not due and is_current:
        return Outcome(message="nothing new")
    publish.check_room(settings.warehouse, sum(entry.delivery.size for entry in due))
    with publish.building(settings.warehouse, afresh=rebuild) as (version, build):
        touched = Touched(build) if live and is_current and not rebuild else None
        load_all(build, due, settings, touched, known, keep=not dry_run and not rebuild)
        due = [entry for entry in due if entry.outcome != "repeated"]
        if is_current and all(entry.outcome == "waiting" for entry in due):
            return Outcome(message="nothing new yet: files are still being written")
        LOG.info("deriving credit, lines and scans")
        touched = derive.derive(build, settings, touched)
        LOG.info("checking")
        checks.check(build, settings, touched)
        exit_code, run_key = _record(build, due, settings, started)
        if known.erased:
            note(build, forgotten.FORGOTTEN_WITH, forgotten.fingerprint(known.secret))
        restated.record(build, before, run_key)
        if dry_run:
            return Outcome(exit_code, None, due)
        copies = ledger.copies(build)
        publish.close_and_publish(settings.warehouse, version, build)
    _sweep_copies(settings.warehouse, copies)
    return Outcome(exit_code, version, due, run_key=run_key)


def _sweep_copies(directory: Path, known: set[str]) -> None:
    """Delete copies of deliveries that no version knows of: of runs that died before they could
    publish. What cannot be deleted now will be next time."""
    left = kept.others(directory / KEPT, known)
    try:
        for version in versions.kept(directory) if left else ():
            build = Build(versions.path(directory, version), read_only=True)
            try:
                known |= ledger.copies(build)
            finally:
                build.abandon()
        kept.remove([file for file in left if file in kept.others(directory / KEPT, known)])
    except (OSError, EngineError) as error:
        LOG.info("copies that were left over stay: %s", error)


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


def _last_run(live: Build | None) -> datetime:
    """When the last run ended. Time goes on from there where the clock was set back: what lies
    ahead of it is refused as of the future."""
    ended = select(func.max(schema.ETL_RUNS.c.finished_at))
    last = live.fetch(ended).item() if live else None
    if last and last > _now():
        LOG.warning("the clock is set back: the last run ended at %s UTC; set it right", last)
    return last or datetime.min


def _now() -> datetime:
    """Naive UTC, as everything is stored."""
    return datetime.now(UTC).replace(tzinfo=None)


# Recording -------------------------------------------------------------------------------------
def _record(
    build: Build, due: Sequence[Entry], settings: Settings, started: datetime
) -> tuple[int, int]:
    """Write ledger, run and facts about the warehouse itself; returns exit code and run_key."""
    recorded = [entry for entry in due if entry.outcome != "waiting"]
    runs = build.fetch(select(func.max(schema.ETL_RUNS.c.run_key))).item()
    run_key = (runs or 0) + 1
    ledger.record(build, recorded, run_key, settings.inbox)
    bad = any(entry.outcome == "refused" or entry.rejected for entry in recorded)
    row = {
        "run_key": run_key, "started_at": started, "finished_at": max(started, _now()),
        "exit_code": NEEDS_A_PERSON if bad else OK, "files": len(recorded),
        "rows_read": sum(entry.rows_read for entry in recorded),
        "rows_loaded": sum(entry.counts.get("loaded", 0) for entry in recorded),
        "rows_rejected": sum(entry.rejected for entry in recorded),
    }  # fmt: skip
    build.append(schema.ETL_RUNS, pl.DataFrame([row]))
    note(build, DERIVATION, _derivation(settings))
    if (settings.inbox / SAMPLE_MARK).exists():
        note(build, SAMPLE, "true")
    return NEEDS_A_PERSON if bad else OK, run_key


def note(build: Build, name: str, text: str) -> None:
    """Remember a fact about the warehouse in place of what was known of it."""
    facts = schema.ETL_FACTS
    build.run(delete(facts).where(facts.c.name == name))
    build.run(insert(facts).values(name=name, text=text))


def _log_run(directory: Path, started: datetime, outcome: Outcome) -> bool:
    """One line of JSON for every run, also those that published nothing. Whether it is written."""
    line = {
        "started_at": f"{started:%Y-%m-%dT%H:%M:%SZ}",
        "finished_at": f"{_now():%Y-%m-%dT%H:%M:%SZ}",
        "exit_code": outcome.exit_code, "version": outcome.version, "message": outcome.summary(),
    }  # fmt: skip
    try:
        with (directory / RUN_LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    except OSError as error:
        LOG.error("%s cannot be written: %s", directory / RUN_LOG, error.strerror)
        return False
    return True
