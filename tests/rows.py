"""A sound row of each feed for tests to change, and what the contract says of a row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from etl.contract import Conformed, Terms, conform
from warehouse.feeds import FEEDS

Cells = dict[str, str]

SEEN = datetime(2026, 3, 2, 0, 0)
"""When every delivery here was first seen, UTC: 08:00 in Shanghai."""

ROWS: dict[str, Cells] = {
    "stores": {
        "store_id": "S1", "store_name": "One", "brand": "Aster", "region_id": "EAST",
        "city": "Shanghai", "province": "Shanghai", "latitude": "31.2", "longitude": "121.5",
        "ownership": "owned", "site": "mall", "selling_area_sqm": "120.5",
        "opened_on": "2020-05-01", "closed_on": "2030-01-01", "day_cutoff_hour": "4",
        "valid_from": "2020-05-01",
    },
    "store_closures": {
        "store_id": "S1", "closed_from": "2026-02-16", "closed_to": "2026-02-22",
        "reason": "holiday",
    },
    "regions": {"region_id": "EAST", "region_name": "East", "parent_region_id": "CN"},
    "guides": {
        "guide_id": "G1", "guide_name": "Lin", "store_id": "S1", "valid_from": "2024-01-01",
        "valid_to": "2027-12-31", "hired_on": "2024-01-01", "left_on": "2027-12-31",
    },
    "products": {
        "product_id": "P1", "product_name": "Coat", "style_id": "C", "brand": "Aster",
        "category": "outerwear", "season": "2026SS", "colour": "navy", "size": "M",
        "list_price": "899.00", "cost": "210.50", "launched_on": "2026-01-15",
    },
    "members": {
        "member_id": "M1", "joined_at": "2025-06-01T11:00:00", "join_channel": "store_scan",
        "join_store_id": "S1", "join_guide_id": "G1", "bound_guide_id": "G1",
        "bound_at": "2025-06-01T11:00:00", "referrer_member_id": "M0", "visitor_id": "V1",
        "merged_into_member_id": "M9", "tier": "gold", "city": "Shanghai", "name": "Wang",
        "phone": "13812345678", "left_at": "2026-01-01T00:00:00",
    },
    "pos_sales": {
        "store_id": "S1", "receipt_id": "R1", "line_number": "1",
        "sold_at": "2026-03-01T10:00:00", "product_id": "P1", "quantity": "2",
        "net_amount": "200.00", "list_amount": "240.00", "discount_amount": "40.00",
        "guide_id": "G1", "member_id": "M1", "tender": "wechat_pay", "coupon_id": "K1",
    },
    "online_orders": {
        "order_id": "O1", "line_number": "1", "ordered_at": "2026-03-01T12:00:00",
        "channel": "mini_program", "product_id": "P1", "quantity": "1", "net_amount": "100.00",
        "list_amount": "120.00", "discount_amount": "20.00", "shipping_amount": "8.00",
        "paid_at": "2026-03-01T12:05:00", "fulfilled_at": "2026-03-02T09:00:00",
        "cancelled_at": "", "fulfilment": "store_pickup", "origin_store_id": "S1",
        "fulfil_store_id": "S1", "guide_id": "G1", "member_id": "M1", "visitor_id": "V1",
        "tender": "wechat_pay", "coupon_id": "K1", "device": "mobile",
    },
    "refunds": {
        "refund_id": "F1", "order_id": "O1", "line_number": "1",
        "refunded_at": "2026-03-02T15:00:00", "quantity": "1", "amount": "100.00",
        "handled_store_id": "S1", "reason": "size",
    },
    "touchpoints": {
        "event_id": "E1", "occurred_at": "2026-03-01T09:00:00", "event": "guide_scan",
        "visitor_id": "V1", "member_id": "M1", "store_id": "S1", "guide_id": "G1",
        "product_id": "P1", "campaign_id": "C1", "coupon_id": "K1", "order_id": "O1",
        "channel": "mini_program", "bind_result": "bound",
    },
    "campaigns": {
        "campaign_id": "C1", "campaign_name": "Spring", "starts_on": "2026-03-01",
        "ends_on": "2026-03-15", "kind": "coupon", "lunar_anchor": "", "budget": "5000.00",
    },
    "stock": {
        "as_of_date": "2026-03-01", "store_id": "S1", "product_id": "P1", "on_hand": "7",
    },
    "footfall": {"store_id": "S1", "hour_start": "2026-03-01T10:00:00", "visitors": "31"},
    "targets": {
        "level": "store", "id": "S1", "month": "2026-03", "metric": "net_sales",
        "target": "300000.00",
    },
}  # fmt: skip


def row(feed: str, **changes: str) -> Cells:
    """The feed's sound row with some cells changed."""
    return ROWS[feed] | changes


def sale(**changes: str) -> Cells:
    """A receipt line: S1, R1, line 1, 2 pieces of P1 for 200.00 on 1 March 2026."""
    return row("pos_sales", **changes)


def judged(
    feed: str, *rows: Cells, timezone: str = "Asia/Shanghai", secret: str | None = "a test key"
) -> Conformed:
    columns = list(dict.fromkeys(column for one in rows for column in one))
    cells = {name: [one.get(name) for one in rows] for name in columns}
    frame = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String))
    lines = pl.Series("line", range(2, 2 + len(rows)), pl.Int64)
    return conform(frame.with_columns(lines), FEEDS[feed], Terms(timezone, SEEN, secret))


def accepted(feed: str, one: Cells, **how: Any) -> dict[str, Any]:
    done = judged(feed, one, **how)
    assert done.rejected.rows() == []
    return done.accepted.row(0, named=True)


def reject(feed: str, one: Cells, **how: Any) -> dict[str, Any]:
    done = judged(feed, one, **how)
    assert done.accepted.rows() == []
    return done.rejected.row(0, named=True)
