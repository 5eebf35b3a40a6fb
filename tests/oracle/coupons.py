"""What coupons and payment cost an O2O order, and who comes back after a coupon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from .calendars import TIME_DIMENSIONS
from .company import Company
from .crm import any_within, purchase_days
from .dimensions import LINE_DIMENSIONS
from .facts import Part
from .money import receipt_ids
from .registry import Lines, Quotient, figure, quotient
from .selection import Group, Selection

WITHIN = timedelta(days=90)


# O2O orders --------------------------------------------------------------------------------------
def _o2o(selection: Selection) -> dict[Group, Lines]:
    """Lines of online orders that are credited to a store; groups are where there are any."""
    return _kept(selection, lambda part: not part.is_pos and part.store is not None)


def _kept(selection: Selection, matching: Callable[[Part], bool]) -> dict[Group, Lines]:
    groups = {g: [p for p in parts if matching(p)] for g, parts in selection.lines.items()}
    return {group: parts for group, parts in groups.items() if parts}


@figure("quotient", LINE_DIMENSIONS)
def o2o_cost_per_order(selection: Selection) -> Mapping[Group, Quotient]:
    """(payment_fee + list − net of lines whose order states a coupon) ÷ paid online orders, of
    orders credited to a store

    CHOICE: sale lines only: neither a fee nor a coupon comes back with the goods. A line that
    states no list amount adds no coupon cost.
    """
    rates = selection.company.fee_rates
    result: dict[Group, Quotient] = {}
    for group, parts in _o2o(selection).items():
        sold = [part for part in parts if part.is_sale]
        fee = sum((p.net * rates.get(p.tender or "", Decimal(0)) for p in sold), Decimal(0))
        off = [p.list_amount - p.net for p in sold if p.coupon and p.list_amount is not None]
        result[group] = quotient(fee + sum(off, Decimal(0)), len(receipt_ids(parts)))
    return result


@figure("quotient", LINE_DIMENSIONS)
def o2o_gross_profit_per_order(selection: Selection) -> Mapping[Group, Quotient]:
    """gross_profit ÷ paid online orders, of orders credited to a store, over lines whose product
    states a cost"""
    products = selection.company.products
    result: dict[Group, Quotient] = {}
    for group, parts in _o2o(selection).items():
        costs = [(part, products.get(part.product or "", {}).get("cost")) for part in parts]
        costed = [(part, cost) for part, cost in costs if cost is not None]
        profit = sum((part.net - part.units * cost for part, cost in costed), Decimal(0))
        result[group] = quotient(profit, len(receipt_ids([part for part, _ in costed])))
    return result


# Who comes back ----------------------------------------------------------------------------------
@figure("quotient", LINE_DIMENSIONS)
def coupon_buyer_retention(selection: Selection) -> Mapping[Group, Quotient]:
    """of members whose receipts or orders of the period state a coupon, the share with a purchase
    on a later day within 90 days of the first that does"""
    return _retention(selection, coupon=True)


@figure("quotient", LINE_DIMENSIONS)
def other_buyer_retention(selection: Selection) -> Mapping[Group, Quotient]:
    """of members who bought in the period without a coupon, the share with a purchase on a later
    day within 90 days of the first"""
    return _retention(selection, coupon=False)


def _retention(selection: Selection, *, coupon: bool) -> dict[Group, Quotient]:
    """Only members whose first day + 90 lies before the as-of date.

    CHOICE: the first purchase is the first of the period (or of each time that is shown) anywhere,
    and so is the coupon; the first purchase must lie in the group, and so must the later one,
    except in time. A receipt states a coupon when any of its sale lines does.
    """
    company, days = selection.company, purchase_days(selection)
    firsts = _firsts(selection, coupon)
    result: dict[Group, Quotient] = {}
    for group in selection.lines or ({} if selection.by else {(): []}):
        inside = selection.still_of(group)
        first = firsts.get(selection.time_of(group), {})
        bought = {m: day for m, day in first.items() if day in days.get((inside, m), ())}
        ripe = {m: day for m, day in bought.items() if _is_ripe(company, day)}
        back = [m for m, day in ripe.items() if any_within(days[inside, m], day)]
        result[group] = quotient(len(back), len(ripe))
    return result


def _firsts(selection: Selection, coupon: bool) -> dict[Group, dict[str, date]]:
    """Time buckets → member → their first day in it, of those who used a coupon in it or not."""
    company = selection.company
    couponed = {part.receipt for part in company.parts if part.is_sale and part.coupon}
    times = tuple(d for d in selection.by if d in TIME_DIMENSIONS)
    where = {d: values for d, values in selection.where.items() if d in TIME_DIMENSIONS}
    result: dict[Group, dict[str, date]] = {}
    for bucket, parts in replace(selection, by=times, where=where).lines.items():
        bought = [part for part in parts if part.is_sale]
        used = {part.member for part in bought if part.receipt in couponed}
        counted = [p for p in bought if (p.receipt in couponed if coupon else p.member not in used)]
        result[bucket] = _first_days(counted)
    return result


def _first_days(parts: Iterable[Part]) -> dict[str, date]:
    first: dict[str, date] = {}
    for part in parts:
        if part.member is not None:
            first[part.member] = min(part.day, first.get(part.member, part.day))
    return first


def _is_ripe(company: Company, day: date) -> bool:
    return company.as_of is not None and day + WITHIN < company.local_day(company.as_of)
