"""SQL shapes on which engines differ. Everything else in the project is plain Core.

Each function gives the DuckDB form; a second engine adds its own through a compiler rule for the
same construct, and nothing else in the project changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Integer,
    Interval,
    Numeric,
    SmallInteger,
    case,
    cast,
    func,
    literal,
    type_coerce,
)  # fmt: skip

Expression = ColumnElement[Any]


def local_time(at: Expression, timezone: str) -> Expression:
    """A UTC time as wall-clock time in `timezone`."""
    utc = func.timezone("UTC", at)
    return type_coerce(func.timezone(timezone, utc), DateTime)


def local_date(at: Expression, timezone: str) -> Expression:
    """Calendar date of a UTC time in `timezone`."""
    return cast(local_time(at, timezone), Date)


def end_of_day(date: Expression, timezone: str) -> Expression:
    """UTC time at which a local calendar date ends."""
    midnight = cast(type_coerce(date + literal(1, Integer), Date), DateTime)
    return type_coerce(func.timezone("UTC", func.timezone(timezone, midnight)), DateTime)


def local_hour(at: Expression, timezone: str) -> Expression:
    """Hour of the day, 0–23, of a UTC time in `timezone`."""
    return cast(func.date_part("hour", local_time(at, timezone)), SmallInteger)


def hours_before(at: Expression, hours: Expression) -> Expression:
    """A time that many whole hours earlier."""
    return type_coerce(at - type_coerce(func.to_hours(hours), Interval), DateTime)


def earlier(at: Expression, span: timedelta) -> Expression:
    """A time that much earlier."""
    return type_coerce(at - literal(span, Interval), DateTime)


def later(at: Expression, span: timedelta) -> Expression:
    """A time that much later."""
    return type_coerce(at + literal(span, Interval), DateTime)


def hours_between(start: Expression, end: Expression) -> Expression:
    """Hours, with their fraction, from one time to another."""
    microseconds = func.date_diff("microsecond", start, end)
    return cast(microseconds, Double) / 3_600_000_000.0


def median(value: Expression) -> Expression:
    """The exact median of what is not empty; of an even number the mean of the middle two."""
    return func.quantile_cont(value, 0.5)


def of_earliest(value: Expression, at: Expression) -> Expression:
    """The value on the row with the earliest time."""
    return func.arg_min(value, at)


def days_between(start: Expression, end: Expression) -> Expression:
    """Whole days from one date to another."""
    return type_coerce(func.date_diff("day", start, end), Integer)


def days_later(date: Expression, days: int) -> Expression:
    """A date that many days later (earlier when negative)."""
    return type_coerce(date + literal(days, Integer), Date)


def rounded_money(amount: Expression) -> Expression:
    """To the fen, halves away from zero, exact."""
    return cast(func.round(amount, 2), Numeric(18, 2))


def even_share(number: Expression) -> Expression:
    """One part of so many equal ones, to eight decimals."""
    return cast(literal(1) / cast(number, Double), Numeric(9, 8))


def money(amount: Expression) -> Expression:
    """An amount as shown: to the fen, halves away from zero. What was divided on the way (a
    target by days) is first freed of the noise of binary fractions, far below a fen."""
    return cast(func.round(cast(amount, Numeric(38, 6)), 2), Numeric(38, 2))


def total(amount: Expression) -> Expression:
    """A sum that is 0 where there is nothing to add, on every engine."""
    return func.coalesce(func.sum(amount), 0)


def quotient(numerator: Expression, denominator: Expression) -> Expression:
    """Unrounded division; empty where the denominator is 0 or empty."""
    return cast(numerator, Double) / func.nullif(cast(denominator, Double), 0)


def next_in_order(value: Expression, partition: Expression, order: Expression) -> Expression:
    """The value of the following row of its partition, empty on the last."""
    return func.lead(value).over(partition_by=partition, order_by=order)


def first_of(partition: Sequence[Expression], order: Sequence[Any]) -> Expression:
    """1 on the first row of each partition in that order."""
    return type_coerce(func.row_number().over(partition_by=partition, order_by=order), BigInteger)


def later_of(one: Expression, other: Expression) -> Expression:
    """The later of two times or dates, neither empty."""
    return case((one >= other, one), else_=other)


def at(moment: datetime) -> Expression:
    """A naive UTC time as a literal."""
    return literal(moment, DateTime)
