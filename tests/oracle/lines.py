"""Sale and return lines, each with its credit, cut into the parts of its guides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .conform import Row
from .credit import Credit, Crediting, stated_shares
from .facts import Part, split
from .feeds import HEADER_FIELDS
from .organisation import Organisation
from .persons import Person, Persons
from .values import Shares


@dataclass(frozen=True)
class Order:
    """An online order: its header, its lines, its person and its credit."""

    order_id: str
    header: Row
    lines: dict[int, Row]
    person: Person | None
    credit: Credit

    @property
    def paid_at(self) -> datetime | None:
        paid_at: datetime | None = self.header["paid_at"]
        return paid_at


@dataclass
class Receipt:
    """A POS receipt as the till rang it: lines by number, in the store that rang it."""

    lines: dict[int, Row] = field(default_factory=dict)

    def original_of(self, row: Row) -> Row | None:
        """The sale line a return line answers: `original_line_number`, else the lowest
        line_number among the sale lines with its product, else among all sale lines."""
        sales = [line for _, line in sorted(self.lines.items()) if line["quantity"] > 0]
        by_number = [s for s in sales if s["line_number"] == row["original_line_number"]]
        by_product = [s for s in sales if s["product_id"] == row["product_id"]]
        return next(iter(by_number + by_product + sales), None)


def online_orders(rows: Iterable[Row], persons: Persons, crediting: Crediting) -> dict[str, Order]:
    """Orders by id. Where its lines disagree on the header, the line with the greatest
    `updated_at` (ties: lowest line_number) speaks for all."""
    lines: dict[str, dict[int, Row]] = defaultdict(dict)
    for row in rows:
        lines[row["order_id"]][row["line_number"]] = row
    orders: dict[str, Order] = {}
    for order_id, of_order in lines.items():
        speaking = min(of_order.values(), key=lambda r: (-_stamp(r), r["line_number"]))
        header = {name: speaking[name] for name in HEADER_FIELDS}
        person = persons.of(header["member_id"], header["visitor_id"])
        credit = crediting.of_order(header, person)
        orders[order_id] = Order(order_id, header, of_order, person, credit)
    return orders


def _stamp(row: Row) -> int:
    """`updated_at` as a number, exact to the microsecond; none counts as lowest."""
    if row["updated_at"] is None:
        return -(10**18)
    updated_at: datetime = row["updated_at"]
    return (updated_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def pos_receipts(rows: Iterable[Row]) -> dict[tuple[str, str], Receipt]:
    """(store_id, receipt_id) → receipt."""
    receipts: dict[tuple[str, str], Receipt] = defaultdict(Receipt)
    for row in rows:
        receipts[row["store_id"], row["receipt_id"]].lines[row["line_number"]] = row
    return dict(receipts)


class LineMaker:
    """Makes the parts of all lines of a company."""

    def __init__(
        self,
        organisation: Organisation,
        persons: Persons,
        receipts: dict[tuple[str, str], Receipt],
        orders: dict[str, Order],
        zone: ZoneInfo,
    ) -> None:
        self._organisation = organisation
        self._persons = persons
        self._receipts = receipts
        self._orders = orders
        self._zone = zone

    def parts(self, refunds: Iterable[Row]) -> Iterator[Part]:
        for receipt in self._receipts.values():
            for row in receipt.lines.values():
                yield from self._pos_line(row)
        by_line: dict[tuple[str, int], list[Row]] = defaultdict(list)
        for refund in refunds:
            by_line[refund["order_id"], refund["line_number"]].append(refund)
        for order in self._orders.values():
            if order.paid_at is None:
                continue  # unpaid orders never count, nor do their refunds
            for number, row in order.lines.items():
                yield from self._online_line(order, row, by_line[order.order_id, number])

    def local_day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def pos_day(self, row: Row) -> date:
        """Local date of `sold_at` after subtracting the store's day cut-off hour."""
        local: datetime = row["sold_at"].astimezone(self._zone)
        hours = self._organisation.cutoff_hour(row["store_id"])
        return (local - timedelta(hours=hours)).date()

    def _pos_line(self, row: Row) -> Iterator[Part]:
        is_sale = row["quantity"] > 0
        store, shares = self._pos_credit(row)
        yield from _cut(
            shares,
            net=row["net_amount"],
            units=row["quantity"],
            list_amount=row["list_amount"],
            is_sale=is_sale,
            day=self.pos_day(row),
            at=row["sold_at"],
            receipt=("pos", row["store_id"], row["receipt_id"]),
            store=store,
            product=row["product_id"],
            person=self._persons.of(row["member_id"]),
            channel="pos",
            tender=row["tender"],
            coupon=row["coupon_id"],
            handling_store=None if is_sale else row["store_id"],
        )

    def _pos_credit(self, row: Row) -> tuple[str | None, Shares]:
        """A sale: the selling store and the stated guides. A return: those of its original sale
        where `original_receipt_id` (with `original_store_id`, else the handling store) or
        `original_order_id` finds it; otherwise the handling store and guides.

        CHOICE: the receipt is tried first; an order not paid is no sale, so it is not found.
        """
        if row["quantity"] < 0:
            store = row["original_store_id"] or row["store_id"]
            receipt = self._receipts.get((store, row["original_receipt_id"] or ""))
            if receipt and (original := receipt.original_of(row)):
                return original["store_id"], stated_shares(original)
            order = self._orders.get(row["original_order_id"] or "")
            if order and order.paid_at is not None:
                return order.credit.store, order.credit.shares
        return row["store_id"], stated_shares(row)

    def _online_line(self, order: Order, row: Row, refunds: list[Row]) -> Iterator[Part]:
        """The sale on its paid day, each refund on its own, and what a cancellation leaves."""
        paid_at: datetime = order.header["paid_at"]
        common = {
            "store": order.credit.store,
            "product": row["product_id"],
            "person": order.person,
            "channel": order.header["channel"],
            "tender": order.header["tender"],
            "coupon": order.header["coupon_id"],
            "fulfilment": order.header["fulfilment"],
            "device": order.header["device"],
            "receipt": ("online", order.order_id),
            "origin_store": order.header["origin_store_id"],
            "fulfil_store": order.header["fulfil_store_id"],
        }
        shares = order.credit.shares
        yield from _cut(
            shares,
            net=row["net_amount"],
            units=row["quantity"],
            list_amount=row["list_amount"],
            is_sale=True,
            day=self.local_day(paid_at),
            at=paid_at,
            **common,
        )
        for amount, quantity, moment, handling in self._returns(order, row, refunds):
            yield from _cut(
                shares,
                net=-amount,
                units=-quantity,
                is_sale=False,
                day=self.local_day(moment),
                at=moment,
                handling_store=handling,
                **common,
            )

    def _returns(
        self, order: Order, row: Row, refunds: list[Row]
    ) -> Iterator[tuple[Decimal, int, datetime, str | None]]:
        """Refunds; and of a cancelled line, on the later of paid and cancelled day, what its
        refunds do not cover (amount and quantity, not below 0)."""
        for refund in refunds:
            moment, handling = refund["refunded_at"], refund["handled_store_id"]
            yield refund["amount"], refund["quantity"], moment, handling
        cancelled_at = order.header["cancelled_at"]
        if cancelled_at is None:
            return
        amount = row["net_amount"] - sum(refund["amount"] for refund in refunds)
        quantity = row["quantity"] - sum(refund["quantity"] for refund in refunds)
        if amount > 0 or quantity > 0:
            moment = max(cancelled_at, order.header["paid_at"])
            yield max(amount, Decimal(0)), max(quantity, 0), moment, None


def _cut(
    shares: Shares, net: Decimal, units: int, list_amount: Decimal | None = None, **rest: Any
) -> Iterator[Part]:
    """A line as its guides' parts: money to the fen, units with a fraction."""
    if not shares:
        yield Part(net=net, units=Decimal(units), list_amount=list_amount, **rest)
        return
    nets = split(net, shares)
    lists = split(list_amount, shares) if list_amount is not None else {}
    for guide, share in shares:
        yield Part(
            guide=guide,
            net=nets[guide],
            units=units * share,
            list_amount=lists.get(guide),
            **rest,
        )
