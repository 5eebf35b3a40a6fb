"""A company as loaded: the rows that hold, and every line with its credit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from .conform import Contract, Reject, Row, read_feed
from .credit import Crediting
from .facts import Part
from .feeds import FEEDS
from .lines import LineMaker, Order, Receipt, online_orders, pos_receipts
from .organisation import Organisation
from .persons import Person, Persons

FEE_RATES = {"wechat_pay": Decimal("0.005")}

K = TypeVar("K")
V = TypeVar("V")


@dataclass
class Company:
    """Everything the figures read. Made by `load`."""

    zone: ZoneInfo
    fee_rates: Mapping[str, Decimal]
    rows: dict[str, list[Row]]
    rejects: list[Reject]
    organisation: Organisation
    persons: Persons
    members: dict[str, Row]
    products: dict[str, Row]
    campaigns: dict[str, Row]
    receipts: dict[tuple[str, str], Receipt]
    orders: dict[str, Order]
    parts: list[Part]
    parts_on: dict[date, list[Part]] = field(init=False)

    def __post_init__(self) -> None:
        self.parts_on = defaultdict(list)
        for part in self.parts:
            self.parts_on[part.day].append(part)

    def local_day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    @cached_property
    def as_of(self) -> datetime | None:
        """The latest sold_at, ordered_at, paid_at, fulfilled_at or occurred_at loaded.

        CHOICE: an order's times are those of its header.
        """
        times = [row["sold_at"] for row in self.rows["pos_sales"]]
        times += [row["occurred_at"] for row in self.rows["touchpoints"]]
        for order in self.orders.values():
            times += [order.header[at] for at in ("ordered_at", "paid_at", "fulfilled_at")]
        return max((time for time in times if time is not None), default=None)

    @cached_property
    def sale_days(self) -> tuple[date, date] | None:
        """The first and the last business date of any loaded sale."""
        days = [part.day for part in self.parts if part.is_sale]
        return (min(days), max(days)) if days else None

    @cached_property
    def member_sales(self) -> dict[str, list[Part]]:
        """Member → the parts of their sale lines, all time."""
        return _by((p.member, p) for p in self.parts if p.is_sale)

    @cached_property
    def person_sales(self) -> dict[Person, list[Part]]:
        """Person → the parts of their sale lines, all time."""
        return _by((p.person, p) for p in self.parts if p.is_sale)

    @cached_property
    def first_purchase_day(self) -> dict[str, date]:
        return {m: min(part.day for part in parts) for m, parts in self.member_sales.items()}

    @cached_property
    def store_day_parts(self) -> dict[tuple[str, date], list[Part]]:
        """(credit store, day) → parts."""
        return _by(((p.store, p.day) if p.store else None, p) for p in self.parts)

    @cached_property
    def members_themselves(self) -> list[Row]:
        """Member rows that are their own survivor: merged ones count as him, not separately."""
        own = [m for m in self.members if self.persons.survivor(m) == m]
        return [self.members[m] for m in own]

    @cached_property
    def store_day_visitors(self) -> dict[tuple[str, date], int]:
        """Visitors of every store-day that has a counter.

        CHOICE: the local calendar date of hour_start; a store's cut-off applies to its POS lines.
        """
        visitors: dict[tuple[str, date], int] = defaultdict(int)
        for row in self.rows["footfall"]:
            visitors[row["store_id"], self.local_day(row["hour_start"])] += row["visitors"]
        return dict(visitors)

    @cached_property
    def on_hand(self) -> dict[tuple[date, str, str], int]:
        rows = self.rows["stock"]
        return {(r["as_of_date"], r["store_id"], r["product_id"]): r["on_hand"] for r in rows}


def _by(pairs: Iterable[tuple[K | None, V]]) -> dict[K, list[V]]:
    grouped: dict[K, list[V]] = defaultdict(list)
    for key, item in pairs:
        if key is not None:
            grouped[key].append(item)
    return dict(grouped)


def load(
    inbox: Path,
    timezone: str = "Asia/Shanghai",
    fee_rates: Mapping[str, Decimal] = FEE_RATES,
    *,
    seen_at: datetime | None = None,
    most_rejected: Decimal = Decimal("0.2"),
) -> Company:
    """Read INBOX/<feed>/** in canonical column names.

    `seen_at`: when the files were first seen (default: now), for "later than one day after".
    """
    zone = ZoneInfo(timezone)
    contract = Contract(zone, seen_at or datetime.now(UTC), most_rejected)
    rows: dict[str, list[Row]] = {}
    rejects: list[Reject] = []
    for feed in FEEDS:
        rows[feed], bad = read_feed(Path(inbox) / feed, feed, contract)
        rejects += bad
    return _assemble(zone, fee_rates, rows, rejects)


def _assemble(
    zone: ZoneInfo,
    fee_rates: Mapping[str, Decimal],
    rows: dict[str, list[Row]],
    rejects: list[Reject],
) -> Company:
    members = {row["member_id"]: row for row in rows["members"]}
    organisation = Organisation(
        rows["stores"], rows["regions"], rows["guides"], rows["store_closures"]
    )
    persons = Persons(members)
    crediting = Crediting(organisation, persons, members, rows["touchpoints"], zone)
    orders = online_orders(rows["online_orders"], persons, crediting)
    receipts = pos_receipts(rows["pos_sales"])
    maker = LineMaker(organisation, persons, receipts, orders, zone)
    return Company(
        zone=zone,
        fee_rates=fee_rates,
        rows=rows,
        rejects=rejects,
        organisation=organisation,
        persons=persons,
        members=members,
        products={row["product_id"]: row for row in rows["products"]},
        campaigns={row["campaign_id"]: row for row in rows["campaigns"]},
        receipts=receipts,
        orders=orders,
        parts=list(maker.parts(rows["refunds"])),
    )
