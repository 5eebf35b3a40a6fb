"""SQL shapes on which engines differ. Everything else in the project is plain Core.

Where engines need other words for the same thing, `_written` holds both: DuckDB's, and ClickHouse's
for the dialect of that name. Nothing else in the project knows of a second engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
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
    literal_column,
    type_coerce,
)  # fmt: skip
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

Expression = ColumnElement[Any]
CLICKHOUSE = "clickhousedb"
"""Name of ClickHouse's dialect."""


def _written(duckdb: str, clickhouse: str) -> Callable[..., FunctionElement[Any]]:
    """A function in the words of either engine; `{0}` is its first argument."""

    class Function(FunctionElement[Any]):
        inherit_cache = True

    def words(text: str) -> Callable[..., str]:
        def compiled(function: Function, compiler: SQLCompiler, **how: Any) -> str:
            return text.format(
                *(
                    compiler.process(one, **how) if f"{{{place}}}" in text else ""
                    for place, one in enumerate(function.clauses)
                )
            )

        return compiled

    compiles(Function)(words(duckdb))
    compiles(Function, CLICKHOUSE)(words(clickhouse))
    return Function


_LOCAL_TIME = _written("timezone({1}, timezone('UTC', {0}))", "toTimeZone({0}, {1})")
_DAY_END = _written(
    "timezone('UTC', timezone({1}, CAST({0} + 1 AS TIMESTAMP)))",
    "toTimeZone(toDateTime64({0} + 1, 6, {1}), 'UTC')",
)
_HOURS = _written("to_hours({0})", "toIntervalHour({0})")
_SPAN = _written("{0}", "toIntervalMicrosecond({1})")
_QUANTILE = _written("quantile_cont({0}, {1})", "quantileExactInclusive({1})({0})")
_OF_LEAST = _written("arg_min({0}, {1})", "argMin({0}, {1})")
_LOWER = _written("lower({0})", "lowerUTF8({0})")
_PLACE = _written("strpos({0}, {1})", "position({0}, {1})")
_MONTH_DAYS = _written("day(last_day({0}))", "toDayOfMonth(toLastDayOfMonth({0}))")
_AT_SCALE = _written("CAST({0} AS NUMERIC(38, {1}))", "round(toDecimal256(toString({0}), 20), {1})")


def _clickhouse_type(kind: type[TypeEngine[Any]], name: Callable[[Any], str]) -> None:
    compiles(kind, CLICKHOUSE)(lambda one, compiler, **how: name(one))


# A product has the digits of its wider factor there, so decimals have as many as there are; dates
# reach from 0001 to 9999; times are UTC to the microsecond wherever the server stands.
_clickhouse_type(Numeric, lambda kind: f"Decimal(38, {kind.scale or 0})")
_clickhouse_type(Date, lambda _: "Date32")
_clickhouse_type(DateTime, lambda _: "DateTime64(6, 'UTC')")


def local_time(at: Expression, timezone: str) -> Expression:
    """A UTC time as wall-clock time in `timezone`."""
    return type_coerce(_LOCAL_TIME(at, timezone), DateTime)


def local_date(at: Expression, timezone: str) -> Expression:
    """Calendar date of a UTC time in `timezone`."""
    return cast(local_time(at, timezone), Date)


def end_of_day(date: Expression, timezone: str) -> Expression:
    """UTC time at which a local calendar date ends."""
    return type_coerce(_DAY_END(date, timezone), DateTime)


def local_hour(at: Expression, timezone: str) -> Expression:
    """Hour of the day, 0–23, of a UTC time in `timezone`."""
    return cast(func.date_part("hour", local_time(at, timezone)), SmallInteger)


def hours_before(at: Expression, hours: Expression) -> Expression:
    """A time that many whole hours earlier."""
    return type_coerce(at - type_coerce(_HOURS(hours), Interval), DateTime)


def earlier(at: Expression, span: timedelta) -> Expression:
    """A time that much earlier."""
    return type_coerce(at - _interval(span), DateTime)


def later(at: Expression, span: timedelta) -> Expression:
    """A time that much later."""
    return type_coerce(at + _interval(span), DateTime)


def _interval(span: timedelta) -> Expression:
    microseconds: Expression = literal_column(str(span // timedelta(microseconds=1)))
    return type_coerce(_SPAN(literal(span, Interval), microseconds), Interval)


def hours_between(start: Expression, end: Expression) -> Expression:
    """Hours, with their fraction, from one time to another."""
    microseconds = func.date_diff("microsecond", start, end)
    return cast(microseconds, Double) / 3_600_000_000.0


def quantile(value: Expression, share: float) -> Expression:
    """The exact quantile (0.5: the median) of what is not empty, on the straight line between the
    two values it lies between (Hyndman and Fan's type 7)."""
    return _QUANTILE(value, literal_column(str(share)))


def of_earliest(value: Expression, at: Expression) -> Expression:
    """The value on the row with the earliest time."""
    return _OF_LEAST(value, at)


def days_between(start: Expression, end: Expression) -> Expression:
    """Whole days from one date to another."""
    return type_coerce(func.date_diff("day", start, end), Integer)


def month_number(date: Expression) -> Expression:
    """A number of a date's month, one higher each month."""
    year, month = (cast(func.date_part(name, date), Integer) for name in ("year", "month"))
    return year * 12 + month


def days_of_month(date: Expression) -> Expression:
    """How many days the month of a date has."""
    return type_coerce(_MONTH_DAYS(date), Integer)


def days_later(date: Expression, days: int) -> Expression:
    """A date that many days later (earlier when negative)."""
    return type_coerce(date + literal(days, Integer), Date)


def rounded_money(amount: Expression) -> Expression:
    """To the fen, halves away from zero, exact."""
    return cast(func.round(amount, 2), Numeric(18, 2))


def even_share(number: Expression) -> Expression:
    """One part of so many equal ones, to eight decimals."""
    return cast(_at_scale(literal(1) / cast(number, Double), 8), Numeric(9, 8))


def money(amount: Expression, digits: int = 6) -> Expression:
    """An amount as shown: to the fen, halves away from zero. What was divided on the way (a
    target by days) is first freed of the noise of binary fractions, far below a fen; `digits` are
    the decimals an amount may have of itself."""
    return cast(func.round(_at_scale(amount, digits), 2), Numeric(38, 2))


def _at_scale(number: Expression, digits: int) -> Expression:
    """A number with so many decimals, halves away from zero; ClickHouse's casts cut off."""
    return _AT_SCALE(number, literal_column(str(digits)))


def total(amount: Expression) -> Expression:
    """A sum that is 0 where there is nothing to add, on every engine."""
    return func.coalesce(func.sum(amount), 0)


def quotient(numerator: Expression, denominator: Expression) -> Expression:
    """Unrounded division; empty where the denominator is 0 or empty."""
    return cast(numerator, Double) / func.nullif(cast(denominator, Double), 0, type_=Double)


def holds(text: Expression, wanted: str) -> Expression:
    """Whether a text holds another, capitals or not."""
    return _PLACE(_LOWER(text), wanted.lower()) > 0


def next_in_order(value: Expression, partition: Expression, order: Expression) -> Expression:
    """The value of the following row of its partition, empty on the last."""
    return func.lead(value).over(partition_by=partition, order_by=order)


def previous_in_order(
    value: Expression, partition: Sequence[Expression], order: Expression
) -> Expression:
    """The value of the row before of its partition, empty on the first."""
    return func.lag(value).over(partition_by=partition, order_by=order)


def first_of(partition: Sequence[Expression], order: Sequence[Any]) -> Expression:
    """1 on the first row of each partition in that order."""
    return type_coerce(func.row_number().over(partition_by=partition, order_by=order), BigInteger)


def later_of(one: Expression, other: Expression) -> Expression:
    """The later of two times or dates, neither empty."""
    return case((one >= other, one), else_=other)


def around(first: date, last: date) -> tuple[Expression, Expression]:
    """UTC times between which some days lie in any timezone."""
    start = max(first, date(1, 1, 2)) - timedelta(days=1)
    end = min(last, date(9999, 12, 29)) + timedelta(days=2)
    midnight = datetime.min.time()
    return at(datetime.combine(start, midnight)), at(datetime.combine(end, midnight))


def at(moment: datetime) -> Expression:
    """A naive UTC time as a literal."""
    return literal(moment, DateTime)
