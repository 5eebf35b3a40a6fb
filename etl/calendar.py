"""The calendar table: every local date, its week, month and quarter, and what it is compared to."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import polars as pl
from lunar_python import Lunar

from warehouse.routes import WEEKDAY_YEAR, year_before

FIRST, LAST = date(1900, 1, 1), date(2100, 12, 31)
LUNAR_DAYS = 45
"""How far from New Year's day the lunar comparison reaches."""


def dates() -> pl.DataFrame:
    """One row per date as `dim_dates` keeps it."""
    day = pl.col("date")
    return pl.DataFrame({"date": pl.date_range(FIRST, LAST, eager=True)}).select(
        day,
        day.dt.strftime("%Y-%m-%d").alias("day"),
        day.dt.strftime("%G-W%V").alias("week"),
        day.dt.strftime("%Y-%m").alias("month"),
        pl.format("{}-Q{}", day.dt.year(), day.dt.quarter()).alias("quarter"),
        day.dt.strftime("%Y").alias("year"),
        day.dt.weekday().alias("weekday"),
        day.map_elements(year_before, return_dtype=pl.Date).alias("year_ago_date"),
        (day - WEEKDAY_YEAR).alias("weekday_ago_date"),
        day.replace_strict(_lunar_ago(), default=None, return_dtype=pl.Date).alias(
            "lunar_ago_date"
        ),
    )


@cache
def lunar_new_year(year: int) -> date:
    """First day of the lunar year that begins in that calendar year."""
    solar = Lunar.fromYmd(year, 1, 1).getSolar()
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


def _lunar_ago() -> dict[date, date]:
    """Dates near New Year's day with the date of the same offset a lunar year earlier."""
    starts = {year: lunar_new_year(year) for year in range(FIRST.year, LAST.year + 1)}
    return {
        starts[year] + timedelta(days=offset): starts[year - 1] + timedelta(days=offset)
        for year in range(FIRST.year + 1, LAST.year + 1)
        for offset in range(-LUNAR_DAYS, LUNAR_DAYS + 1)
    }
