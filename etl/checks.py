"""Checks on a build: one that fails keeps it from being published and names what failed."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from sqlalchemy import and_, case, func, select

from warehouse import answers, schema
from warehouse.access import EVERYTHING
from warehouse.engine import Build
from warehouse.feeds import FEEDS
from warehouse.schema import CREDITED_LINES, LOADED
from warehouse.settings import Settings


class CheckFailed(Exception):
    """A build that must not be published; the message names the check and the rows."""


def check(build: Build, settings: Settings) -> None:
    """Run every check. Raises CheckFailed with the first failing rows of each."""
    failures = list(_failures(build, settings))
    if failures:
        raise CheckFailed("; ".join(failures))


def _failures(build: Build, settings: Settings) -> Iterator[str]:
    for name in FEEDS:
        rows = _repeated_keys(build, name)
        if rows.height:
            yield f"{name}: {rows.height} keys are stored twice, for example {rows.row(0)}"
    for source, stored, counted in _money(build):
        if stored != counted:
            yield f"{source} lines hold {stored}, their credited lines {counted}"
    yield from _open_cuts(build, settings)


def _repeated_keys(build: Build, name: str) -> pl.DataFrame:
    table = LOADED[name]
    keys = [table.c[schema.stored_name(field)] for field in FEEDS[name].key]
    return build.fetch(select(*keys).group_by(*keys).having(func.count() > 1).limit(5))


def _money(build: Build) -> Iterator[tuple[str, object, object]]:
    """Money loaded against money credited, receipt lines and paid order lines alike."""
    pos, orders, heads = LOADED["pos_sales"], LOADED["online_orders"], schema.ORDERS
    paid = and_(heads.c.order_key == orders.c.order_key, heads.c.paid_at.is_not(None))
    stored = {
        "pos": select(func.sum(pos.c.net_amount)).where(~pos.c.is_deleted),
        "order": select(func.sum(orders.c.net_amount))
        .join(heads, paid)
        .where(~orders.c.is_deleted),
    }
    credited = CREDITED_LINES
    for source, statement in stored.items():
        counted = select(func.sum(case((credited.c.source == source, credited.c.net_amount))))
        yield source, build.fetch(statement).item(), build.fetch(counted).item()


def _open_cuts(build: Build, settings: Settings) -> Iterator[str]:
    """Conservation over everything loaded: members plus none of each cut are net sales."""
    days = select(
        func.min(CREDITED_LINES.c.business_date), func.max(CREDITED_LINES.c.business_date)
    )
    start, end = build.fetch(days).row(0)
    if start is None:
        return
    proof = answers.conservation(build, start, end, EVERYTHING, settings)
    for row in proof.filter(pl.col("difference") != 0).iter_rows(named=True):
        yield f"{row['cut']}s and none add up to {row['difference']} more than net sales"
