"""Hand-written companies for the examples: rows as dicts, written as deliveries, loaded.

Each maker gives a valid row whose fields a test overrides by name. Stores: S1 (brand A, region R1)
and S2 (brand B, region R2); guides G1, G3 at S1 and G2 at S2; products P1 (brand A, style ST1,
cost 40) and P2 (no brand, no cost).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from .company import Company, load
from .query import query

Row = dict[str, Any]
Feeds = Mapping[str, Sequence[Row]]

MARCH = (date(2024, 3, 1), date(2024, 3, 31))


def store(store_id: str, brand: str, region_id: str, **more: Any) -> Row:
    return {
        "store_id": store_id,
        "store_name": store_id,
        "brand": brand,
        "region_id": region_id,
    } | more


def guide(guide_id: str, store_id: str, **more: Any) -> Row:
    first = {"guide_id": guide_id, "guide_name": guide_id, "store_id": store_id}
    return first | {"valid_from": "2020-01-01"} | more


def member(member_id: str, joined_at: str = "2023-01-01 12:00", **more: Any) -> Row:
    return {"member_id": member_id, "joined_at": joined_at} | more


def sale(receipt_id: str, sold_at: str, net_amount: str, **more: Any) -> Row:
    """One piece of P1 sold in S1; a negative amount is a return of one piece."""
    first = {"receipt_id": receipt_id, "line_number": 1, "store_id": "S1", "sold_at": sold_at}
    quantity = -1 if net_amount.startswith("-") else 1
    return first | {"product_id": "P1", "quantity": quantity, "net_amount": net_amount} | more


def order(order_id: str, ordered_at: str, net_amount: str, **more: Any) -> Row:
    """One piece of P1 ordered in the mini-program and paid at once."""
    first = {"order_id": order_id, "line_number": 1, "ordered_at": ordered_at}
    line = {"channel": "mini_program", "product_id": "P1", "quantity": 1, "net_amount": net_amount}
    return first | line | {"paid_at": ordered_at} | more


def refund(order_id: str, refunded_at: str, amount: str, **more: Any) -> Row:
    first = {"refund_id": f"R-{order_id}-{amount}", "order_id": order_id, "line_number": 1}
    return first | {"refunded_at": refunded_at, "quantity": 1, "amount": amount} | more


def touch(event_id: str, occurred_at: str, event: str, **more: Any) -> Row:
    """An event of member M1, unless it names somebody."""
    who: Row = {} if {"member_id", "visitor_id"} & more.keys() else {"member_id": "M1"}
    return {"event_id": event_id, "occurred_at": occurred_at, "event": event} | who | more


USUAL: Feeds = {
    "stores": [store("S1", "A", "R1"), store("S2", "B", "R2")],
    "regions": [
        {"region_id": "R1", "region_name": "one", "parent_region_id": "TOP"},
        {"region_id": "R2", "region_name": "two", "parent_region_id": "R1"},
        {"region_id": "TOP", "region_name": "all"},
    ],
    "guides": [guide("G1", "S1"), guide("G2", "S2"), guide("G3", "S1")],
    "products": [
        {"product_id": "P1", "product_name": "coat", "brand": "A", "style_id": "ST1"}
        | {"cost": "40", "list_price": "199.90", "category": "coats"},
        {"product_id": "P2", "product_name": "sock", "style_id": "ST2"},
    ],
}


def deliver(inbox: Path, feed: str, rows: Sequence[Row], name: str = "1.csv") -> None:
    """Write one CSV delivery; a row's absent columns are empty."""
    path = inbox / feed / name
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def company(inbox: Path, feeds: Feeds) -> Company:
    """The usual company with these feeds instead of or beside its own."""
    for feed, rows in {**USUAL, **feeds}.items():
        if rows:
            deliver(inbox, feed, rows)
    return load(inbox)


def figure(of: Company, key: str, period: tuple[date, date] = MARCH, **how: Any) -> Any:
    """The one value of an ungrouped query."""
    (row,) = query(of, [key], *period, **how)
    return row[key]


def by(
    of: Company, key: str, dimension: str, period: tuple[date, date] = MARCH, **how: Any
) -> dict[str | None, Any]:
    """The values of a query by one dimension."""
    rows = query(of, [key], *period, by=[dimension], **how)
    return {row[dimension]: row[key] for row in rows}
