"""Who is credited with an online order: the first of five rules that applies, with its evidence.

order_scan     the order states its guide
recent_touch   the person's latest scan or share with an assigned guide in the window
bound_guide    the person's binding that holds, if its guide is assigned
store_only     no guide, but the order's store, else that of the latest scan or share
uncredited     none of these
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    String,
    and_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from etl.dims import refill
from warehouse import portable, schema
from warehouse.engine import Build
from warehouse.feeds import FEEDS
from warehouse.schema import LOADED

WINDOW = timedelta(days=14)
TOUCHES = ("guide_scan", "tag_scan", "share")


def derive_orders(build: Build, timezone: str, window: timedelta = WINDOW) -> None:
    """Fill `fct_orders` from order lines, touchpoints, bindings and assignments."""
    refill(build, schema.ORDERS, credited_orders(timezone, window))


def credited_orders(timezone: str, window: timedelta) -> Select[Any]:
    """Every live order with its header, credited guide and store, rule and evidence."""
    heads = _heads(timezone).cte("heads")
    touches = _touches(heads, window).cte("touches")
    guided = and_(touches.c.guide_key.is_not(None), touches.c.is_assigned)
    recent = _latest_touch(touches, guided).cte("recent")
    placed = _latest_touch(touches, touches.c.touch_store_key.is_not(None)).cte("placed")
    bound = _holding_binding(heads).cte("bound")
    ruled = _ruled(heads, recent, bound, placed).cte("ruled")
    return _with_store(ruled)


def _heads(timezone: str) -> Select[Any]:
    """One row per order: where its lines disagree the one last updated speaks for all."""
    lines, member, visitor = LOADED["online_orders"], schema.MEMBER_PERSONS, schema.VISITOR_PERSONS
    place = portable.first_of(
        [lines.c.order_key], [lines.c.updated_at.desc().nulls_last(), lines.c.line_number]
    )
    header = [schema.stored_name(f) for f in FEEDS["online_orders"].fields
              if f.name in FEEDS["online_orders"].header]  # fmt: skip
    ranked = (
        select(lines.c.order_key, *(lines.c[name] for name in header), place.label("place"))
        .where(~lines.c.is_deleted)
        .subquery()
    )
    person = func.coalesce(member.c.person_key, visitor.c.person_key)
    return (
        select(
            *(column for column in ranked.c if column.name != "place"),
            person.label("person_key"),
            *(
                portable.local_date(ranked.c[f"{name}_at"], timezone).label(f"{name}_date")
                for name in ("ordered", "paid", "cancelled")
            ),
        )
        .select_from(
            ranked.outerjoin(member, member.c.member_key == ranked.c.member_key).outerjoin(
                visitor, visitor.c.visitor_key == ranked.c.visitor_key
            )
        )
        .where(ranked.c.place == 1)
    )


def touch_persons() -> Select[Any]:
    """Live touchpoints with the person behind them."""
    events, member, visitor = LOADED["touchpoints"], schema.MEMBER_PERSONS, schema.VISITOR_PERSONS
    person = func.coalesce(member.c.person_key, visitor.c.person_key)
    return (
        select(events, person.label("person_key"))
        .select_from(
            events.outerjoin(member, member.c.member_key == events.c.member_key).outerjoin(
                visitor, visitor.c.visitor_key == events.c.visitor_key
            )
        )
        .where(~events.c.is_deleted)
    )


def _assignments() -> FromClause:
    """Live assignments with the guide's last day of work."""
    rows, guides = LOADED["guides"], schema.DIM_GUIDES
    return (
        select(
            rows.c.guide_key, rows.c.store_key, rows.c.valid_from, rows.c.valid_to, guides.c.left_on
        )
        .join(guides, guides.c.guide_key == rows.c.guide_key)
        .where(~rows.c.is_deleted)
        .subquery()
    )


def _covers(rows: FromClause, date: ColumnElement[Any]) -> ColumnElement[bool]:
    """An assignment on a date: both its ends included, and not after the guide left."""
    return and_(
        rows.c.valid_from <= date,
        or_(rows.c.valid_to.is_(None), rows.c.valid_to >= date),
        or_(rows.c.left_on.is_(None), rows.c.left_on >= date),
    )


def _is_assigned(guide: ColumnElement[Any], date: ColumnElement[Any]) -> ColumnElement[bool]:
    rows = _assignments()
    return select(literal(1)).where(rows.c.guide_key == guide, _covers(rows, date)).exists()


def _touches(heads: CTE, window: timedelta) -> Select[Any]:
    """Scans and shares of an order's person in the window, both its ends included."""
    events = touch_persons().where(LOADED["touchpoints"].c.event.in_(TOUCHES)).subquery()
    in_window = and_(
        events.c.person_key == heads.c.person_key,
        events.c.occurred_at <= heads.c.ordered_at,
        events.c.occurred_at >= portable.earlier(heads.c.ordered_at, window),
    )
    return select(
        heads.c.order_key,
        events.c.event_id,
        events.c.occurred_at,
        events.c.guide_key,
        events.c.store_key.label("touch_store_key"),
        _is_assigned(events.c.guide_key, heads.c.ordered_date).label("is_assigned"),
    ).join(events, in_window)


def _latest_touch(touches: CTE, which: ColumnElement[bool]) -> Select[Any]:
    """The latest of some touches of each order; of equal times the greater event_id."""
    order = [touches.c.occurred_at.desc(), touches.c.event_id.desc()]
    place = portable.first_of([touches.c.order_key], order)
    ranked = select(touches, place.label("place")).where(which).subquery()
    return select(*(c for c in ranked.c if c.name != "place")).where(ranked.c.place == 1)


def _bindings() -> FromClause:
    """Who was bound to whom since when: members' rows, and guide scans that bound."""
    members, persons, events = LOADED["members"], schema.MEMBER_PERSONS, touch_persons().subquery()
    by_member = (
        select(
            persons.c.person_key,
            func.coalesce(members.c.bound_at, members.c.joined_at).label("bound_at"),
            members.c.bound_guide_key.label("guide_key"),
            literal(0).label("is_scan"),
            func.coalesce(null(), literal(None, String)).label("event_id"),
            members.c.member_id.label("tie"),
        )
        .join(persons, persons.c.member_key == members.c.member_key)
        .where(members.c.bound_guide_key.is_not(None), ~members.c.is_deleted)
    )
    by_scan = select(
        events.c.person_key, events.c.occurred_at, events.c.guide_key,
        literal(1), events.c.event_id, events.c.event_id,
    ).where(
        events.c.event == "guide_scan", events.c.bind_result == "bound",
        events.c.guide_key.is_not(None),
    )  # fmt: skip
    return union_all(by_member, by_scan).subquery()


def _holding_binding(heads: CTE) -> Select[Any]:
    """The latest binding at or before each order; of equal times the scan."""
    bound = _bindings()
    order = [bound.c.bound_at.desc(), bound.c.is_scan.desc(), bound.c.tie.desc()]
    place = portable.first_of([heads.c.order_key], order)
    ranked = (
        select(heads.c.order_key, heads.c.ordered_date, bound, place.label("place"))
        .join(
            bound,
            and_(bound.c.person_key == heads.c.person_key, bound.c.bound_at <= heads.c.ordered_at),
        )
        .subquery()
    )
    return select(
        ranked.c.order_key, ranked.c.event_id, ranked.c.bound_at, ranked.c.guide_key
    ).where(ranked.c.place == 1, _is_assigned(ranked.c.guide_key, ranked.c.ordered_date))


def _ruled(heads: CTE, recent: CTE, bound: CTE, placed: CTE) -> Select[Any]:
    """The first rule that applies to each order."""
    stated = heads.c.guide_key.is_not(None)
    touched, is_bound = recent.c.order_key.is_not(None), bound.c.order_key.is_not(None)
    in_store, near_store = heads.c.origin_store_key.is_not(None), placed.c.order_key.is_not(None)

    def by_rule(**values: Any) -> ColumnElement[Any]:
        return case(
            (stated, values.get("stated", null())),
            (touched, values.get("touched", null())),
            (is_bound, values.get("bound", null())),
            (in_store, values.get("in_store", null())),
            (near_store, values.get("near_store", null())),
            else_=values.get("none", null()),
        )

    rule = by_rule(stated="order_scan", touched="recent_touch", bound="bound_guide",
                   in_store="store_only", near_store="store_only", none="uncredited")  # fmt: skip
    guide = by_rule(stated=heads.c.guide_key, touched=recent.c.guide_key, bound=bound.c.guide_key)
    event = by_rule(touched=recent.c.event_id, bound=bound.c.event_id, near_store=placed.c.event_id)
    moment = by_rule(
        stated=heads.c.ordered_at, touched=recent.c.occurred_at, bound=bound.c.bound_at,
        in_store=heads.c.ordered_at, near_store=placed.c.occurred_at,
    )  # fmt: skip
    kept = [
        c for c in heads.c if c.name not in ("guide_key", "split_key", "member_key", "visitor_key")
    ]
    source = heads
    for side in (recent, bound, placed):
        source = source.outerjoin(side, side.c.order_key == heads.c.order_key)  # type: ignore[assignment]
    return select(
        *kept,
        rule.label("credit_rule"),
        guide.label("guide_key"),
        heads.c.split_key,
        func.coalesce(heads.c.origin_store_key, placed.c.touch_store_key).label("near_store_key"),
        event.label("evidence_event_id"),
        moment.label("evidence_at"),
    ).select_from(source)


def _with_store(ruled: CTE) -> Select[Any]:
    """The credit store: where the guide worked that day, else the order's own store."""
    rows = _assignments()
    place = portable.first_of([ruled.c.order_key], [rows.c.valid_from.desc()])
    worked = (
        select(ruled.c.order_key, rows.c.store_key, place.label("place"))
        .join(
            rows, and_(rows.c.guide_key == ruled.c.guide_key, _covers(rows, ruled.c.ordered_date))
        )
        .subquery()
    )
    store = case(
        (
            ruled.c.guide_key.is_not(None),
            func.coalesce(worked.c.store_key, ruled.c.origin_store_key),
        ),
        else_=ruled.c.near_store_key,
    )
    values = {c.name: c for c in ruled.c} | {"store_key": store}
    source = ruled.outerjoin(
        worked, and_(worked.c.order_key == ruled.c.order_key, worked.c.place == 1)
    )
    return select(*(values[c.name] for c in schema.ORDERS.c)).select_from(source)
