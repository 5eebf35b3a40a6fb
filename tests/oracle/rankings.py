"""Rankings with intervals, slowly: every pair of units held against each other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from .calendars import days_between
from .company import Company
from .registry import FIGURES
from .selection import Group, Selection

LEVEL = 0.9
# Figure: what is added up a day, and what that is divided by.
RATIOS = {
    "average_receipt_value": ("net_sales", "receipts"),
    "units_per_receipt": ("units_sold", "receipts"),
    "average_unit_price": ("sales_before_returns", "units_sold"),
    "return_rate": ("returns_amount", "sales_before_returns"),
    "guide_coverage": ("credited_net_sales", "net_sales"),
    "online_share": ("online_net_sales", "net_sales"),
}
SUMS = ("net_sales", "receipts", "credited_net_sales", "units_sold", "scans", "new_members")
OF_PERSONS = {"repeat_rate": "active_members"}
RANKED = (*RATIOS, *SUMS, *OF_PERSONS)
LOWER_IS_BETTER = ("return_rate",)
NOT_OF_LINES = ("scans", "new_members")
Interval = tuple[float, float] | None
Cells = Mapping[Group, tuple[float, float]]


def ranking(
    company: Company, key: str, days: tuple[date, date], dimension: str
) -> dict[str | None, dict[str, Any]]:
    """Unit → low, high, rank, rank_low, rank_high, is_small_sample of one figure.

    CHOICE: no unit are the lines that have none, and those of one not known yet.
    """
    values = {g[0]: _number(v) for g, v in _computed(company, key, days, (dimension,)).items()}
    persons, cells = _persons(company, key, days, dimension), _daily(company, key, days, dimension)
    things = _things(company, key, days, dimension)
    units = [u for u, v in values.items() if v is not None and u not in (None, "unassigned")]

    def interval(unit: str | None, level: float) -> Interval:
        value = values[unit]
        if value is None:
            return None
        if key in OF_PERSONS:
            return wilson(value, persons[unit], level)
        return _student_interval(key, value, cells, unit, level)

    sure = sum(interval(unit, LEVEL) is not None for unit in units)
    wide = {unit: interval(unit, LEVEL ** (1 / (sure or 1))) for unit in units}
    shown = {}
    for unit in values:
        low, high = interval(unit, LEVEL) or (None, None)
        places = _places(key, unit, values, wide) if unit in units else (None, None, None)
        seen = sum(1 for one, _ in cells if one == unit)
        is_small = persons[unit] < 30 if key in OF_PERSONS else seen < 7 or things[unit] < 30
        shown[unit] = {
            "low": low, "high": high, "rank": places[0], "rank_low": places[1],
            "rank_high": places[2], "is_small_sample": is_small,
        }  # fmt: skip
    return shown


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _computed(
    company: Company, key: str, days: tuple[date, date], by: tuple[str, ...]
) -> Mapping[Group, Any]:
    pairs = tuple((day, day) for day in days_between(*days))
    return FIGURES[key].compute(Selection(company, pairs, by, {}, "as_was", "year"))


def _daily(company: Company, key: str, days: tuple[date, date], dimension: str) -> Cells:
    """(unit, day) → what is added up and what it is divided by; 1 for a sum."""
    if key in OF_PERSONS:
        return {}
    top, bottom = RATIOS.get(key, (key, None))
    tops = _computed(company, top, days, (dimension, "day"))
    bottoms = _computed(company, bottom, days, (dimension, "day")) if bottom else {}
    return {g: (float(tops.get(g, 0)), float(bottoms.get(g, 0)) if bottom else 1.0)
            for g in {**tops, **bottoms}}  # fmt: skip


def _persons(
    company: Company, key: str, days: tuple[date, date], dimension: str
) -> Mapping[str | None, float]:
    if key not in OF_PERSONS:
        return {}
    counted = _computed(company, OF_PERSONS[key], days, (dimension,))
    return {group[0]: float(number) for group, number in counted.items()}


def _things(
    company: Company, key: str, days: tuple[date, date], dimension: str
) -> Mapping[str | None, float]:
    """Receipts, day by day; no limit where a figure is not of lines."""
    if key in NOT_OF_LINES:
        return defaultdict(lambda: math.inf)
    things: dict[str | None, float] = defaultdict(float)
    for (unit, _), number in _computed(company, "receipts", days, (dimension, "day")).items():
        things[unit] += number
    return things


# Intervals ---------------------------------------------------------------------------------------
def _student_interval(
    key: str, value: float, cells: Cells, unit: str | None, level: float
) -> Interval:
    own = [cell for (one, _), cell in sorted(cells.items(), key=str) if one == unit]
    is_ratio = key in RATIOS
    if not is_ratio:
        days = [date.fromisoformat(str(day)) for _, day in cells]
        own += [(0.0, 1.0)] * ((max(days) - min(days)).days + 1 - len(own))
    number, whole = len(own), sum(x for _, x in own)
    rate = sum(y for y, _ in own) / whole
    squares = sum((y - rate * x) ** 2 for y, x in own)
    if number < 2 or squares <= 1e-18 * sum(y * y for y, _ in own):
        return None
    error = math.sqrt(number / (number - 1) * squares) / abs(whole)
    width = student(number - 1, level) * error * (1 if is_ratio else number)
    low, high = value - width, value + width
    if all(y >= 0 and x >= 0 for y, x in own):
        low = max(low, 0.0)
    if key in ("return_rate", "guide_coverage", "online_share") and all(y <= x for y, x in own):
        high = min(high, 1.0)
    return low, high


def wilson(share: float, number: float, level: float) -> Interval:
    """The two shares whose normal test just does not reject the observed one, by bisection."""
    z = _bisected(lambda x: math.erf(x / math.sqrt(2)), level, 0.0, 10.0)

    def distance(other: float) -> float:
        return abs(share - other) - z * math.sqrt(other * (1 - other) / number)

    low = _bisected(lambda x: -distance(x), 0.0, 0.0, share) if share > 0 else 0.0
    high = _bisected(distance, 0.0, share, 1.0) if share < 1 else 1.0
    return low, high


@cache
def student(freedom: int, level: float) -> float:
    """Two-sided quantile: Simpson's rule on the density after t = √ν · tan(angle), bisected."""
    half = (freedom + 1) / 2
    scale = 2 * math.exp(math.lgamma(half) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)

    def within(angle: float) -> float:
        steps = 400
        width = angle / steps
        ends = 1 + math.cos(angle) ** (freedom - 1)
        inner = sum((4 if k % 2 else 2) * math.cos(k * width) ** (freedom - 1)
                    for k in range(1, steps))  # fmt: skip
        return scale * width / 3 * (ends + inner)

    return math.sqrt(freedom) * math.tan(_bisected(within, level, 0.0, math.pi / 2))


def _bisected(rising: Any, wanted: float, low: float, high: float) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


# Ranks -------------------------------------------------------------------------------------------
def _places(
    key: str, unit: str | None, values: Mapping[str | None, float | None],
    wide: Mapping[str | None, Interval],
) -> tuple[int, int, int]:  # fmt: skip
    """Rank, and the first and last that intervals which do not meet leave open."""
    sign = -1 if key in LOWER_IS_BETTER else 1
    others = [other for other in wide if other != unit]
    ahead = sum(sign * _of(values, other) > sign * _of(values, unit) for other in others)
    surely = [_surely(wide[other], wide[unit], sign) for other in others]
    return 1 + ahead, 1 + surely.count(1), len(wide) - surely.count(-1)


def _of(values: Mapping[str | None, float | None], unit: str | None) -> float:
    return values[unit] or 0.0


def _surely(other: Interval, own: Interval, sign: int) -> int:
    """1 where the other is surely better, -1 where it is surely worse."""
    if other is None or own is None:
        return 0
    return sign * ((other[0] > own[1]) - (other[1] < own[0]))
