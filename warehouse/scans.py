"""Scans: who scanned what where, which were visits, and which were sales lost for want of stock.

A sale is lost once per person, store, style and day: a scanned product whose stock that day says 0
or less, of a style the person buys nowhere within the 14 days that follow, which have passed.
Both go by the scans of one person, store and day.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, select, union_all
from sqlalchemy.sql.expression import CTE, FromClause, Select

from warehouse import portable, schema
from warehouse.credit import touch_persons
from warehouse.funnels import SCANS as SCAN_EVENTS
from warehouse.schema import AS_OF, LOADED, ORDERS, SCANS, Rows

LOST_AFTER = timedelta(days=14)


def scans(timezone: str, loaded: Rows = LOADED, orders: FromClause = ORDERS) -> Select[Any]:
    """Every scan as `fct_scans` keeps it. With fewer rows than all, those of a scan are its
    person's, store's and day's scans, and what was counted and bought."""
    found = _scans(timezone, loaded).cte()
    lost = _lost(found, purchases(loaded, orders)).cte()
    return _told(found, lost)


def dated(timezone: str, loaded: Rows) -> Select[Any]:
    """Scans with the person behind them and their local date."""
    events = touch_persons(loaded).where(loaded["touchpoints"].c.event.in_(SCAN_EVENTS)).subquery()
    date = portable.local_date(events.c.occurred_at, timezone)
    return select(*events.c, date.label("business_date"))


def _scans(timezone: str, loaded: Rows) -> Select[Any]:
    """Scans with the style scanned and its stock; `place`: 1 on a person's first in a store."""
    scan = dated(timezone, loaded).subquery()
    products, periods, stock = LOADED["products"], schema.STORE_PERIODS, loaded["stock"]
    product = and_(products.c.product_key == scan.c.product_key, products.c.is_known)
    counted = and_(
        stock.c.as_of_date == scan.c.business_date,
        stock.c.store_key == scan.c.store_key,
        stock.c.product_key == scan.c.product_key,
        ~stock.c.is_deleted,
    )
    place = portable.first_of(
        [scan.c.person_key, scan.c.store_key, scan.c.business_date],
        [scan.c.occurred_at, scan.c.event_id],
    )
    return select(
        *scan.c,
        periods.c.region_key,
        periods.c.brand,
        products.c.style_id,
        products.c.list_price,
        stock.c.on_hand,
        place.label("place"),
    ).select_from(
        scan.outerjoin(periods, schema.period_of(scan))
        .outerjoin(products, product)
        .outerjoin(stock, counted)
    )


def purchases(loaded: Rows, heads: FromClause) -> FromClause:
    """Who bought which style when, on receipts and paid orders: person_key, bought_at, style_id."""
    pos, online = loaded["pos_sales"], loaded["online_orders"]
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


def _lost(scans: CTE, bought: FromClause) -> Select[Any]:
    """Events of scans that were lost sales, the first of each person, store, style and day."""
    place = portable.first_of(
        [scans.c.person_key, scans.c.store_key, scans.c.style_id, scans.c.business_date],
        [scans.c.occurred_at, scans.c.event_id],
    )
    first = (
        select(*scans.c, place.label("lost_place"))
        .where(scans.c.on_hand <= 0, scans.c.style_id.is_not(None))
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
        "bind_result": case((scans.c.event == "guide_scan", scans.c.bind_result)),
        "is_lost": is_lost,
        "lost_amount": case((is_lost, func.coalesce(scans.c.list_price, 0)), else_=0),
    }
    joined = scans.outerjoin(lost, lost.c.event_id == scans.c.event_id)
    return select(*(values[c.name] for c in SCANS.c)).select_from(joined)
