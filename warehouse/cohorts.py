"""Cohorts: of the members who first bought in a month, how many bought in each month after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, and_, case, cast, distinct, func, select
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable, purchases
from warehouse.access import EVERYTHING, Scope
from warehouse.filters import Question
from warehouse.schema import AS_OF, DIM_DATES


def cohort_months(question: Question, scope: Scope) -> Select[Any]:
    """SELECT of `cohort` (YYYY-MM), `members` (its size), `months_since` (0 is the cohort's own
    month), `active_members` and `share_active`, up to the month of the as-of date.

    The question's period selects members by the day of their first purchase ever, which must lie
    inside its filters, as every purchase counted must. A month that does not end before the as-of
    date is empty. Raises QuestionError.
    """
    bought = _bought(question, scope)
    found = _found(_begun(question, scope, bought), bought)
    cells = _cells(question, found)
    same = and_(found.c.cohort == cells.c.cohort_number, found.c.number == cells.c.number)
    active = func.coalesce(found.c.active, 0)
    shown = {
        "active_members": cast(case((cells.c.is_over, active)), BigInteger),
        "share_active": case((cells.c.is_over, portable.quotient(active, cells.c.members))),
    }
    named = (value.label(name) for name, value in shown.items())
    return (
        select(cells.c.cohort, cells.c.members, cells.c.months_since, *named)
        .select_from(cells.outerjoin(found, same))
        .order_by(cells.c.cohort, cells.c.months_since)
    )


def _bought(question: Question, scope: Scope) -> FromClause:
    """Days on which members bought: member_key, business_date."""
    found = purchases.of_members(question, scope)
    columns = found.rows.c.member_key, found.rows.c.business_date
    return select(*columns).where(found.is_sale).subquery("sold")


def _begun(question: Question, scope: Scope, bought: FromClause) -> FromClause:
    """Members whose first purchase ever lies in the period and inside the filters, once each."""
    ever = _bought(replace(question, where=()), EVERYTHING)
    first = func.min(ever.c.business_date)
    firsts = (
        select(ever.c.member_key, first.label("first_date"))
        .group_by(ever.c.member_key)
        .having(first.between(question.start, question.end))
        .subquery("firsts")
    )
    begun = select(firsts.c.member_key, portable.month_number(firsts.c.first_date).label("cohort"))
    if question.where or not scope.everything:
        inside = and_(
            bought.c.member_key == firsts.c.member_key,
            bought.c.business_date == firsts.c.first_date,
        )
        begun = begun.join(bought, inside).distinct()
    return begun.subquery("begun")


def _found(begun: FromClause, bought: FromClause) -> FromClause:
    """How many of each cohort bought in each month in which any did; all of it in its own."""
    cohort, number = begun.c.cohort, portable.month_number(bought.c.business_date)
    return (
        select(
            cohort, number.label("number"), func.count(distinct(begun.c.member_key)).label("active")
        )
        .join(bought, bought.c.member_key == begun.c.member_key)
        .group_by(cohort, number)
        .cte("found")
    )


def _cells(question: Question, found: FromClause) -> FromClause:
    """Each cohort with every month from its own to that of the as-of date."""
    dates, sizes = DIM_DATES, found.alias("sizes")
    number = portable.month_number(dates.c.date)
    months = (
        select(
            number.label("number"), dates.c.month, func.min(dates.c.date).label("first"),
            func.max(dates.c.date).label("last"),
        )
        .where(dates.c.date >= question.start.replace(day=1))
        .group_by(number, dates.c.month)
        .subquery("months")
    )  # fmt: skip
    own = months.alias("own")
    return (
        select(
            own.c.month.label("cohort"), sizes.c.cohort.label("cohort_number"),
            sizes.c.active.label("members"), months.c.number,
            (months.c.number - sizes.c.cohort).label("months_since"),
            (months.c.last < AS_OF.c.as_of_date).label("is_over"),
        )
        .select_from(sizes)
        .join(own, own.c.number == sizes.c.number)
        .join(months, months.c.number >= sizes.c.number)
        .join(AS_OF, months.c.first <= AS_OF.c.as_of_date)
        .where(sizes.c.number == sizes.c.cohort)
        .subquery("cells")
    )  # fmt: skip
