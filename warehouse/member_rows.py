"""Members when they joined, as they are at a period's end, and what they bought since."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    func,
    or_,
    select,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable
from warehouse.dimensions import TIME
from warehouse.filters import Question
from warehouse.rows import View, buyer_lines, with_organisation
from warehouse.schema import (
    AS_OF,
    DIM_DATES,
    LOADED,
    MEMBER_PERSONS,
)  # fmt: skip
from warehouse.settings import Settings

Expression = ColumnElement[Any]


SECOND_PURCHASE_DAYS = 90


def _member_rows(settings: Settings) -> Select[Any]:
    """Members known and not merged away, with where they joined and with whom."""
    rows, persons = LOADED["members"], MEMBER_PERSONS
    survives = and_(
        persons.c.member_key == rows.c.member_key, persons.c.person_key == rows.c.member_key
    )
    return (
        select(
            portable.local_date(rows.c.joined_at, settings.timezone).label("joined_date"),
            portable.local_date(rows.c.left_at, settings.timezone).label("left_date"),
            rows.c.join_store_key.label("store_key"),
            rows.c.join_guide_key.label("guide_key"),
            rows.c.referrer_member_key.is_not(None).label("is_referred"),
            rows.c.member_key,
        )
        .join(persons, survives)
        .where(rows.c.is_known)
    )


def joins(view: View) -> FromClause:
    """Members on the day they joined; who joined far from the days read needs no look at."""
    near = [LOADED["members"].c.joined_at.between(*portable.around(*one)) for one in view.spans]
    found = _member_rows(view.settings)
    rows = (found.where(or_(*near)) if near else found).subquery()
    return with_organisation(
        select(*rows.c, rows.c.joined_date.label("business_date")).subquery(), view.question
    )


def bucket_ends(days: FromClause, question: Question) -> FromClause:
    """Of the days read those that end a time that is shown (without one, the period)."""
    times = [days.c[name] for name in question.by if name in TIME]
    kept = [days.c[name].in_(values) for name, values in question.where if name in TIME]
    last = func.max(days.c.source_date).label("source_date")
    return select(*times, last).where(*kept).group_by(*times).subquery("bucket_ends")


def _ends(view: View) -> FromClause:
    """The days that end a time that is shown, each once."""
    return select(view.days.c.source_date.label("business_date")).distinct().subquery("ends")


def memberships(view: View) -> FromClause:
    """Members there at the end of each time that is shown, on that day."""
    rows, ends = _member_rows(view.settings).subquery(), _ends(view)
    there = and_(
        rows.c.joined_date <= ends.c.business_date,
        or_(rows.c.left_date.is_(None), rows.c.left_date > ends.c.business_date),
    )
    there_rows = select(*rows.c, ends.c.business_date).join(ends, there).subquery()
    return with_organisation(there_rows, view.question)


def first_purchases(view: View) -> FromClause:
    """Members' sale lines from their first day on to the 90th after it, under that first day;
    only of members whose 90 days have passed."""
    line = buyer_lines(view)
    firsts = (
        select(line.c.member_key, func.min(line.c.business_date).label("first_date"))
        .group_by(line.c.member_key)
        .subquery("firsts")
    )
    ninetieth = portable.days_later(firsts.c.first_date, SECOND_PURCHASE_DAYS)
    return (
        select(
            *(column for column in line.c if column.name != "business_date"),
            firsts.c.first_date.label("business_date"),
            (line.c.business_date == firsts.c.first_date).label("is_first"),
        )
        .join(firsts, firsts.c.member_key == line.c.member_key)
        .join(AS_OF, ninetieth < AS_OF.c.as_of_date)
        .where(line.c.business_date <= ninetieth)
        .subquery("line")
    )


def year_lines(view: View) -> FromClause:
    """Members' sale lines of the 12 months up to the end of each time shown, under that end."""
    line, ends, dates = buyer_lines(view), _ends(view), DIM_DATES
    year = and_(
        line.c.business_date <= ends.c.business_date, line.c.business_date > dates.c.year_ago_date
    )
    return (
        select(
            *(column for column in line.c if column.name != "business_date"), ends.c.business_date
        )
        .select_from(ends.join(dates, dates.c.date == ends.c.business_date).join(line, year))
        .subquery("line")
    )
