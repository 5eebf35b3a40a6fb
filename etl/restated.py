"""Which closed months a load restates: their net sales before it and after."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import polars as pl
from sqlalchemy import func, select

from warehouse import portable
from warehouse.engine import Build
from warehouse.parts import NET
from warehouse.rollups import TABLES
from warehouse.schema import AS_OF, DIM_DATES, ETL_RESTATEMENTS

_DAYS = TABLES["agg_region_days"]


@dataclass(frozen=True)
class Months:
    """Net sales by month (`month` as YYYY-MM, `net_sales`), and the month that is still open: that
    of the as-of date. A month before it is closed."""

    net_sales: pl.DataFrame
    still_open: str = ""


def months(build: Build | None) -> Months:
    """The months of a warehouse; of one that was never published there are none."""
    dates = DIM_DATES
    if build is None or _DAYS.name not in build.tables():
        return Months(pl.DataFrame(schema={"month": pl.String, "net_sales": pl.Decimal(38, 2)}))
    by_month = select(dates.c.month, portable.money(func.sum(_DAYS.c[NET.name])).label("net_sales"))
    found = build.fetch(
        by_month.join(_DAYS, _DAYS.c.business_date == dates.c.date).group_by(dates.c.month)
    )
    today = select(func.max(dates.c.month)).join(AS_OF, AS_OF.c.as_of_date == dates.c.date)
    return Months(found, build.fetch(today).item() or "")


def record(build: Build, before: Months, run_key: int) -> None:
    """Note which months that were closed before a run have other net sales after it."""
    after = months(build).net_sales
    both = before.net_sales.join(after, on="month", how="full", coalesce=True, suffix="_after")
    told = both.select(
        pl.lit(run_key, pl.Int32).alias("run_key"), "month",
        pl.col("net_sales").fill_null(Decimal(0)).alias("net_sales_before"),
        pl.col("net_sales_after").fill_null(Decimal(0)),
    )  # fmt: skip
    differ = pl.col("net_sales_before") != pl.col("net_sales_after")
    restated = told.filter(differ, pl.col("month") < before.still_open)
    if restated.height:
        build.append(ETL_RESTATEMENTS, restated)
