"""Looking for what is left of somebody who was forgotten: the proof that it is nothing."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import String, Table, func, select

from etl import due, sources
from etl.forget import Person
from etl.forgotten import ENTITIES
from etl.ledger import Entry
from warehouse import schema, versions
from warehouse.engine import Build
from warehouse.feeds import FEEDS
from warehouse.schema import LOADED, METADATA
from warehouse.settings import Settings

SHORTEST = 6
"""Letters from which on a text is looked for everywhere. A shorter one, or a number of less than
ten digits, is looked for where persons are named: elsewhere it may be anything."""


@dataclass(frozen=True)
class Scan:
    """How much was looked through, and the places where something was found."""

    columns: int
    rows: int
    files: int
    bytes: int
    places: list[str]


def scan(settings: Settings, person: Person) -> Scan:
    """Look for a person in every version and kept delivery, and in the bytes of every file of the
    warehouse's directory. The identifiers are found as words, not as parts of longer ones."""
    directory = settings.warehouse
    columns, rows, places = 0, 0, list[str]()
    for version in versions.kept(directory):
        build = Build(versions.path(directory, version), read_only=True)
        try:
            columns += _in_version(build, person, f"version {version}", places)
            entries = due.kept_entries(settings, build)
        finally:
            build.abandon()
        rows += sum(_in_delivery(settings, entry, person, places) for entry in entries)
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    places += [path.relative_to(directory).as_posix() for path in files if _in_bytes(path, person)]
    return Scan(columns, rows, len(files), sum(path.stat().st_size for path in files), places)


def _telling(person: Person) -> list[str]:
    """What is looked for everywhere."""
    names = sorted(person.identifiers | person.digests)
    return [one for one in names if len(one) >= (SHORTEST if not one.isdigit() else 10)]


def _word(names: list[str]) -> str:
    """A regular expression for one of some words, without looking around (which few engines do)."""
    return rf"(?:^|[^0-9A-Za-z])(?:{'|'.join(map(re.escape, names))})(?:[^0-9A-Za-z]|$)"


def _in_version(build: Build, person: Person, where: str, places: list[str]) -> int:
    """How many columns were looked through; adds those in which something stands to `places`."""
    looked = 0
    for table, names in _texts(person):
        columns = [column for column in table.c if isinstance(column.type, String)]
        looked += len(columns)
        for column in columns if names else []:
            held = func.regexp_matches(column, _word(names))
            count = build.fetch(select(func.count()).select_from(table).where(held)).item()
            places += [f"{count} rows of {table.name}.{column.name}, {where}"] if count else []
    return looked


def _texts(person: Person) -> Iterator[tuple[Table, list[str]]]:
    """Every table with what is looked for in its text."""
    telling = _telling(person)
    own = {
        LOADED["members"].name: sorted(person.members | person.digests),
        schema.DIM_VISITORS.name: sorted(person.visitors),
    }
    for table in METADATA.sorted_tables:
        yield table, own.get(table.name, telling)


def _in_delivery(
    settings: Settings, entry: Entry, person: Person, places: list[str]
) -> int:  # fmt: skip
    """How many rows a kept delivery has; adds it to `places` where something stands in it."""
    names = [field.name for field in FEEDS[entry.delivery.feed].fields if field.refers in ENTITIES]
    telling, rows, held = _telling(person), 0, False
    for batch in sources.read(entry.delivery, timezone=settings.timezone):
        rows += batch.height
        theirs = list(person.identifiers)
        tests = [pl.col(name).is_in(theirs) for name in names if name in batch.columns]
        tests += [pl.col(pl.String).str.contains(_word(telling))] if telling else []
        held = held or bool(tests and batch.select(pl.any_horizontal(tests).any()).item())
    places += [f"the kept copy of {entry.delivery.name}"] if held else []
    return rows


def _in_bytes(path: Path, person: Person) -> bool:
    telling = _telling(person)
    if not telling or not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return re.search(_word(telling).encode(), content) is not None
