"""What can happen to a person on the way through a funnel, by kind.

Each kind is a SELECT of: kind, happening_id, person_key, belongs_at (what decides whose entry it
is), at (when it counts), day (its business date), coupon_key (the coupon whose entry it needs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, null, select, union_all
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable, schema
from warehouse.credit import touch_persons
from warehouse.schema import DIM_STORES, LOADED, MEMBER_PERSONS, ORDERS
from warehouse.settings import Settings

Expression = ColumnElement[Any]
_INTEREST = ("outfit_view", "product_view", "favourite", "add_to_cart", "share")
SCANS = ("tag_scan", "guide_scan")
_VISIT = ("check_in", *SCANS)


def of_kind(kind: str, settings: Settings) -> Select[Any]:
    """The happenings of one kind."""
    return _KINDS[kind](kind, settings)


def _happening(
    kind: str, rows: FromClause, identity: Expression, at: Expression, day: Expression,
    belongs_at: Expression | None = None, coupon: Expression | None = None,
) -> Select[Any]:  # fmt: skip
    return select(
        literal(kind).label("kind"),
        cast(identity, String).label("happening_id"),
        rows.c.person_key,
        (at if belongs_at is None else belongs_at).label("belongs_at"),
        at.label("at"),
        day.label("day"),
        (null() if coupon is None else coupon).label("coupon_key"),
    ).where(rows.c.person_key.is_not(None), at.is_not(None))


def _touches(*events: str) -> Callable[[str, Settings], Select[Any]]:
    def build(kind: str, settings: Settings) -> Select[Any]:
        rows = touch_persons().where(LOADED["touchpoints"].c.event.in_(events)).subquery(kind)
        day = portable.local_date(rows.c.occurred_at, settings.timezone)
        return _happening(kind, rows, rows.c.event_id, rows.c.occurred_at, day)

    return build


def _order_step(column: str) -> Callable[[str, Settings], Select[Any]]:
    """A step of an order; it belongs where the order was placed."""

    def build(kind: str, settings: Settings) -> Select[Any]:
        rows = ORDERS.alias(kind)
        day = portable.local_date(rows.c[column], settings.timezone)
        return _happening(kind, rows, rows.c.order_key, rows.c[column], day, rows.c.ordered_at)

    return build


def _receipts(settings: Settings) -> FromClause:
    """POS receipts with a sale line: time of the first, the person and coupon of the lowest line
    that states one; without a person, a coupon's only recipient stands in."""
    line, stores = LOADED["pos_sales"], DIM_STORES
    sale = and_(line.c.quantity > 0, ~line.c.is_deleted)
    first = (
        select(line.c.receipt_key, line.c.store_key, func.min(line.c.sold_at).label("at"))
        .where(sale)
        .group_by(line.c.receipt_key, line.c.store_key)
        .subquery("first")
    )
    person = _stated(line, sale, "member_key").subquery("stated_member")
    coupon = _stated(line, sale, "coupon_key").subquery("stated_coupon")
    only, persons = _only_recipients().subquery("only"), MEMBER_PERSONS
    cutoff = func.coalesce(stores.c.day_cutoff_hour, 0)
    day = portable.local_date(portable.hours_before(first.c.at, cutoff), settings.timezone)
    joined = (
        first.join(stores, stores.c.store_key == first.c.store_key)
        .outerjoin(person, person.c.receipt_key == first.c.receipt_key)
        .outerjoin(persons, persons.c.member_key == person.c.member_key)
        .outerjoin(coupon, coupon.c.receipt_key == first.c.receipt_key)
        .outerjoin(only, only.c.coupon_key == coupon.c.coupon_key)
    )
    return (
        select(
            first.c.receipt_key, first.c.at, day.label("day"), coupon.c.coupon_key,
            persons.c.person_key.label("member_person_key"),
            func.coalesce(persons.c.person_key, only.c.person_key).label("person_key"),
        )
        .select_from(joined)
        .subquery("receipts")
    )  # fmt: skip


def _stated(line: FromClause, sale: Expression, column: str) -> Select[Any]:
    place = portable.first_of([line.c.receipt_key], [line.c.line_number])
    ranked = (
        select(line.c.receipt_key, line.c[column], place.label("place"))
        .where(sale, line.c[column].is_not(None))
        .subquery()
    )
    return select(ranked.c.receipt_key, ranked.c[column]).where(ranked.c.place == 1)


def _only_recipients() -> Select[Any]:
    """Coupons issued to exactly one person, and that person."""
    issued = touch_persons().where(LOADED["touchpoints"].c.event == "coupon_issued").subquery()
    return (
        select(issued.c.coupon_key, func.max(issued.c.person_key).label("person_key"))
        .where(issued.c.coupon_key.is_not(None))
        .group_by(issued.c.coupon_key)
        .having(func.count(issued.c.person_key.distinct()) == 1)
    )


def _receipt(kind: str, settings: Settings) -> Select[Any]:
    """A receipt; one that states a coupon belongs to the entry of that coupon."""
    rows = _receipts(settings)
    return _happening(
        kind, rows, rows.c.receipt_key, rows.c.at, rows.c.day, None, rows.c.coupon_key
    )


def _paid_order(kind: str, settings: Settings) -> Select[Any]:
    rows = ORDERS.alias(kind)
    identity = -rows.c.order_key
    return _happening(kind, rows, identity, rows.c.paid_at, rows.c.paid_date, rows.c.ordered_at)


def _uncouponed(kind: str, settings: Settings) -> Select[Any]:
    """Receipts and paid orders that state no coupon."""
    receipts, orders = _receipts(settings), ORDERS.alias("uncouponed_orders")
    both = union_all(
        _happening(kind, receipts, receipts.c.receipt_key, receipts.c.at, receipts.c.day).where(
            receipts.c.coupon_key.is_(None)
        ),
        _happening(
            kind, orders, -orders.c.order_key, orders.c.paid_at, orders.c.paid_date,
            orders.c.ordered_at,
        ).where(orders.c.coupon_key.is_(None)),
    ).subquery()  # fmt: skip
    return select(both)


def _joins() -> FromClause:
    members, persons = LOADED["members"], MEMBER_PERSONS
    itself = and_(
        persons.c.member_key == members.c.member_key, persons.c.person_key == members.c.member_key
    )
    return (
        select(persons.c.person_key, members.c.joined_at)
        .join(persons, itself)
        .where(members.c.is_known)
        .subquery("joins")
    )


def _joined(kind: str, settings: Settings) -> Select[Any]:
    rows = _joins()
    day = portable.local_date(rows.c.joined_at, settings.timezone)
    return _happening(kind, rows, rows.c.person_key, rows.c.joined_at, day)


def _first_purchase(kind: str, settings: Settings) -> Select[Any]:
    """A member's single first purchase from joining on."""
    joins = _joins()
    bought = union_all(_receipt("any", settings), _paid_order("any", settings)).subquery("bought")
    place = portable.first_of([joins.c.person_key], [bought.c.at, bought.c.happening_id])
    ranked = (
        select(bought, place.label("place"))
        .join(
            joins,
            and_(joins.c.person_key == bought.c.person_key, bought.c.at >= joins.c.joined_at),
        )
        .subquery()
    )
    return select(
        literal(kind).label("kind"),
        *(c for c in ranked.c if c.name not in ("kind", "place", "coupon_key")),
        null().label("coupon_key"),
    ).where(ranked.c.place == 1)


_KINDS: Mapping[str, Callable[[str, Settings], Select[Any]]] = {
    "interest": _touches(*_INTEREST),
    "visit": _touches(*_VISIT),
    "ordered": _order_step("ordered_at"),
    "paid": _order_step("paid_at"),
    "fulfilled": _order_step("fulfilled_at"),
    "receipt": _receipt,
    "paid_order": _paid_order,
    "uncouponed": _uncouponed,
    "joined": _joined,
    "first_purchase": _first_purchase,
}


def purchases(settings: Settings) -> FromClause:
    """Receipts of members and paid online orders: person_key, at, is_pos."""
    receipts, orders = _receipts(settings), schema.ORDERS
    return union_all(
        select(
            receipts.c.member_person_key.label("person_key"), receipts.c.at,
            literal(True).label("is_pos"),
        ),
        select(orders.c.person_key, orders.c.paid_at, literal(False)).where(
            orders.c.paid_at.is_not(None)
        ),
    ).subquery("purchases")  # fmt: skip
