"""Fill `fct_orders`: every order, or those of whose credit anything changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Table, and_, func, insert, or_, select
from sqlalchemy.sql.expression import ColumnElement, FromClause, Select

from etl.scratch import scratch
from etl.touched import Touched, collect, gather, net, refresh, spans, within
from warehouse import credit, portable
from warehouse.engine import Build
from warehouse.schema import GUIDE_PERIODS, LOADED, MEMBER_PERSONS, ORDERS, VISITOR_PERSONS

LINES_AT_ONCE = 2_000_000


def derive_orders(build: Build, timezone: str, touched: Touched | None) -> None:
    """Bring orders and their credit up to date."""
    if touched is None:
        build.create(ORDERS)
        lines = LOADED["online_orders"]
        for first, last in key_spans(build, lines.c.order_key, LINES_AT_ONCE):
            some = select(lines).where(lines.c.order_key.between(first, last)).subquery()
            rows = credit.credited_orders(timezone, loaded={**LOADED, "online_orders": some})
            build.run(insert(ORDERS).from_select([c.name for c in ORDERS.c], rows))
        return
    keys = scratch("touched_orders", [("order_key", BigInteger)])
    only = collect(build, keys, *_stated(touched), *_of_persons(touched), *_of_guides(touched))
    if touched.leaves(ORDERS, only):
        return
    needed = _needed(build, only)
    fresh = gather(build, "fresh", ORDERS, credit.credited_orders(timezone, loaded=needed))
    touched.changes[ORDERS.name] = refresh(build, ORDERS, "order_key", fresh, only)
    for table in (only, *needed.values()):
        build.drop(table)


def key_spans(build: Build, key: ColumnElement[Any], at_once: int) -> Iterator[tuple[int, int]]:
    """First and last keys of about so many rows each, so that memory is bounded. Keys are given in
    the order of loading: a span of them lies together in its table."""
    rows, last = build.fetch(select(func.count(), func.coalesce(func.max(key), 0))).row(0)
    portions = rows // at_once + 1
    step = last // portions + 1
    for first in range(0, last + 1, step):
        yield first, first + step - 1


# Which orders ----------------------------------------------------------------------------------
def _stated(touched: Touched) -> list[Select[Any]]:
    """Orders with a changed line, or of somebody who is another person now."""
    lines, moved = LOADED["online_orders"], touched.moved
    return [
        select(touched.rows["online_orders"].c.order_key),
        *(
            select(lines.c.order_key).where(lines.c[key].in_(select(moved[key].c[key])))
            for key in ("member_key", "visitor_key")
        ),
        _orders_of(moved["person_key"]),
    ]


def _orders_of(persons: FromClause, *which: ColumnElement[bool]) -> Select[Any]:
    return select(ORDERS.c.order_key).join(
        persons, and_(persons.c.person_key == ORDERS.c.person_key, *which)
    )


def _of_persons(touched: Touched) -> list[Select[Any]]:
    """Orders in the window of a changed touch, or after a changed binding."""
    events = credit.touch_persons(touched.rows).subquery()
    reach = portable.later(events.c.occurred_at, credit.STANDARD.window)
    in_window = and_(events.c.event.in_(credit.TOUCHES), ORDERS.c.ordered_at <= reach)
    binds = and_(events.c.event == "guide_scan", events.c.bind_result == "bound")
    bound = _bindings_changed(touched)
    return [
        _orders_of(events, ORDERS.c.ordered_at >= events.c.occurred_at, or_(in_window, binds)),
        _orders_of(bound, ORDERS.c.ordered_at >= bound.c.bound_at),
    ]


def _bindings_changed(touched: Touched) -> FromClause:
    """Persons of members whose row states another binding than before, and both their times."""
    rows, persons = touched.rows["members"], MEMBER_PERSONS
    at = func.coalesce(rows.c.bound_at, rows.c.joined_at).label("bound_at")
    stated = net(rows, rows.c.member_key, rows.c.bound_guide_key, at)
    return (
        select(persons.c.person_key, stated.c.bound_at)
        .join(stated, stated.c.member_key == persons.c.member_key)
        .where(stated.c.bound_guide_key.is_not(None))
        .subquery()
    )


def _of_guides(touched: Touched) -> list[Select[Any]]:
    """Orders on days on which a guide's assignment changed: credited to that guide, or of a person
    whom that guide touched or was bound to."""
    span = spans(touched.changes[GUIDE_PERIODS.name])
    day, guides = within(ORDERS.c.ordered_date, span), select(span.c.guide_key)
    events, members = LOADED["touchpoints"], LOADED["members"]
    met = select(events).where(
        events.c.guide_key.in_(guides), events.c.event.in_(credit.TOUCHES)
    ).subquery()  # fmt: skip
    touches = credit.touch_persons({"touchpoints": met}).subquery()
    bound = (
        select(MEMBER_PERSONS.c.person_key, members.c.bound_guide_key.label("guide_key"))
        .join(members, members.c.member_key == MEMBER_PERSONS.c.member_key)
        .subquery()
    )
    credited = select(ORDERS.c.order_key).join(span, span.c.guide_key == ORDERS.c.guide_key)
    known = [
        select(ORDERS.c.order_key)
        .join(persons, persons.c.person_key == ORDERS.c.person_key)
        .join(span, span.c.guide_key == persons.c.guide_key)
        .where(day)
        for persons in (touches, bound)
    ]
    return [credited.where(day), *known]


# What their credit is read from ----------------------------------------------------------------
def _needed(build: Build, only: Table) -> dict[str, Table]:
    """Lines of the orders, and their persons' touches, bindings and member rows."""
    lines, rows = LOADED["online_orders"], LOADED["members"]
    few = gather(
        build, "needed", lines,
        select(lines).join(only, only.c.order_key == lines.c.order_key),
    )  # fmt: skip
    members, visitors = behind(build, _buyers(few))
    bound = select(rows).join(members, members.c.member_key == rows.c.member_key)
    needed = {
        "online_orders": few,
        "members": gather(build, "needed", rows, bound.where(rows.c.bound_guide_key.is_not(None))),
        "touchpoints": _touchpoints(build, few, members, visitors),
    }
    build.drop(members)
    build.drop(visitors)
    return needed


def _buyers(lines: Table) -> list[Select[Any]]:
    return [
        select(persons.c.person_key).join(lines, lines.c[key] == persons.c[key])
        for persons, key in ((MEMBER_PERSONS, "member_key"), (VISITOR_PERSONS, "visitor_key"))
    ]


def behind(build: Build, persons: list[Select[Any]]) -> tuple[Table, Table]:
    """All members and all visitors who are one of these persons, as scratch tables."""
    who = collect(build, scratch("persons", [("person_key", BigInteger)]), *persons)
    found = tuple(
        collect(
            build, scratch(f"{key}s", [(key, BigInteger)]),
            select(table.c[key]).join(who, who.c.person_key == table.c.person_key),
        )
        for table, key in ((MEMBER_PERSONS, "member_key"), (VISITOR_PERSONS, "visitor_key"))
    )  # fmt: skip
    build.drop(who)
    return found[0], found[1]


def _touchpoints(build: Build, lines: Table, members: Table, visitors: Table) -> Table:
    """Touches in the window of any of the orders, and earlier scans that bound."""
    events = LOADED["touchpoints"]
    first, last = build.fetch(
        select(func.min(lines.c.ordered_at), func.max(lines.c.ordered_at))
    ).row(0)
    start = (first or datetime.max) - credit.STANDARD.window
    recent = and_(
        events.c.event.in_(credit.TOUCHES),
        events.c.occurred_at.between(portable.at(start), portable.at(last or datetime.min)),
    )
    bound = and_(
        events.c.event == "guide_scan",
        events.c.bind_result == "bound",
        events.c.occurred_at < portable.at(start),
    )
    return gather(build, "needed", events, *of_these(members, visitors, recent, bound))


def of_these(members: Table, visitors: Table, *which: ColumnElement[bool]) -> list[Select[Any]]:
    """Touchpoints of members and visitors, for each of some conditions that exclude each other."""
    events = LOADED["touchpoints"]
    by_member = events.c.member_key == members.c.member_key
    by_visitor = and_(events.c.visitor_key == visitors.c.visitor_key, events.c.member_key.is_(None))
    return [
        select(events).join(people, here).where(one)
        for one in which
        for people, here in ((members, by_member), (visitors, by_visitor))
    ]
