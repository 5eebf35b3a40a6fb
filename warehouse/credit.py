"""Who is credited with an online order: the first of five rules that applies, with its evidence.

order_scan     the order states its guide
recent_touch   the person's latest scan or share with an assigned guide in the window
bound_guide    the person's binding that holds, if its guide is assigned
store_only     no guide, but the order's store, else that of the latest scan or share
uncredited     none of these
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable, schema
from warehouse.feeds import FEEDS
from warehouse.filters import QuestionError, nearest
from warehouse.schema import DIM_GUIDES, GUIDE_PERIODS, LOADED, Rows

LONGEST_WINDOW = 366

TOUCHES = ("guide_scan", "tag_scan", "share")


@dataclass(frozen=True)
class Policy:
    """A way to credit online orders: the rules that name a guide, in their order, and how many
    days before the order a touch still counts. `linear` shares evenly among all guides touched."""

    name: str
    rules: tuple[str, ...]
    days: int = 14

    @property
    def window(self) -> timedelta:
        """How far back a touch counts, both ends included."""
        return timedelta(days=self.days)


STANDARD = Policy("standard", ("order_scan", "recent_touch", "bound_guide"))
POLICIES: Mapping[str, Policy] = {
    policy.name: policy
    for policy in (
        STANDARD,
        Policy("bound_first", ("order_scan", "bound_guide", "recent_touch")),
        Policy("serving_only", ("order_scan",)),
        Policy("linear", ("order_scan", "linear", "bound_guide")),
    )
}


def policy(text: str) -> Policy:
    """A policy by name, with its window if another is wanted: `linear`, `standard@7`.
    Raises QuestionError."""
    name, at, days = text.partition("@")
    if name not in POLICIES:
        raise nearest("credit policy", name, POLICIES)
    if not at:
        return POLICIES[name]
    number = days.removesuffix("d")
    if not number.isdigit() or not 0 < int(number) <= LONGEST_WINDOW:
        raise QuestionError(
            f"credit policy {text!r}: write the window in days, as in {name}@7"
            f" (1 to {LONGEST_WINDOW})"
        )
    return replace(POLICIES[name], days=int(number))


def credited_orders(timezone: str, policy: Policy = STANDARD, loaded: Rows = LOADED) -> Select[Any]:
    """Every live order with its header, credited guide and store, rule and evidence. With fewer
    rows than all, those of an order are its lines and its person's touchpoints and member rows."""
    heads = _heads(timezone, loaded).cte()
    touches = _touches(heads, policy.window, loaded).cte()
    recent = _latest_touch(touches, _counts(touches)).cte()
    placed = _latest_touch(touches, touches.c.touch_store_key.is_not(None)).cte()
    bound = _holding_binding(heads, loaded).cte()
    first = _first_of_all(touches).cte()
    rules = {"recent_touch": recent, "bound_guide": bound, "linear": first}
    ruled = _ruled(heads, rules, placed, policy).cte()
    return _with_store(ruled)


def linear_shares(timezone: str, policy: Policy, loaded: Rows = LOADED) -> Select[Any]:
    """Equal shares of every order's assigned guides touched in the window: order_key, guide_key,
    share, is_lead (the smallest guide_id, who takes what equal shares leave over)."""
    heads = _heads(timezone, loaded).cte()
    touches = _touches(heads, policy.window, loaded).cte()
    guides = DIM_GUIDES
    pairs = (
        select(touches.c.order_key, touches.c.guide_key, guides.c.guide_id)
        .join(guides, guides.c.guide_key == touches.c.guide_key)
        .where(_counts(touches))
        .distinct()
        .subquery()
    )
    number = func.count().over(partition_by=pairs.c.order_key)
    place = portable.first_of([pairs.c.order_key], [pairs.c.guide_id])
    counted = select(pairs, number.label("number"), place.label("place")).subquery()
    even = portable.even_share(counted.c.number)
    is_lead = counted.c.place == 1
    share = case((is_lead, 1 - even * (counted.c.number - 1)), else_=even)
    return select(
        counted.c.order_key, counted.c.guide_key, share.label("share"), is_lead.label("is_lead")
    )


def _counts(touches: CTE) -> ColumnElement[bool]:
    """Touches of a named guide who is assigned; others are skipped."""
    return and_(touches.c.guide_key.is_not(None), touches.c.is_assigned)


def _first_of_all(touches: CTE) -> Select[Any]:
    """The lead of each order's evenly sharing guides, with their latest touch as evidence."""
    guides = DIM_GUIDES
    place = portable.first_of(
        [touches.c.order_key],
        [guides.c.guide_id, touches.c.occurred_at.desc(), touches.c.event_id.desc()],
    )
    ranked = (
        select(touches, place.label("place"))
        .join(guides, guides.c.guide_key == touches.c.guide_key)
        .where(_counts(touches))
        .subquery()
    )
    return select(*(c for c in ranked.c if c.name != "place")).where(ranked.c.place == 1)


def _heads(timezone: str, loaded: Rows) -> Select[Any]:
    """One row per order: where its lines disagree the one last updated speaks for all."""
    lines, member, visitor = loaded["online_orders"], schema.MEMBER_PERSONS, schema.VISITOR_PERSONS
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


def touch_persons(loaded: Rows = LOADED) -> Select[Any]:
    """Live touchpoints with the person behind them."""
    events, member, visitor = loaded["touchpoints"], schema.MEMBER_PERSONS, schema.VISITOR_PERSONS
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


def _works(guide: ColumnElement[Any], date: ColumnElement[Any]) -> ColumnElement[bool]:
    """Joins a guide and a date to the periods of assignment that hold then."""
    periods = GUIDE_PERIODS
    return and_(
        periods.c.guide_key == guide, periods.c.starts_on <= date, date < periods.c.ends_before
    )


def _is_assigned(guide: ColumnElement[Any], date: ColumnElement[Any]) -> ColumnElement[bool]:
    return select(literal(1)).select_from(GUIDE_PERIODS).where(_works(guide, date)).exists()


def _touches(heads: CTE, window: timedelta, loaded: Rows) -> Select[Any]:
    """Scans and shares of an order's person in the window, both its ends included."""
    events = touch_persons(loaded).where(loaded["touchpoints"].c.event.in_(TOUCHES)).subquery()
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
    ).select_from(heads.join(events, in_window))


def _latest_touch(touches: CTE, which: ColumnElement[bool]) -> Select[Any]:
    """The latest of some touches of each order; of equal times the greater event_id."""
    order = [touches.c.occurred_at.desc(), touches.c.event_id.desc()]
    place = portable.first_of([touches.c.order_key], order)
    ranked = select(touches, place.label("place")).where(which).subquery()
    return select(*(c for c in ranked.c if c.name != "place")).where(ranked.c.place == 1)


def _bindings(loaded: Rows) -> FromClause:
    """Who was bound to whom since when: members' rows, and guide scans that bound."""
    members, persons = loaded["members"], schema.MEMBER_PERSONS
    events = touch_persons(loaded).subquery()
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


def _holding_binding(heads: CTE, loaded: Rows) -> Select[Any]:
    """The latest binding at or before each order; of equal times the scan."""
    bound = _bindings(loaded)
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
        ranked.c.order_key,
        ranked.c.event_id,
        ranked.c.bound_at.label("occurred_at"),
        ranked.c.guide_key,
    ).where(ranked.c.place == 1, _is_assigned(ranked.c.guide_key, ranked.c.ordered_date))


def _ruled(heads: CTE, rules: Mapping[str, CTE], placed: CTE, policy: Policy) -> Select[Any]:
    """The first rule that applies to each order: of those that name a guide in the policy's
    order, then the order's own store, then the store of the latest touch that names one."""
    source: FromClause = heads.outerjoin(placed, placed.c.order_key == heads.c.order_key)
    none = null()
    cases: list[tuple[Any, str, Any, Any, Any]] = []
    for name in policy.rules:
        if name == "order_scan":
            stated = heads.c.guide_key.is_not(None)
            cases.append((stated, name, heads.c.guide_key, none, heads.c.ordered_at))
            continue
        found = rules[name]
        source = source.outerjoin(found, found.c.order_key == heads.c.order_key)
        applies = found.c.order_key.is_not(None)
        cases.append((applies, name, found.c.guide_key, found.c.event_id, found.c.occurred_at))
    in_store, near = heads.c.origin_store_key.is_not(None), placed.c.order_key.is_not(None)
    cases.append((in_store, "store_only", none, none, heads.c.ordered_at))
    cases.append((near, "store_only", none, placed.c.event_id, placed.c.occurred_at))

    def first(column: int, otherwise: Any) -> ColumnElement[Any]:
        return case(*((one[0], one[column]) for one in cases), else_=otherwise)

    moved = ("guide_key", "split_key", "member_key", "visitor_key")
    return select(
        *(column for column in heads.c if column.name not in moved),
        first(1, "uncredited").label("credit_rule"),
        first(2, none).label("guide_key"),
        heads.c.split_key,
        func.coalesce(heads.c.origin_store_key, placed.c.touch_store_key).label("near_store_key"),
        first(3, none).label("evidence_event_id"),
        first(4, none).label("evidence_at"),
    ).select_from(source)


def _with_store(ruled: CTE) -> Select[Any]:
    """The credit store: where the guide worked that day, else the order's own store."""
    periods = GUIDE_PERIODS
    place = portable.first_of([ruled.c.order_key], [periods.c.starts_on.desc()])
    worked = (
        select(ruled.c.order_key, periods.c.store_key, place.label("place"))
        .join(periods, _works(ruled.c.guide_key, ruled.c.ordered_date))
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
    return select(*(values[c.name].label(c.name) for c in schema.ORDERS.c)).select_from(source)
