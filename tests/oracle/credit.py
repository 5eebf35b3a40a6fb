"""Which guide and store an online order is credited to: the five rules of 03-metrics.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from .conform import Row
from .organisation import Organisation
from .persons import Person, Persons
from .values import Shares

TOUCH_WINDOW = timedelta(hours=336)
TOUCH_EVENTS = frozenset({"guide_scan", "tag_scan", "share"})


@dataclass(frozen=True)
class Credit:
    """Who is credited, by which rule, on what evidence (an event id, a time)."""

    rule: str
    shares: Shares = ()
    store: str | None = None
    event_id: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, order=True)
class Binding:
    """A guide bound to a person; ordered so that the greatest is the one that holds.

    Later wins; at one time the scan wins over the member row, then the greater event_id.
    """

    at: datetime
    is_scan: bool
    event_id: str
    guide: str


class Crediting:
    """Credits orders one by one from touches, bindings and assignments."""

    def __init__(
        self,
        organisation: Organisation,
        persons: Persons,
        members: Mapping[str, Row],
        touches: Iterable[Row],
        zone: ZoneInfo,
    ) -> None:
        self._organisation = organisation
        self._zone = zone
        self._touches: dict[Person, list[Row]] = defaultdict(list)
        self._bindings: dict[Person, list[Binding]] = defaultdict(list)
        for touch in touches:
            person = persons.of(touch["member_id"], touch["visitor_id"])
            if person is not None and touch["event"] in TOUCH_EVENTS:
                self._touches[person].append(touch)
            if person is not None and (binding := _scan_binding(touch)):
                self._bindings[person].append(binding)
        for row in members.values():
            if row["bound_guide_id"] is not None:
                at = row["bound_at"] or row["joined_at"]
                binding = Binding(at, False, row["member_id"], row["bound_guide_id"])
                self._bindings[("member", persons.survivor(row["member_id"]))].append(binding)

    def of_order(self, order: Row, person: Person | None) -> Credit:
        """The first of the five rules that applies."""
        return (
            self._order_scan(order)
            or self._recent_touch(order, person)
            or self._bound_guide(order, person)
            or self._store_only(order, person)
            or Credit("uncredited")
        )

    def _order_scan(self, order: Row) -> Credit | None:
        """1. The order states its guide (or shares)."""
        shares = stated_shares(order)
        return self._to_guide(order, "order_scan", shares) if shares else None

    def _recent_touch(self, order: Row, person: Person | None) -> Credit | None:
        """2. The person's latest `guide_scan`, `tag_scan` or `share` whose guide is named and
        assigned to a store at `ordered_at` (others are skipped), at most 336 h before it."""
        for touch in self._touches_in_window(order, person):
            if self._works(touch["guide_id"], order):
                shares = _whole(touch["guide_id"])
                return self._to_guide(
                    order, "recent_touch", shares, touch["event_id"], touch["occurred_at"]
                )
        return None

    def _bound_guide(self, order: Row, person: Person | None) -> Credit | None:
        """3. The latest binding at or before `ordered_at` holds, if its guide is assigned to a
        store then. (An earlier binding never steps in for one whose guide is not.)"""
        bindings = self._bindings.get(person, []) if person else []
        holding = max((b for b in bindings if b.at <= order["ordered_at"]), default=None)
        if holding is None or not self._works(holding.guide, order):
            return None
        evidence = holding.event_id if holding.is_scan else None
        return self._to_guide(order, "bound_guide", _whole(holding.guide), evidence, holding.at)

    def _store_only(self, order: Row, person: Person | None) -> Credit | None:
        """4. The order's `origin_store_id`, else the store of the latest touch in the window that
        names one."""
        if order["origin_store_id"] is not None:
            return Credit("store_only", store=order["origin_store_id"])
        for touch in self._touches_in_window(order, person):
            if touch["store_id"] is not None:
                store, event_id = touch["store_id"], touch["event_id"]
                return Credit("store_only", (), store, event_id, touch["occurred_at"])
        return None

    def _touches_in_window(self, order: Row, person: Person | None) -> Iterator[Row]:
        """Latest first, both ends of the window included; ties go to the greater event_id."""
        until = order["ordered_at"]
        touches = self._touches.get(person, []) if person else []
        inside = [t for t in touches if until - TOUCH_WINDOW <= t["occurred_at"] <= until]
        yield from sorted(inside, key=lambda t: (t["occurred_at"], t["event_id"]), reverse=True)

    def _works(self, guide: str | None, order: Row) -> bool:
        """Assigned to a store at `ordered_at`, that is on its local date."""
        return guide is not None and self._store_then(guide, order) is not None

    def _store_then(self, guide: str, order: Row) -> str | None:
        day = order["ordered_at"].astimezone(self._zone).date()
        return self._organisation.guide_store(guide, day)

    def _to_guide(
        self,
        order: Row,
        rule: str,
        shares: Shares,
        event_id: str | None = None,
        at: datetime | None = None,
    ) -> Credit:
        """Credit store: where the credited guide (of shares: the greatest, ties the smallest
        guide_id) worked on the local date of `ordered_at`; not assigned then:
        `origin_store_id`, else none."""
        store = self._store_then(leading_guide(shares), order) or order["origin_store_id"]
        return Credit(rule, shares, store, event_id, at)


def _scan_binding(touch: Row) -> Binding | None:
    """Every `guide_scan` with `bind_result` `bound`. CHOICE: one that names no guide binds none."""
    if touch["event"] != "guide_scan" or touch["bind_result"] != "bound" or not touch["guide_id"]:
        return None
    return Binding(touch["occurred_at"], True, touch["event_id"], touch["guide_id"])


def _whole(guide: str) -> Shares:
    return ((guide, Decimal(1)),)


def stated_shares(row: Row) -> Shares:
    """The guides a row states: guide_shares override guide_id; none: no shares."""
    if row["guide_shares"]:
        return tuple(row["guide_shares"])
    return _whole(row["guide_id"]) if row["guide_id"] is not None else ()


def leading_guide(shares: Shares) -> str:
    """The greatest share, ties the smallest guide_id."""
    return min(shares, key=lambda share: (-share[1], share[0]))[0]
