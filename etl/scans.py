"""Scans: who scanned what where, which were visits, and which were sales lost for want of stock.

A sale is lost once per person, store, style and day: a scanned product whose stock that day says 0
or less, of a style the person buys nowhere within the 14 days that follow, which have passed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, select, union_all
from sqlalchemy.sql.expression import CTE, FromClause, Select

from etl.dims import refill
from warehouse import happenings, portable, schema
from warehouse.credit import touch_persons
from warehouse.engine import Build
from warehouse.schema import AS_OF, LOADED, SCANS

LOST_AFTER = timedelta(days=14)


def derive_scans(build: Build, timezone: str) -> None:
    """Fill `dim_as_of` and `fct_scans`."""
    refill(build, AS_OF, _as_of(timezone))
    scans = _scans(timezone).cte()
    lost = _lost(scans).cte()
    refill(build, SCANS, _told(scans, lost))


def _as_of(timezone: str) -> Select[Any]:
    """The latest time any sale, order, payment, fulfilment or event states."""
    columns = {
        "pos_sales": ("sold_at",),
        "online_orders": ("ordered_at", "paid_at", "fulfilled_at"),
        "touchpoints": ("occurred_at",),
    }
    latest = union_all(
        *(
            select(func.max(LOADED[feed].c[name]).label("at")).where(~LOADED[feed].c.is_deleted)
            for feed, names in columns.items()
            for name in names
        )
    ).subquery()
    at = func.max(latest.c.at)
    return select(at, portable.local_date(at, timezone))


def _scans(timezone: str) -> Select[Any]:
    """Scans with local date and the style scanned; `place`: 1 on a person's first in a store."""
    events = touch_persons().where(LOADED["touchpoints"].c.event.in_(happenings.SCANS)).subquery()
    products, periods = LOADED["products"], schema.STORE_PERIODS
    date = portable.local_date(events.c.occurred_at, timezone)
    dated = select(*events.c, date.label("business_date")).subquery()
    product = and_(products.c.product_key == dated.c.product_key, products.c.is_known)
    place = portable.first_of(
        [dated.c.person_key, dated.c.store_key, dated.c.business_date],
        [dated.c.occurred_at, dated.c.event_id],
    )
    return select(
        *dated.c,
        periods.c.region_key,
        periods.c.brand,
        products.c.style_id,
        products.c.list_price,
        place.label("place"),
    ).select_from(dated.outerjoin(periods, schema.period_of(dated)).outerjoin(products, product))


def _purchases() -> FromClause:
    """Who bought which style when, on receipts and paid orders."""
    pos, online, heads = LOADED["pos_sales"], LOADED["online_orders"], schema.ORDERS
    persons, products = schema.MEMBER_PERSONS, LOADED["products"]
    receipts = (
        select(persons.c.person_key, pos.c.product_key, pos.c.sold_at.label("bought_at"))
        .join(persons, persons.c.member_key == pos.c.member_key)
        .where(pos.c.quantity > 0, ~pos.c.is_deleted)
    )
    orders = (
        select(heads.c.person_key, online.c.product_key, heads.c.paid_at)
        .join(heads, heads.c.order_key == online.c.order_key)
        .where(~online.c.is_deleted, heads.c.paid_at.is_not(None), heads.c.person_key.is_not(None))
    )
    bought = union_all(receipts, orders).subquery()
    known = and_(products.c.product_key == bought.c.product_key, products.c.is_known)
    return (
        select(bought.c.person_key, bought.c.bought_at, products.c.style_id)
        .join(products, known)
        .subquery("purchases")
    )


def _lost(scans: CTE) -> Select[Any]:
    """Events of scans that were lost sales, the first of each person, store, style and day."""
    stock, bought = LOADED["stock"], _purchases()
    empty = and_(
        stock.c.as_of_date == scans.c.business_date,
        stock.c.store_key == scans.c.store_key,
        stock.c.product_key == scans.c.product_key,
        stock.c.on_hand <= 0,
        ~stock.c.is_deleted,
    )
    place = portable.first_of(
        [scans.c.person_key, scans.c.store_key, scans.c.style_id, scans.c.business_date],
        [scans.c.occurred_at, scans.c.event_id],
    )
    first = (
        select(*scans.c, place.label("lost_place"))
        .join(stock, empty)
        .where(scans.c.style_id.is_not(None))
        .subquery()
    )
    until = portable.later(first.c.occurred_at, LOST_AFTER)
    found = exists().where(
        bought.c.person_key == first.c.person_key,
        bought.c.style_id == first.c.style_id,
        bought.c.bought_at >= first.c.occurred_at,
        bought.c.bought_at <= until,
    )
    return (
        select(first.c.event_id)
        .join(AS_OF, literal(True))
        .where(first.c.lost_place == 1, AS_OF.c.as_of > until, ~found)
    )


def _told(scans: CTE, lost: CTE) -> Select[Any]:
    is_lost = lost.c.event_id.is_not(None)
    values: dict[str, ColumnElement[Any]] = {c.name: c for c in scans.c} | {
        "member_key": case((scans.c.person_key > 0, scans.c.person_key)),
        "is_visit": and_(scans.c.place == 1, scans.c.store_key.is_not(None)),
        "is_lost": is_lost,
        "lost_amount": case((is_lost, func.coalesce(scans.c.list_price, 0)), else_=0),
    }
    joined = scans.outerjoin(lost, lost.c.event_id == scans.c.event_id)
    return select(*(values[c.name] for c in SCANS.c)).select_from(joined)
