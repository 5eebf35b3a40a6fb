"""What can happen to a person on the way through a funnel, by kind (funnels.KINDS).

Happenings are SELECTs of: kind, happening_id, person_key, belongs_at (what decides whose entry it
is), at (when it counts), day (its business date), coupon_key (the coupon whose entry it needs),
has_coupon (whether it states one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable
from warehouse.credit import touch_persons
from warehouse.schema import DIM_STORES, LOADED, MEMBER_PERSONS, ORDERS

Expression = ColumnElement[Any]


@dataclass(frozen=True)
class Rows:
    """What happenings are read from: loaded rows by feed and orders, all of them or the few that
    somebody is concerned by; `till` are receipts already put together, if they are. `timezone` is
    the one of business dates; with `by_coupon` a receipt without a member is the only recipient's
    of the coupon it states."""

    timezone: str
    loaded: Mapping[str, FromClause] = field(default_factory=lambda: LOADED)
    orders: FromClause = ORDERS
    till: FromClause | None = None
    by_coupon: bool = False


Build = Callable[[Rows], Select[Any]]


def of_kinds(kinds: Iterable[str], rows: Rows) -> list[Select[Any]]:
    """The happenings of some kinds, all touchpoints in one SELECT."""
    kinds = set(kinds)
    named = [build(rows) for kind, build in _KINDS.items() if kind in kinds]
    events = sorted(kinds - set(_KINDS))
    return [_touches(events, rows), *named] if events else named


def touches(events: Sequence[str], rows: Rows) -> FromClause:
    """Touchpoints of some events with the person behind each."""
    table = rows.loaded["touchpoints"]
    return touch_persons(rows.loaded).where(table.c.event.in_(events)).subquery("touches")


def _happening(
    kind: Expression | str, found: FromClause, identity: Expression, at: Expression,
    day: Expression, *, belongs_at: Expression | None = None,
    needs: Expression | None = None, coupon: Expression | None = None,
) -> Select[Any]:  # fmt: skip
    return select(
        (literal(kind) if isinstance(kind, str) else kind).label("kind"),
        cast(identity, String).label("happening_id"),
        found.c.person_key,
        (at if belongs_at is None else belongs_at).label("belongs_at"),
        at.label("at"),
        day.label("day"),
        (null() if needs is None else needs).label("coupon_key"),
        (literal(False) if coupon is None else coupon.is_not(None)).label("has_coupon"),
    ).where(found.c.person_key.is_not(None), at.is_not(None))


def _touches(events: Sequence[str], rows: Rows) -> Select[Any]:
    found = touches(events, rows)
    day = portable.local_date(found.c.occurred_at, rows.timezone)
    return _happening(found.c.event, found, found.c.event_id, found.c.occurred_at, day)


def _order_step(kind: str, column: str) -> Build:
    """A step of an order; it belongs where the order was placed."""

    def build(rows: Rows) -> Select[Any]:
        found = rows.orders.alias(kind)
        day = portable.local_date(found.c[column], rows.timezone)
        return _happening(
            kind, found, -found.c.order_key, found.c[column], day,
            belongs_at=found.c.ordered_at, coupon=found.c.coupon_key,
        )  # fmt: skip

    return build


def till(rows: Rows) -> Select[Any]:
    """POS receipts with a sale line: receipt_key, store_key, at (the first's time), day, member and
    coupon of the lowest line that states one."""
    line, stores = rows.loaded["pos_sales"], DIM_STORES
    first = (
        select(
            line.c.receipt_key, line.c.store_key, func.min(line.c.sold_at).label("at"),
            *(_stated(line, name) for name in ("member_key", "coupon_key")),
        )
        .where(line.c.quantity > 0, ~line.c.is_deleted)
        .group_by(line.c.receipt_key, line.c.store_key)
        .subquery("first")
    )  # fmt: skip
    cutoff = func.coalesce(stores.c.day_cutoff_hour, 0)
    day = portable.local_date(portable.hours_before(first.c.at, cutoff), rows.timezone)
    return select(
        first.c.receipt_key, first.c.store_key, first.c.at, day.label("day"), first.c.member_key,
        first.c.coupon_key,
    ).select_from(first.join(stores, stores.c.store_key == first.c.store_key))  # fmt: skip


def receipts(rows: Rows) -> FromClause:
    """Receipts with the person they are."""
    found = till(rows).subquery("till") if rows.till is None else rows.till
    persons = MEMBER_PERSONS
    joined = found.outerjoin(persons, persons.c.member_key == found.c.member_key)
    person: Expression = persons.c.person_key
    if rows.by_coupon:
        alone = _only_recipients(rows).subquery("alone")
        joined = joined.outerjoin(alone, alone.c.coupon_key == found.c.coupon_key)
        person = func.coalesce(person, alone.c.person_key)
    chosen = select(*found.c, person.label("person_key")).select_from(joined)
    return chosen.subquery("receipts")


def _stated(line: FromClause, name: str) -> Expression:
    """What the lowest line that states it says."""
    stated = case((line.c[name].is_not(None), line.c.line_number))
    return portable.of_earliest(line.c[name], stated).label(name)


def _only_recipients(rows: Rows) -> Select[Any]:
    """Coupons issued to exactly one person, and that person."""
    issued = touches(["coupon_issued"], rows)
    return (
        select(issued.c.coupon_key, func.max(issued.c.person_key).label("person_key"))
        .where(issued.c.coupon_key.is_not(None))
        .group_by(issued.c.coupon_key)
        .having(func.count(issued.c.person_key.distinct()) == 1)
    )


def _receipt(rows: Rows) -> Select[Any]:
    """A receipt; one that states a coupon belongs to the entry of that coupon."""
    found = receipts(rows)
    coupon = found.c.coupon_key
    return _happening(
        "receipt", found, found.c.receipt_key, found.c.at, found.c.day, needs=coupon, coupon=coupon
    )


def _joins(rows: Rows) -> FromClause:
    members, persons = rows.loaded["members"], MEMBER_PERSONS
    itself = and_(
        persons.c.member_key == members.c.member_key, persons.c.person_key == members.c.member_key
    )
    return (
        select(persons.c.person_key, members.c.joined_at)
        .select_from(members.join(persons, itself))
        .where(members.c.is_known)
        .subquery("joins")
    )


def _joined(rows: Rows) -> Select[Any]:
    found = _joins(rows)
    day = portable.local_date(found.c.joined_at, rows.timezone)
    return _happening("joined", found, found.c.person_key, found.c.joined_at, day)


def _first_purchase(rows: Rows) -> Select[Any]:
    """A member's single first purchase from joining on; of several at one time the one of the
    earlier business date, then of the earlier order."""
    joins = _joins(rows)
    bought = union_all(_receipt(rows), _PAID(rows)).subquery("bought")
    order = [bought.c.at, bought.c.day, bought.c.belongs_at, bought.c.has_coupon]
    place = portable.first_of([joins.c.person_key], order)
    joined = and_(joins.c.person_key == bought.c.person_key, bought.c.at >= joins.c.joined_at)
    both = bought.join(joins, joined)
    ranked = select(bought, place.label("place")).select_from(both).subquery()
    values = {c.name: c for c in ranked.c if c.name != "place"} | {
        "kind": literal("first_purchase"), "coupon_key": null(),
    }  # fmt: skip
    chosen = select(*(value.label(name) for name, value in values.items()))
    return chosen.where(ranked.c.place == 1)


def _bought(kind: str, rows: Rows) -> FromClause:
    """Receipts and paid orders; one that states a coupon belongs to an entry of that coupon."""
    receipt, order = receipts(rows), rows.orders.alias(kind)
    coupon, used = receipt.c.coupon_key, order.c.coupon_key
    paid_day = portable.local_date(order.c.paid_at, rows.timezone)
    return union_all(
        _happening(
            kind, receipt, receipt.c.receipt_key, receipt.c.at, receipt.c.day,
            needs=coupon, coupon=coupon,
        ),
        _happening(
            kind, order, -order.c.order_key, order.c.paid_at, paid_day,
            belongs_at=order.c.ordered_at, needs=used, coupon=used,
        ),
    ).subquery(kind)  # fmt: skip


def _redeemed(rows: Rows) -> Select[Any]:
    found = _bought("redeemed", rows)
    return select(found).where(found.c.has_coupon)


def _full_price(rows: Rows) -> Select[Any]:
    found = _bought("full_price", rows)
    pos, online = rows.loaded["pos_sales"], rows.loaded["online_orders"]
    at_list = union_all(_at_list(pos, pos.c.receipt_key), _at_list(online, -online.c.order_key))
    return select(found).where(~found.c.has_coupon, found.c.happening_id.in_(at_list))


def _at_list(line: FromClause, key: Expression) -> Select[Any]:
    """Receipts or orders all of whose sale lines state a list amount and were sold at it."""
    whole = func.min(case((line.c.net_amount >= line.c.list_amount, 1), else_=0)) == 1
    sold = select(cast(key, String)).where(line.c.quantity > 0, ~line.c.is_deleted)
    return sold.group_by(key).having(whole)


_PAID = _order_step("paid", "paid_at")
_KINDS: Mapping[str, Build] = {
    "ordered": _order_step("ordered", "ordered_at"),
    "paid": _PAID,
    "fulfilled": _order_step("fulfilled", "fulfilled_at"),
    "receipt": _receipt,
    "joined": _joined,
    "first_purchase": _first_purchase,
    "redeemed": _redeemed,
    "full_price": _full_price,
}


def purchases(rows: Rows) -> FromClause:
    """Receipts of members and paid online orders: person_key, at, is_pos."""
    bought, orders = receipts(rows), rows.orders.alias("paid")
    return union_all(
        select(bought.c.person_key, bought.c.at, literal(True).label("is_pos")),
        select(orders.c.person_key, orders.c.paid_at, literal(False)).where(
            orders.c.paid_at.is_not(None)
        ),
    ).subquery("purchases")
