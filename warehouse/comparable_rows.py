"""Like-for-like: lines of comparable store-days, of their aligned days, and of all stores."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable
from warehouse.rollups import days_sold
from warehouse.rows import View, amounts, with_organisation
from warehouse.schema import (
    DIM_DATES,
    DIM_STORES,
    LOADED,
    MONEY,
)  # fmt: skip

Expression = ColumnElement[Any]


def comparable(view: View) -> FromClause:
    """Net sales of comparable store-days and of their aligned days, both under the day."""
    days, line = _comparable_days(view), amounts(view)
    both = union_all(_lines_of(line, days, days.c.day), _lines_of(line, days, days.c.aligned))
    return with_organisation(both.subquery(), view.question)


def coverable(view: View) -> FromClause:
    """Lines of stores under the store's brand, as like-for-like has them, and what of each is
    compared: `comparable_amount`."""
    days, line = _comparable_days(view), amounts(view)
    same = and_(days.c.store_key == line.c.store_key, days.c.day == line.c.business_date)
    amount = case((days.c.day.is_not(None), line.c.net_amount), else_=0)
    kept = (column for column in line.c if column.name not in ("brand", "store_brand"))
    return (
        select(*kept, line.c.store_brand.label("brand"), amount.label("comparable_amount"))
        .select_from(line.outerjoin(days, same))
        .where(line.c.store_key.is_not(None))
        .subquery("line")
    )


def _lines_of(line: FromClause, days: FromClause, date: Expression) -> Select[Any]:
    """Lines of comparable store-days (or of their aligned days), under the comparable day."""
    nothing = literal(0, MONEY)
    moved = ("business_date", "region_key", "brand", "store_brand")
    amounts = (line.c.net_amount, nothing)
    this_year, last_year = amounts if date is days.c.day else amounts[::-1]
    same = and_(days.c.store_key == line.c.store_key, date == line.c.business_date)
    return select(
        days.c.day.label("business_date"),
        *(column for column in line.c if column.name not in moved),
        this_year.label("this_year"),
        last_year.label("last_year"),
    ).join(days, same)


def _comparable_days(view: View) -> FromClause:
    """Store-days on which a store was there and open, as it was on the aligned day: store_key,
    day, aligned; of the days read, or as far back as a comparison can reach."""
    question, after = view.question, view.settings.comparable_after_days
    dates, stores = DIM_DATES, DIM_STORES
    compare = question.compare if question.compare in ("weekday", "lunar") else "year"
    aligned = dates.c[f"{compare}_ago_date"]
    sold = days_sold().c.business_date
    loaded = select(func.min(sold).label("first"), func.max(sold).label("last")).subquery("loaded")
    back = max(timedelta(days=400), question.end - question.start + timedelta(days=1))
    read = view.spans or [(question.start - back, question.end)]
    opened, closed = stores.c.opened_on, stores.c.closed_on
    there = and_(
        stores.c.is_known,
        or_(opened.is_(None), portable.days_between(opened, aligned) >= after),
        or_(closed.is_(None), closed > dates.c.date),
        aligned >= loaded.c.first,
        dates.c.date <= loaded.c.last,
        or_(*(dates.c.date.between(*span) for span in read)),
    )
    days = (
        select(stores.c.store_key, dates.c.date.label("day"), aligned.label("aligned"))
        .select_from(loaded.join(dates, literal(True)).join(stores, there))
        .subquery("store_days")
    )
    closures = LOADED["store_closures"]
    shut = exists().where(
        closures.c.store_key == days.c.store_key,
        ~closures.c.is_deleted,
        or_(*(and_(closures.c.closed_from <= d, closures.c.closed_to >= d)
              for d in (days.c.day, days.c.aligned))),
    )  # fmt: skip
    return select(days).where(~shut).cte()
