"""What happens in the dense company: receipts, orders, refunds, touches, counts and targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random

Row = dict[str, object]

STORES = ("S1", "S2", "S3", "S4", "S5")
GUIDES = ("G1", "G2", "G3", "G4", "G5")
PRODUCTS = ("P1", "P2", "P3", "P4", "P5")
MEMBERS = tuple(f"M{number}" for number in range(1, 11))
VISITORS = ("V1", "V2", "V3", "V4")
CAMPAIGNS = ("C1", "C2")
COUPONS = ("K1", "K2", "K3")
BIND_RESULTS = ("bound", "bound", "already_bound", "bound_to_other", "void")
UNKNOWN = {"S": "S9", "G": "G9", "P": "P9", "M": "M99", "V": "V9", "C": "C9"}
WEEKS = (date(2023, 1, 10), date(2024, 1, 10))
DAYS = 56
SPLITS = ("G1=0.5;G2=0.5", "G3=0.3;G2=0.3;G1=0.4", "G4=0.333;G5=0.333;G1=0.334", "G9=0.9;G1=0.1")


# Drawing -----------------------------------------------------------------------------------------
def one(chance: Random, among: Sequence[str], empty: float = 0.0, unknown: float = 0.04) -> str:
    """A member, sometimes none, sometimes one that no feed names."""
    roll = chance.random()
    if roll < empty:
        return ""
    return UNKNOWN[among[0][0]] if roll > 1 - unknown else chance.choice(among)


def moment(chance: Random) -> datetime:
    """A whole hour of the weeks of trade, also at night; few enough for ties."""
    start = chance.choice(WEEKS)
    return datetime(start.year, start.month, start.day) + timedelta(
        days=chance.randrange(DAYS), hours=chance.choice((1, 3, 9, 15, 23))
    )


def money(chance: Random, largest: int = 60_000) -> Decimal:
    """An amount whose last digit is often a 5, so that halves of a fen occur."""
    return Decimal(chance.randrange(largest // 5) * 5 + chance.choice((0, 0, 1))) / 100


def maybe(chance: Random, value: object, share: float) -> object:
    return value if chance.random() < share else ""


# Trade -------------------------------------------------------------------------------------------
def receipts(chance: Random) -> Iterator[Row]:
    """Receipts of one to three lines, one in five of which takes something back."""
    for number in range(240):
        store, at = one(chance, STORES, unknown=0.02), moment(chance)
        head = {
            "store_id": store,
            "receipt_id": f"R{number % 180}" if store == "S2" else f"R{number}",
            "sold_at": at.isoformat(),
            "member_id": one(chance, MEMBERS, empty=0.5),
            "tender": one(chance, ("wechat_pay", "cash", "card"), empty=0.1, unknown=0),
        }
        for line in range(1, chance.choice((2, 2, 3, 4))):
            coupon = {"coupon_id": one(chance, COUPONS, empty=0.8, unknown=0)}
            line_of = head | _line(chance, line) | coupon
            yield line_of | _served(chance) | _taken_back(chance, number)


def _line(chance: Random, line: int) -> Row:
    quantity, net = chance.choice((1, 1, 1, 2, 3)), money(chance)
    return {
        "line_number": line,
        "product_id": one(chance, PRODUCTS),
        "quantity": quantity,
        "net_amount": net,
        "list_amount": maybe(chance, net + money(chance, 5_000), 0.7),
    }


def _served(chance: Random) -> Row:
    shares = maybe(chance, chance.choice(SPLITS), 0.3)
    return {"guide_id": one(chance, GUIDES, empty=0.2), "guide_shares": shares}


def _taken_back(chance: Random, number: int) -> Row:
    """Void, or a return: of an earlier receipt, an order, or of nothing that can be found."""
    roll = chance.random()
    if roll < 0.03:
        return {"is_void": "true"}
    if roll > 0.2:
        return {}
    original: Row = {
        "quantity": -chance.choice((1, 1, 2)),
        "net_amount": -money(chance, 20_000),
        "list_amount": "",
    }
    if roll < 0.07:
        return original | {"original_order_id": f"O{chance.randrange(110)}"}
    return original | {
        "original_receipt_id": maybe(chance, f"R{chance.randrange(max(number, 1))}", 0.8),
        "original_store_id": one(chance, STORES, empty=0.3),
        "original_line_number": maybe(chance, chance.choice((1, 2, 3)), 0.4),
    }


def orders(chance: Random) -> Iterator[Row]:
    """Orders paid or not, cancelled before or after, whose lines do not always agree."""
    for number in range(110):
        at, head = moment(chance), _header(chance)
        for line in range(1, chance.choice((2, 2, 3, 4))):
            paid = at + timedelta(hours=chance.choice((0, 1, 30)))
            left = at + timedelta(hours=chance.choice((0, 20, 90)))
            other = _header(chance) if chance.random() < 0.15 else head
            yield (
                other
                | _line(chance, line)
                | {
                    "order_id": f"O{number}",
                    "ordered_at": at.isoformat(),
                    "paid_at": maybe(chance, paid.isoformat(), 0.85),
                    "fulfilled_at": maybe(chance, (paid + timedelta(days=2)).isoformat(), 0.6),
                    "cancelled_at": maybe(chance, left.isoformat(), 0.2),
                    "updated_at": maybe(chance, (at + timedelta(days=line % 2)).isoformat(), 0.8),
                    "is_deleted": maybe(chance, "1", 0.04),
                }
            )


def _header(chance: Random) -> Row:
    who = maybe(chance, one(chance, MEMBERS), 0.6)
    return {
        "channel": chance.choice(("mini_program", "app", "tmall")),
        "fulfilment": chance.choice(("take_away", "store_pickup", "ship_from_store", "")),
        "origin_store_id": one(chance, STORES, empty=0.6),
        "fulfil_store_id": one(chance, STORES, empty=0.6),
        "member_id": who,
        "visitor_id": "" if who and chance.random() < 0.7 else one(chance, VISITORS, empty=0.2),
        "tender": one(chance, ("wechat_pay", "alipay"), empty=0.1, unknown=0),
        "coupon_id": one(chance, COUPONS, empty=0.6, unknown=0),
        "device": one(chance, ("mobile", "pc"), empty=0.2, unknown=0),
        **(_served(chance) if chance.random() < 0.25 else {}),
    }


def corrections(chance: Random, rows: Sequence[Row]) -> Iterator[Row]:
    """Rows delivered again: changed and newer, or changed and older."""
    for row in chance.sample(rows, 12):
        quantity, stamp = int(str(row["quantity"])), chance.choice(("2022-01-01", "2025-01-01"))
        amount = money(chance) if quantity > 0 else -money(chance)
        yield row | {"net_amount": amount, "updated_at": f"{stamp}T00:00:00"}


def refunds(chance: Random, orders: Sequence[Row]) -> Iterator[Row]:
    """Of a line in three something, of some more than it cost, of some before they were paid."""
    for number, line in enumerate(chance.sample(orders, len(orders) // 3)):
        at = datetime.fromisoformat(str(line["ordered_at"]))
        yield {
            "refund_id": f"F{number}",
            "order_id": maybe(chance, line["order_id"], 0.97) or "O999",
            "line_number": line["line_number"],
            "refunded_at": (at + timedelta(hours=chance.choice((-24, 1, 80, 300)))).isoformat(),
            "quantity": chance.choice((0, 1, 1, 2)),
            "amount": money(chance, 40_000),
            "handled_store_id": one(chance, STORES, empty=0.5),
        }


def touches(chance: Random) -> Iterator[Row]:
    for number in range(500):
        event = chance.choice(("guide_scan", "guide_scan", "tag_scan", "share", "product_view"))
        who = one(chance, MEMBERS, empty=0.4)
        yield {
            "event_id": f"E{chance.randrange(10_000)}-{number}",
            "occurred_at": moment(chance).isoformat(),
            "event": event,
            "member_id": who,
            "visitor_id": "" if who else one(chance, VISITORS),
            "store_id": one(chance, STORES, empty=0.3),
            "guide_id": one(chance, GUIDES, empty=0.3),
            "product_id": one(chance, PRODUCTS, empty=0.3),
            "campaign_id": one(chance, CAMPAIGNS, empty=0.6),
            "channel": chance.choice(("mini_program", "")),
            "bind_result": maybe(chance, chance.choice(BIND_RESULTS), 0.6),
        }


def footfall(chance: Random) -> Iterator[Row]:
    hours = {(one(chance, STORES), moment(chance).isoformat()) for _ in range(250)}
    for store, hour in sorted(hours):
        yield {"store_id": store, "hour_start": hour, "visitors": chance.randrange(30)}


def stock(chance: Random) -> Iterator[Row]:
    """Counts of most days, stores and products, half of them empty."""
    for start in WEEKS:
        for day in range(DAYS):
            for store in STORES[:3]:
                product = chance.choice(PRODUCTS)
                counted = {"as_of_date": start + timedelta(days=day), "store_id": store}
                yield counted | {"product_id": product, "on_hand": chance.choice((-1, 0, 1, 5))}


def targets(chance: Random) -> list[Row]:
    """Of some stores, guides, regions and brands, for some months; of some that do not exist."""
    named = {
        "store": (*STORES, "S9"),
        "guide": (*GUIDES, "G9"),
        "region": ("N", "NE", "S", "X", "Z"),
        "brand": ("A", "B", "D"),
    }
    months = ("2023-01", "2023-02", "2024-01", "2024-02", "2024-03")
    goals = [(level, one) for level, ids in named.items() for one in ids]
    return [
        {"level": level, "id": one, "month": month, "metric": metric}
        | {"target": money(chance, 10**7)}
        for (level, one), month, metric in product(goals, months, ("net_sales", "new_members"))
        if chance.random() < 0.7
    ]
