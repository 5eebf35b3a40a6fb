"""`ring_closure_rate`: from a scan to an online order, and back into a store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from .company import Company
from .dimensions import STORE_DIMENSIONS
from .entries import Entry, Purchase, is_immature, purchases
from .funnels import FUNNELS
from .persons import Person
from .registry import Quotient, figure, quotient
from .selection import Group, Selection

ENTRY_DIMENSIONS = (*STORE_DIMENSIONS, "guide", "campaign")
RING_WINDOW = timedelta(days=60)


@figure("quotient", ENTRY_DIMENSIONS)
def ring_closure_rate(selection: Selection) -> Mapping[Group, Quotient]:
    """of people with a scan entry in the period, whose 60 days from the first of them have
    passed, the share who then paid an online order and after that bought in a store within those
    60 days

    CHOICE: of a group the first entry is the first one inside it. "Then" is at or after the entry
    (by `paid_at`), "after that" strictly after the payment; both inside the 60 days, end included.
    """
    company = selection.company
    bought = _by_person(company)
    result: dict[Group, Quotient] = {}
    found = FUNNELS["scan_to_order"].entries(company)
    for group, entries in selection.collect(found).items():
        firsts = _first_of_each(entries)
        ripe = [entry for entry in firsts if not is_immature(company, entry, RING_WINDOW)]
        closed = [entry for entry in ripe if _is_closed(entry.at, bought[entry.person])]
        result[group] = quotient(len(closed), len(ripe))
    return result


def _by_person(company: Company) -> dict[Person | None, list[Purchase]]:
    bought: dict[Person | None, list[Purchase]] = defaultdict(list)
    for purchase in purchases(company):
        bought[purchase.person].append(purchase)
    return bought


def _first_of_each(entries: list[Entry]) -> list[Entry]:
    first: dict[Person | None, Entry] = {}
    for entry in sorted(entries, key=lambda e: (e.at, e.event_id)):
        first.setdefault(entry.person, entry)
    return list(first.values())


def _is_closed(start: datetime, bought: list[Purchase]) -> bool:
    inside = [purchase for purchase in bought if start <= purchase.at <= start + RING_WINDOW]
    paid = min((p.at for p in inside if not p.is_pos), default=None)
    return paid is not None and any(p.is_pos and p.at > paid for p in inside)
