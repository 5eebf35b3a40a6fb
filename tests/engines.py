"""The second engine, ClickHouse's in this process: asked whatever DuckDB is, of the same rows.

It comes with chdb, which is large and optional: `make clickhouse` installs it. Where it is missing,
DuckDB answers alone and test_engines.py is skipped, unless GUIDEPOST_ENGINES=both forbids it.
"""

from __future__ import annotations

import io
import math
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Date, DateTime, Double, Float, Numeric, Table, select
from sqlalchemy.dialects import registry
from sqlalchemy.sql import ClauseElement

from warehouse import engine, portable
from warehouse.engine import Snapshot
from warehouse.schema import METADATA

CLICKHOUSE = find_spec("chdb") is not None and find_spec("clickhouse_connect") is not None
if os.environ.get("GUIDEPOST_ENGINES") == "both" and not CLICKHOUSE:
    raise RuntimeError("GUIDEPOST_ENGINES=both asks for ClickHouse's engine: make clickhouse")
KEPT = 4
"""Companies whose rows the second engine keeps at a time."""
SETTINGS = {"join_use_nulls": 1, "cast_keep_nullable": 1, "max_query_size": 10_000_000}
"""What makes ClickHouse answer as SQL would have it: a missed outer join and a cast give NULL; and
all figures in one question."""
TINY = 1e-12

Row = tuple[Any, ...]


class _Decimal(Numeric[Any]):
    def literal_processor(self, dialect: Any) -> Any:
        return lambda value: (
            f"CAST('{value}' AS Decimal(38, {-int(value.as_tuple().exponent)}))"
            if isinstance(value, Decimal)
            else str(value)
        )


class _Date(Date):
    def literal_processor(self, dialect: Any) -> Any:
        return lambda value: f"toDate32('{value.isoformat()}')"


class _DateTime(DateTime):
    def literal_processor(self, dialect: Any) -> Any:
        return lambda value: f"toDateTime64('{value.isoformat(' ')}', 6, 'UTC')"


class Clickhouse:
    """One session a process, with a database for each of the last few published versions."""

    def __init__(self) -> None:
        from chdb.session import Session

        self._dialect = registry.load(portable.CLICKHOUSE)(server_side_params=True)
        self._dialect.colspecs = {
            Float: Float, Double: Double, Numeric: _Decimal, Date: _Date, DateTime: _DateTime,
        }  # fmt: skip
        self._session = Session()
        self._turn = threading.Lock()
        self._copied: dict[str, set[str]] = {}
        for name, value in SETTINGS.items():
            self._session.query(f"SET {name} = {value}")

    def render(self, statement: ClauseElement) -> str:
        """The text of a statement, its parameters written into it."""
        how = {"literal_binds": True}
        return str(statement.compile(dialect=self._dialect, compile_kwargs=how))

    def fetch(self, statement: ClauseElement, source: Snapshot, version: str) -> pl.DataFrame:
        """Rows of a SELECT; what it reads is copied from DuckDB the first time."""
        sql = self.render(statement)
        with self._turn:
            self._use(version)
            for table in METADATA.tables.values():
                if f"`{table.name}`" in sql and table.name not in self._copied[version]:
                    self._copy(table, source.fetch(select(table)))
                    self._copied[version].add(table.name)
            arrow = self._session.query(sql, "ArrowTable")
        return pl.DataFrame(arrow).rename(_unqualified) if arrow.num_columns else pl.DataFrame()

    def _use(self, version: str) -> None:
        """Make that version's database the current one; the one longest unused has to go."""
        self._copied[version] = self._copied.pop(version, set())
        if len(self._copied) > KEPT:
            oldest = next(iter(self._copied))
            self._session.query(f"DROP DATABASE `{oldest}`")
            del self._copied[oldest]
        self._session.query(f"CREATE DATABASE IF NOT EXISTS `{version}`")
        self._session.query(f"USE `{version}`")

    def _copy(self, table: Table, frame: pl.DataFrame) -> None:
        columns = ", ".join(
            f"`{one.name}` Nullable({one.type.compile(dialect=self._dialect)})" for one in table.c
        )
        self._session.query(f"CREATE TABLE `{table.name}` ({columns}) ENGINE = Memory")
        if frame.height:
            content = io.BytesIO()
            frame.write_parquet(content)
            with self._session.send_insert(f"INSERT INTO `{table.name}`", "Parquet") as rows:
                rows.append(content.getvalue())
                rows.finish()


def _unqualified(name: str) -> str:
    """ClickHouse calls a column `table.column` where two of the tables it reads have one."""
    return name.rpartition(".")[2]


@cache
def clickhouse() -> Clickhouse:
    """The one session of this process."""
    return Clickhouse()


class Both:
    """A snapshot that has every statement answered by both engines and gives DuckDB's answer."""

    def __init__(self, snapshot: Snapshot, directory: Path) -> None:
        self.version = snapshot.version
        self._snapshot = snapshot
        self._name = f"v{snapshot.version}_{zlib.crc32(str(directory).encode())}"

    def fetch(self, statement: ClauseElement) -> pl.DataFrame:
        """Rows of a SELECT as a frame. Raises AssertionError where the engines part."""
        mine = self._snapshot.fetch(statement)
        theirs = clickhouse().fetch(statement, self._snapshot, self._name)
        is_ordered = bool(getattr(statement, "_order_by_clauses", ()))
        difference = differing(mine, theirs, is_ordered)
        assert difference is None, f"DuckDB, ClickHouse: {difference}"
        return mine


def differing(mine: pl.DataFrame, theirs: pl.DataFrame, is_ordered: bool) -> tuple[Any, Any] | None:
    """The first two things that are not the same: columns, numbers of rows, or rows."""
    one, other = mine.rows(), theirs.rows()
    if one and mine.columns != theirs.columns:
        return mine.columns, theirs.columns
    if len(one) != len(other):
        return len(one), len(other)
    if not is_ordered:
        one, other = sorted(one, key=_place), sorted(other, key=_place)
    return next((two for two in zip(one, other, strict=True) if not _same_rows(*two)), None)


def _place(row: Row) -> tuple[str, ...]:
    """Rows as texts, numbers coarsely, so that both engines' rows sort alike."""
    return tuple(f"{value:.6g}" if isinstance(value, float) else str(value) for value in row)


def _same_rows(mine: Row, theirs: Row) -> bool:
    return all(same(one, other) for one, other in zip(mine, theirs, strict=True))


def same(mine: Any, theirs: Any) -> bool:
    """Money and texts to the last digit, quotients to a millionth of a millionth."""
    if isinstance(mine, float) and isinstance(theirs, float):
        return math.isclose(mine, theirs, rel_tol=TINY, abs_tol=TINY)
    if isinstance(mine, bool):
        return mine == theirs
    if isinstance(theirs, datetime):
        theirs = theirs.replace(tzinfo=None)
    return type(mine) is type(theirs) and str(mine) == str(theirs)


def all_of(snapshot: Snapshot, directory: Path) -> Any:
    """A snapshot that asks every engine there is."""
    return Both(snapshot, directory) if CLICKHOUSE else snapshot


@contextmanager
def reading(directory: Path) -> Iterator[Any]:
    """What is published now, through every engine there is."""
    with engine.reading(directory) as snapshot:
        yield all_of(snapshot, directory)
