"""Fill the rollups: whole, or the days a load touched.

A day is always filled whole, from the lines of that day; what a row is made of, its rollup and its
parts say. A rollup whose cells are made of a finer one's is filled from that one. Pairs follow the
persons (pairs.py).
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
    case,
    delete,
    func,
    insert,
    or_,
    select,
    union,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from etl import pairs
from etl.touched import Touched
from etl.upsert import fill, scratch
from warehouse.engine import Build
from warehouse.joined import Joined
from warehouse.parts import RECEIPTS, Distinct
from warehouse.rollups import ROLLUPS, TABLES, Rollup
from warehouse.schema import CREDITED_LINES
from warehouse.settings import Settings

Expression = ColumnElement[Any]
_DAILY = [rollup for rollup in reversed(ROLLUPS) if not rollup.pairs]
_NO_SETTINGS = Settings()
"""What rollups keep depends on none."""
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
    for rollup in _DAILY:
        _clear(build, TABLES[rollup.name], None if touched is None else _DAYS)
    for dates in _portions(build):
        for rollup in _DAILY:
            _fill(build, rollup, dates)
    pairs.add(build, persons, _DAYS)
    build.drop(_DAYS)
    build.drop(_CROSSING)


def _insert(build: Build, table: Table, rows: Select[Any]) -> None:
    build.run(insert(table).from_select([c.name for c in table.c], rows))


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


# Cells -------------------------------------------------------------------------------------------
def _fill(build: Build, rollup: Rollup, dates: Sequence[date]) -> None:
    """Fill some days of a rollup."""
    table, finer = TABLES[rollup.name], _finer(rollup)
    cells = _of_finer(rollup, finer, dates) if finer else _of_lines(rollup, dates)
    order = [table.c[name] for name in ("store_key", "business_date") if name in table.c]
    if not rollup.has_receipts:
        found = cells.subquery()
        _insert(build, table, select(found).order_by(*(found.c[c.name] for c in order)))
        return
    aside = scratch(f"{rollup.name}_cells", [(c.name, c.type) for c in table.c])
    fill(build, aside, cells)
    merged = _merged(rollup, aside).subquery()
    _insert(build, table, select(merged).order_by(*(merged.c[c.name] for c in order)))
    build.drop(aside)


def _finer(rollup: Rollup) -> Rollup | None:
    """A rollup filled before whose rows this one's are made of."""
    before = _DAILY[: _DAILY.index(rollup)]
    return next(
        (one for one in reversed(before)
         if set(rollup.dims) <= set(one.dims) and all(map(one.kept, rollup.parts))),
        None,
    )  # fmt: skip


def _of_lines(rollup: Rollup, dates: Sequence[date]) -> Select[Any]:
    """Sums by cell, and by receipt where receipts are counted."""
    joined = Joined(CREDITED_LINES, "as_was")
    own = CREDITED_LINES.c
    dims = [own[dim] if dim in own else joined.entity("product").c[dim] for dim in rollup.dims]
    for name in {name for part in rollup.parts for name in part.needs}:
        joined.entity(name)
    values = [
        part.aggregate.found(CREDITED_LINES)
        if isinstance(part.aggregate, Distinct)
        else part.aggregate(joined.tables, _NO_SETTINGS)
        for part in rollup.parts
    ]
    groups = [*dims, *([CREDITED_LINES.c.receipt_key] if rollup.has_receipts else [])]
    rows = select(*groups, *_labelled(rollup, values)).select_from(joined.joined)
    return rows.where(_on(CREDITED_LINES, dates)).group_by(*groups)


def _of_finer(rollup: Rollup, finer: Rollup, dates: Sequence[date]) -> Select[Any]:
    """The same from cells; of a receipt of several it is enough to lie in one of them."""
    cell = TABLES[finer.name]
    groups = [cell.c[dim] for dim in rollup.dims]
    values: list[Expression] = [func.sum(cell.c[part.name]) for part in rollup.parts]
    if rollup.has_receipts:
        groups.append(cell.c.receipt_key)
        values = [
            case((cell.c.receipt_key.is_(None), added), else_=func.max(cell.c[part.name]))
            if isinstance(part.aggregate, Distinct)
            else added
            for part, added in zip(rollup.parts, values, strict=True)
        ]
    rows = select(*groups, *_labelled(rollup, values))
    return rows.where(_on(cell, dates)).group_by(*groups)


def _on(rows: FromClause, dates: Sequence[date]) -> Expression:
    day = rows.c.business_date
    return and_(day.between(dates[0], dates[-1]), day.in_(dates))


def _labelled(rollup: Rollup, values: Sequence[Expression]) -> list[Expression]:
    return [value.label(p.name) for p, value in zip(rollup.parts, values, strict=True)]


def _merged(rollup: Rollup, cells: Table) -> Select[Any]:
    """Receipts with sales in one cell go into its one row; those with sales in several keep rows of
    their own, and their cells without sales go in with the others, whichever days are filled."""
    several = (
        select(cells.c.receipt_key)
        .where(cells.c.receipt_key.is_not(None), cells.c[RECEIPTS.name] > 0)
        .group_by(cells.c.receipt_key)
        .having(func.count() > 1)
    )
    spread = union(several, select(_CROSSING.c.receipt_key)).subquery("spread")
    groups = [*(cells.c[dim] for dim in rollup.dims), spread.c.receipt_key]
    values = [func.sum(cells.c[part.name]) for part in rollup.parts]
    own = and_(spread.c.receipt_key == cells.c.receipt_key, cells.c[RECEIPTS.name] > 0)
    joined = cells.outerjoin(spread, own)
    return select(*groups, *_labelled(rollup, values)).select_from(joined).group_by(*groups)
