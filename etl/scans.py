"""Fill `dim_as_of` and `fct_scans`: every scan, or those of whom anything changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Integer,
    String,
    Table,
    and_,
    exists,
    func,
    insert,
    literal,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.expression import ColumnElement, FromClause, Select

from etl.dims import refill
from etl.orders import behind
from etl.scratch import scratch
from etl.touched import Touched, collect, gather, net, refresh, spans, within
from warehouse import portable
from warehouse.engine import Build
from warehouse.funnels import SCANS as SCAN_EVENTS
from warehouse.scans import LOST_AFTER, dated, purchases, scans
from warehouse.schema import AS_OF, LOADED, ORDERS, SCANS, STORE_PERIODS, Rows, Type

EVENTS_AT_ONCE = 20_000_000
_VISIT: list[tuple[str, Type]] = [
    ("person_key", BigInteger),
    ("store_key", Integer),
    ("business_date", Date),
]
_EVENT: list[tuple[str, Type]] = [("event_id", String), ("occurred_at", DateTime)]


def derive_scans(build: Build, timezone: str, touched: Touched | None) -> None:
    """Bring the as-of time and the scans up to date."""
    before = build.fetch(select(func.max(AS_OF.c.as_of))).item()
    _reach(build, timezone, touched, before)
    if touched is None:
        build.create(SCANS)
        for rows, heads in _portions(build, timezone):
            found = scans(timezone, rows, heads)
            build.run(insert(SCANS).from_select([c.name for c in SCANS.c], found))
        return
    only = _of_visits(build, timezone, touched, _ripened(build, before))
    if touched.leaves(SCANS, only):
        return
    needed, orders = _needed(build, timezone, only)
    fresh = gather(build, "fresh", SCANS, scans(timezone, needed, orders))
    touched.changes[SCANS.name] = refresh(build, SCANS, [name for name, _ in _EVENT], fresh, only)
    for table in (only, orders, *needed.values()):
        build.drop(table)


def _portions(build: Build, timezone: str) -> Iterator[tuple[Rows, FromClause]]:
    """Events of some days, and the purchases until two weeks after, so that memory is bounded."""
    events, pos = LOADED["touchpoints"], LOADED["pos_sales"]
    at = events.c.occurred_at
    days = [portable.local_date(end, timezone) for end in (func.min(at), func.max(at))]
    count, first, last = build.fetch(select(func.count(at), *days)).row(0)
    total = (last - first).days + 1 if count else 0
    step = total // (count // EVENTS_AT_ONCE + 1) + 1
    for day in range(0, total, step):
        start, end = (
            portable.end_of_day(literal(first + timedelta(days=day - 1 + more), Date), timezone)
            for more in (0, step)
        )
        until = portable.later(end, LOST_AFTER)
        some = select(events).where(at >= start, at < end).subquery()
        bought = select(pos).where(pos.c.sold_at.between(start, until)).subquery()
        heads = select(ORDERS).where(ORDERS.c.paid_at.between(start, until)).subquery()
        yield {**LOADED, "touchpoints": some, "pos_sales": bought}, heads


def _reach(build: Build, timezone: str, touched: Touched | None, before: datetime | None) -> None:
    """Tell how far the data reach. Unless a row that reached it was replaced, the as-of time stays
    or is that of a new row."""
    if touched and before:
        was, now = (
            {name: select(rows).where(rows.c.is_new.is_(is_new)).subquery()
             for name, rows in touched.rows.items()}
            for is_new in (False, True)
        )  # fmt: skip
        gone, come = (build.fetch(_as_of(timezone, rows))["as_of"][0] for rows in (was, now))
        if not gone or gone < before:
            if come and come > before:
                refill(build, AS_OF, _as_of(timezone, now))
            return
    refill(build, AS_OF, _as_of(timezone, LOADED))


def _as_of(timezone: str, loaded: Rows) -> Select[Any]:
    """The latest time any sale, order, payment, fulfilment or event states, and its local date."""
    columns = {
        "pos_sales": ("sold_at",),
        "online_orders": ("ordered_at", "paid_at", "fulfilled_at"),
        "touchpoints": ("occurred_at",),
    }
    latest = union_all(
        *(
            select(func.max(loaded[feed].c[name]).label("at")).where(~loaded[feed].c.is_deleted)
            for feed, names in columns.items()
            for name in names
        )
    ).subquery()
    at = func.max(latest.c.at)
    return select(at.label("as_of"), portable.local_date(at, timezone))


# Which scans -------------------------------------------------------------------------------------
def _of_visits(build: Build, timezone: str, touched: Touched, ripe: ColumnElement[bool]) -> Table:
    """Scans that changed, and all others of a person, store and day of which anything changed."""
    own = collect(build, scratch("touched_events", _EVENT), *_own(touched))
    rows = _loaded(build, own)
    now = dated(timezone, {"touchpoints": rows}).subquery()
    which = [exists().where(_same(own, SCANS)), ripe,
             SCANS.c.person_key.in_(select(touched.moved["person_key"].c.person_key))]  # fmt: skip
    keys = [name for name, _ in _VISIT]
    visits = collect(
        build, scratch("touched_visits", _VISIT),
        select(*(now.c[name] for name in keys)),
        *(select(*(SCANS.c[name] for name in keys)).where(one) for one in which),
        *_beside(touched),
    )  # fmt: skip
    same = and_(
        visits.c.business_date == SCANS.c.business_date,
        visits.c.person_key.is_not_distinct_from(SCANS.c.person_key),
        visits.c.store_key.is_not_distinct_from(SCANS.c.store_key),
    )
    only = collect(
        build, scratch("touched_scans", _EVENT), select(own),
        select(SCANS.c.event_id, SCANS.c.occurred_at).join(visits, same),
    )  # fmt: skip
    for table in (own, rows, visits):
        build.drop(table)
    return only


def _own(touched: Touched) -> list[Select[Any]]:
    """Scans that changed, and those of somebody who is another person now."""
    changed, events = touched.rows["touchpoints"], LOADED["touchpoints"]
    moved = [
        events.c[key].in_(select(touched.moved[key].c[key]))
        for key in ("member_key", "visitor_key")
    ]
    return [
        select(rows.c.event_id, rows.c.occurred_at).where(rows.c.event.in_(SCAN_EVENTS), which)
        for rows, which in ((changed, ~changed.c.is_deleted), *((events, one) for one in moved))
    ]


def _loaded(build: Build, only: Table) -> Table:
    """Loaded rows of some events; their times say early where not to look for them."""
    events = LOADED["touchpoints"]
    return gather(build, "needed", events, select(events).join(only, _same(only, events)))


def _same(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    return and_(one.c.event_id == other.c.event_id, one.c.occurred_at == other.c.occurred_at)


def _ripened(build: Build, before: datetime | None) -> ColumnElement[bool]:
    """Scans of sold-out products whose 14 days ended as the data reach further."""
    now = build.fetch(select(AS_OF.c.as_of)).item()
    ends = [at - LOST_AFTER if at else datetime.min for at in (before, now)]
    at = SCANS.c.occurred_at
    return and_(at >= portable.at(min(ends)), at < portable.at(max(ends)), SCANS.c.on_hand <= 0)


def _beside(touched: Touched) -> list[Select[Any]]:
    """Visits of which a store's period, a product, a style, a stock or a purchase changed."""
    span = spans(touched.changes[STORE_PERIODS.name])
    rows, products = touched.rows["products"], LOADED["products"]
    priced = net(rows, rows.c.product_key, rows.c.style_id, rows.c.list_price)
    styled = net(rows, rows.c.product_key, rows.c.style_id)
    style = products.c.style_id.in_(select(styled.c.style_id))
    of_style = select(products.c.product_key).where(style)
    counts = touched.rows["stock"].c
    stock = net(
        touched.rows["stock"],
        counts.as_of_date, counts.store_key, counts.product_key, counts.on_hand,
    )  # fmt: skip
    visits = select(*(SCANS.c[name] for name, _ in _VISIT))
    return [
        visits.join(span, span.c.store_key == SCANS.c.store_key).where(
            within(SCANS.c.business_date, span)
        ),
        visits.where(SCANS.c.product_key.in_(select(priced.c.product_key))),
        visits.where(SCANS.c.product_key.in_(of_style)),
        visits.join(stock, _counted(stock, SCANS)),
        _before_purchases(touched, visits),
    ]


def _before_purchases(touched: Touched, visits: Select[Any]) -> Select[Any]:
    """Visits with a scan of a style that a changed purchase may be of."""
    products, bought = LOADED["products"], purchases(*_purchases_changed(touched))
    style = and_(
        bought.c.style_id == products.c.style_id, bought.c.person_key == SCANS.c.person_key
    )
    start = portable.earlier(bought.c.bought_at, LOST_AFTER)
    return (
        visits.join(products, products.c.product_key == SCANS.c.product_key)
        .join(bought, style)
        .where(SCANS.c.occurred_at.between(start, bought.c.bought_at))
    )


def _purchases_changed(touched: Touched) -> tuple[Rows, FromClause]:
    """Receipt lines that changed; lines and heads, old and new, of orders of which either did."""
    changed, heads = touched.rows["online_orders"], touched.changes[ORDERS.name]
    lines = LOADED["online_orders"]
    names = [c.name for c in lines.c]
    orders = select(heads.c.order_key)
    every = union_all(
        select(*(changed.c[name] for name in names)),
        select(lines).where(lines.c.order_key.in_(orders)),
    ).subquery()
    told = [
        select(one.c.order_key, one.c.person_key, one.c.paid_at).where(which)
        for one, which in (
            (heads, true()), (ORDERS, ORDERS.c.order_key.in_(select(changed.c.order_key)))
        )
    ]  # fmt: skip
    rows = {"pos_sales": touched.rows["pos_sales"], "online_orders": every}
    return rows, union_all(*told).subquery()


# What they are read from -------------------------------------------------------------------------
def _needed(build: Build, timezone: str, only: Table) -> tuple[dict[str, Table], Table]:
    """The scans' events, what was counted where they were made, and what these persons bought
    after they scanned what was sold out."""
    events, stock = _loaded(build, only), LOADED["stock"]
    scan = dated(timezone, {"touchpoints": events}).subquery()
    place = select(scan.c.business_date, scan.c.store_key, scan.c.product_key).distinct().subquery()
    counted = gather(build, "needed", stock, select(stock).join(place, _counted(stock, place)))
    out = select(scan.c.person_key, scan.c.occurred_at).join(counted, _counted(counted, scan))
    empty = out.where(counted.c.on_hand <= 0).subquery()
    pos, orders, lines = LOADED["pos_sales"], ORDERS, LOADED["online_orders"]
    first, last = build.fetch(
        select(func.min(empty.c.occurred_at), func.max(empty.c.occurred_at))
    ).row(0)
    start, end = (
        portable.at(first or datetime.max),
        portable.at((last or datetime.min) + LOST_AFTER),
    )
    people = select(empty.c.person_key).where(empty.c.person_key.is_not(None))
    members, visitors = behind(build, [people])
    receipts = gather(
        build, "needed", pos,
        select(pos)
        .join(members, members.c.member_key == pos.c.member_key)
        .where(pos.c.quantity > 0, pos.c.sold_at.between(start, end)),
    )  # fmt: skip
    paid = and_(orders.c.paid_at.between(start, end), orders.c.person_key.in_(people))
    heads = gather(build, "needed", orders, select(orders).where(paid))
    own = select(lines).join(heads, heads.c.order_key == lines.c.order_key)
    needed = {
        "touchpoints": events, "stock": counted, "pos_sales": receipts,
        "online_orders": gather(build, "needed", lines, own),
    }  # fmt: skip
    build.drop(members)
    build.drop(visitors)
    return needed, heads


def _counted(stock: FromClause, scan: FromClause) -> ColumnElement[bool]:
    return and_(
        stock.c.as_of_date == scan.c.business_date,
        stock.c.store_key == scan.c.store_key,
        stock.c.product_key == scan.c.product_key,
    )
