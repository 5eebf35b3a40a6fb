"""Checks on a build: one that fails keeps it from being published and names what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import CompoundSelect, Table, and_, case, exists, func, select, union

from etl.touched import Touched
from warehouse import answers, portable, rollups, schema
from warehouse.access import EVERYTHING
from warehouse.engine import Build
from warehouse.feeds import FEEDS
from warehouse.parts import NET
from warehouse.schema import CREDITED_LINES, LOADED
from warehouse.settings import Settings

TOGETHER = timedelta(days=31)


class CheckFailed(Exception):
    """A build that must not be published; the message names the check and the rows."""


def check(build: Build, settings: Settings, touched: Touched | None = None) -> None:
    """Run every check, over what a load touched or over everything. Raises CheckFailed with the
    first failing rows of each."""
    failures = list(_failures(build, settings, touched))
    if failures:
        raise CheckFailed("; ".join(failures))


def _failures(build: Build, settings: Settings, touched: Touched | None) -> Iterator[str]:
    for name in FEEDS:
        rows = _repeated_keys(build, name, touched)
        if rows.height:
            yield f"{name}: {rows.height} keys are stored twice, for example {rows.row(0)}"
    for source, stored, counted in _money(build, touched):
        if stored != counted:
            yield f"{source} lines hold {stored}, their credited lines {counted}"
    yield from _open_cuts(build, settings, touched)


def _repeated_keys(build: Build, name: str, touched: Touched | None) -> pl.DataFrame:
    table = LOADED[name]
    keys = [table.c[schema.stored_name(field)] for field in FEEDS[name].key]
    rows = select(*keys)
    if touched:
        changed = touched.rows[name]
        rows = rows.where(exists().where(and_(*(changed.c[key.name] == key for key in keys))))
    return build.fetch(rows.group_by(*keys).having(func.count() > 1).limit(5))


def _money(build: Build, touched: Touched | None) -> Iterator[tuple[str, object, object]]:
    """Money loaded against money credited, receipt lines and paid order lines alike."""
    pos, orders, heads = LOADED["pos_sales"], LOADED["online_orders"], schema.ORDERS
    paid = and_(heads.c.order_key == orders.c.order_key, heads.c.paid_at.is_not(None))
    stored = {
        pos.c.receipt_key: select(func.sum(pos.c.net_amount)).where(~pos.c.is_deleted),
        -orders.c.order_key: select(func.sum(orders.c.net_amount))
        .join(heads, paid)
        .where(~orders.c.is_deleted),
    }
    line = CREDITED_LINES
    for source, (key, loaded) in zip(("pos", "order"), stored.items(), strict=True):
        credited = select(func.sum(case((line.c.source == source, line.c.net_amount))))
        both = [(key, loaded), (line.c.receipt_key, credited)]
        if touched:
            both = [(key, sums.where(key.in_(_touched_keys(touched)))) for key, sums in both]
        one, other = (build.fetch(sums).item() for _, sums in both)
        yield source, one, other


def _touched_keys(touched: Touched) -> CompoundSelect[Any]:
    """Receipts, and orders below 0, with a line that was loaded or credited anew."""
    rows, changes = touched.rows, touched.changes
    return union(
        select(rows["pos_sales"].c.receipt_key),
        select(changes[CREDITED_LINES.name].c.receipt_key),
        *(select(-one.c.order_key) for one in (rows["online_orders"], changes[schema.ORDERS.name])),
    )


def _open_cuts(build: Build, settings: Settings, touched: Touched | None) -> Iterator[str]:
    """Conservation over everything loaded: members plus none of each cut are net sales."""
    days = touched.days.c.business_date if touched else CREDITED_LINES.c.business_date
    dates = build.fetch(select(days).distinct().order_by(days))["business_date"]
    for start, end in _periods(dates.to_list()):
        proof = answers.conservation(build, start, end, EVERYTHING, settings)
        for row in proof.filter(pl.col("difference") != 0).iter_rows(named=True):
            yield f"{row['cut']}s and none add up to {row['difference']} more than net sales"
        yield from _other_sums(build, start, end)


def _other_sums(build: Build, start: date, end: date) -> Iterator[str]:
    """Rollups that hold another amount of some days than their lines do."""

    def amount(rows: Table, column: str) -> object:
        total = select(portable.total(rows.c[column]))
        return build.fetch(total.where(rows.c.business_date.between(start, end))).item()

    counted = amount(CREDITED_LINES, "net_amount")
    for name, table in rollups.TABLES.items():
        if NET.name in table.c and (stored := amount(table, NET.name)) != counted:
            yield f"{name} holds {stored} from {start} to {end}, the lines {counted}"


def _periods(dates: Sequence[date]) -> Iterator[tuple[date, date]]:
    """First and last of the dates that lie together; one question for each period."""
    together: list[date] = []
    for day in dates:
        if together and day - together[-1] > TOGETHER:
            yield together[0], together[-1]
            together = []
        together.append(day)
    if together:
        yield together[0], together[-1]
