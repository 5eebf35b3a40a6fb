"""The JSON of `python -m warehouse campaigns`: what coupons led to, entry by entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from .company import Company
from .conform import Row
from .entries import Entry, Owners, Purchase, is_immature, purchases_of
from .facts import Part
from .funnel_query import selection_of
from .funnels import FUNNELS, Reached, coupon_owner, recipients_of
from .values import to_fen

FUNNEL = FUNNELS["coupon_to_store"]
Bought = list[tuple[Purchase, list[Part]]]


def campaigns(
    company: Company,
    start: date,
    end: date,
    by: str | None = "campaign",
    where: Mapping[str, Sequence[str]] | None = None,
    with_immature: bool = False,
) -> list[dict[str, Any]]:
    """One row a group, without the budget of a campaign, which is its row's."""
    found = FUNNEL.entries(company)
    reached = FUNNEL.reach(company, found, FUNNEL.window)
    redeemed, full_price = _redeemed(company, found), _full_price(company, found, reached)
    selection = selection_of(company, start, end, by, where or {})
    groups = selection.collect(found) or ({} if by else {(): []})
    rows = []
    for group in sorted(groups, key=lambda group: [(v is None, v or "") for v in group]):
        mature = [e for e in groups[group] if not is_immature(company, e, FUNNEL.window)]
        counted = groups[group] if with_immature else mature
        steps = [reached.get(entry, {}) for entry in counted]
        lines = [part for entry in counted for part in redeemed.get(entry, ())]
        rows.append(
            dict(zip(selection.by, group, strict=True))
            | {
                "issued": len(mature),
                "immature": len(groups[group]) - len(mature),
                "visited": sum("visit" in times for times in steps),
                "redeemed": sum(entry in redeemed for entry in counted),
                "bought": sum("purchase" in times for times in steps),
                "bought_again": sum("repeat" in times for times in steps),
                "bought_again_full_price": sum(entry in full_price for entry in counted),
                "discount": str(to_fen(_discount(lines))),
                "gross_profit": str(to_fen(_profit(company, lines))),
            }
        )
    return rows


def _redeemed(company: Company, found: Iterable[Entry]) -> dict[Entry, list[Part]]:
    """The sale lines of the receipts and paid orders that state an entry's coupon and are its own.

    CHOICE: an order that states a coupon belongs to its person's entry of that coupon, as a
    receipt does; by `ordered_at`, paid inside the window.
    """
    owners, recipients = Owners(found, FUNNEL.window), recipients_of(company)
    redeemed: dict[Entry, list[Part]] = defaultdict(list)
    for purchase, parts in purchases_of(company):
        if purchase.coupon is None:
            continue
        entry = coupon_owner(owners, purchase, recipients)
        if not purchase.is_pos:
            entry = owners.owner(purchase.person, purchase.belongs_at, purchase.coupon)
        if entry and owners.inside(entry, purchase.at):
            redeemed[entry] += parts
    return dict(redeemed)


def _full_price(
    company: Company, found: Iterable[Entry], reached: Mapping[Entry, Reached]
) -> set[Entry]:
    """Entries that bought and again on a later day, without a coupon, each line at list."""
    owners = Owners(found, FUNNEL.window)
    days = _first_days(company, owners, reached)
    return {
        entry
        for purchase, parts in purchases_of(company)
        if purchase.coupon is None and _is_at_list(company, parts)
        if (entry := owners.owner(purchase.person, purchase.belongs_at)) in days
        if owners.inside(entry, purchase.at) and purchase.day > days[entry]
        if purchase.at >= reached[entry]["purchase"]
    }


def _first_days(
    company: Company, owners: Owners, reached: Mapping[Entry, Reached]
) -> dict[Entry, date]:
    """The business date of each entry's first purchase in a store."""
    recipients = recipients_of(company)
    days: dict[Entry, date] = {}
    for purchase, _ in purchases_of(company):
        entry = coupon_owner(owners, purchase, recipients) if purchase.is_pos else None
        if entry and reached.get(entry, {}).get("purchase") == purchase.at:
            days[entry] = min(purchase.day, days.get(entry, purchase.day))
    return days


def _is_at_list(company: Company, parts: Sequence[Part]) -> bool:
    """CHOICE: a line that states no list amount is not known to be sold at it."""
    side, *names = parts[0].receipt
    rows: Iterable[Row]
    if side == "pos":
        rows = company.receipts[names[0], names[1]].lines.values()
    else:
        rows = company.orders[names[0]].lines.values()
    sold = [row for row in rows if row["quantity"] > 0]
    return all(r["list_amount"] is not None and r["net_amount"] >= r["list_amount"] for r in sold)


def _discount(lines: Iterable[Part]) -> Decimal:
    return sum(
        (p.list_amount - p.net for p in lines if p.list_amount is not None), start=Decimal(0)
    )


def _profit(company: Company, lines: Iterable[Part]) -> Decimal:
    costs = {id_: row["cost"] for id_, row in company.products.items() if row["cost"] is not None}
    return sum(
        (p.net - p.units * costs[p.product] for p in lines if p.product in costs), start=Decimal(0)
    )
