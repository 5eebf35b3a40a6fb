"""Targets spread over days, and the lines they are held against."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    String,
    and_,
    case,
    literal,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause, Select

from warehouse import portable
from warehouse.dimensions import TIME
from warehouse.filters import Question
from warehouse.parts import CREDITED, NET, STORE_NET, Part
from warehouse.rows import View, lines, with_organisation
from warehouse.schema import (
    DIM_DATES,
    DIM_GUIDES,
    DIM_STORES,
    LOADED,
    REGION_PATHS,
)  # fmt: skip

Expression = ColumnElement[Any]


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


def target_level(question: Question) -> str:
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
    a_day = portable.quotient(targets.c.target, portable.days_of_month(dates.c.date))
    return (
        select(dates.c.date.label("business_date"), targets.c.id, a_day.label("target"))
        .join(dates, dates.c.month == targets.c.month)
        .where(targets.c.level == level, targets.c.metric == "net_sales", ~targets.c.is_deleted)
    )


def _name(identifier: Column[Any]) -> Expression:
    """What a store or guide is called that has been loaded itself, so that groups need not look."""
    return case((identifier.table.c.is_known, identifier)).label(identifier.name)


def _store_targets(question: Question) -> FromClause:
    days, stores = _target_days("store").subquery(), DIM_STORES
    rows = select(
        days.c.business_date, days.c.target, stores.c.store_key, _name(stores.c.store_id)
    ).join(stores, stores.c.store_id == days.c.id)  # fmt: skip
    return with_organisation(rows.subquery(), question)


def _guide_targets(question: Question) -> FromClause:
    """Guides' targets, in the guide's latest store."""
    days, guides = _target_days("guide").subquery(), DIM_GUIDES
    rows = select(
        days.c.business_date, days.c.target, guides.c.store_key, guides.c.guide_key,
        _name(guides.c.guide_id),
    ).join(guides, guides.c.guide_id == days.c.id)  # fmt: skip
    return with_organisation(rows.subquery(), question)


def _own_and_stores(level: str, question: Question) -> FromClause:
    """Targets of regions or brands themselves, and those of all stores: `is_own` or not."""
    days = _target_days("brand" if level == "brand" else "region").subquery()
    regions, paths, stores = LOADED["regions"], REGION_PATHS, _store_targets(question)
    is_brand = level == "brand"
    own = select(
        days.c.business_date, days.c.target, literal(None, Integer).label("store_key"),
        (literal(None, Integer) if is_brand else regions.c.region_key).label("region_key"),
        (days.c.id if is_brand else literal(None, String)).label("brand"),
    )  # fmt: skip
    if not is_brand:
        own = own.join(regions, regions.c.region_id == days.c.id)
    if level == "top_region":
        top = and_(paths.c.region_key == regions.c.region_key, paths.c.is_top)
        own = own.join(paths, top).where(paths.c.ancestor_key == regions.c.region_key)
    others = select(*(stores.c[column.name] for column in own.selected_columns))
    marked = (rows.add_columns(literal(is_own).label("is_own"))
              for rows, is_own in ((own, True), (others, False)))  # fmt: skip
    return union_all(*marked).subquery("line")


def targets(view: View) -> FromClause:
    """Daily parts of the targets a question adds up."""
    level = target_level(view.question)
    if level == "guide":
        return _guide_targets(view.question)
    if level == "store":
        return _store_targets(view.question)
    return _own_and_stores(level, view.question)


_HELD = {"guide": CREDITED, "brand": NET}
"""What is held against the targets of a grouping; of others store net sales."""


def _held_by(question: Question) -> str:
    return "guide" if target_level(question) == "guide" else _grouping(question)


def held(question: Question, _: Part) -> Part:
    """The sum of lines that a target is held against."""
    return _HELD.get(_held_by(question), STORE_NET)


def target_base(view: View) -> FromClause:
    """The lines a target is held against, with what counts of each: `base_amount`."""
    line = lines(view)
    key = {"guide": "guide_key", "brand": "business_date"}.get(_held_by(view.question), "store_key")
    base = case((line.c[key].is_not(None), line.c.net_amount), else_=0).label("base_amount")
    return select(*line.c, base).subquery("line")
