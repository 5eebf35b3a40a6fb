"""The trade's calendar: how much is sold on a day, in shops and online, and at what discount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from etl.simulation.chance import Floats
from etl.simulation.setting import Setting

# Lunar New Year's days; a company outside these years simply has no Spring Festival.
_NEW_YEARS = (
    "2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25 2021-02-12 "
    "2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 "
    "2029-02-13 2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08"
)
NEW_YEARS = tuple(date.fromisoformat(text) for text in _NEW_YEARS.split())
# Qixi, the seventh day of the seventh lunar month.
_QIXI = (
    "2015-08-20 2016-08-09 2017-08-28 2018-08-17 2019-08-07 2020-08-25 2021-08-14 "
    "2022-08-04 2023-08-22 2024-08-10 2025-08-29 2026-08-19 2027-08-08 2028-08-26 "
    "2029-08-16 2030-08-05 2031-08-24 2032-08-12 2033-08-01 2034-08-20 2035-08-10"
)
QIXI = tuple(date.fromisoformat(text) for text in _QIXI.split())
WEEKDAYS = (0.82, 0.80, 0.82, 0.86, 1.04, 1.38, 1.28)
MONTHS = (1.05, 0.95, 0.95, 1.0, 1.02, 0.98, 0.92, 0.92, 1.03, 1.08, 1.08, 1.1)
# (first month-day, last, shop factor, online factor, extra discount); the first that fits holds.
FIXED = (
    ("06-18", "06-18", 1.35, 4.2, 0.18),
    ("06-01", "06-17", 1.10, 1.15, 0.12),
    ("11-11", "11-11", 1.40, 10.0, 0.25),
    ("11-01", "11-10", 1.10, 0.90, 0.12),
    ("12-12", "12-12", 1.20, 3.2, 0.18),
    ("10-01", "10-07", 1.45, 1.00, 0.08),
    ("05-01", "05-05", 1.35, 1.00, 0.06),
    ("01-01", "01-01", 1.30, 1.10, 0.06),
)
# (days from lunar New Year, shop factor, online factor): the rush before it, then empty towns.
LUNAR = ((-14, -2, 1.40, 1.10), (-1, 3, 0.40, 0.55), (4, 7, 0.90, 0.80))


@dataclass(frozen=True)
class DayWeights:
    """One number a day, average near 1: `shop`, `online`; `promotion` is an extra discount 0–1."""

    shop: Floats
    online: Floats
    promotion: Floats


def day_weights(setting: Setting) -> DayWeights:
    """The calendar of the whole period, mild growth included (6 % a year in shops, 15 % online)."""
    days = [setting.date_of(number) for number in range(setting.days)]
    plain = np.array([MONTHS[day.month - 1] for day in days])
    weekly = np.array([WEEKDAYS[day.weekday()] for day in days])
    peaks = np.array([_peak(day) for day in days]).reshape(-1, 3)
    years = np.arange(setting.days) / 365
    shop = plain * weekly * peaks[:, 0] * 1.06**years
    return DayWeights(shop, plain * peaks[:, 1] * 1.15**years, peaks[:, 2])


def new_year_offset(day: date) -> int | None:
    """Days since the nearest lunar New Year's day (negative before); None outside the table."""
    offsets = [(day - new_year).days for new_year in NEW_YEARS]
    nearest = min(offsets, key=abs)
    return nearest if abs(nearest) <= 190 else None


def season_number(day: date) -> int:
    """A running number of fashion seasons: spring is February to April, and so on."""
    return (day.year * 12 + day.month - 2) // 3


def season_start(number: int) -> date:
    """The first day of a season."""
    month = number * 3 + 1
    return date(month // 12, month % 12 + 1, 1)


def season_name(number: int) -> str:
    """For example `2025-spring`."""
    start = season_start(number)
    return f"{start.year}-{('spring', 'summer', 'autumn', 'winter')[(start.month - 2) // 3]}"


def season_progress(day: date) -> float:
    """How much of its season has passed, 0 to 1."""
    number = season_number(day)
    first, next_first = season_start(number), season_start(number + 1)
    return (day - first).days / (next_first - first).days


def _peak(day: date) -> tuple[float, float, float]:
    """Shop factor, online factor and extra discount of a day's festival or campaign."""
    offset = new_year_offset(day)
    for low, high, shop, online in LUNAR:
        if offset is not None and low <= offset <= high:
            return shop, online, 0.05
    for first, last, shop, online, promotion in FIXED:
        if first <= f"{day:%m-%d}" <= last:
            return shop, online, promotion
    near_qixi = day in QIXI or day + timedelta(days=1) in QIXI
    return (1.1, 1.5, 0.08) if near_qixi else (1.0, 1.0, 0.0)
