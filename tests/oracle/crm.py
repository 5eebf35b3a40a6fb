"""Table "Members" of 03-metrics.md, and `members_recruited`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from .calendars import a_year_before
from .conform import Row
from .dimensions import LINE_DIMENSIONS, STORE_DIMENSIONS
from .facts import Fact
from .money import buyers, identified, net, net_sales, receipt_ids, receipts, sales
from .registry import Lines, Quotient, figure, line_figure, quotient
from .selection import Group, Selection

MEMBER_DIMENSIONS = (*STORE_DIMENSIONS, "guide", "tier", "join_channel")
SECOND_PURCHASE_WITHIN = timedelta(days=90)


def _member_fact(row: Row, day: date) -> Fact:
    """A member where they joined, in the organisation of `day`."""
    return Fact(
        day=day,
        store=row["join_store_id"],
        guide=row["join_guide_id"],
        person=("member", row["member_id"]),
        payload=row,
    )


def _joined(selection: Selection) -> dict[Group, list[Fact]]:
    """Members joined in the period, by where they joined and the region of the day they joined.

    CHOICE: a member left since has joined all the same; a merged member is no member of his own,
    so the survivor's joined_at, store and guide are what count.
    """
    company = selection.company
    rows = company.members_themselves
    joined = selection.collect(_member_fact(r, company.local_day(r["joined_at"])) for r in rows)
    return joined or ({(): []} if not selection.by else {})


@figure("count", MEMBER_DIMENSIONS)
def new_members(selection: Selection) -> Mapping[Group, int]:
    """joined in the period"""
    return {group: len(facts) for group, facts in _joined(selection).items()}


@figure("count", MEMBER_DIMENSIONS)
def members_recruited(selection: Selection) -> Mapping[Group, int]:
    """members whose join_guide_id is the guide (ungrouped: any guide), joined in the period

    CHOICE: its source are the joins, so a group of joins without a guide shows 0.
    """
    return {
        group: sum(fact.guide is not None for fact in facts)
        for group, facts in _joined(selection).items()
    }


@figure("quotient", MEMBER_DIMENSIONS)
def referral_ratio(selection: Selection) -> Mapping[Group, Quotient]:
    """new members with a referrer ÷ new members without"""
    result: dict[Group, Quotient] = {}
    for group, facts in _joined(selection).items():
        referred = sum(fact.payload["referrer_member_id"] is not None for fact in facts)
        result[group] = quotient(referred, len(facts) - referred)
    return result


@figure("count", MEMBER_DIMENSIONS)
def members(selection: Selection) -> Mapping[Group, int]:
    """joined and not left by its end; by region: of the period's end

    Under time dimensions every bucket has its own end.
    """
    counted: dict[Group, int] = {}
    for end in set(selection.ends.values()):
        facts = list(_members_at(selection, end))
        for group, found in selection.collect(facts).items():
            if selection.ends[selection.time_of(group)] == end:
                counted[group] = len(found)
    return counted


def _members_at(selection: Selection, end: date) -> Iterator[Fact]:
    local_day = selection.company.local_day
    for row in selection.company.members_themselves:
        left = row["left_at"] is not None and local_day(row["left_at"]) <= end
        if local_day(row["joined_at"]) <= end and not left:
            yield _member_fact(row, end)


@line_figure("count")
def active_members(lines: Lines) -> int:
    """members with a receipt in the period; a receipt has a sale line, so these are the buyers"""
    return buyers(lines)


@line_figure("quotient")
def member_receipt_share(lines: Lines) -> Quotient:
    """with a member ÷ all, of receipts"""
    return quotient(len(receipt_ids(identified(lines))), receipts(lines))


@line_figure("quotient")
def member_sales_share(lines: Lines) -> Quotient:
    """with a member ÷ all, of net_sales"""
    return quotient(net(identified(lines)), net_sales(lines))


@line_figure("quotient")
def purchase_frequency(lines: Lines) -> Quotient:
    """receipts of members ÷ active_members"""
    return quotient(len(receipt_ids(identified(lines))), active_members(lines))


@line_figure("quotient")
def repeat_rate(lines: Lines) -> Quotient:
    """members with receipts on two or more days (in the group) ÷ active_members"""
    days: dict[str | None, set[date]] = {}
    for part in identified(sales(lines)):
        days.setdefault(part.member, set()).add(part.day)
    return quotient(sum(len(of_member) > 1 for of_member in days.values()), len(days))


@figure("quotient", LINE_DIMENSIONS)
def second_purchase_rate(selection: Selection) -> Mapping[Group, Quotient]:
    """of members whose first purchase falls in the period, the share with a purchase on another
    day at most 90 days later; only those whose first day + 90 lies before the as-of date

    CHOICE: the first purchase is the first ever, anywhere; it must lie in the group, and so must
    the second, except in time: the second may come after the bucket or the period.
    """
    first_day, days = selection.company.first_purchase_day, purchase_days(selection)
    result: dict[Group, Quotient] = {}
    for group, parts in _groups(selection).items():
        begun = {p.member for p in identified(sales(parts)) if p.day == first_day[p.member or ""]}
        ripe = [member for member in begun if member and _is_ripe(selection, first_day[member])]
        again = [
            member
            for member in ripe
            if any_within(days[selection.still_of(group), member], first_day[member])
        ]
        result[group] = quotient(len(again), len(ripe))
    return result


def _groups(selection: Selection) -> Mapping[Group, Lines]:
    return selection.lines or ({(): []} if not selection.by else {})


def purchase_days(selection: Selection) -> dict[tuple[Group, str], set[date]]:
    """(still values, member) → the days with a purchase there, all time."""
    days: dict[tuple[Group, str], set[date]] = {}
    for still, parts in selection.all_time_sales.items():
        for part in parts:
            if part.member is not None:
                days.setdefault((still, part.member), set()).add(part.day)
    return days


def _is_ripe(selection: Selection, first: date) -> bool:
    as_of = selection.company.as_of
    return as_of is not None and first + SECOND_PURCHASE_WITHIN < selection.company.local_day(as_of)


def any_within(days: set[date], first: date) -> bool:
    return any(first < day <= first + SECOND_PURCHASE_WITHIN for day in days)


@figure("quotient", LINE_DIMENSIONS)
def omnichannel_share(selection: Selection) -> Mapping[Group, Quotient]:
    """of members who bought in the 12 months up to the period's end, the share who bought both on
    POS and online

    CHOICE: 12 months up to 30 June begin on 1 July of the year before. A group exists where a
    line of the period falls into it, like every figure on lines.
    """
    days = _side_days(selection)
    result: dict[Group, Quotient] = {}
    for group in _groups(selection):
        sides = days.get(selection.still_of(group), {})
        end = selection.ends.get(selection.time_of(group))
        on_pos, online = (_bought_by(sides.get(is_pos, {}), end) for is_pos in (True, False))
        result[group] = quotient(len(on_pos & online), len(on_pos | online))
    return result


SideDays = dict[bool, dict[str, list[date]]]


def _side_days(selection: Selection) -> dict[Group, SideDays]:
    """Still values → whether POS → member → the days with a purchase, in order, all time."""
    days: dict[Group, SideDays] = {}
    for still, parts in selection.all_time_sales.items():
        sides = days.setdefault(still, {True: {}, False: {}})
        for part in sorted(parts, key=lambda p: p.day):
            if part.member is not None:
                sides[part.is_pos].setdefault(part.member, []).append(part.day)
    return days


def _bought_by(days: Mapping[str, list[date]], end: date | None) -> set[str]:
    """The members with a day in the 12 months up to `end`."""
    if end is None:
        return set()
    since = a_year_before(end)
    return {m for m, of_m in days.items() if bisect_right(of_m, end) > bisect_right(of_m, since)}
