"""Cohorts: of the members who first bought in a month, how many bought in each month after it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, and_, case, cast, distinct, func, select
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable, purchases
from warehouse.access import Scope
from warehouse.filters import Question
from warehouse.schema import AS_OF, CREDITED_LINES, DIM_DATES


def cohort_months(question: Question, scope: Scope) -> Select[Any]:
    """SELECT of `cohort` (YYYY-MM), `members` (its size), `months_since` (0 is the cohort's own
    month), `active_members` and `share_active`, up to the month of the as-of date.

    The question's period selects members by the day of their first purchase ever, which must lie
    inside its filters, as every purchase counted must. A month that does not end before the as-of
    date is empty. Raises QuestionError.
    """
    bought = purchases.of_members(question, scope)
    bought = select(bought).where(~bought.c.is_return).subquery("bought")
    calendar = _calendar()
    begun = _begun(question, bought, calendar)
    found = _found(begun, bought, calendar)
    cells = _cells(begun, calendar)
    same = and_(found.c.cohort == cells.c.cohort, found.c.number == cells.c.number)
    active = func.coalesce(found.c.active, 0)
    return (
        select(
            cells.c.cohort,
            cells.c.members,
            cells.c.months_since,
            cast(case((cells.c.is_over, active)), BigInteger).label("active_members"),
            case((cells.c.is_over, portable.quotient(active, cells.c.members))).label(
                "share_active"
            ),
        )
        .select_from(cells.outerjoin(found, same))
        .order_by(cells.c.cohort, cells.c.months_since)
    )


def _calendar() -> FromClause:
    """Every date with its month and that month's number, one higher each month."""
    dates = DIM_DATES
    number = func.dense_rank().over(order_by=dates.c.month)
    return select(dates.c.date, dates.c.month, number.label("number")).subquery("calendar")


def _begun(question: Question, bought: FromClause, calendar: FromClause) -> FromClause:
    """Members whose first purchase ever lies in the period and inside the filters, once each."""
    line = CREDITED_LINES
    firsts = (
        select(line.c.member_key, func.min(line.c.business_date).label("first_date"))
        .where(~line.c.is_return, line.c.member_key.is_not(None))
        .group_by(line.c.member_key)
        .subquery("firsts")
    )
    inside = and_(
        bought.c.member_key == firsts.c.member_key, bought.c.business_date == firsts.c.first_date
    )
    return (
        select(firsts.c.member_key, calendar.c.month.label("cohort"), calendar.c.number)
        .join(bought, inside)
        .join(calendar, calendar.c.date == firsts.c.first_date)
        .where(firsts.c.first_date.between(question.start, question.end))
        .distinct()
        .subquery("begun")
    )


def _found(begun: FromClause, bought: FromClause, calendar: FromClause) -> FromClause:
    """How many of each cohort bought in each month in which any did."""
    return (
        select(
            begun.c.cohort,
            calendar.c.number,
            func.count(distinct(begun.c.member_key)).label("active"),
        )
        .join(bought, bought.c.member_key == begun.c.member_key)
        .join(calendar, calendar.c.date == bought.c.business_date)
        .group_by(begun.c.cohort, calendar.c.number)
        .subquery("found")
    )


def _cells(begun: FromClause, calendar: FromClause) -> FromClause:
    """Each cohort with every month from its own to that of the as-of date."""
    sizes = (
        select(begun.c.cohort, begun.c.number, func.count().label("members"))
        .group_by(begun.c.cohort, begun.c.number)
        .subquery("sizes")
    )
    first, last = func.min(calendar.c.date), func.max(calendar.c.date)
    months = (
        select(calendar.c.number, first.label("first"), last.label("last"))
        .group_by(calendar.c.number)
        .subquery("months")
    )
    return (
        select(
            sizes.c.cohort,
            sizes.c.members,
            months.c.number,
            (months.c.number - sizes.c.number).label("months_since"),
            (months.c.last < AS_OF.c.as_of_date).label("is_over"),
        )
        .join(months, months.c.number >= sizes.c.number)
        .join(AS_OF, months.c.first <= AS_OF.c.as_of_date)
        .subquery("cells")
    )
