"""A small company in which every oddity of the contract happens often, drawn from a seed.

The simulator makes a plausible company, in which ties, circles and gaps are rare; here few stores,
people and hours meet many rows, so that they are not. Trade happens in the same weeks around lunar
New Year of 2023 and 2024.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from random import Random

from dense_trade import (
    CAMPAIGNS,
    GUIDES,
    MEMBERS,
    STORES,
    Row,
    corrections,
    footfall,
    maybe,
    moment,
    one,
    orders,
    receipts,
    refunds,
    stock,
    targets,
    touches,
)


def dense_company(seed: int) -> Mapping[str, Sequence[Row]]:
    """The rows of every feed that figures are made of."""
    chance = Random(seed)
    sales, bought = list(receipts(chance)), list(orders(chance))
    return {
        **_places(),
        "guides": _guides(),
        "products": _products(),
        "campaigns": _campaigns(),
        "members": list(_members(chance)),
        "pos_sales": [*sales, *corrections(chance, sales)],
        "online_orders": [*bought, *corrections(chance, bought)],
        "refunds": list(refunds(chance, bought)),
        "touchpoints": list(touches(chance)),
        "stock": list(stock(chance)),
        "footfall": list(footfall(chance)),
        "targets": targets(chance),
    }


# Places, people, goods ---------------------------------------------------------------------------
def _places() -> Mapping[str, Sequence[Row]]:
    """A tree three deep, a circle, regions nobody described; stores that move, open and close."""
    parents = {"TOP": "", "N": "TOP", "NE": "N", "S": "TOP", "LOST": "NOWHERE", "X": "Y", "Y": "X"}
    regions: list[Row] = [
        {"region_id": name, "region_name": name.lower(), "parent_region_id": parent}
        for name, parent in parents.items()
    ]
    plain = {"city": "Wuhan", "ownership": "owned", "site": "mall"}
    since, gone = {"opened_on": "2023-01-05"}, {"closed_on": "2024-02-20"}
    s1 = _store("S1", "A", "NE", **plain, selling_area_sqm="120.5", opened_on="2019-05-01")
    stores = [
        s1 | {"day_cutoff_hour": "4"},
        _store("S2", "A", "N", city="Xian", site="street", **since),
        _store("S2", "B", "S", city="Xian", site="street", **since, valid_from="2024-02-01"),
        _store("S3", "B", "S", ownership="franchised", **gone, valid_from="2023-02-01"),
        _store("S3", "B", "X", ownership="franchised", **gone, valid_from="2024-02-05"),
        _store("S4", "A", "UNDESCRIBED", **plain, selling_area_sqm="80"),
        _store("S5", "C", "LOST"),
    ]
    spans = (
        ("S1", "2023-01-21", "2023-01-24"),
        ("S1", "2024-02-09", "2024-02-12"),
        ("S4", "2024-02-26", "2024-02-29"),
    )
    names = ("store_id", "closed_from", "closed_to")
    closures = [dict(zip(names, span, strict=True)) for span in spans]
    return {"stores": stores, "regions": regions, "store_closures": closures}


def _store(store_id: str, brand: str, region_id: str, **more: str) -> Row:
    first = {"store_id": store_id, "store_name": store_id, "brand": brand}
    return {**first, "region_id": region_id, **more}


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


def _campaigns() -> list[Row]:
    span = {"starts_on": "2023-01-01", "ends_on": "2024-03-31"}
    return [{"campaign_id": name, "campaign_name": name, **span} for name in CAMPAIGNS]


def _members(chance: Random) -> Iterator[Row]:
    """M3 → M2 → M1 and M9 ⇄ M10 merged; several name one visitor; some bound, some gone."""
    merged = {"M2": "M1", "M3": "M2", "M9": "M10", "M10": "M9", "M8": "M99"}
    named = {"M1": "V1", "M4": "V1", "M5": "V2", "M3": "V3"}
    for place, member in enumerate(MEMBERS):
        joined = moment(chance) - timedelta(days=chance.choice((0, 0, 400)))
        yield {
            "member_id": member,
            "joined_at": joined.isoformat(),
            "join_store_id": one(chance, STORES, empty=0.2),
            "join_guide_id": one(chance, GUIDES, empty=0.3),
            "bound_guide_id": one(chance, GUIDES, empty=0.3),
            "bound_at": maybe(chance, (joined + timedelta(days=5)).isoformat(), 0.5),
            "visitor_id": named.get(member, ""),
            "merged_into_member_id": merged.get(member, ""),
            "referrer_member_id": maybe(chance, MEMBERS[place - 1], 0.3),
            "tier": ("gold", "silver", "")[place % 3],
            "join_channel": ("store_scan", "referral", "pos", "")[place % 4],
            "left_at": maybe(chance, (joined + timedelta(days=20)).isoformat(), 0.2),
        }
