"""What became of every delivery, row by row and to the fen, which closed months loads restated, and
every run there was: for who sees the whole company."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Numeric, cast, func, literal, select

from warehouse.access import Scope
from warehouse.answers import Reader
from warehouse.schema import ETL_AMOUNTS, ETL_FILES, ETL_RESTATEMENTS, ETL_RUNS

ENDS = ("loaded", "unchanged", "superseded", "rejected", "voided")
"""What becomes of a row that was read: one of these."""
RUN_LOG = "runs.jsonl"
"""Beside the published files: a line of JSON for each run, also for those that failed."""


def files(reader: Reader, scope: Scope) -> pl.DataFrame:
    """One row a delivery, the newest first: feed, file, loaded_at (UTC), outcome, reason, rows_read
    and rows_<end> for each of ENDS, rows_missing (read and in none of them: 0), and of a loaded
    delivery that states amounts the same of money: read_amount, <end>_amount, amount_missing."""
    file, money, runs = ETL_FILES, ETL_AMOUNTS, ETL_RUNS
    rows = [file.c[f"rows_{end}"] for end in ENDS]
    amounts = [money.c[f"{end}_amount"] for end in ENDS]
    return reader.fetch(
        select(
            file.c.feed, file.c.name.label("file"), runs.c.finished_at.label("loaded_at"),
            file.c.outcome, file.c.reason, file.c.rows_read, *rows,
            (file.c.rows_read - _sum(rows)).label("rows_missing"), money.c.read_amount, *amounts,
            cast(money.c.read_amount - _sum(amounts), Numeric(38, 2)).label("amount_missing"),
        )
        .select_from(
            file.outerjoin(runs, runs.c.run_key == file.c.run_key).outerjoin(
                money, money.c.file_key == file.c.file_key
            )
        )
        .where(literal(scope.everything))
        .order_by(file.c.file_key.desc())
    )  # fmt: skip


def _sum(columns: list[Any]) -> ColumnElement[Any]:
    total: ColumnElement[Any] = columns[0]
    for column in columns[1:]:
        total = total + column
    return total


def restatements(reader: Reader, scope: Scope, runs: int = 10) -> pl.DataFrame:
    """Closed months that the last runs restated, the newest run and month first: run_key,
    finished_at (UTC), month (YYYY-MM), net_sales_before, net_sales_after, difference. A month is
    closed once the as-of date lies in a later one."""
    told, run = ETL_RESTATEMENTS, ETL_RUNS
    newest = select(func.max(run.c.run_key)).scalar_subquery()
    gap = cast(told.c.net_sales_after - told.c.net_sales_before, Numeric(38, 2))
    return reader.fetch(
        select(
            told.c.run_key, run.c.finished_at, told.c.month, told.c.net_sales_before,
            told.c.net_sales_after, gap.label("difference"),
        )
        .join(run, run.c.run_key == told.c.run_key)
        .where(literal(scope.everything), told.c.run_key > newest - runs)
        .order_by(told.c.run_key.desc(), told.c.month.desc())
    )  # fmt: skip


def last_runs(directory: Path, last: int = 10) -> list[dict[str, Any]]:
    """The last runs of the log, the newest first: started_at, finished_at (UTC, as text),
    exit_code, version, message."""
    log = directory / RUN_LOG
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    runs = []
    for line in lines[-last:][::-1]:
        with suppress(ValueError):  # a run that was killed, or a full disk, can leave half a line
            runs.append(json.loads(line))
    return runs
