"""The three funnels of 03-metrics.md: what reaches which step of an entry, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .company import Company
from .entries import Entry, Owners, Purchase, entries, purchases
from .persons import Person

Reached = dict[str, datetime]
Reach = Callable[[Company, list[Entry], timedelta], dict[Entry, Reached]]

INTEREST = frozenset({"outfit_view", "product_view", "favourite", "add_to_cart", "share"})
OPTIONAL = frozenset({"interest", "visit"})
VISITS = frozenset({"check_in", "tag_scan", "guide_scan"})


@dataclass(frozen=True)
class Funnel:
    """Entry events, the place they are one a day of, steps as in the output, the window."""

    events: frozenset[str]
    place: str
    steps: tuple[str, ...]
    window: timedelta
    reach: Reach

    def entries(self, company: Company) -> list[Entry]:
        """`scan_to_order` enters at a store: a scan that names none is no entry."""
        found = entries(company, self.events, self.place)
        return [e for e in found if e.store is not None or "tag_scan" not in self.events]


def earliest(times: Iterable[datetime], since: datetime | None) -> datetime | None:
    """An entry reaches step k when it reached step k−1 and an event of step k comes at or after
    that time (earliest taken)."""
    if since is None:
        return None
    return min((time for time in times if time >= since), default=None)


def _only_reached(**steps: datetime | None) -> Reached:
    return {step: time for step, time in steps.items() if time is not None}


def scan_to_order(company: Company, found: list[Entry], window: timedelta) -> dict[Entry, Reached]:
    """`interest` (optional: counted beside the chain) → `ordered` → `paid` → `fulfilled`.

    An order belongs to an entry by its `ordered_at`, and its payment and fulfilment go with it,
    each still inside that entry's window. CHOICE: the steps of one entry may be reached by
    different orders of it ("an event of step k").
    """
    owners = Owners(found, window)
    times: dict[Entry, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for touch in company.rows["touchpoints"]:
        person = company.persons.of(touch["member_id"], touch["visitor_id"])
        if touch["event"] in INTEREST and (e := owners.owner(person, touch["occurred_at"])):
            times[e]["interest"].append(touch["occurred_at"])
    for order in company.orders.values():
        if entry := owners.owner(order.person, order.header["ordered_at"]):
            for step in ("ordered", "paid", "fulfilled"):
                if owners.inside(entry, at := order.header[f"{step}_at"]):
                    times[entry][step].append(at)
    return {entry: _ordered_chain(entry, of_entry) for entry, of_entry in times.items()}


def _ordered_chain(entry: Entry, times: dict[str, list[datetime]]) -> Reached:
    ordered = earliest(times["ordered"], entry.at)
    paid = earliest(times["paid"], ordered)
    return _only_reached(
        interest=earliest(times["interest"], entry.at),
        ordered=ordered,
        paid=paid,
        fulfilled=earliest(times["fulfilled"], paid),
    )


def coupon_to_store(
    company: Company, found: list[Entry], window: timedelta
) -> dict[Entry, Reached]:
    """`visit` (check_in, tag_scan, guide_scan or POS receipt; optional) → `purchase` (POS receipt)
    → `repeat` (POS receipt or paid online order on a later day, itself stating no coupon).

    CHOICE: a receipt that states a coupon and finds no entry of that coupon belongs to no other.
    """
    owners = Owners(found, window)
    visits: dict[Entry, list[datetime]] = defaultdict(list)
    bought: dict[Entry, list[Purchase]] = defaultdict(list)
    for touch in company.rows["touchpoints"]:
        person = company.persons.of(touch["member_id"], touch["visitor_id"])
        if touch["event"] in VISITS and (e := owners.owner(person, touch["occurred_at"])):
            visits[e].append(touch["occurred_at"])
    recipients = recipients_of(company)
    for purchase in purchases(company):
        entry = coupon_owner(owners, purchase, recipients)
        if entry and owners.inside(entry, purchase.at):
            bought[entry].append(purchase)
    return {e: _coupon_chain(e, visits[e], bought[e]) for e in {*visits, *bought}}


def recipients_of(company: Company) -> dict[str, set[Person | None]]:
    recipients: dict[str, set[Person | None]] = defaultdict(set)
    for touch in company.rows["touchpoints"]:
        if touch["event"] == "coupon_issued" and touch["coupon_id"]:
            person = company.persons.of(touch["member_id"], touch["visitor_id"])
            recipients[touch["coupon_id"]].add(person)
    return recipients


def coupon_owner(
    owners: Owners, purchase: Purchase, recipients: dict[str, set[Person | None]]
) -> Entry | None:
    """A receipt that states a coupon belongs to the person's entry of that coupon; without a
    member on it, to the coupon's only recipient, if there is exactly one."""
    if purchase.coupon is None or not purchase.is_pos:
        return owners.owner(purchase.person, purchase.belongs_at)
    person = purchase.person
    only = recipients.get(purchase.coupon, set())
    if person is None and len(only) == 1:
        person = next(iter(only))
    return owners.owner(person, purchase.belongs_at, purchase.coupon)


def _coupon_chain(entry: Entry, visits: list[datetime], bought: list[Purchase]) -> Reached:
    in_store = [purchase for purchase in bought if purchase.is_pos]
    first = _first(in_store, entry.at)
    uncouponed = [purchase for purchase in bought if purchase.coupon is None]
    again = _first_later(uncouponed, first)
    return _only_reached(
        visit=earliest(visits + [purchase.at for purchase in in_store], entry.at),
        purchase=first.at if first else None,
        repeat=again.at if again else None,
    )


def _first(bought: Iterable[Purchase], since: datetime) -> Purchase | None:
    """CHOICE: of several at one time that of the earlier day, then of the earlier order."""
    later = (p for p in bought if p.at >= since)
    return min(later, key=lambda p: (p.at, p.day, p.belongs_at), default=None)


def _first_later(bought: Iterable[Purchase], first: Purchase | None) -> Purchase | None:
    """The first at or after a purchase that is on a later day."""
    if first is None:
        return None
    return _first((p for p in bought if p.day > first.day), first.at)


def join_to_repeat(company: Company, found: list[Entry], window: timedelta) -> dict[Entry, Reached]:
    """`joined` → `first_purchase` (the first from joining on) → `second_purchase` (later day).

    CHOICE: a person joins once, when the surviving member row says; the first purchase from then
    on is one purchase of the person, and reaches the step only in the entry it belongs to.
    """
    owners = Owners(found, window)
    of_person: dict[Person, list[Purchase]] = defaultdict(list)
    for purchase in purchases(company):
        if purchase.person:
            of_person[purchase.person].append(purchase)
    reached: dict[Entry, Reached] = {}
    for row in company.members_themselves:
        person = ("member", row["member_id"])
        if entry := owners.owner(person, row["joined_at"]):
            mine = of_person.get(person, [])
            reached[entry] = _joined_chain(owners, entry, row["joined_at"], mine)
    return reached


def _joined_chain(
    owners: Owners, entry: Entry, joined: datetime, bought: list[Purchase]
) -> Reached:
    def belongs(purchase: Purchase) -> bool:
        owner = owners.owner(purchase.person, purchase.belongs_at)
        return owner == entry and owners.inside(entry, purchase.at)

    first = _first(bought, joined)
    if first is None or not belongs(first):
        return {"joined": joined}
    second = _first_later((p for p in bought if belongs(p)), first)
    return _only_reached(
        joined=joined, first_purchase=first.at, second_purchase=second.at if second else None
    )


FUNNELS: dict[str, Funnel] = {
    "scan_to_order": Funnel(
        frozenset({"tag_scan", "guide_scan"}),
        "store_id",
        ("interest", "ordered", "paid", "fulfilled"),
        timedelta(days=14),
        scan_to_order,
    ),
    "coupon_to_store": Funnel(
        frozenset({"coupon_issued"}),
        "coupon_id",
        ("visit", "purchase", "repeat"),
        timedelta(days=60),
        coupon_to_store,
    ),
    "join_to_repeat": Funnel(
        frozenset({"card_view", "follow"}),
        "store_id",
        ("joined", "first_purchase", "second_purchase"),
        timedelta(days=90),
        join_to_repeat,
    ),
}
