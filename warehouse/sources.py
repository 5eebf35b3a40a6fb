"""Where figures are counted: every source, what it can be grouped by, and what it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    case,
    distinct,
    func,
    select,
)  # fmt: skip
from sqlalchemy.sql.expression import FromClause

from warehouse import (
    comparable_rows,
    coupon_rows,
    entries,
    member_rows,
    portable,
    rows,
    target_rows,
)
from warehouse.filters import Question
from warehouse.funnels import SHIPPED
from warehouse.parts import (
    AREA,
    AREA_NET,
    BUYERS,
    COUNTED_RECEIPTS,
    CREDITED,
    NET,
    STORE_NET,
    Columns,
    Part,
)
from warehouse.rollups import receipts
from warehouse.rows import View
from warehouse.schema import (
    SCANS,
)  # fmt: skip
from warehouse.settings import Settings

Expression = ColumnElement[Any]
ORGANISATION = ("date", "store", "region", "brand")


@dataclass(frozen=True)
class Source:
    """`rows` gives the rows for a question; `dimensions` what they are properties of
    (dimensions.Dimension.of); `counts` says in words what is counted, for refusals;
    `makes_groups` is false where rows only add to groups that another source has; `each` is what
    counts once per group (a store, a member) and `of_each` what is first found of each; `at_ends`
    means that its rows stand at the end of each time that is shown (bucket_ends); `summed` are the
    parts of lines that its rows are made of (none: those asked for themselves), where lines summed
    up can stand for lines, and `needs` the columns of lines it looks at besides (routes.py); of
    lines summed up, a part of it is the part of lines that `held` gives, if it gives one."""

    name: str
    rows: Callable[[View], FromClause]
    dimensions: tuple[str, ...]
    counts: str
    makes_groups: bool = True
    each: str | None = None
    of_each: Callable[[Columns], Mapping[str, Expression]] | None = None
    at_ends: bool = False
    summed: tuple[Part, ...] | None = None
    needs: tuple[str, ...] = ()
    held: Callable[[Question, Part], Part | None] = lambda question, part: None


def _area_of_store(columns: Columns, amount: str = "net_amount") -> Mapping[str, Expression]:
    line, area = columns["line"], columns["store"].c.selling_area_sqm
    return {
        "net": portable.total(case((area.is_not(None), line.c[amount]), else_=0)),
        "area": func.max(area),
    }


def _of_one_store(question: Question, part: Part) -> Part | None:
    """Where each group is one store, what is found of it is found with all else of its lines."""
    return _STORE_AREA[part] if "store" in question.by else None


def _area_of_summed(columns: Columns, _: Settings) -> Expression:
    return func.coalesce(func.max(columns["store"].c.selling_area_sqm), 0)


def _net_of_summed(columns: Columns, _: Settings) -> Expression:
    return _area_of_store(columns, NET.name)["net"]


def _counted_of_summed(columns: Columns, _: Settings) -> Expression:
    line = columns["line"]
    is_counted = columns["counted"].c.store_key.is_not(None)
    return receipts(line, line.c[COUNTED_RECEIPTS.name], is_counted)


_COUNTED = Part(COUNTED_RECEIPTS.name, "lines", _counted_of_summed, ("counted",))


def _counted_of_store(question: Question, _: Part) -> Part | None:
    """The same for receipts of store-days with a counter, but they go by the store's brand."""
    has_brand = "brand" in {*question.by, *(name for name, _ in question.where)}
    return _COUNTED if "store" in question.by and not has_brand else None


_STORE_AREA = {
    AREA_NET: Part(AREA_NET.name, "lines", _net_of_summed, ("store",)),
    AREA: Part(AREA.name, "lines", _area_of_summed, ("store",)),
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


def _returns_of_member(columns: Columns) -> Mapping[str, Expression]:
    used = _ever(columns["line"].c.used_coupon)
    return {**_purchases_of_member(columns), "used_coupon": used}


def _scan_entries(view: View) -> FromClause:
    funnel = SHIPPED["scan_to_order"]
    days = (view.question.start, view.question.end)
    return entries.journeys(funnel, funnel.window, view.settings.timezone, days)


def _only(condition: Expression) -> FromClause:
    return select(SCANS).where(condition).subquery("line")


_JOIN = (*ORGANISATION, "guide", "member")
_SCAN = (*ORGANISATION, "guide", "product", "member", "channel")
_LINE = (*ORGANISATION, "guide", "line", "channel", "product", "member")

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("lines", rows.lines_of_days, (*_LINE, "handling_store"), "sale and return lines",
               summed=()),
        Source("counted_lines", rows.counted_lines, ORGANISATION, "receipts of counted store-days",
               False, summed=(), needs=("store_key", "store_brand"), held=_counted_of_store),
        Source("footfall", rows.footfall, ORGANISATION, "visitors by store and hour"),
        Source("areas", rows.amounts, _LINE, "selling areas of stores",
               each="store", of_each=_area_of_store, summed=(NET,), needs=("store_key",),
               held=_of_one_store),
        Source("joins", member_rows.joins, _JOIN, "members on joining"),
        Source("memberships", member_rows.memberships, _JOIN, "members",
               at_ends=True),
        Source("member_days", rows.buyer_lines, _LINE, "days on which members bought", False,
               each="member", of_each=_days_of_member, summed=(BUYERS,), needs=("member_key",)),
        Source("first_purchases", member_rows.first_purchases, _LINE, "first purchases", False,
               each="member", of_each=_purchases_of_member, summed=(BUYERS,),
               needs=("member_key",)),
        Source("year_lines", member_rows.year_lines, _LINE, "purchases of a year", False,
               each="member", of_each=_sides_of_member, at_ends=True, summed=(BUYERS,),
               needs=("member_key", "source")),
        Source("all_tenders", rows.lines_of_days, _LINE, "sale lines of all tenders", False,
               summed=()),
        Source("scans", lambda _: SCANS, _SCAN, "scans"),
        Source("visits", lambda _: _only(SCANS.c.is_visit), _SCAN, "scanning visits"),
        Source("lost_sales", lambda _: _only(SCANS.c.is_lost), _SCAN, "lost sales"),
        Source("store_scans", lambda _: _only(SCANS.c.store_key.is_not(None)), _SCAN,
               "scans in a store"),
        Source("bindings", lambda _: _only(SCANS.c.bind_result.is_not(None)), _SCAN,
               "guide scans with a bind result"),
        Source("scan_entries", _scan_entries, (*ORGANISATION, "guide", "campaign"), "scan entries"),
        Source("o2o_lines", coupon_rows.o2o_lines, _LINE, "lines of O2O orders"),
        Source("returns_of_buyers", coupon_rows.returns_of_buyers, _LINE,
               "purchases of members who come back", False,
               each="member", of_each=_returns_of_member),
        Source("rings", lambda _: entries.rings(),
               (*ORGANISATION, "guide", "campaign"), "scan entries",
               each="person", of_each=_ring_of_person),
        Source("targets", target_rows.targets, (*ORGANISATION, "guide"), "targets"),
        Source("target_base", target_rows.target_base, _LINE, "lines held against a target", False,
               summed=(NET, STORE_NET, CREDITED), held=target_rows.held),
        Source("comparable", comparable_rows.comparable, _LINE, "comparable store-days",
               summed=(NET,), needs=("store_key",)),
        Source("coverable", comparable_rows.coverable, _LINE, "lines of stores",
               summed=(NET,), needs=("store_key", "store_brand")),
    )
}  # fmt: skip
