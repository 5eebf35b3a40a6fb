"""What is due: new deliveries of the inbox, or all that are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select

from etl import ledger, sources
from etl.ledger import Entry
from etl.sources import Delivery, SourceError, SourceMapping
from warehouse import schema, versions
from warehouse.engine import Build
from warehouse.feeds import FEEDS, Kind, feed_columns
from warehouse.settings import Settings

SAMPLE_MARK = ".sample"
"""Lies in the inbox of the made-up company."""
KEPT = "deliveries"
"""Where copies of deliveries are kept, in the directory of the warehouse."""


def secret_of(settings: Settings) -> str | None:
    """The key of digests. The sample company's phones are made up, so any will do for them."""
    return settings.secret or ("sample" if (settings.inbox / SAMPLE_MARK).exists() else None)


@contextmanager
def reading_live(directory: Path) -> Iterator[Build | None]:
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


def new_entries(
    settings: Settings, feeds: Sequence[str], live: Build | None, started: datetime
) -> list[Entry]:
    """Deliveries whose content needs a look, and problems of the inbox not told yet."""
    mappings = sources.load_mappings(settings.sources, feed_columns())
    circumstances = _circumstances(settings, mappings)
    known = ledger.known(live, circumstances)
    found, problems = sources.find_deliveries(settings.inbox, list(FEEDS), mappings)
    with_phones = {
        path
        for delivery in found
        if any(field.kind is Kind.PHONE for field in FEEDS[delivery.feed].fields)
        for path in (delivery.path, *delivery.lookups)
    }
    due: list[Entry] = []

    def add(delivery: Delivery, content: str) -> Entry | None:
        identity = (content, delivery.feed)
        if identity in known.loaded or (*identity, delivery.name) in known.refused:
            return None
        first_seen = known.first_seen.get(identity, started)
        due.append(Entry(delivery, content, first_seen, known.next_file_key + len(due)))
        due[-1].judged_by = circumstances(delivery.mapping)
        due[-1].as_rows = bool(with_phones & {delivery.path, *delivery.lookups})
        return due[-1]

    for delivery in sorted(found, key=lambda one: one.name):
        if (not feeds or delivery.feed in feeds) and not known.has_seen(delivery):
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


def kept_entries(settings: Settings, live: Build) -> list[Entry]:
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
