"""Which days a question reads, and at what time each is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, union_all
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable
from warehouse.dimensions import DIMENSIONS, TIME
from warehouse.filters import Question
from warehouse.routes import WEEKDAY_YEAR, has_leap_day, leaps, year_before
from warehouse.schema import DIM_DATES

Expression = ColumnElement[Any]
Span = tuple[date, date]
COMPARED = "is_compared"


def periods(question: Question) -> list[bool]:
    """The question's period, and what it is compared to (True)."""
    return [False, True] if question.compare else [False]


def days_read(question: Question, compared: bool) -> Select[Any]:
    """The days whose rows are read (`source_date`), each once for each time it is shown at."""
    dates = DIM_DATES
    shown_by = {*question.by, *(name for name, _ in question.where)}
    shown = [dates.c[DIMENSIONS[name].column] for name in TIME if name in shown_by]
    source: Expression = dates.c.date
    if compared and question.compare == "prior":
        length = (question.end - question.start).days + 1
        source = portable.days_later(dates.c.date, -length)
    elif compared:
        source = dates.c[f"{question.compare}_ago_date"]
    in_period = dates.c.date.between(question.start, question.end)
    days = select(*shown, source.label("source_date")).where(in_period)
    return days.distinct() if compared and _repeats(question) else days


def _repeats(question: Question) -> bool:
    """Whether two days may be compared to the same one."""
    is_year = question.compare == "year" and has_leap_day(question.start, question.end)
    return is_year or question.compare == "lunar"


def span(question: Question, compared: bool) -> Span | None:
    """First and last of the days whose rows are read, where these are days in a row."""
    ends, how = (question.start, question.end), question.compare
    if not compared:
        return ends
    if how == "lunar" or (how == "year" and leaps(*ends)):
        return None
    if how == "year":
        return year_before(ends[0]), year_before(ends[1])
    back = WEEKDAY_YEAR if how == "weekday" else ends[1] - ends[0] + timedelta(days=1)
    return ends[0] - back, ends[1] - back


def spans(question: Question, read: Sequence[bool]) -> list[Span]:
    """Those of some periods, if they all are days in a row."""
    found = [own for one in read if (own := span(question, one))]
    return found if len(found) == len(read) else []


def days_of(question: Question, read: Sequence[bool]) -> FromClause:
    """The days of a period; of two, of which each is."""
    if len(read) == 1:
        return days_read(question, read[0]).subquery("days")
    both = (days_read(question, one).add_columns(literal(one).label(COMPARED)) for one in read)
    return union_all(*both).subquery("days")


def with_first(days: FromClause) -> FromClause:
    """The same days, each with the first of its time."""
    times = [column for column in days.c if column.name != "source_date"]
    first = func.min(days.c.source_date).over(partition_by=times)
    return select(*days.c, first.label("first_date")).subquery("since")
