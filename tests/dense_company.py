"""A small company in which every oddity of the contract happens often, drawn from a seed.

The simulator makes a plausible company, in which ties, circles and gaps are rare; here few stores,
people and hours meet many rows, so that they are not. Trade happens in the same weeks around lunar
New Year of 2023 and 2024.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

Row = dict[str, object]

STORES = ("S1", "S2", "S3", "S4", "S5")
GUIDES = ("G1", "G2", "G3", "G4", "G5")
PRODUCTS = ("P1", "P2", "P3", "P4", "P5")
MEMBERS = tuple(f"M{number}" for number in range(1, 11))
VISITORS = ("V1", "V2", "V3", "V4")
UNKNOWN = {"S": "S9", "G": "G9", "P": "P9", "M": "M99", "V": "V9"}
WEEKS = (date(2023, 1, 10), date(2024, 1, 10))
DAYS = 56
SPLITS = ("G1=0.5;G2=0.5", "G3=0.3;G2=0.3;G1=0.4", "G4=0.333;G5=0.333;G1=0.334", "G9=0.9;G1=0.1")


def dense_company(seed: int) -> Mapping[str, Sequence[Row]]:
    """The rows of every feed that figures are made of."""
    chance = Random(seed)
    sales, orders = list(_receipts(chance)), list(_orders(chance))
    return {
        **_places(),
        "guides": _guides(),
        "products": _products(),
        "members": list(_members(chance)),
        "pos_sales": [*sales, *_corrections(chance, sales)],
        "online_orders": [*orders, *_corrections(chance, orders)],
        "refunds": list(_refunds(chance, orders)),
        "touchpoints": list(_touches(chance)),
        "stock": list(_stock(chance)),
        "footfall": list(_footfall(chance)),
        "targets": _targets(chance),
    }


# Drawing -----------------------------------------------------------------------------------------
def _one(chance: Random, among: Sequence[str], empty: float = 0.0, unknown: float = 0.04) -> str:
    """A member, sometimes none, sometimes one that no feed names."""
    roll = chance.random()
    if roll < empty:
        return ""
    return UNKNOWN[among[0][0]] if roll > 1 - unknown else chance.choice(among)


def _moment(chance: Random) -> datetime:
    """A whole hour of the weeks of trade, also at night; few enough for ties."""
    start = chance.choice(WEEKS)
    return datetime(start.year, start.month, start.day) + timedelta(
        days=chance.randrange(DAYS), hours=chance.choice((1, 3, 9, 15, 23))
    )


def _money(chance: Random, largest: int = 60_000) -> Decimal:
    """An amount whose last digit is often a 5, so that halves of a fen occur."""
    return Decimal(chance.randrange(largest // 5) * 5 + chance.choice((0, 0, 1))) / 100


def _maybe(chance: Random, value: object, share: float) -> object:
    return value if chance.random() < share else ""


# Places, people, goods ---------------------------------------------------------------------------
def _places() -> Mapping[str, Sequence[Row]]:
    """A tree three deep, a circle, regions nobody described; stores that move, open and close."""
    parents = {"TOP": "", "N": "TOP", "NE": "N", "S": "TOP", "LOST": "NOWHERE", "X": "Y", "Y": "X"}
    regions: list[Row] = [
        {"region_id": name, "region_name": name.lower(), "parent_region_id": parent}
        for name, parent in parents.items()
    ]
    plain = {"city": "Wuhan", "ownership": "owned", "site": "mall"}
    s1 = {"store_id": "S1", "store_name": "One", **plain, "selling_area_sqm": "120.5"}
    s2 = {"store_id": "S2", "store_name": "Two", "city": "Xian", "site": "street"}
    s3 = {"store_id": "S3", "store_name": "Three", "ownership": "franchised"}
    s4 = {"store_id": "S4", "store_name": "Four", **plain, "selling_area_sqm": "80"}
    stores: list[Row] = [
        s1 | {"brand": "A", "region_id": "NE", "day_cutoff_hour": "4", "opened_on": "2019-05-01"},
        s2 | {"brand": "A", "region_id": "N", "opened_on": "2023-01-05"},
        s2 | {"brand": "B", "region_id": "S", "opened_on": "2023-01-05", "valid_from": "2024-02-01"},
        s3 | {"brand": "B", "region_id": "S", "valid_from": "2023-02-01", "closed_on": "2024-02-20"},
        s3 | {"brand": "B", "region_id": "X", "valid_from": "2024-02-05", "closed_on": "2024-02-20"},
        s4 | {"brand": "A", "region_id": "UNDESCRIBED"},
        {"store_id": "S5", "store_name": "Five", "brand": "C", "region_id": "LOST"},
    ]
    closures: list[Row] = [
        {"store_id": "S1", "closed_from": "2023-01-21", "closed_to": "2023-01-24", "reason": "holiday"},
        {"store_id": "S1", "closed_from": "2024-02-09", "closed_to": "2024-02-12", "reason": "holiday"},
        {"store_id": "S4", "closed_from": "2024-02-26", "closed_to": "2024-02-29", "reason": "refit"},
    ]
    return {"stores": stores, "regions": regions, "store_closures": closures}


def _guides() -> list[Row]:
    """A guide who stays, one lent, one who moved, one who left, one between two assignments."""
    spans = (
        ("G1", "S1", "2020-01-01", "", ""),
        ("G2", "S1", "2020-01-01", "", ""),
        ("G2", "S2", "2024-01-20", "2024-02-10", ""),
        ("G3", "S2", "2020-01-01", "2024-01-31", ""),
        ("G3", "S3", "2024-02-01", "", ""),
        ("G4", "S4", "2020-01-01", "", "2024-02-03"),
        ("G5", "S9", "2020-01-01", "2023-02-10", ""),
        ("G5", "S5", "2024-01-25", "2024-02-25", ""),
    )
    names = ("guide_id", "store_id", "valid_from", "valid_to", "left_on")
    return [{"guide_name": span[0], **dict(zip(names, span, strict=True))} for span in spans]


def _products() -> list[Row]:
    coat = {"product_name": "coat", "style_id": "ST1", "category": "coats", "season": "2024W"}
    return [
        {"product_id": "P1", **coat, "brand": "A", "cost": "40.00", "list_price": "199.90"},
        {"product_id": "P2", **coat, "brand": "B", "cost": "31.25", "list_price": "99.90"},
        {"product_id": "P3", "product_name": "sock", "style_id": "ST2", "category": "socks"},
        {"product_id": "P4", "product_name": "belt", "style_id": "ST3", "cost": "7.77"},
        {"product_id": "P5", "product_name": "hat", "brand": "C", "season": "2023W"},
    ]


def _members(chance: Random) -> Iterator[Row]:
    """M3 → M2 → M1 and M9 ⇄ M10 merged; several name one visitor; some bound, some gone."""
    merged = {"M2": "M1", "M3": "M2", "M9": "M10", "M10": "M9", "M8": "M99"}
    named = {"M1": "V1", "M4": "V1", "M5": "V2", "M3": "V3"}
    for place, member in enumerate(MEMBERS):
        joined = _moment(chance) - timedelta(days=chance.choice((0, 0, 400)))
        yield {
            "member_id": member,
            "joined_at": joined.isoformat(),
            "join_store_id": _one(chance, STORES, empty=0.2),
            "join_guide_id": _one(chance, GUIDES, empty=0.3),
            "bound_guide_id": _one(chance, GUIDES, empty=0.3),
            "bound_at": _maybe(chance, (joined + timedelta(days=5)).isoformat(), 0.5),
            "visitor_id": named.get(member, ""),
            "merged_into_member_id": merged.get(member, ""),
            "referrer_member_id": _maybe(chance, MEMBERS[place - 1], 0.3),
            "tier": ("gold", "silver", "")[place % 3],
            "left_at": _maybe(chance, (joined + timedelta(days=20)).isoformat(), 0.2),
        }


# Trade -------------------------------------------------------------------------------------------
def _receipts(chance: Random) -> Iterator[Row]:
    """Receipts of one to three lines, one in five of which takes something back."""
    for number in range(240):
        store, at = _one(chance, STORES, unknown=0.02), _moment(chance)
        head = {
            "store_id": store,
            "receipt_id": f"R{number % 180}" if store == "S2" else f"R{number}",
            "sold_at": at.isoformat(),
            "member_id": _one(chance, MEMBERS, empty=0.5),
            "tender": _one(chance, ("wechat_pay", "cash", "card"), empty=0.1, unknown=0),
        }
        for line in range(1, chance.choice((2, 2, 3, 4))):
            yield head | _line(chance, line) | _served(chance) | _taken_back(chance, number)


def _line(chance: Random, line: int) -> Row:
    quantity, net = chance.choice((1, 1, 1, 2, 3)), _money(chance)
    return {
        "line_number": line,
        "product_id": _one(chance, PRODUCTS),
        "quantity": quantity,
        "net_amount": net,
        "list_amount": _maybe(chance, net + _money(chance, 5_000), 0.7),
    }


def _served(chance: Random) -> Row:
    shares = _maybe(chance, chance.choice(SPLITS), 0.3)
    return {"guide_id": _one(chance, GUIDES, empty=0.2), "guide_shares": shares}


def _taken_back(chance: Random, number: int) -> Row:
    """Void, or a return: of an earlier receipt, an order, or of nothing that can be found."""
    roll = chance.random()
    if roll < 0.03:
        return {"is_void": "true"}
    if roll > 0.2:
        return {}
    original: Row = {
        "quantity": -chance.choice((1, 1, 2)),
        "net_amount": -_money(chance, 20_000),
        "list_amount": "",
    }
    if roll < 0.07:
        return original | {"original_order_id": f"O{chance.randrange(110)}"}
    return original | {
        "original_receipt_id": _maybe(chance, f"R{chance.randrange(max(number, 1))}", 0.8),
        "original_store_id": _one(chance, STORES, empty=0.3),
        "original_line_number": _maybe(chance, chance.choice((1, 2, 3)), 0.4),
    }


def _orders(chance: Random) -> Iterator[Row]:
    """Orders paid or not, cancelled before or after, whose lines do not always agree."""
    for number in range(110):
        at, head = _moment(chance), _header(chance)
        for line in range(1, chance.choice((2, 2, 3, 4))):
            paid = at + timedelta(hours=chance.choice((0, 1, 30)))
            left = at + timedelta(hours=chance.choice((0, 20, 90)))
            other = _header(chance) if chance.random() < 0.15 else head
            yield other | _line(chance, line) | {
                "order_id": f"O{number}",
                "ordered_at": at.isoformat(),
                "paid_at": _maybe(chance, paid.isoformat(), 0.85),
                "fulfilled_at": _maybe(chance, (paid + timedelta(days=2)).isoformat(), 0.6),
                "cancelled_at": _maybe(chance, left.isoformat(), 0.2),
                "updated_at": _maybe(chance, (at + timedelta(days=line % 2)).isoformat(), 0.8),
                "is_deleted": _maybe(chance, "1", 0.04),
            }


def _header(chance: Random) -> Row:
    who = _maybe(chance, _one(chance, MEMBERS), 0.6)
    return {
        "channel": chance.choice(("mini_program", "app", "tmall")),
        "fulfilment": chance.choice(("take_away", "store_pickup", "ship_from_store", "")),
        "origin_store_id": _one(chance, STORES, empty=0.6),
        "fulfil_store_id": _one(chance, STORES, empty=0.6),
        "member_id": who,
        "visitor_id": "" if who and chance.random() < 0.7 else _one(chance, VISITORS, empty=0.2),
        "tender": _one(chance, ("wechat_pay", "alipay"), empty=0.1, unknown=0),
        "device": _one(chance, ("mobile", "pc"), empty=0.2, unknown=0),
        **(_served(chance) if chance.random() < 0.25 else {}),
    }


def _corrections(chance: Random, rows: Sequence[Row]) -> Iterator[Row]:
    """Rows delivered again: changed and newer, or changed and older."""
    for row in chance.sample(rows, 12):
        quantity, stamp = int(str(row["quantity"])), chance.choice(("2022-01-01", "2025-01-01"))
        amount = _money(chance) if quantity > 0 else -_money(chance)
        yield row | {"net_amount": amount, "updated_at": f"{stamp}T00:00:00"}


def _refunds(chance: Random, orders: Sequence[Row]) -> Iterator[Row]:
    """Of a line in three something, of some more than it cost, of some before they were paid."""
    for number, line in enumerate(chance.sample(orders, len(orders) // 3)):
        at = datetime.fromisoformat(str(line["ordered_at"]))
        yield {
            "refund_id": f"F{number}",
            "order_id": _maybe(chance, line["order_id"], 0.97) or "O999",
            "line_number": line["line_number"],
            "refunded_at": (at + timedelta(hours=chance.choice((-24, 1, 80, 300)))).isoformat(),
            "quantity": chance.choice((0, 1, 1, 2)),
            "amount": _money(chance, 40_000),
            "handled_store_id": _one(chance, STORES, empty=0.5),
        }


def _touches(chance: Random) -> Iterator[Row]:
    for number in range(500):
        event = chance.choice(("guide_scan", "guide_scan", "tag_scan", "share", "product_view"))
        who = _one(chance, MEMBERS, empty=0.4)
        yield {
            "event_id": f"E{chance.randrange(10_000)}-{number}",
            "occurred_at": _moment(chance).isoformat(),
            "event": event,
            "member_id": who,
            "visitor_id": "" if who else _one(chance, VISITORS),
            "store_id": _one(chance, STORES, empty=0.3),
            "guide_id": _one(chance, GUIDES, empty=0.3),
            "product_id": _one(chance, PRODUCTS, empty=0.3),
            "channel": chance.choice(("mini_program", "")),
            "bind_result": _maybe(chance, "bound", 0.3) if event == "guide_scan" else "",
        }


def _footfall(chance: Random) -> Iterator[Row]:
    hours = {(_one(chance, STORES), _moment(chance).isoformat()) for _ in range(250)}
    for store, hour in sorted(hours):
        yield {"store_id": store, "hour_start": hour, "visitors": chance.randrange(30)}


def _stock(chance: Random) -> Iterator[Row]:
    """Counts of most days, stores and products, half of them empty."""
    for start in WEEKS:
        for day in range(DAYS):
            for store in STORES[:3]:
                product = chance.choice(PRODUCTS)
                counted = {"as_of_date": start + timedelta(days=day), "store_id": store}
                yield counted | {"product_id": product, "on_hand": chance.choice((-1, 0, 1, 5))}


def _targets(chance: Random) -> list[Row]:
    """Of some stores, guides, regions and brands, for some months; of some that do not exist."""
    named = {
        "store": (*STORES, "S9"),
        "guide": (*GUIDES, "G9"),
        "region": ("N", "NE", "S", "X", "Z"),
        "brand": ("A", "B", "D"),
    }
    return [
        {"level": level, "id": one, "month": month, "metric": metric, "target": _money(chance, 10**7)}
        for level, ids in named.items()
        for one in ids
        for month in ("2023-01", "2023-02", "2024-01", "2024-02", "2024-03")
        for metric in ("net_sales", "new_members")
        if chance.random() < 0.7
    ]
