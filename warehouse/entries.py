"""Entries of funnels followed through their steps.

An entry is the first entry event of a person in a place on a local date. Each later event belongs
to the person's latest entry at or before it with the event inside the window, so nothing is
counted twice and stores add up to regions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, literal, or_, select, union_all
from sqlalchemy.sql.expression import CTE, FromClause, Select

from warehouse import happenings, portable
from warehouse.funnels import SHIPPED, Funnel, Step
from warehouse.happenings import Rows
from warehouse.schema import AS_OF, FUNNEL_ENTRIES, STORE_PERIODS, period_of

Expression = ColumnElement[Any]
Days = tuple[date, date]
ATTRIBUTES = ("event_id", "person_key", "entered_at", "business_date", "store_key", "region_key",
              "brand", "guide_key", "campaign_key", "coupon_key")  # fmt: skip
RING_WINDOW = timedelta(days=60)
_COUPONS = SHIPPED["coupon_to_store"]
_FULL_PRICE = Step("full_price", ("full_price",), optional=True, later_day=True)
COUPONS = replace(_COUPONS, steps=(*_COUPONS.steps[:-1], _FULL_PRICE, _COUPONS.steps[-1]))
"""`coupon_to_store` with what campaigns count beside its chain."""
STORED: Mapping[str, Funnel] = {**SHIPPED, COUPONS.name: COUPONS}
"""The shipped funnels as their entries are stored."""
_REDEEMING = replace(COUPONS, steps=(Step("redeemed", ("redeemed",)),))


def entries(funnel: Funnel, rows: Rows, days: Days | None = None) -> Select[Any]:
    """The entries of a funnel (of some days only) with their ATTRIBUTES."""
    event = happenings.touches(funnel.entry, rows)
    at_place = event.c[f"{funnel.place}_key"]
    day = portable.local_date(event.c.occurred_at, rows.timezone)
    place = portable.first_of(
        [event.c.person_key, at_place, day], [event.c.occurred_at, event.c.event_id]
    )
    dated = select(event, day.label("business_date"), place.label("place"))
    if funnel.needs_place:
        dated = dated.where(at_place.is_not(None))
    if days:
        dated = dated.where(day.between(*days))
    first, then = dated.subquery(), STORE_PERIODS
    return (
        select(
            first.c.event_id, first.c.person_key, first.c.occurred_at.label("entered_at"),
            first.c.business_date, first.c.store_key, then.c.region_key, then.c.brand,
            first.c.guide_key, first.c.campaign_key, first.c.coupon_key,
        )
        .select_from(first.outerjoin(then, period_of(first)))
        .where(first.c.place == 1)
    )  # fmt: skip


def followed(
    funnel: Funnel, window: timedelta, rows: Rows, days: Days | None = None
) -> Select[Any]:
    """Entries with, for each step, when it was reached (`at_<step>`, empty: not). What happens to
    entries of some days is right as long as those reach a window further than is asked for."""
    entered = entries(funnel, rows, days).cte()
    events = owned(funnel, entered, window, rows).cte()
    reached: dict[Step, CTE] = {}
    joined: FromClause = entered
    times = [events.c.at, *([events.c.day] if any(one.later_day for one in funnel.steps) else [])]
    for step in funnel.steps:
        before = funnel.before(step)
        found = _reached(step, events, reached[before] if before else None, times).cte()
        reached[step] = found
        joined = joined.outerjoin(found, found.c.event_id == entered.c.event_id)
    at = (reached[step].c.at.label(f"at_{step.name}") for step in funnel.steps)
    return select(*entered.c, *at).select_from(joined)


def journeys(funnel: Funnel, window: timedelta, timezone: str, days: Days) -> FromClause:
    """Entries of some days at least, with `at_<step>` and `is_mature`: the window is over at the
    data's as-of time. A shipped funnel's own window has been followed already."""
    if funnel.name in SHIPPED and window == funnel.window:
        found = _stored(funnel)
    else:
        start, end = days
        found = followed(funnel, window, Rows(timezone), (start, end + window + timedelta(days=1)))
    rows = found.subquery("entries")
    is_mature = portable.later(rows.c.entered_at, window) < AS_OF.c.as_of
    joined = rows.join(AS_OF, literal(True))
    return select(*rows.c, is_mature.label("is_mature")).select_from(joined).subquery("line")


def _stored(funnel: Funnel) -> Select[Any]:
    table, steps = FUNNEL_ENTRIES, [step.name for step in STORED[funnel.name].steps]
    times = (
        table.c[f"step_{steps.index(step.name) + 1}_at"].label(f"at_{step.name}")
        for step in funnel.steps
    )
    attributes = (table.c[column] for column in ATTRIBUTES)
    return select(*attributes, *times).where(table.c.funnel == funnel.name)


def owned(funnel: Funnel, entered: CTE, window: timedelta, rows: Rows) -> Select[Any]:
    """Events of the steps with the entry each belongs to."""
    kinds = {kind for step in funnel.steps for kind in step.kinds}
    rows = replace(rows, by_coupon=funnel.place == "coupon")
    event = union_all(*happenings.of_kinds(kinds, rows)).subquery("event")
    ends = portable.later(entered.c.entered_at, window)
    inside = and_(
        entered.c.person_key == event.c.person_key,
        entered.c.entered_at <= event.c.belongs_at,
        event.c.belongs_at <= ends,
    )
    if funnel.place == "coupon":
        needed = event.c.coupon_key
        inside = and_(inside, or_(needed.is_(None), needed == entered.c.coupon_key))
    place = portable.first_of(
        [event.c.kind, event.c.happening_id],
        [entered.c.entered_at.desc(), entered.c.event_id.desc()],
    )
    ranked = (
        select(
            entered.c.event_id, entered.c.business_date, event.c.kind, event.c.happening_id,
            event.c.at, event.c.day, event.c.has_coupon, place.label("place"),
            and_(event.c.at >= entered.c.entered_at, event.c.at <= ends).label("is_inside"),
        )
        .select_from(entered.join(event, inside))
        .subquery()
    )  # fmt: skip
    kept = (c for c in ranked.c if c.name not in ("place", "is_inside"))
    return select(*kept).where(ranked.c.place == 1, ranked.c.is_inside)


def _reached(
    step: Step, owned: CTE, before: CTE | None, times: Sequence[Expression]
) -> Select[Any]:
    """The earliest event by which each entry reaches a step; none before it: from the entry."""
    joined: FromClause = owned
    condition: Expression = owned.c.kind.in_(step.kinds)
    last_day: Expression = owned.c.business_date
    if before is not None:
        since = and_(before.c.event_id == owned.c.event_id, owned.c.at >= before.c.at)
        joined, last_day = owned.join(before, since), before.c.day
    if step.later_day:
        condition = and_(condition, owned.c.day > last_day)
    if step.without_coupon:
        condition = and_(condition, ~owned.c.has_coupon)
    place = portable.first_of([owned.c.event_id], times)
    ranked = (
        select(owned.c.event_id, owned.c.at, owned.c.day, place.label("place"))
        .select_from(joined)
        .where(condition)
        .subquery()
    )
    return select(ranked.c.event_id, ranked.c.at, ranked.c.day).where(ranked.c.place == 1)


def uses(rows: Rows) -> Select[Any]:
    """What redeems coupons, as `fct_coupon_uses` keeps it: of each receipt and paid order that
    states a coupon the entry of that coupon it belongs to."""
    entered = entries(_REDEEMING, rows).cte()
    used = owned(_REDEEMING, entered, _REDEEMING.window, rows).subquery("used")
    return select(
        cast(used.c.happening_id, BigInteger).label("receipt_key"), used.c.event_id,
        entered.c.person_key, entered.c.business_date,
    ).join(entered, entered.c.event_id == used.c.event_id)  # fmt: skip


def closed(entered: FromClause, rows: Rows) -> Select[Any]:
    """Scan entries whose ring closed, and `closed_at`: within RING_WINDOW the person paid an online
    order, and this is when they first bought in a store after that."""
    bought, ends = happenings.purchases(rows), portable.later(entered.c.entered_at, RING_WINDOW)
    inside = and_(
        bought.c.person_key == entered.c.person_key,
        bought.c.at >= entered.c.entered_at,
        bought.c.at <= ends,
    )
    paid = (
        select(entered.c.event_id, func.min(bought.c.at).label("paid_at"))
        .select_from(entered.join(bought, inside))
        .where(~bought.c.is_pos)
        .group_by(entered.c.event_id)
        .cte()
    )
    return (
        select(entered.c.event_id, func.min(bought.c.at).label("closed_at"))
        .join(paid, paid.c.event_id == entered.c.event_id)
        .join(bought, inside)
        .where(bought.c.is_pos, bought.c.at > paid.c.paid_at)
        .group_by(entered.c.event_id)
    )


def rings() -> FromClause:
    """Scan entries with `is_ripe`, their 60 days having passed, and `is_closed`: within them the
    person paid an online order and after that bought in a store."""
    table = FUNNEL_ENTRIES
    is_ripe = portable.later(table.c.entered_at, RING_WINDOW) < AS_OF.c.as_of
    return (
        select(
            *(table.c[column] for column in ATTRIBUTES),
            is_ripe.label("is_ripe"),
            table.c.closed_at.is_not(None).label("is_closed"),
        )
        .join(AS_OF, literal(True))
        .where(table.c.funnel == "scan_to_order")
        .subquery("line")
    )
