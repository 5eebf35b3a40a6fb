"""The company of the examples in docs/metrics.md: two shops, two guides, three members.

March 2024 is what the examples ask about. The latest event is of July, so that the windows of
March have passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

Row = Mapping[str, object]

MARCH = (date(2024, 3, 1), date(2024, 3, 31))
ROWS: Mapping[str, Sequence[Row]] = {
    "stores": [
        {"store_id": "S1", "store_name": "Lantern Mall", "brand": "Aster", "region_id": "EAST"}
        | {"site": "mall", "selling_area_sqm": 100, "opened_on": "2020-01-01"},
        {"store_id": "S2", "store_name": "Lantern Street", "brand": "Birch", "region_id": "WEST"}
        | {"site": "street", "opened_on": "2020-01-01"},
    ],
    "regions": [
        {"region_id": "CN", "region_name": "China"},
        {"region_id": "EAST", "region_name": "East", "parent_region_id": "CN"},
        {"region_id": "WEST", "region_name": "West", "parent_region_id": "CN"},
    ],
    "guides": [
        {"guide_id": "G1", "guide_name": "Lin", "store_id": "S1", "valid_from": "2020-01-01"},
        {"guide_id": "G2", "guide_name": "Mei", "store_id": "S2", "valid_from": "2020-01-01"},
    ],
    "products": [
        {"product_id": "COAT", "product_name": "coat", "style_id": "C", "brand": "Aster"}
        | {"list_price": "100.00", "cost": "40.00"},
        {"product_id": "SCARF", "product_name": "scarf", "style_id": "S", "brand": "Birch"}
        | {"list_price": "50.00"},
    ],
    "members": [
        {"member_id": "M1", "joined_at": "2024-03-02 09:00", "join_store_id": "S1"}
        | {"join_guide_id": "G1"},
        {"member_id": "M2", "joined_at": "2023-06-01 12:00", "join_store_id": "S2"},
        {"member_id": "M3", "joined_at": "2024-03-05 12:00", "join_store_id": "S2"}
        | {"referrer_member_id": "M1", "visitor_id": "V3"},
    ],
    "pos_sales": [
        {"receipt_id": receipt, "line_number": line, "store_id": store, "sold_at": at}
        | {"product_id": product, "quantity": quantity, "net_amount": net}
        | {"list_amount": listed, "member_id": member, "tender": tender}
        | {"guide_id": "G1" if store == "S1" else "G2"} | more
        for receipt, line, store, at, product, quantity, net, listed, member, tender, more in [
            ("R0", 1, "S1", "2023-03-01 10:00", "COAT", 1, "80.00", "100.00", "", "cash", {}),
            ("R1", 1, "S1", "2024-03-02 10:00", "COAT", 2, "160.00", "200.00", "M1", "wechat_pay",
             {}),
            ("R1", 2, "S1", "2024-03-02 10:00", "SCARF", 1, "40.00", "", "M1", "wechat_pay", {}),
            ("R2", 1, "S2", "2024-03-03 11:00", "SCARF", 1, "50.00", "50.00", "", "cash",
             {"guide_shares": "G1=0.4;G2=0.6"}),
            ("R3", 1, "S1", "2024-03-09 10:00", "COAT", -1, "-80.00", "", "M1", "wechat_pay",
             {"original_receipt_id": "R1"}),
            ("R4", 1, "S1", "2024-03-15 10:00", "SCARF", 1, "45.00", "50.00", "M1", "cash",
             {"coupon_id": "K1"}),
            ("R5", 1, "S1", "2024-03-20 10:00", "COAT", 1, "90.00", "100.00", "M2", "wechat_pay",
             {}),
            ("R6", 1, "S2", "2024-04-10 10:00", "SCARF", 1, "50.00", "50.00", "M3", "cash", {}),
            ("R7", 1, "S2", "2024-04-12 10:00", "SCARF", 1, "50.00", "50.00", "M1", "cash", {}),
        ]
    ],
    "online_orders": [
        {"order_id": order, "line_number": 1, "ordered_at": at, "paid_at": paid}
        | {"channel": "mini_program", "product_id": product, "quantity": 1, "net_amount": net}
        | {"member_id": member, "fulfilment": fulfilment, "device": device} | more
        for order, at, paid, product, net, member, fulfilment, device, more in [
            ("O1", "2024-03-04 10:00", "2024-03-04 10:05", "COAT", "100.00", "M2",
             "ship_from_warehouse", "mobile",
             {"origin_store_id": "S1", "tender": "wechat_pay", "fulfilled_at": "2024-03-06 09:00"}),
            ("O2", "2024-03-06 20:00", "2024-03-06 20:01", "SCARF", "50.00", "M3",
             "store_pickup", "pc",
             {"fulfil_store_id": "S2", "guide_id": "G2", "tender": "alipay"}),
            ("O3", "2024-03-07 20:00", "", "SCARF", "50.00", "M3", "store_pickup", "pc", {}),
        ]
    ],
    "refunds": [
        {"refund_id": "F1", "order_id": "O2", "line_number": 1, "refunded_at": "2024-03-08 10:00"}
        | {"quantity": 0, "amount": "10.00"},
    ],
    "touchpoints": [
        {"event_id": event_id, "occurred_at": at, "event": event} | more
        for event_id, at, event, more in [
            ("E1", "2024-03-03 10:00", "guide_scan",
             {"member_id": "M2", "store_id": "S1", "guide_id": "G1", "bind_result": "bound"}),
            ("E2", "2024-03-04 12:00", "card_view", {"visitor_id": "V3", "store_id": "S2"}),
            ("E3", "2024-03-05 13:00", "tag_scan",
             {"member_id": "M3", "store_id": "S2", "product_id": "SCARF"}),
            ("E4", "2024-03-10 10:00", "tag_scan",
             {"member_id": "M1", "store_id": "S2", "product_id": "COAT"}),
            ("E5", "2024-03-11 10:00", "coupon_issued",
             {"member_id": "M1", "campaign_id": "SPRING", "coupon_id": "K1"}),
            ("E6", "2024-03-12 10:00", "check_in", {"member_id": "M1", "store_id": "S1"}),
            ("E7", "2024-07-01 10:00", "product_view", {"member_id": "M2"}),
        ]
    ],
    "campaigns": [
        {"campaign_id": "SPRING", "campaign_name": "Spring", "kind": "coupon"}
        | {"starts_on": "2024-03-01", "ends_on": "2024-03-31"},
    ],
    "stock": [
        {"as_of_date": "2024-03-05", "store_id": "S2", "product_id": "SCARF", "on_hand": 0},
        {"as_of_date": "2024-03-10", "store_id": "S2", "product_id": "COAT", "on_hand": 0},
    ],
    "footfall": [
        {"store_id": "S1", "hour_start": "2024-03-02 10:00", "visitors": 5},
        {"store_id": "S1", "hour_start": "2024-03-09 10:00", "visitors": 3},
        {"store_id": "S2", "hour_start": "2024-03-03 11:00", "visitors": 4},
    ],
    "targets": [
        {"level": level, "id": name, "month": "2024-03", "metric": "net_sales", "target": target}
        for level, name, target in [
            ("store", "S1", "620.00"), ("store", "S2", "310.00"), ("guide", "G1", "500.00"),
        ]
    ],
}  # fmt: skip
