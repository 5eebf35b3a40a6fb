"""Fill the pairs: days on which persons bought, counted by the day of each person before.

A load changes those of the persons it touched: what theirs were is taken off, what they are is
added, and the days on which that makes a difference are settled.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Table,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from etl.scratch import fill, scratch
from warehouse import portable
from warehouse.engine import Build
from warehouse.parts import BUYERS
from warehouse.rollups import PREVIOUS, ROLLUPS, TABLES, Rollup
from warehouse.schema import LOADED

Expression = ColumnElement[Any]
_CHANGES = {
    rollup: scratch(f"{rollup.name}_changes", [(c.name, c.type) for c in TABLES[rollup.name].c])
    for rollup in ROLLUPS
    if rollup.pairs
}
"""Pairs taken off (below 0) and added."""
_DAYS = scratch("days_to_settle", [("business_date", Date)])


def take_off(build: Build, persons: Table | None) -> None:
    """Before the days of members change: note what the pairs of these persons are (of none, where
    all is made anew)."""
    for rollup, changes in _CHANGES.items():
        rows = _pairs(rollup, persons, -1)
        fill(build, changes, rows.where(false()) if persons is None else rows)


def add(build: Build, persons: Table | None, days: Table) -> None:
    """When they have: note what they are now, and settle it, with those days."""
    for rollup, changes in _CHANGES.items():
        _insert(build, changes, _pairs(rollup, persons, 1))
        if persons is None:
            build.create(TABLES[rollup.name])
            days = TABLES["agg_region_days"]
        _settle(build, rollup, changes, days)
        build.drop(changes)


def _insert(build: Build, table: Table, rows: Select[Any]) -> None:
    build.run(insert(table).from_select([c.name for c in table.c], rows))


def _pairs(rollup: Rollup, persons: Table | None, sign: int) -> Select[Any]:
    """Each day on which one of the persons (everybody) bought with their day before, counted."""
    bought = TABLES["agg_member_days"]
    rows = select(bought.c.member_key, *_dims(rollup, bought)).where(bought.c[BUYERS.name] > 0)
    if persons is not None:
        rows = rows.where(bought.c.member_key.in_(select(persons.c.member_key)))
    came = rows.distinct().subquery("came")
    within = [came.c[name] for name in ("member_key", *rollup.dims) if name != "business_date"]
    day = came.c.business_date
    before = portable.previous_in_order(day, within, day).label(PREVIOUS)
    paired = select(*(came.c[dim] for dim in rollup.dims), before).subquery("paired")
    return select(*paired.c, (func.count() * sign).label(BUYERS.name)).group_by(*paired.c)


def _dims(rollup: Rollup, rows: FromClause) -> list[Expression]:
    """Regions that nobody described are shown as one, and so are counted as one: 0."""
    regions, region = LOADED["regions"], rows.c.region_key
    known = select(regions.c.region_key).where(regions.c.is_known)
    shown = case((region.is_(None) | region.in_(known), region), else_=0).label("region_key")
    return [shown if dim == "region_key" else rows.c[dim] for dim in rollup.dims]


def _settle(build: Build, rollup: Rollup, changes: Table, days: Table) -> None:
    """Apply changes to the days they concern. Days without buyers are there, with 0."""
    table, sold = TABLES[rollup.name], TABLES["agg_region_days"]
    made = [c for c in changes.c if c.name != BUYERS.name]
    differ = select(changes.c.business_date).group_by(*made)
    differ = differ.having(func.sum(changes.c[BUYERS.name]) != 0)
    fill(build, _DAYS, select(union(differ, select(days.c.business_date)).subquery()))
    nobody = select(*_dims(rollup, sold), null().label(PREVIOUS), literal(0), true())
    both = (select(*one.c, false().label("is_there")) for one in (table, changes))
    rows = union_all(*both, nobody).subquery("rows")
    names = [rows.c[c.name] for c in made]
    buyers, is_there = func.sum(rows.c[BUYERS.name]), func.max(case((rows.c.is_there, 1), else_=0))
    now = scratch("pairs_now", [(c.name, c.type) for c in table.c])
    settled = select(_DAYS.c.business_date)
    fill(build, now, (
        select(*names, buyers)
        .where(rows.c.business_date.in_(settled))
        .group_by(*names)
        .having(or_(buyers > 0, is_there > 0))
    ))  # fmt: skip
    build.run(delete(table).where(table.c.business_date.in_(settled)))
    _insert(build, table, select(now).order_by(now.c.business_date))
    build.drop(now)
    build.drop(_DAYS)
