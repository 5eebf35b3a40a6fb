"""SELECTs about entries, steps and who is known; each takes a Scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, literal, select, union_all
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import access, credit, entries, happenings, portable, replays
from warehouse.access import Scope
from warehouse.dimensions import DIMENSIONS, TIME
from warehouse.filters import Question, QuestionError, check_choices, nearest
from warehouse.funnels import EVENTS, Funnel, Step
from warehouse.happenings import Rows
from warehouse.joined import Joined
from warehouse.schema import DIM_DATES, LOADED, ORDERS, STORE_PERIODS, period_of
from warehouse.settings import Settings

Expression = ColumnElement[Any]
ENTRY_DIMENSIONS = ("date", "store", "region", "brand", "guide", "campaign")


def funnel(
    chosen: Funnel, question: Question, scope: Scope, settings: Settings, *,
    window: timedelta | None = None, with_immature: bool = False, detail: bool = False,
) -> Select[Any]:  # fmt: skip
    """SELECT of a funnel's rows: the question's dimensions, entries (mature ones), immature, a
    count per step, and median_hours from entry to the last step. With `detail` also p90_hours,
    and of each step `_rate` (of entries), `_of_previous`, `_median_hours`, `_p90_hours`.
    Raises QuestionError."""
    days = (question.start, question.end)
    line = entries.journeys(chosen, window or chosen.window, settings.timezone, days)
    columns = _counts(chosen, line, with_immature)
    if detail:
        columns |= _detail(chosen, line, columns, with_immature)
    return grouped(line, question, scope, ENTRY_DIMENSIONS, "funnel entries", columns)


def _counts(chosen: Funnel, line: FromClause, with_immature: bool) -> dict[str, Expression]:
    steps = {step.name: number(_has(line, step, with_immature)) for step in chosen.steps}
    return {
        "entries": number(line.c.is_mature),
        "immature": number(~line.c.is_mature),
        **steps,
        "median_hours": _hours(line, chosen.steps[-1], with_immature, 0.5),
    }


def _detail(
    chosen: Funnel, line: FromClause, counts: Mapping[str, Expression], with_immature: bool
) -> dict[str, Expression]:
    """Rates and times to convert; with immature entries, they are in the denominator too."""
    entered = counts["entries"] + counts["immature"] if with_immature else counts["entries"]
    columns = {"p90_hours": _hours(line, chosen.steps[-1], with_immature, 0.9)}
    for step in chosen.steps:
        before = chosen.before(step)
        previous = counts[before.name] if before else entered
        columns |= {
            f"{step.name}_rate": portable.quotient(counts[step.name], entered),
            f"{step.name}_of_previous": portable.quotient(counts[step.name], previous),
            f"{step.name}_median_hours": _hours(line, step, with_immature, 0.5),
            f"{step.name}_p90_hours": _hours(line, step, with_immature, 0.9),
        }
    return columns


def _has(line: FromClause, step: Step, with_immature: bool) -> Expression:
    reached = line.c[f"at_{step.name}"].is_not(None)
    return reached if with_immature else and_(line.c.is_mature, reached)


def _hours(line: FromClause, step: Step, with_immature: bool, share: float) -> Expression:
    hours = portable.hours_between(line.c.entered_at, line.c[f"at_{step.name}"])
    return portable.quantile(case((_has(line, step, with_immature), hours)), share)


def number(condition: Expression) -> Expression:
    """How many rows meet a condition."""
    return portable.total(case((condition, 1), else_=0)).cast(BigInteger)


def credited_by_rule(question: Question, scope: Scope, settings: Settings) -> Select[Any]:
    """How many orders paid in the period each rule credits under the question's policy: the
    question's dimensions (of several guides the lead's), then `orders_<rule>`."""
    policy = credit.policy(question.credit)
    heads: FromClause = ORDERS
    if policy != credit.STANDARD:
        within = ORDERS.c.paid_date.between(question.start, question.end)
        loaded = replays.deciding(select(ORDERS.c.order_key).where(within))
        heads = credit.credited_orders(settings.timezone, policy, loaded).subquery("orders")
    paid = select(
        heads.c.paid_date.label("business_date"), heads.c.store_key, heads.c.guide_key,
        heads.c.credit_rule,
    ).where(heads.c.paid_at.is_not(None))  # fmt: skip
    line = _placed(paid.subquery("paid"))
    columns = {f"orders_{rule}": number(line.c.credit_rule == rule) for rule in RULES}
    return grouped(line, question, scope, ENTRY_DIMENSIONS[:-1], "orders", columns)


RULES = (*credit.STANDARD.rules, "store_only", "uncredited")


def unidentified(question: Question, scope: Scope, settings: Settings) -> Select[Any]:
    """How much is known of who did what: the question's dimensions, `kind` (receipts, orders paid,
    and each event), `total`, `members`, `visitors` (whom no member row names) and `unidentified`
    (neither). Raises QuestionError."""
    read = Rows(settings.timezone, _near(question))
    receipt, event = happenings.receipts(read), happenings.touches(EVENTS, read)
    rows = union_all(
        _who("receipts", receipt, receipt.c.day),
        _who("orders", ORDERS, ORDERS.c.paid_date).where(ORDERS.c.paid_at.is_not(None)),
        _who(event.c.event, event, portable.local_date(event.c.occurred_at, settings.timezone)),
    )
    line = _placed(rows.subquery("known"))
    person = line.c.person_key
    columns = {
        "total": func.count(),
        "members": number(person > 0),
        "visitors": number(person < 0),
        "unidentified": number(person.is_(None)),
    }
    of = ("date", "store", "region", "brand")
    return grouped(line, question, scope, of, "receipts, orders and events", columns, ("kind",))


def _near(question: Question) -> Mapping[str, FromClause]:
    """Loaded rows without most of what happened on other days: events near these, and receipts with
    a line near them, a day longer since a store's day may end after midnight."""
    until = min(question.end, date.max - timedelta(days=1)) + timedelta(days=1)
    near = portable.around(question.start, until)
    line, event = LOADED["pos_sales"], LOADED["touchpoints"]
    some = line.alias("some")
    whole = line.c.receipt_key.in_(select(some.c.receipt_key).where(some.c.sold_at.between(*near)))
    return {
        **LOADED,
        "pos_sales": select(line).where(whole).subquery("pos_sales"),
        "touchpoints": select(event).where(event.c.occurred_at.between(*near)).subquery("events"),
    }


def _who(kind: str | Expression, rows: FromClause, day: Expression) -> Select[Any]:
    told = literal(kind) if isinstance(kind, str) else kind
    return select(
        told.label("kind"), day.label("business_date"), rows.c.store_key, rows.c.person_key
    )


def _placed(rows: FromClause) -> FromClause:
    """Rows of a store and a day with that store's region and brand of the day."""
    then = STORE_PERIODS
    joined = rows.outerjoin(then, period_of(rows))
    return select(*rows.c, then.c.region_key, then.c.brand).select_from(joined).subquery("line")


def grouped(
    line: FromClause, question: Question, scope: Scope, of: Sequence[str], what: str,
    columns: Mapping[str, Expression], more: Sequence[str] = (),
) -> Select[Any]:  # fmt: skip
    """Columns of the visible rows of a period, narrowed and grouped by the question's dimensions
    and by `more` columns of the rows."""
    _check(question, of, what)
    joined, dates = Joined(line, question.org), DIM_DATES
    in_period = dates.c.date.between(question.start, question.end)
    shown = (dates.c[name] for name in TIME)
    joined.days(select(dates.c.date.label("source_date"), *shown).where(in_period).subquery("days"))
    conditions = [access.visible(line.c.store_key, scope)]
    conditions += [joined.narrowed(name, values) for name, values in question.where]
    groups = {name: joined.expression(name) for name in question.by}
    groups |= {name: line.c[name] for name in more}
    values = (value.label(name) for name, value in {**groups, **columns}.items())
    rows = select(*values).select_from(joined.joined).where(*conditions).group_by(*groups.values())
    return rows.order_by(*(group.asc().nulls_last() for group in groups.values()))


def _check(question: Question, of: Sequence[str], what: str) -> None:
    check_choices(question)
    for name in _named(question):
        if name not in DIMENSIONS:
            raise nearest("dimension", name, DIMENSIONS)
        if DIMENSIONS[name].of not in of:
            raise QuestionError(f"{what} have no {name}")


def _named(question: Question) -> Iterator[str]:
    yield from question.by
    yield from (name for name, _ in question.where)
