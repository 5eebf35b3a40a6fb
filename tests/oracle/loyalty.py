"""Cohorts and RFM (03-metrics.md, below the table "Members"), as their commands print them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from .calendars import a_year_before, days_in_month
from .company import Company
from .facts import Part
from .selection import Selection

Where = Mapping[str, Sequence[str]]
Month = tuple[int, int]


def cohorts(
    company: Company, start: date, end: date, where: Where | None = None, org: str = "as_was"
) -> list[dict[str, Any]]:
    """first-purchase month × months since, share active; an unfinished month is empty

    CHOICE: the first purchase is the first ever, anywhere; it must lie inside the filters, and so
    must what makes a member active. A month is finished when its last day lies before the as-of
    date; month 0 is the cohort's own.
    """
    bought: dict[str, set[date]] = defaultdict(set)
    for part in _inside(company, where, org):
        if part.is_sale:
            bought[part.member or ""].add(part.day)
    cohort: dict[Month, list[str]] = defaultdict(list)
    for member, first in company.first_purchase_day.items():
        if start <= first <= end and first in bought.get(member, ()):
            cohort[_month(first)].append(member)
    return [
        row
        for month in sorted(cohort)
        for row in _months_of(company, month, [bought[member] for member in cohort[month]])
    ]


def _months_of(
    company: Company, month: Month, bought: Sequence[set[date]]
) -> Iterator[dict[str, Any]]:
    assert company.as_of is not None
    as_of = company.local_day(company.as_of)
    for since in range(_number(_month(as_of)) - _number(month) + 1):
        year, before = divmod(_number(month) + since, 12)
        last = date(year, before + 1, days_in_month(date(year, before + 1, 1)))
        active = sum(any(_month(day) == (year, before + 1) for day in days) for days in bought)
        over = last < as_of
        yield {
            "cohort": f"{month[0]:04d}-{month[1]:02d}",
            "members": len(bought),
            "months_since": since,
            "active_members": active if over else None,
            "share_active": active / len(bought) if over else None,
        }


def _month(day: date) -> Month:
    return (day.year, day.month)


def _number(month: Month) -> int:
    return month[0] * 12 + month[1] - 1


def _inside(company: Company, where: Where | None, org: str) -> Iterator[Part]:
    """Lines of members that pass the filters, all time."""
    filters = {name: tuple(values) for name, values in (where or {}).items()}
    selection = Selection(company, (), (), filters, org, "year")
    return (p for p in company.parts if p.member is not None and selection.keeps(p))


def rfm(
    company: Company, end: date, by: str = "score", where: Where | None = None, org: str = "as_was"
) -> list[dict[str, Any]]:
    """quintiles of recency, frequency and money over 12 months, 5 best

    CHOICE: a value's quintile is 1 and the number of full fifths of all members that are worse.
    12 months up to 30 June begin on 1 July of the year before.
    """
    members = _scored(company, end, where, org)
    if by == "member":
        return sorted(members, key=lambda m: (*(-score for score in _scores(m)), m["member"]))
    cells: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for one in members:
        cells[one["segment"] if by == "segment" else _scores(one)].append(one)
    names = ("segment",) if by == "segment" else ("recency", "frequency", "money")
    order = sorted(cells, reverse=True) if by == "score" else [s for s in _SEGMENTS if s in cells]
    return [
        dict(zip(names, cell if by == "score" else (cell,), strict=True))
        | {
            "members": len(cells[cell]),
            "net_sales": str(sum(Decimal(one["net_sales"]) for one in cells[cell])),
        }
        for cell in order
    ]


def _scored(company: Company, end: date, where: Where | None, org: str) -> list[dict[str, Any]]:
    days: dict[str, set[date]] = defaultdict(set)
    receipts: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    net: Counter[str] = Counter()
    for part in _inside(company, where, org):
        member = part.member or ""
        if a_year_before(end) < part.day <= end:
            net[member] += part.net  # type: ignore[assignment]
            if part.is_sale:
                days[member].add(part.day)
                receipts[member].add(part.receipt)
    lately = {member: -(end - max(days[member])).days for member in days}
    often = {member: len(receipts[member]) for member in days}
    much = {member: net[member] for member in days}
    return [
        {
            "member": member,
            "days_since": -lately[member],
            "receipts": often[member],
            "net_sales": str(Decimal(much[member]).quantize(Decimal("0.01")) + 0),
            "recency": (recency := _quintile(lately, member)),
            "frequency": (frequency := _quintile(often, member)),
            "money": (money := _quintile(much, member)),
            "segment": _segment(recency, frequency, money),
        }
        for member in days
    ]


def _quintile(values: Mapping[str, Any], member: str) -> int:
    worse = bisect_left(sorted(values.values()), values[member])
    return 1 + 5 * worse // len(values)


def _scores(member: Mapping[str, Any]) -> tuple[int, int, int]:
    return (member["recency"], member["frequency"], member["money"])


_SEGMENTS = ("champions", "loyal", "recent", "fading", "at_risk", "dormant")


def _segment(recency: int, frequency: int, money: int) -> str:
    if min(recency, frequency, money) >= 4:
        return "champions"
    if recency >= 3:
        return "loyal" if frequency >= 3 else "recent" if recency >= 4 else "fading"
    return "at_risk" if frequency >= 3 or money >= 4 else "dormant"
