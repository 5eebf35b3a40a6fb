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
    distinct,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import conventions, credit, funnels, portable
from warehouse.dimensions import TIME
from warehouse.filters import Question
from warehouse.lines import replayed
from warehouse.schema import (
    AS_OF,
    CREDITED_LINES,
    DIM_DATES,
    DIM_GUIDES,
    DIM_STORES,
    LOADED,
    MEMBER_PERSONS,
    MONEY,
    REGION_PATHS,
    SCANS,
    STORE_PERIODS,
)  # fmt: skip
from warehouse.settings import Settings

Expression = ColumnElement[Any]
SECOND_PURCHASE_DAYS = 90
ORGANISATION = ("date", "store", "region", "brand")


Columns = Mapping[str, FromClause]
"""The joined tables of a source by what they are: `line`, `store`, …"""


@dataclass(frozen=True)
class View:
    """What the rows of a source may depend on: the question, the days it reads (`source_date`,
    under the times they are shown at), and the settings."""

    question: Question
    days: FromClause
    settings: Settings


@dataclass(frozen=True)
class Source:
    """`rows` gives the rows for a question; `dimensions` what they are properties of
    (dimensions.Dimension.of); `counts` says in words what is counted, for refusals;
    `makes_groups` is false where rows only add to groups that another source has; `each` is what
    counts once per group (a store, a member) and `of_each` what is first found of each."""

    name: str
    rows: Callable[[View], FromClause]
    dimensions: tuple[str, ...]
    counts: str
    makes_groups: bool = True
    each: str | None = None
    of_each: Callable[[Columns], Mapping[str, Expression]] | None = None


def on_day(store: Expression, date: Expression) -> Expression:
    """Joins a store's period of one region and brand to a day."""
    periods = STORE_PERIODS
    return and_(
        periods.c.store_key == store, periods.c.starts_on <= date, date < periods.c.ends_before
    )


def _lines(view: View) -> FromClause:
    """Stored lines; or as another credit policy or another way to count would have them."""
    policy = credit.policy(view.question.credit)
    standard = policy == credit.STANDARD
    line = CREDITED_LINES if standard else replayed(policy, view.settings.timezone)
    return conventions.counted(line, view.question, view.settings)


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


def _footfall(view: View) -> FromClause:
    return _with_organisation(_footfall_days(view.settings))


def _counted_lines(view: View) -> FromClause:
    """POS lines of store-days that have a counter, under the store's brand."""
    line, counted = CREDITED_LINES, _footfall_days(view.settings)
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


def _joins(view: View) -> FromClause:
    """Members on the day they joined."""
    rows = _member_rows(view.settings).subquery()
    return _with_organisation(select(*rows.c, rows.c.joined_date.label("business_date")).subquery())


def _bucket_ends(view: View) -> FromClause:
    """The last day read of each time that is shown (without one, of the period)."""
    times = [column for column in view.days.c if column.name != "source_date"]
    last = func.max(view.days.c.source_date).label("business_date")
    return select(last).select_from(view.days).group_by(*times).subquery("bucket_ends")


def _memberships(view: View) -> FromClause:
    """Members there at the end of each time that is shown, on that day."""
    rows, ends = _member_rows(view.settings).subquery(), _bucket_ends(view)
    there = and_(
        rows.c.joined_date <= ends.c.business_date,
        or_(rows.c.left_date.is_(None), rows.c.left_date > ends.c.business_date),
    )
    return _with_organisation(select(*rows.c, ends.c.business_date).join(ends, there).subquery())


def _first_purchases(view: View) -> FromClause:
    """Members' sale lines from their first day on to the 90th after it, under that first day;
    only of members whose 90 days have passed."""
    line = _lines(view)
    firsts = (
        select(line.c.member_key, func.min(line.c.business_date).label("first_date"))
        .where(~line.c.is_return, line.c.member_key.is_not(None))
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
        .where(~line.c.is_return, line.c.business_date <= ninetieth)
        .subquery("line")
    )


def _year_lines(view: View) -> FromClause:
    """Members' sale lines of the 12 months up to the end of each time shown, under that end."""
    line, ends, dates = _lines(view), _bucket_ends(view), DIM_DATES
    year = and_(
        line.c.business_date <= ends.c.business_date, line.c.business_date > dates.c.year_ago_date
    )
    return (
        select(
            *(column for column in line.c if column.name != "business_date"), ends.c.business_date
        )
        .select_from(ends.join(dates, dates.c.date == ends.c.business_date).join(line, year))
        .where(~line.c.is_return, line.c.member_key.is_not(None))
        .subquery("line")
    )


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


def _targets(view: View) -> FromClause:
    level = _target_level(view.question)
    if level == "guide":
        return _guide_targets()
    return _store_targets() if level == "store" else _own_and_stores(level)


def _target_base(view: View) -> FromClause:
    """The lines a target is held against, with what counts of each."""
    line = _lines(view)
    question = view.question
    level = "guide" if _target_level(question) == "guide" else _grouping(question)
    counts = {"guide": line.c.guide_key.is_not(None), "brand": literal(True)}.get(
        level, line.c.store_key.is_not(None)
    )
    return select(*line.c, case((counts, line.c.net_amount), else_=0).label("net")).subquery("line")


def _comparable(view: View) -> FromClause:
    """Net sales of comparable store-days and of their aligned days, both under the day."""
    compare = view.question.compare
    align = compare if compare in ("weekday", "lunar") else "year"
    days = _comparable_days(view.question, align, view.settings.comparable_after_days)
    line = _lines(view)
    both = union_all(_lines_of(line, days, days.c.day), _lines_of(line, days, days.c.aligned))
    return _with_organisation(both.subquery())


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
        stores.c.is_known,
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


def _buyer_lines(view: View) -> FromClause:
    line = _lines(view)
    return select(line).where(~line.c.is_return, line.c.member_key.is_not(None)).subquery("line")


def _area_of_store(columns: Columns) -> Mapping[str, Expression]:
    line, area = columns["line"], columns["store"].c.selling_area_sqm
    return {
        "net": portable.total(case((area.is_not(None), line.c.net_amount), else_=0)),
        "area": func.max(area),
    }


def _days_of_member(columns: Columns) -> Mapping[str, Expression]:
    return {"days": func.count(distinct(columns["line"].c.business_date))}


def _ever(condition: Expression) -> Expression:
    return func.max(case((condition, 1), else_=0))


def _purchases_of_member(columns: Columns) -> Mapping[str, Expression]:
    is_first = columns["line"].c.is_first
    return {"began": _ever(is_first), "came_again": _ever(~is_first)}


def _sides_of_member(columns: Columns) -> Mapping[str, Expression]:
    is_pos = columns["line"].c.source == "pos"
    return {"on_pos": _ever(is_pos), "online": _ever(~is_pos)}


def _ring_of_person(columns: Columns) -> Mapping[str, Expression]:
    """A person's first entry in a group decides."""
    line = columns["line"]
    at = line.c.entered_at
    return {
        "is_ripe": portable.of_earliest(line.c.is_ripe, at),
        "is_closed": portable.of_earliest(line.c.is_closed, at),
    }


def _only(condition: Expression) -> FromClause:
    return select(SCANS).where(condition).subquery("line")


_SCAN = (*ORGANISATION, "guide", "product", "member", "channel")
_LINE = (*ORGANISATION, "guide", "line", "channel", "product", "member")

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("lines", _lines, (*_LINE, "handling_store"), "sale and return lines"),
        Source("counted_lines", _counted_lines, ORGANISATION, "receipts of counted store-days",
               False),
        Source("footfall", _footfall, ORGANISATION, "visitors by store and hour"),
        Source("areas", _lines, _LINE, "selling areas of stores",
               each="store", of_each=_area_of_store),
        Source("joins", _joins, (*ORGANISATION, "guide", "member"), "members on joining"),
        Source("memberships", _memberships, (*ORGANISATION, "guide", "member"), "members"),
        Source("member_days", _buyer_lines, _LINE, "days on which members bought", False,
               each="member", of_each=_days_of_member),
        Source("first_purchases", _first_purchases, _LINE, "first purchases of members", False,
               each="member", of_each=_purchases_of_member),
        Source("year_lines", _year_lines, _LINE, "purchases of a year", False,
               each="member", of_each=_sides_of_member),
        Source("all_tenders", _lines, _LINE, "sale lines of all tenders", False),
        Source("scans", lambda _: SCANS, _SCAN, "scans"),
        Source("visits", lambda _: _only(SCANS.c.is_visit), _SCAN, "scanning visits"),
        Source("lost_sales", lambda _: _only(SCANS.c.is_lost), _SCAN, "lost sales"),
        Source("rings", lambda view: funnels.rings(view.settings),
               (*ORGANISATION, "guide", "campaign"), "scan entries",
               each="person", of_each=_ring_of_person),
        Source("targets", _targets, (*ORGANISATION, "guide"), "targets of stores or guides"),
        Source("target_base", _target_base, _LINE, "lines held against a target", False),
        Source("comparable", _comparable, _LINE, "comparable store-days"),
    )
}  # fmt: skip
