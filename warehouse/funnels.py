"""Every funnel, and the SELECT that follows each entry through its steps.

An entry is the first entry event of a person in a place on a local date. Each later event belongs
to the person's latest entry at or before it with the event inside the window, so nothing is
counted twice and stores add up to regions. A new funnel is one more `Funnel` over known kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, literal, or_, select, union_all
from sqlalchemy.sql.expression import CTE, FromClause, Select

from warehouse import happenings, portable
from warehouse.credit import touch_persons
from warehouse.filters import nearest
from warehouse.schema import AS_OF, LOADED, STORE_PERIODS, period_of
from warehouse.settings import Settings

Expression = ColumnElement[Any]


@dataclass(frozen=True)
class Step:
    """A step is reached by the earliest event of its `kinds` at or after the step `after` (None:
    the entry), on a later day where `later_day` says so."""

    name: str
    kinds: tuple[str, ...]
    after: str | None = None
    later_day: bool = False


@dataclass(frozen=True)
class Funnel:
    """Entry events, one a day of each `place`; steps as they are printed; window in days."""

    name: str
    direction: str
    events: tuple[str, ...]
    place: str
    steps: tuple[Step, ...]
    days: int
    needs_place: bool = False

    @property
    def window(self) -> timedelta:
        """How long an entry stays open, its end included."""
        return timedelta(days=self.days)


_ALL = (
    Funnel(
        "scan_to_order", "offline→online", happenings.SCANS, "store_key",
        (Step("interest", ("interest",)), Step("ordered", ("ordered",)),
         Step("paid", ("paid",), "ordered"), Step("fulfilled", ("fulfilled",), "paid")),
        14, needs_place=True,
    ),
    Funnel(
        "coupon_to_store", "online→offline", ("coupon_issued",), "coupon_key",
        (Step("visit", ("visit", "receipt")), Step("purchase", ("receipt",)),
         Step("repeat", ("uncouponed",), "purchase", later_day=True)),
        60,
    ),
    Funnel(
        "join_to_repeat", "membership", ("card_view", "follow"), "store_key",
        (Step("joined", ("joined",)), Step("first_purchase", ("first_purchase",), "joined"),
         Step("second_purchase", ("receipt", "paid_order"), "first_purchase", later_day=True)),
        90,
    ),
)  # fmt: skip

FUNNELS: Mapping[str, Funnel] = {funnel.name: funnel for funnel in _ALL}


def funnel_named(name: str) -> Funnel:
    """A funnel by its name. Raises QuestionError."""
    if name not in FUNNELS:
        raise nearest("funnel", name, FUNNELS)
    return FUNNELS[name]


def entries(funnel: Funnel, settings: Settings) -> Select[Any]:
    """The entries of a funnel with their attributes: event_id, person_key, entered_at,
    business_date, store_key, region_key, brand, guide_key, campaign_key, coupon_key."""
    table = LOADED["touchpoints"]
    events = touch_persons().where(table.c.event.in_(funnel.events))
    if funnel.needs_place:
        events = events.where(table.c[funnel.place].is_not(None))
    event = events.subquery("entry_events")
    date = portable.local_date(event.c.occurred_at, settings.timezone)
    place = portable.first_of(
        [event.c.person_key, event.c[funnel.place], date], [event.c.occurred_at, event.c.event_id]
    )
    dated = select(event, date.label("business_date"), place.label("place")).subquery()
    then = STORE_PERIODS
    return (
        select(
            dated.c.event_id, dated.c.person_key, dated.c.occurred_at.label("entered_at"),
            dated.c.business_date, dated.c.store_key, then.c.region_key, then.c.brand,
            dated.c.guide_key, dated.c.campaign_key, dated.c.coupon_key,
        )
        .select_from(dated.outerjoin(then, period_of(dated)))
        .where(dated.c.place == 1)
    )  # fmt: skip


def followed(funnel: Funnel, window: timedelta, settings: Settings) -> FromClause:
    """Entries with, for each step, when it was reached (`at_<step>`, empty: not), and
    `is_mature`: the window is over at the data's as-of time."""
    entered = entries(funnel, settings).cte()
    owned = _owned(funnel, entered, window, settings).cte()
    reached: dict[str, CTE] = {}
    joined: FromClause = entered.join(AS_OF, literal(True))
    for step in funnel.steps:
        reached[step.name] = _reached(step, owned, reached).cte()
        found = reached[step.name]
        joined = joined.outerjoin(found, found.c.event_id == entered.c.event_id)
    ends = portable.later(entered.c.entered_at, window)
    return (
        select(
            *entered.c,
            (ends < AS_OF.c.as_of).label("is_mature"),
            *(found.c.at.label(f"at_{name}") for name, found in reached.items()),
        )
        .select_from(joined)
        .subquery("line")
    )


def _owned(funnel: Funnel, entered: CTE, window: timedelta, settings: Settings) -> Select[Any]:
    """Events of the steps with the entry each belongs to."""
    kinds = dict.fromkeys(kind for step in funnel.steps for kind in step.kinds)
    event = union_all(*(happenings.of_kind(kind, settings) for kind in kinds)).subquery("event")
    ends = portable.later(entered.c.entered_at, window)
    inside = and_(
        entered.c.person_key == event.c.person_key,
        entered.c.entered_at <= event.c.belongs_at,
        event.c.belongs_at <= ends,
    )
    if funnel.place == "coupon_key":
        needed = event.c.coupon_key
        inside = and_(inside, or_(needed.is_(None), needed == entered.c.coupon_key))
    place = portable.first_of(
        [event.c.kind, event.c.happening_id],
        [entered.c.entered_at.desc(), entered.c.event_id.desc()],
    )
    ranked = (
        select(
            entered.c.event_id, event.c.kind, event.c.at, event.c.day, place.label("place"),
            and_(event.c.at >= entered.c.entered_at, event.c.at <= ends).label("is_inside"),
        )
        .join(event, inside)
        .subquery()
    )  # fmt: skip
    return select(ranked.c.event_id, ranked.c.kind, ranked.c.at, ranked.c.day).where(
        ranked.c.place == 1, ranked.c.is_inside
    )


def _reached(step: Step, owned: CTE, reached: Mapping[str, CTE]) -> Select[Any]:
    """The earliest event by which each entry reaches a step."""
    rows: FromClause = owned
    condition = owned.c.kind.in_(step.kinds)
    if step.after:
        before = reached[step.after]
        since = and_(before.c.event_id == owned.c.event_id, owned.c.at >= before.c.at)
        if step.later_day:
            since = and_(since, owned.c.day > before.c.day)
        rows = owned.join(before, since)
    place = portable.first_of([owned.c.event_id], [owned.c.at, owned.c.day])
    ranked = (
        select(owned.c.event_id, owned.c.at, owned.c.day, place.label("place"))
        .select_from(rows)
        .where(condition)
        .subquery()
    )
    return select(ranked.c.event_id, ranked.c.at, ranked.c.day).where(ranked.c.place == 1)


RING_WINDOW = timedelta(days=60)


def rings(settings: Settings) -> FromClause:
    """Scan entries with `is_ripe`, their 60 days having passed, and `is_closed`: within them the
    person paid an online order and after that bought in a store."""
    entered = entries(FUNNELS["scan_to_order"], settings).cte()
    bought, ends = happenings.purchases(settings), portable.later(entered.c.entered_at, RING_WINDOW)
    inside = and_(
        bought.c.person_key == entered.c.person_key,
        bought.c.at >= entered.c.entered_at,
        bought.c.at <= ends,
    )
    paid = (
        select(entered.c.event_id, func.min(bought.c.at).label("paid_at"))
        .join(bought, inside)
        .where(~bought.c.is_pos)
        .group_by(entered.c.event_id)
        .cte()
    )
    back = (
        select(entered.c.event_id)
        .join(paid, paid.c.event_id == entered.c.event_id)
        .join(bought, inside)
        .where(bought.c.is_pos, bought.c.at > paid.c.paid_at)
        .distinct()
        .cte()
    )
    return (
        select(
            *entered.c,
            (ends < AS_OF.c.as_of).label("is_ripe"),
            back.c.event_id.is_not(None).label("is_closed"),
        )
        .select_from(
            entered.join(AS_OF, literal(True)).outerjoin(
                back, back.c.event_id == entered.c.event_id
            )
        )
        .subquery("line")
    )


def counts(funnel: Funnel, line: FromClause, with_immature: bool) -> list[Expression]:
    """Columns of a funnel's row: entries (mature), immature, one count per step, median_hours."""
    mature = line.c.is_mature
    counted: Expression = literal(True) if with_immature else mature
    last = line.c[f"at_{funnel.steps[-1].name}"]
    hours = portable.hours_between(line.c.entered_at, last)
    steps = (
        _number(and_(counted, line.c[f"at_{step.name}"].is_not(None))).label(step.name)
        for step in funnel.steps
    )
    return [
        _number(mature).label("entries"),
        _number(~mature).label("immature"),
        *steps,
        portable.median(case((counted, hours))).label("median_hours"),
    ]


def _number(condition: Expression) -> Expression:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0).cast(BigInteger)
