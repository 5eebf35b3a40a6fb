"""Writing the deliveries of a sample company, and the few blemishes real exports have."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from etl.simulation.setting import DAY

Render = Callable[[pl.DataFrame], pl.DataFrame]
SMALL = 5_000
"""A feed with fewer rows than this gets one blemish of a kind at most."""
ENOUGH = 100
"""Good rows that a file must have before bad ones join them: a file may not fail for them."""
BAD_SALES = (("net_amount", "129,00"), ("quantity", "1.5"), ("quantity", "0"))
LATER_STORE = "S9901"
"""A store whose master data has not arrived yet."""


class Delivery(NamedTuple):
    """One file to be: its feed, its name and its rows."""

    feed: str
    name: str
    rows: pl.DataFrame


def write(out: Path, delivery: Delivery) -> int:
    """Write a delivery whole or not at all; return its rows."""
    path = out / delivery.feed / delivery.name
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.tmp")
    if path.suffix == ".parquet":
        delivery.rows.write_parquet(unfinished)
    elif path.suffix == ".jsonl":
        delivery.rows.write_ndjson(unfinished)
    else:
        delivery.rows.write_csv(unfinished)
    os.replace(unfinished, path)
    return len(delivery.rows)


def by_month(
    feed: str, suffix: str, months: list[str], codes: pl.DataFrame, render: Render
) -> Iterator[Delivery]:
    """One file a month (`codes` has the month's place in column `month`), rendered one by one.

    A feed without a row still gets a file, of the first month, with its header.
    """
    for number, month in enumerate(months):
        part = codes.filter(pl.col("month") == number)
        if len(part) or (number == 0 and not len(codes)):
            yield Delivery(feed, f"{feed}_{month}.{suffix}", render(part))


def with_bad_rows(deliveries: Iterator[Delivery], spoil: Render) -> Iterator[Delivery]:
    """Let `spoil` append its rows to the first file that has a hundred good ones to each few."""
    done = False
    for delivery in deliveries:
        if not done and len(delivery.rows) >= ENOUGH:
            done = True
            spoilt = pl.concat([delivery.rows, spoil(delivery.rows)])
            yield delivery._replace(rows=spoilt)
        else:
            yield delivery


def bad_sales(small: bool) -> Render:
    """Receipts with numbers no one can read, and receipts of a store not known yet."""

    def spoil(rows: pl.DataFrame) -> pl.DataFrame:
        plain = rows.filter((pl.col("quantity") == "1") & (pl.col("is_void") == "false"))
        count = 1 if small else len(BAD_SALES)
        broken = [
            plain[at : at + 1].with_columns(pl.lit(text).alias(column))
            for at, (column, text) in enumerate(BAD_SALES[:count])
        ]
        unknown = plain[5 : 6 if small else 7].with_columns(store_id=pl.lit(LATER_STORE))
        spoilt = pl.concat([*broken, unknown])
        return spoilt.with_columns(receipt_id=pl.lit("T") + pl.col("receipt_id"))

    return spoil


def bad_orders(rows: pl.DataFrame) -> pl.DataFrame:
    """An order with a letter in its amount."""
    return rows[:1].with_columns(
        order_id=pl.lit("T") + pl.col("order_id"), net_amount=pl.lit("1O9.00")
    )


def bad_touches(small: bool) -> Render:
    """Events of a kind nobody agreed on."""

    def spoil(rows: pl.DataFrame) -> pl.DataFrame:
        return rows[: 1 if small else 2].with_columns(
            event_id=pl.lit("T") + pl.col("event_id"), event=pl.lit("qr_scan")
        )

    return spoil


def corrected(sales: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """A month's lines once more, one of them with the amount put right a day later."""
    right = (pl.col("quantity") > 0) & (pl.col("net") > 0) & (pl.col("void") == 0)
    first = pl.int_range(pl.len()) == right.arg_max()
    later = pl.min_horizontal(pl.col("at") + DAY, pl.lit(horizon - 1))
    return sales.with_columns(
        net=pl.when(first).then(pl.col("net") * 9 // 10).otherwise(pl.col("net")),
        updated=pl.when(first).then(later).otherwise(pl.col("updated")),
    )
