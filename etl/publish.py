"""From a finished build to the live version: check, close, look again, move the pointer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout
from sqlalchemy import func, literal, select, union_all

from etl import calendar
from warehouse import portable, schema, versions
from warehouse.engine import Build
from warehouse.parts import NET
from warehouse.rollups import TABLES


class Busy(Exception):
    """Another run holds the lock."""


class NoRoom(Exception):
    """Not enough free disk for a build; the message says how much is missing."""


class Torn(Exception):
    """What was read back from the closed file is not what was written to it."""


@contextmanager
def only_run(directory: Path) -> Iterator[None]:
    """Hold the lock of a warehouse; the operating system lets go of it when the process dies.
    Raises Busy at once when another run has it."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / "LOCK")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Busy(f"another run is loading into {directory}; this one leaves it alone") from None
    try:
        yield
    finally:
        lock.release()


def check_room(directory: Path, incoming: int = 0) -> None:
    """Raises NoRoom unless the disk has free twice what the live warehouse and the deliveries
    (`incoming`, bytes) take: each is copied, and the copies are worked on."""
    live = versions.current(directory)
    there = versions.path(directory, live).stat().st_size if live else 0
    needed = 2 * (there + incoming)
    free = shutil.disk_usage(directory).free
    if free < needed:
        missing = (needed - free) / 1e6
        raise NoRoom(
            f"{directory}: a build needs {missing:,.0f} MB more free disk; nothing was changed"
        )


@contextmanager
def building(directory: Path, *, afresh: bool = False) -> Iterator[tuple[int, Build]]:
    """A private copy of the live version (or an empty warehouse) under its future number.
    Whatever is left of it when the block ends without a publish is deleted."""
    versions.sweep(directory)
    version, live = versions.next_version(directory), versions.current(directory)
    path = versions.build_path(directory, version)
    try:
        if live and not afresh:
            shutil.copyfile(versions.path(directory, live), path)
        build = Build(path)
        try:
            _make_tables(build)
            yield version, build
        finally:
            build.abandon()
    finally:
        versions.sweep(directory)


def _make_tables(build: Build) -> None:
    """Tables that are not there yet; the calendar comes filled."""
    there = build.tables()
    for table in schema.METADATA.sorted_tables:
        if table.name not in there:
            build.create(table)
            if table is schema.DIM_DATES:
                build.append(table, calendar.dates())


def totals(build: Build) -> pl.DataFrame:
    """Rows of every table, and the money in the credited lines and in what sums them up: what must
    survive closing. Reading it back leaves the rollups where the first page will look for them."""
    counts = [
        select(literal(table.name).label("name"), func.count().label("rows")).select_from(table)
        for table in schema.METADATA.sorted_tables
    ]
    amounts = [schema.CREDITED_LINES.c.net_amount]
    amounts += [table.c[NET.name] for table in TABLES.values() if NET.name in table.c]
    money = [
        select(literal(f"money in {amount.table.name}").label("name"),
               (portable.total(amount) * 100).label("rows"))
        for amount in amounts
    ]  # fmt: skip
    frames = [build.fetch(union_all(*counts)), build.fetch(union_all(*money))]
    rows = pl.col("rows").cast(pl.Int64)
    return pl.concat(frame.with_columns(rows) for frame in frames).sort("name")


def close_and_publish(directory: Path, version: int, build: Build) -> None:
    """Close the build, read it back, and make it live. Raises Torn; then nothing has changed."""
    before = totals(build)
    build.close()
    path = versions.build_path(directory, version)
    if path.with_name(path.name + ".wal").exists():
        raise Torn(f"{path.name}: a write-ahead log remains after closing")
    again = Build(path, read_only=True)
    try:
        if not totals(again).equals(before):
            raise Torn(f"{path.name}: rows or totals differ after closing")
    finally:
        again.abandon()
    versions.publish(directory, version)
