"""Fill `fct_funnel_entries` and `fct_coupon_uses`: the entries of the shipped funnels and what
redeems coupons, of all or of some persons.

A person's entries hang on what that person did and who else got the same coupons, so persons are
followed some at a time: memory is bounded however long the history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Integer,
    Table,
    and_,
    cast,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    union,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from etl.orders import behind, of_these
from etl.scratch import scratch
from etl.touched import Touched, collect, gather, net, refresh, spans, within
from warehouse import entries, happenings
from warehouse.credit import touch_persons
from warehouse.engine import Build
from warehouse.entries import STORED
from warehouse.funnels import EVENTS, Funnel
from warehouse.happenings import Rows
from warehouse.schema import (
    COUPON_USES,
    FUNNEL_ENTRIES,
    LOADED,
    MEMBER_PERSONS,
    ORDERS,
    STORE_PERIODS,
    VISITOR_PERSONS,
    Type,
)  # fmt: skip

KINDS = {kind for one in STORED.values() for step in one.steps for kind in step.kinds}
NEEDED = sorted({*KINDS, *(event for one in STORED.values() for event in one.entry)} & {*EVENTS})
"""Events that any shipped funnel looks at."""
EVENTS_AT_ONCE = 20_000_000
_EVENT = ("event_id", "occurred_at", "event", "member_key", "visitor_key", "store_key", "guide_key",
          "campaign_key", "coupon_key", "is_deleted")  # fmt: skip
_LINE = ("receipt_key", "store_key", "line_number", "sold_at", "quantity", "member_key",
         "coupon_key", "net_amount", "list_amount", "is_deleted")  # fmt: skip
_TILL: list[tuple[str, Type]] = [
    ("receipt_key", BigInteger), ("store_key", Integer), ("at", DateTime), ("day", Date),
    ("member_key", BigInteger), ("coupon_key", BigInteger),
]  # fmt: skip
_FILLED = (FUNNEL_ENTRIES, COUPON_USES)


def derive_funnels(build: Build, timezone: str, touched: Touched | None) -> None:
    """Bring entries and what they reached up to date."""
    if touched is None:
        for table in _FILLED:
            build.create(table)
        for some in _portions(build):
            _follow_some(build, _FILLED, timezone, some)
        return
    only = _persons(build, touched)
    fresh = [gather(build, "fresh", table, select(table).where(false())) for table in _FILLED]
    _follow_some(build, fresh, timezone, only)
    for table, made in zip(_FILLED, fresh, strict=True):
        touched.changes[table.name] = refresh(build, table, "person_key", made, only)
    build.drop(only)


def _portions(build: Build) -> Iterator[Table | None]:
    """Everybody, in as many portions as there are EVENTS_AT_ONCE; None: all at once."""
    events = build.fetch(select(func.count()).select_from(LOADED["touchpoints"])).item()
    portions = events // EVENTS_AT_ONCE + 1
    if portions == 1:
        yield None
        return
    for place in range(portions):
        keys = (one.c.person_key for one in (MEMBER_PERSONS, VISITOR_PERSONS))
        some = (select(key).where(func.abs(key) % portions == place) for key in keys)
        only = collect(build, scratch("some_persons", [("person_key", BigInteger)]), *some)
        yield only
        build.drop(only)


def _follow_some(build: Build, into: Sequence[Table], timezone: str, only: Table | None) -> None:
    """Add the entries of some persons, from what concerns these alone."""
    if only is None:
        _follow(build, into, Rows(timezone))
        return
    needed, orders = _needed(build, only)
    _follow(build, into, Rows(timezone, needed, orders), only)
    for table in (orders, *needed.values()):
        build.drop(table)


def _follow(build: Build, into: Sequence[Table], rows: Rows, only: Table | None = None) -> None:
    """Add the entries of every shipped funnel and what redeems coupons, and for this put receipts
    together once."""
    till, found = scratch("till", _TILL), happenings.till(rows).subquery("found")
    build.create(till, temporary=True)
    somebodys = or_(found.c.member_key.is_not(None), found.c.coupon_key.is_not(None))
    known = select(*found.c).where(somebodys)
    build.run(insert(till).from_select([name for name, _ in _TILL], known))
    rows, (stored, used) = replace(rows, till=till), into
    for funnel in STORED.values():
        _add(build, stored, _entries(funnel, rows), only)
    _add(build, used, entries.uses(rows), only)
    build.drop(till)


def _add(build: Build, into: Table, rows: Select[Any], only: Table | None) -> None:
    """Add those of some rows that are of these persons, all without any."""
    found = rows.subquery("found")
    made = select(*(found.c[c.name] for c in into.c))
    if only is not None:
        made = made.join(only, only.c.person_key == found.c.person_key)
    build.run(insert(into).from_select([c.name for c in into.c], made))


def _entries(funnel: Funnel, rows: Rows) -> Select[Any]:
    """The rows of one funnel."""
    found = entries.followed(funnel, funnel.window, rows).cte("entries")
    times = {f"step_{place}_at": found.c[f"at_{step.name}"]
             for place, step in enumerate(funnel.steps, 1)}  # fmt: skip
    values = {"funnel": literal(funnel.name), **{c.name: c for c in found.c}, **times}
    joined: FromClause = found
    if funnel.name == "scan_to_order":
        ring = entries.closed(found, rows).subquery("ring")
        joined = found.outerjoin(ring, ring.c.event_id == found.c.event_id)
        values["closed_at"] = ring.c.closed_at
    empty = cast(null(), DateTime)
    columns = (values.get(c.name, empty).label(c.name) for c in FUNNEL_ENTRIES.c)
    return select(*columns).select_from(joined)


# Whose entries -----------------------------------------------------------------------------------
def _persons(build: Build, touched: Touched) -> Table:
    """Everybody of whom an event, order, receipt or member row changed, who is or was somebody
    else, who was issued a coupon of which anything changed, or whose store's day did."""
    bought = _receipts(build, touched)
    receipts = (bought, touched.rows["pos_sales"])
    events = touch_persons(touched.rows).subquery()
    issued = _recipients(events, *receipts)
    heads, moved = touched.changes[ORDERS.name], touched.moved["person_key"]
    ordered = ORDERS.c.order_key.in_(select(touched.rows["online_orders"].c.order_key))
    same = select(ORDERS.c.person_key).where(ordered).subquery()
    known = [select(one.c.person_key).where(one.c.person_key.is_not(None))
             for one in (events, issued, heads, same, moved)]  # fmt: skip
    members = [
        select(MEMBER_PERSONS.c.person_key).join(
            rows, rows.c.member_key == MEMBER_PERSONS.c.member_key
        )
        for rows in (*receipts, touched.rows["members"])
    ]
    keys = scratch("touched_entrants", [("person_key", BigInteger)])
    only = collect(build, keys, *known, *members, _entered_when_stores_moved(touched))
    build.drop(bought)
    return only


def _receipts(build: Build, touched: Touched) -> Table:
    """Receipts with a changed line, and those of stores of whose day's end anything was said."""
    lines, stores = LOADED["pos_sales"], touched.rows["stores"]
    cut = net(stores, stores.c.store_key, stores.c.day_cutoff_hour)
    changed = select(touched.rows["pos_sales"].c.receipt_key)
    of_stores = select(lines.c.receipt_key).where(lines.c.store_key.in_(select(cut.c.store_key)))
    return _lines(build, "touched", changed, of_stores)


def _lines(build: Build, name: str, *receipts: Select[Any]) -> Table:
    """What funnels need of the lines of some receipts."""
    lines, keys = LOADED["pos_sales"], scratch("receipts", [("receipt_key", BigInteger)])
    only = collect(build, keys, *receipts)
    few = scratch("lines", [(column, lines.c[column].type) for column in _LINE])
    rows = select(*(lines.c[column] for column in _LINE))
    found = gather(build, name, few, rows.join(only, only.c.receipt_key == lines.c.receipt_key))
    build.drop(only)
    return found


def _recipients(events: FromClause, *receipts: FromClause) -> FromClause:
    """Everybody who was issued a coupon that some events or receipts name."""
    table = LOADED["touchpoints"]
    named = union(*(select(rows.c.coupon_key) for rows in (_issued(events), *receipts)))
    which = table.c.coupon_key.in_(named)
    return touch_persons().where(table.c.event == "coupon_issued", which).subquery()


def _entered_when_stores_moved(touched: Touched) -> Select[Any]:
    span, stored = spans(touched.changes[STORE_PERIODS.name]), FUNNEL_ENTRIES
    entered = select(stored.c.person_key).join(span, span.c.store_key == stored.c.store_key)
    return entered.where(within(stored.c.business_date, span))


def _issued(events: FromClause) -> FromClause:
    return select(events).where(events.c.event == "coupon_issued").subquery()


# What they are followed through ------------------------------------------------------------------
def _needed(build: Build, only: Table) -> tuple[dict[str, Table], Table]:
    """All that these persons did, and who else got their coupons."""
    members, visitors = behind(build, [select(only.c.person_key)])
    events, lines, rows = LOADED["touchpoints"], LOADED["pos_sales"], LOADED["members"]
    few = scratch("events", [(column, events.c[column].type) for column in _EVENT])
    own = gather(build, "own", few, *map(_few, of_these(members, visitors,
                                                        events.c.event.in_(NEEDED))))  # fmt: skip
    coupons = select(_issued(own).c.coupon_key)
    receipts = (
        select(lines.c.receipt_key).where(lines.c[key].in_(theirs))
        for key, theirs in (("member_key", select(members)), ("coupon_key", coupons))
    )
    known = select(rows).join(members, members.c.member_key == rows.c.member_key)
    heads = select(ORDERS).join(only, only.c.person_key == ORDERS.c.person_key)
    others = _few(_issued_to_others(members, visitors, coupons))
    ordered = LOADED["online_orders"]
    theirs = select(ORDERS.c.order_key).where(ORDERS.c.person_key.in_(select(only.c.person_key)))
    needed = {
        "online_orders": gather(
            build, "needed", ordered, select(ordered).where(ordered.c.order_key.in_(theirs))
        ),
        "touchpoints": gather(build, "needed", few, select(own), others),
        "pos_sales": _lines(build, "needed", *receipts),
        "members": gather(build, "needed", rows, known),
    }
    for table in (own, members, visitors):
        build.drop(table)
    return needed, gather(build, "needed", ORDERS, heads)


def _few(rows: Select[Any]) -> Select[Any]:
    """What funnels need of some touchpoints."""
    return rows.with_only_columns(*(LOADED["touchpoints"].c[name] for name in _EVENT))


def _issued_to_others(members: Table, visitors: Table, coupons: Select[Any]) -> Select[Any]:
    """Coupons issued to anybody but these members and visitors."""
    events = LOADED["touchpoints"]
    is_member = exists().where(members.c.member_key == events.c.member_key)
    is_visitor = exists().where(visitors.c.visitor_key == events.c.visitor_key)
    own = or_(is_member, and_(is_visitor, events.c.member_key.is_(None)))
    issued = and_(events.c.event == "coupon_issued", events.c.coupon_key.in_(coupons))
    return select(events).where(issued, ~own)
