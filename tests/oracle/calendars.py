"""Days: their week, month, quarter, year; and the day another day is compared with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

TIME_DIMENSIONS = ("day", "week", "month", "quarter", "year")
ALIGNMENTS = ("year", "weekday", "lunar")

# First day of the lunar year; the product takes these from a library.
_LUNAR_NEW_YEARS = [
    *(date(2014, 1, 31), date(2015, 2, 19), date(2016, 2, 8), date(2017, 1, 28)),
    *(date(2018, 2, 16), date(2019, 2, 5), date(2020, 1, 25), date(2021, 2, 12)),
    *(date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29)),
    *(date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
    *(date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31)),
]
LUNAR_REACH = timedelta(days=45)


def bucket(day: date, dimension: str) -> str:
    """The value of a time dimension."""
    if dimension == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if dimension == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[dimension]]


def days_between(first: date, last: date) -> list[date]:
    """Every day, both ends included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def days_in_month(day: date) -> int:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - timedelta(days=1)).day


def a_year_before(day: date) -> date:
    """`year`: same date; 29 Feb ↔ 28 Feb."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def same_weekday_before(day: date) -> date:
    """`weekday`: 364 days back."""
    return day - timedelta(days=364)


def lunar_before(day: date) -> date:
    """`lunar`: same offset from lunar New Year's day; an error beyond 45 days of it."""
    for previous, new_year in pairwise(_LUNAR_NEW_YEARS):
        if abs(day - new_year) <= LUNAR_REACH:
            return previous + (day - new_year)
    raise ValueError(f"{day} is not within 45 days of a lunar New Year's day")


_BEFORE: dict[str, Callable[[date], date]] = {
    "year": a_year_before,
    "weekday": same_weekday_before,
    "lunar": lunar_before,
}


def aligned(day: date, alignment: str) -> date:
    """The day of last year that `day` is held against (`year`, `weekday`, `lunar`)."""
    return _BEFORE[alignment](day)


def compared(start: date, end: date, compare: str) -> list[tuple[date, date]]:
    """(day compared with, day of the period) for every day of the period.

    CHOICE: `prior` is the same number of days directly before, also for whole months.
    The lunar period must lie within 45 days of one New Year: two are never that near.
    """
    period = days_between(start, end)
    if compare == "prior":
        return [(day - timedelta(days=len(period)), day) for day in period]
    return [(aligned(day, compare), day) for day in period]
