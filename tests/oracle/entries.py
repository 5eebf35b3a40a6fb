"""Funnel entries, what later belongs to them, and purchases as funnels see them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .company import Company
from .conform import Row
from .facts import Fact, Part
from .persons import Person


@dataclass(frozen=True, kw_only=True)
class Entry(Fact):
    """The first entry event of a person in a place on a local calendar date."""

    at: datetime
    event_id: str
    coupon: str | None

    def __hash__(self) -> int:
        return hash(self.event_id)


@dataclass(frozen=True)
class Purchase:
    """A POS receipt or a paid online order, counted at its payment."""

    at: datetime
    day: date
    person: Person | None
    coupon: str | None
    belongs_at: datetime  # what decides whose it is: of an order `ordered_at`
    is_pos: bool


def entries(company: Company, events: frozenset[str], place: str) -> list[Entry]:
    """One per person, place (`store_id` or `coupon_id`) and local calendar date: the first event.

    CHOICE: at one time the smallest event_id is first; an event without the place is of the place
    "none" (the caller drops those where the definition says "at a store").
    """
    first: dict[object, Entry] = {}
    touches = [row for row in company.rows["touchpoints"] if row["event"] in events]
    for row in sorted(touches, key=lambda r: (r["occurred_at"], r["event_id"])):
        entry = _entry(company, row)
        first.setdefault((entry.person, row[place], entry.day), entry)
    return list(first.values())


def _entry(company: Company, row: Row) -> Entry:
    return Entry(
        day=company.local_day(row["occurred_at"]),
        at=row["occurred_at"],
        event_id=row["event_id"],
        person=company.persons.of(row["member_id"], row["visitor_id"]),
        store=row["store_id"],
        guide=row["guide_id"],
        campaign=row["campaign_id"],
        coupon=row["coupon_id"],
    )


class Owners:
    """Finds the entry a later event belongs to."""

    def __init__(self, found: Iterable[Entry], window: timedelta) -> None:
        self._window = window
        self._of: dict[tuple[Person | None, str | None], list[Entry]] = defaultdict(list)
        for entry in sorted(found, key=lambda e: (e.at, e.event_id)):
            self._of[entry.person, None].append(entry)
            if entry.coupon is not None:
                self._of[entry.person, entry.coupon].append(entry)

    def owner(self, person: Person | None, at: datetime, coupon: str | None = None) -> Entry | None:
        """The person's latest entry (of that coupon, if one is given) at or before the event and
        with the event inside its window, its end included; ties go to the greater event_id."""
        mine = self._of.get((person, coupon), []) if person else []
        index = bisect_right(mine, at, key=lambda entry: entry.at) - 1
        return mine[index] if index >= 0 and self.inside(mine[index], at) else None

    def inside(self, entry: Entry, at: datetime | None) -> bool:
        return at is not None and entry.at <= at <= entry.at + self._window


def is_immature(company: Company, entry: Entry, window: timedelta) -> bool:
    """An entry whose window is still open at the data's as-of time.

    CHOICE: a window whose included end is the as-of time itself is still open.
    """
    return company.as_of is None or entry.at + window >= company.as_of


def purchases(company: Company) -> list[Purchase]:
    """Every POS receipt and paid online order with a sale line."""
    return [purchase for purchase, _ in purchases_of(company)]


def purchases_of(company: Company) -> list[tuple[Purchase, list[Part]]]:
    """The same, each with its sale lines.

    CHOICE: a receipt's time is that of its first sale line; its member and its coupon are those
    of the lowest line that states one; its day is its business date.
    """
    by_receipt: dict[tuple[str, ...], list[Part]] = defaultdict(list)
    for part in company.parts:
        if part.is_sale:
            by_receipt[part.receipt].append(part)
    return [(_purchase(company, parts), parts) for parts in by_receipt.values()]


def _purchase(company: Company, parts: list[Part]) -> Purchase:
    first = min(parts, key=lambda part: part.at)
    person = next((part.person for part in parts if part.person), None)
    coupon = next((part.coupon for part in parts if part.coupon), None)
    belongs_at: datetime = first.at
    if not first.is_pos:
        belongs_at = company.orders[first.receipt[1]].header["ordered_at"]
    return Purchase(first.at, first.day, person, coupon, belongs_at, first.is_pos)
