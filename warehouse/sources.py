"""Where figures are counted: the rows each source offers, and what it can be grouped by.

Every source has rows called `line` with a `business_date` and, as far as they exist for it,
`store_key`, `region_key` and `brand` of that day, `guide_key`, `product_key`, `member_key`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
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
from warehouse.dimensions import TIME
from warehouse.filters import Question
from warehouse.schema import (
    CREDITED_LINES,
    DIM_DATES,
    DIM_GUIDES,
    DIM_STORES,
    LOADED,
    MEMBER_PERSONS,
    MONEY,
    REGION_PATHS,
    STORE_PERIODS,
)  # fmt: skip
from warehouse.settings import Settings

Expression = ColumnElement[Any]
ORGANISATION = ("date", "store", "region", "brand")


@dataclass(frozen=True)
class Source:
    """`rows` gives the rows for a question; `dimensions` what they are properties of
    (dimensions.Dimension.of); `counts` says in words what is counted, for refusals;
    `makes_groups` is false where rows only add to groups that another source has."""

    name: str
    rows: Callable[[Question, Settings], FromClause]
    dimensions: tuple[str, ...]
    counts: str
    makes_groups: bool = True


def on_day(store: Expression, date: Expression) -> Expression:
    """Joins a store's period of one region and brand to a day."""
    periods = STORE_PERIODS
    return and_(
        periods.c.store_key == store, periods.c.starts_on <= date, date < periods.c.ends_before
    )


def _lines(_: Question, __: Settings) -> FromClause:
    return CREDITED_LINES


def _with_organisation(rows: FromClause) -> FromClause:
    """Rows of stores and days, with region and brand of the store that day."""
    periods = STORE_PERIODS
    joined = rows.outerjoin(periods, on_day(rows.c.store_key, rows.c.business_date))
    return (
        select(*rows.c, periods.c.region_key, periods.c.brand).select_from(joined).subquery("line")
    )


def _footfall_days(settings: Settings) -> FromClause:
    rows = LOADED["footfall"]
    date = portable.local_date(rows.c.hour_start, settings.timezone).label("business_date")
    return select(rows.c.store_key, date, rows.c.visitors).where(~rows.c.is_deleted).subquery()


def _footfall(_: Question, settings: Settings) -> FromClause:
    return _with_organisation(_footfall_days(settings))


def _counted_lines(_: Question, settings: Settings) -> FromClause:
    """POS lines of store-days that have a counter, under the store's brand."""
    line, counted = CREDITED_LINES, _footfall_days(settings)
    days = select(counted.c.store_key, counted.c.business_date).distinct().subquery()
    same = and_(days.c.store_key == line.c.store_key, days.c.business_date == line.c.business_date)
    return (
        select(
            line.c.business_date, line.c.store_key, line.c.region_key,
            line.c.store_brand.label("brand"), line.c.receipt_key, line.c.is_return,
        )
        .join(days, same)
        .where(line.c.source == "pos")
        .subquery("line")
    )  # fmt: skip


def _members(_: Question, settings: Settings) -> FromClause:
    """Members on the day they joined, those merged away left out."""
    rows, persons = LOADED["members"], MEMBER_PERSONS
    survives = and_(
        persons.c.member_key == rows.c.member_key, persons.c.person_key == rows.c.member_key
    )
    joined = (
        select(
            portable.local_date(rows.c.joined_at, settings.timezone).label("business_date"),
            rows.c.join_store_key.label("store_key"),
            rows.c.join_guide_key.label("guide_key"),
            rows.c.member_key,
        )
        .join(persons, survives)
        .where(rows.c.is_known)
        .subquery()
    )
    return _with_organisation(joined)


_OWN_TARGETS = {
    "region": ("region", "top_region"),
    "top_region": ("top_region",),
    "brand": ("brand",),
}
"""Groupings with targets of their own, and the filters those targets know anything of."""


def _grouping(question: Question) -> str:
    """The one dimension besides time, if it is one; else the stores'."""
    named = [name for name in question.by if name not in TIME]
    return named[0] if len(named) == 1 else "store"


def _target_level(question: Question) -> str:
    """Whose targets a question adds up: those of its grouping, else those of its stores."""
    filters = {name for name, _ in question.where if name not in TIME}
    if "guide" in filters or "guide" in question.by:
        return "guide"
    grouping = _grouping(question)
    own = _OWN_TARGETS.get(grouping)
    return grouping if own is not None and filters <= set(own) else "store"


def _target_days(level: str) -> Select[Any]:
    """Monthly targets of a level spread evenly over the days of their month."""
    targets, dates = LOADED["targets"], DIM_DATES
    months = select(dates.c.month, func.count().label("days")).group_by(dates.c.month).subquery()
    return (
        select(
            dates.c.date.label("business_date"), targets.c.id,
            portable.quotient(targets.c.target, months.c.days).label("target"),
        )
        .join(dates, dates.c.month == targets.c.month)
        .join(months, months.c.month == targets.c.month)
        .where(targets.c.level == level, targets.c.metric == "net_sales", ~targets.c.is_deleted)
    )  # fmt: skip


def _store_targets() -> FromClause:
    days, stores = _target_days("store").subquery(), DIM_STORES
    rows = select(
        days.c.business_date, days.c.target, stores.c.store_key,
        literal(None, Integer).label("guide_key"), literal(False).label("is_own"),
    ).join(stores, stores.c.store_id == days.c.id)  # fmt: skip
    return _with_organisation(rows.subquery())


def _guide_targets() -> FromClause:
    """Guides' targets, in the guide's latest store."""
    days, guides = _target_days("guide").subquery(), DIM_GUIDES
    rows = select(
        days.c.business_date, days.c.target, guides.c.store_key, guides.c.guide_key,
        literal(True).label("is_own"),
    ).join(guides, guides.c.guide_id == days.c.id)  # fmt: skip
    return _with_organisation(rows.subquery())


def _own_and_stores(level: str) -> FromClause:
    """Targets of regions or brands themselves (`is_own`), and those of all stores."""
    days = _target_days("brand" if level == "brand" else "region").subquery()
    regions, paths, stores = LOADED["regions"], REGION_PATHS, _store_targets()
    is_brand = level == "brand"
    own = select(
        days.c.business_date, days.c.target, literal(None, Integer).label("store_key"),
        literal(None, Integer).label("guide_key"), literal(True).label("is_own"),
        (literal(None, Integer) if is_brand else regions.c.region_key).label("region_key"),
        (days.c.id if is_brand else literal(None, String)).label("brand"),
    )  # fmt: skip
    if not is_brand:
        own = own.join(regions, regions.c.region_id == days.c.id)
    if level == "top_region":
        top = and_(paths.c.region_key == regions.c.region_key, paths.c.is_top)
        own = own.join(paths, top).where(paths.c.ancestor_key == regions.c.region_key)
    return union_all(own, select(*(stores.c[c.name] for c in own.selected_columns))).subquery(
        "line"
    )


def _targets(question: Question, _: Settings) -> FromClause:
    level = _target_level(question)
    if level == "guide":
        return _guide_targets()
    return _store_targets() if level == "store" else _own_and_stores(level)


def _target_base(question: Question, _: Settings) -> FromClause:
    """The lines a target is held against, with what counts of each."""
    line = CREDITED_LINES
    level = "guide" if _target_level(question) == "guide" else _grouping(question)
    counts = {"guide": line.c.guide_key.is_not(None), "brand": literal(True)}.get(
        level, line.c.store_key.is_not(None)
    )
    return select(*line.c, case((counts, line.c.net_amount), else_=0).label("net")).subquery("line")


def _comparable(question: Question, settings: Settings) -> FromClause:
    """Net sales of comparable store-days and of their aligned days, both under the day."""
    align = question.compare if question.compare in ("weekday", "lunar") else "year"
    days = _comparable_days(question, align, settings.comparable_after_days)
    both = union_all(_lines_of(days, days.c.day), _lines_of(days, days.c.aligned))
    return _with_organisation(both.subquery())


def _lines_of(days: FromClause, date: Expression) -> Select[Any]:
    """Lines of comparable store-days (or of their aligned days), under the comparable day."""
    line, nothing = CREDITED_LINES, literal(0, MONEY)
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


def _comparable_days(question: Question, align: str, after: int) -> FromClause:
    """Store-days on which a store was there and open, as it was on the aligned day: store_key,
    day, aligned. They reach back as far as a comparison can."""
    line, dates, stores = CREDITED_LINES, DIM_DATES, DIM_STORES
    aligned = dates.c[f"{align}_ago_date"]
    loaded = (
        select(func.min(line.c.business_date).label("first"),
               func.max(line.c.business_date).label("last"))
        .where(~line.c.is_return)
        .subquery("loaded")
    )  # fmt: skip
    back = max(timedelta(days=400), question.end - question.start + timedelta(days=1))
    opened, closed = stores.c.opened_on, stores.c.closed_on
    there = and_(
        or_(opened.is_(None), portable.days_between(opened, aligned) >= after),
        or_(closed.is_(None), closed > dates.c.date),
        aligned >= loaded.c.first,
        dates.c.date <= loaded.c.last,
        dates.c.date.between(question.start - back, question.end),
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
    return select(days).where(~shut).subquery("comparable_days")


_LINE = (*ORGANISATION, "guide", "line", "product", "member")

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("lines", _lines, (*_LINE, "handling_store"), "sale and return lines"),
        Source("counted_lines", _counted_lines, ORGANISATION, "receipts of counted store-days",
               False),
        Source("footfall", _footfall, ORGANISATION, "visitors by store and hour"),
        Source("areas", _lines, _LINE, "selling areas of stores"),
        Source("members", _members, (*ORGANISATION, "guide", "member"), "members on joining"),
        Source("targets", _targets, (*ORGANISATION, "guide"), "targets of stores or guides"),
        Source("target_base", _target_base, _LINE, "lines held against a target", False),
        Source("comparable", _comparable, (*ORGANISATION, "guide", "line", "product", "member"),
               "comparable store-days"),
    )
}  # fmt: skip
