"""Fill the rollups: whole, or the days a load touched.

A day is always filled whole, from the lines of that day (rollup_cells.py). Pairs follow the persons
(pairs.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    union,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from etl import pairs, rollup_cells
from etl.rollup_cells import DAILY
from etl.scratch import fill, scratch
from etl.touched import Touched
from warehouse.engine import Build
from warehouse.rollups import ROLLUPS, TABLES
from warehouse.schema import CREDITED_LINES

Expression = ColumnElement[Any]
LINES_AT_ONCE = 4_000_000
_CROSSING = scratch("crossing_receipts", [("receipt_key", BigInteger)])
_DAYS = scratch("rollup_days", [("business_date", Date)])


def derive_rollups(build: Build, touched: Touched | None = None) -> None:
    """Bring every rollup up to date with the credited lines (without `touched`: make it anew)."""
    fill(build, _DAYS, _days_to_fill(touched))
    fill(build, _CROSSING, _crossing(touched))
    afresh = touched is None or bool(build.fetch(select(touched.rows["regions"]).limit(1)).height)
    persons = None if afresh or touched is None else touched.members
    pairs.take_off(build, persons)
    for rollup in DAILY:
        _clear(build, TABLES[rollup.name], None if touched is None else _DAYS)
    for dates in _portions(build):
        for rollup in DAILY:
            rollup_cells.fill_days(build, rollup, dates, _CROSSING)
    pairs.add(build, persons, _DAYS)
    build.drop(_DAYS)
    build.drop(_CROSSING)


def _clear(build: Build, table: Table, days: Table | None) -> None:
    """Take out some days, or everything."""
    if days is None:
        build.create(table)
    else:
        build.run(delete(table).where(table.c.business_date.in_(select(days.c.business_date))))


# Which days --------------------------------------------------------------------------------------
def _days_to_fill(touched: Touched | None) -> Any:
    """Days whose lines changed, on which a product was sold that changed, and the other days of
    receipts that lie, or lay, on several of which one changed."""
    line = CREDITED_LINES
    if touched is None:
        return select(line.c.business_date).distinct()
    days, rest, before = select(touched.days.c.business_date), line.alias(), _spread_days()
    sold = line.c.product_key.in_(_changed_products(touched.rows["products"]))
    beside = and_(rest.c.receipt_key == line.c.receipt_key, ~rest.c.is_return, ~line.c.is_return)
    was, others = before.alias("was"), before.alias("others")
    return union(
        days,
        select(line.c.business_date).where(sold),
        select(rest.c.business_date).join(line, beside).where(line.c.business_date.in_(days)),
        select(others.c.business_date)
        .join(was, was.c.receipt_key == others.c.receipt_key)
        .where(was.c.business_date.in_(days)),
    )


def _spread_days() -> FromClause:
    """Receipts that lay in several cells, and on which days."""
    rows = TABLES["agg_guide_days"]
    spread = select(rows.c.business_date, rows.c.receipt_key).where(rows.c.receipt_key.is_not(None))
    return spread.distinct().subquery()


def _changed_products(changed: Table) -> Select[Any]:
    """Products new or with another value in a column that rollups look at."""
    dims = {dim for rollup in ROLLUPS for dim in rollup.dims if dim not in CREDITED_LINES.c}
    looked_at = [changed.c[name] for name in sorted({*dims, "cost", "is_known"})]
    return (
        select(changed.c.product_key)
        .group_by(changed.c.product_key)
        .having(or_(func.count() == 1, *map(_varies, looked_at)))
    )


def _varies(column: Expression) -> Expression:
    stated = func.count(column)
    return or_(func.min(column) != func.max(column), and_(stated > 0, stated < func.count()))


def _crossing(touched: Touched | None) -> Select[Any]:
    """Receipts with sale lines on several days, of those on days to be filled."""
    line = CREDITED_LINES
    rows = select(line.c.receipt_key).where(~line.c.is_return)
    if touched is not None:
        filled = line.c.business_date.in_(select(_DAYS.c.business_date))
        rows = rows.where(line.c.receipt_key.in_(select(line.c.receipt_key).where(filled)))
    dates = line.c.business_date
    return rows.group_by(line.c.receipt_key).having(func.min(dates) != func.max(dates))


def _portions(build: Build) -> Iterator[Sequence[date]]:
    """The days to be filled in order, a few million lines at a time, so that memory is bounded."""
    day = _DAYS.c.business_date
    days = build.fetch(
        select(day, func.count(CREDITED_LINES.c.business_date).label("lines"))
        .outerjoin(CREDITED_LINES, CREDITED_LINES.c.business_date == day)
        .group_by(day)
    ).sort("business_date")
    portion = days["lines"].cum_sum() // LINES_AT_ONCE
    for _, part in days.group_by(portion, maintain_order=True):
        yield part["business_date"].to_list()
