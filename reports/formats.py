"""How numbers, money and dates are written in the viewer's language. Empty is an en dash."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, get_day_names
from babel.numbers import format_decimal, format_percent, parse_pattern

from reports.i18n import language, t
from warehouse.metrics import METRICS, Unit

Number = int | float | Decimal
EMPTY = "–"
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+!|$~<>]|:(?=\w))")
_MARKED = re.compile(r"\\([\\`*_{}\[\]()#+!|$~<>:])")
LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
_SCALES: dict[str, tuple[tuple[float, str, int], ...]] = {
    "en": ((1e9, "B", 2), (1e6, "M", 2), (1e3, "K", 1), (1, "", 0)),
    "zh": ((1e8, "亿", 2), (1e4, "万", 1), (1, "", 0)),
}
"""Unit, its sign and the decimals behind it, per language."""


def locale() -> str:
    """The locale of this run's language."""
    return LOCALES[language()]


def decimal(value: Number, digits: int = 0) -> str:
    """A number with so many decimals."""
    return format_decimal(value, _parsed(digits), locale=_locale(language()))


@cache
def _parsed(digits: int) -> Any:
    """The pattern, read once: a page writes thousands of numbers."""
    return parse_pattern(_pattern(digits))


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


def money(value: Number) -> str:
    """Money at a glance: `¥1,234.6万`, `¥1.23亿`, `¥12.35M`."""
    sign, size = ("-" if value < 0 else ""), abs(float(value))
    for (scale, unit, digits), (lower, _, lower_digits) in pairwise(_SCALES[language()]):
        if round(size / lower, lower_digits) * lower >= scale:
            return f"{sign}¥{decimal(size / scale, digits)}{unit}"
    return f"{sign}¥{decimal(size)}"


def exact_money(value: Number) -> str:
    """Money to the fen."""
    return f"-¥{decimal(-value, 2)}" if value < 0 else f"¥{decimal(value, 2)}"


def whole_money(value: Number) -> str:
    """Money to the yuan."""
    return f"-¥{decimal(-value)}" if value < 0 else f"¥{decimal(value)}"


def percent(value: Number, digits: int = 1) -> str:
    """A share of 1 as a percentage."""
    return format_percent(value, f"{_pattern(digits)}%", locale=locale())


def change(key: str, value: float | None) -> str:
    """A change as `frames.change` gives it, signed: points of a ratio, else per cent."""
    if value is None:
        return EMPTY
    if METRICS[key].unit is Unit.RATIO:
        return t("format.points", value=format_decimal(value * 100, "+0.0;-0.0", locale=locale()))
    return format_percent(value, "+#,##0.0%;-#,##0.0%", locale=locale())


def figure(key: str, value: Number | None) -> str:
    """A figure at a glance, by its unit."""
    if value is None:
        return EMPTY
    unit = METRICS[key].unit
    if unit is Unit.MONEY:
        return money(value)
    if unit is Unit.AVERAGE_MONEY:
        return money(value) if float(value) >= 10_000 else f"¥{decimal(value, 1)}"
    if unit is Unit.RATIO:
        return percent(value)
    return decimal(value, 2 if unit is Unit.AVERAGE else 0)


def interval(key: str, low: Number | None, high: Number | None) -> str:
    """Both ends of a figure's interval at a glance."""
    if low is None or high is None:
        return EMPTY
    return t("format.range", low=figure(key, low), high=figure(key, high))


def places(low: int | None, high: int | None) -> str:
    """The ranks that are possible."""
    if low is None or high is None:
        return EMPTY
    return str(low) if low == high else t("format.range", low=low, high=high)


def exact(key: str, value: Number | None) -> str:
    """A figure in full, for hovering."""
    if value is not None and METRICS[key].unit in (Unit.MONEY, Unit.AVERAGE_MONEY):
        return exact_money(value)
    if value is not None and METRICS[key].unit is Unit.RATIO:
        return percent(value, 2)
    return figure(key, value)


_EXACT = {Unit.MONEY: 2, Unit.AVERAGE_MONEY: 2, Unit.RATIO: 4, Unit.AVERAGE: 2}
"""Decimals `exact` writes; none for anything else."""


def as_written(key: str, value: Number) -> Decimal:
    """A figure as far as `exact` writes it."""
    return round(Decimal(str(value)), _EXACT.get(METRICS[key].unit, 0))


def exact_difference(key: str, value: Decimal) -> str:
    """The difference of two figures as they are written, in full and signed."""
    if METRICS[key].unit is Unit.RATIO:
        return t("format.points", value=format_decimal(value * 100, "+0.00;-0.00", locale=locale()))
    return f"+{exact(key, value)}" if value > 0 else exact(key, value)


def long_day(value: date) -> str:
    """A day with its year."""
    return _long_day(value, locale())


@lru_cache(maxsize=4096)
def _long_day(value: date, locale: str) -> str:
    return format_date(value, "medium", locale=locale)


def month(value: date) -> str:
    """A month with its year."""
    return format_skeleton("yMMM", value, locale=locale())


def period(start: date, end: date) -> str:
    """A span of days, what both ends share written once."""
    if start == end:
        return long_day(start)
    return format_interval(start, end, "yMMMd", locale=locale())


def moment(at: datetime | None, timezone: str) -> str:
    """A UTC time as local day and time."""
    if at is None:
        return EMPTY
    return local_moment(at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(timezone)))


def local_moment(at: datetime) -> str:
    """A local time as day and time."""
    return f"{format_skeleton('MMMd', at, locale=locale())} {at:%H:%M}"


def tick(grain: str, value: str) -> str:
    """A day, week or month of a question's answer, short enough for an axis."""
    if grain == "day":
        return format_skeleton("MMMd", date.fromisoformat(value), locale=locale())
    if grain == "month":
        return month(date.fromisoformat(f"{value}-01"))
    return t("format.week", week=value.partition("-W")[2], year=value[:4])


def weekday(number: str) -> str:
    """The short name of a weekday, `1` Monday."""
    return str(get_day_names("abbreviated", locale=_locale(language()))[int(number) - 1])


def point(grain: str, value: str) -> str:
    """The same in full, for hovering."""
    if grain == "day":
        return format_skeleton("yMMMEd", date.fromisoformat(value), locale=locale())
    return tick(grain, value)


def plain(text: str) -> str:
    """A name as it is, where Markdown would read its characters as markup."""
    return _MARKUP.sub(r"\\\1", text)


def bare(text: str) -> str:
    """What `plain` was given, where no Markdown is read."""
    return _MARKED.sub(r"\1", text)


def signed_money(value: Number) -> str:
    """A change of money, a rise with its plus."""
    return f"+{money(value)}" if value > 0 else money(value)
