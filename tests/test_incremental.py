"""Derived tables follow what a load touched, and are what a rebuild would make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from loading import Loading, check_rebuilt
from rows import Cells, row

from warehouse.feeds import FEEDS

pytestmark = pytest.mark.usefixtures("always_follow")

AT = ("2026-01-20T10:00", "2026-02-01T23:30", "2026-02-10T09:00", "2026-02-10T09:05",
      "2026-02-14T12:00", "2026-02-24T12:00", "2026-02-28T20:00")  # fmt: skip
ON = ("2026-01-20", "2026-02-01", "2026-02-10", "2026-02-14", "2026-02-28")
STORES, GUIDES, PRODUCTS = ("S1", "S2"), ("G1", "G2"), ("P1", "P2", "P3")
MEMBERS, VISITORS = ("M1", "M2", "M3"), ("V1", "V2")
NONE = ("",)
OFTEN = ("", "", "", "", "1")

CHOICES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "stores": {
        "store_id": STORES, "valid_from": ("", *ON), "region_id": ("EAST", "WEST"),
        "brand": ("Aster", "Birch"), "day_cutoff_hour": ("", "0", "4"), "is_deleted": OFTEN,
    },
    "regions": {"region_id": ("EAST", "WEST"), "parent_region_id": ("", "CN"), "is_deleted": NONE},
    "guides": {
        "guide_id": GUIDES, "store_id": STORES, "valid_from": ON, "valid_to": ("", *ON[2:]),
        "left_on": ("", *ON[2:]), "is_deleted": OFTEN,
    },
    "products": {
        "product_id": PRODUCTS, "style_id": ("", "C", "D"), "brand": ("", "Aster", "Birch"),
        "list_price": ("", "899.00", "799.00"), "is_deleted": NONE,
    },
    "members": {
        "member_id": MEMBERS, "joined_at": AT, "bound_at": ("", *AT), "visitor_id": ("", *VISITORS),
        "bound_guide_id": ("", *GUIDES), "merged_into_member_id": ("", "", "M1", "M2"),
        "left_at": NONE, "is_deleted": OFTEN,
    },
    "pos_sales": {
        "store_id": STORES, "receipt_id": ("R1", "R2", "R3"), "line_number": ("1", "2"),
        "sold_at": AT, "product_id": PRODUCTS, "member_id": ("", *MEMBERS),
        "guide_id": ("", *GUIDES), "guide_shares": ("", "G1=0.7;G2=0.3"),
        "original_receipt_id": ("", "R1", "R2"), "original_line_number": ("", "1"),
        "original_order_id": ("", "O1"), "coupon_id": ("", "K1"), "is_void": OFTEN,
        "list_amount": ("240.00", "200.00"),
    },
    "online_orders": {
        "order_id": ("O1", "O2", "O3"), "line_number": ("1", "2"), "ordered_at": AT,
        "paid_at": ("", *AT), "fulfilled_at": ("", *AT[-2:]), "cancelled_at": ("", "", *AT),
        "product_id": PRODUCTS, "guide_id": ("", "", *GUIDES),
        "guide_shares": ("", "", "", "G1=0.5;G2=0.5"), "origin_store_id": ("", "", *STORES),
        "member_id": ("", *MEMBERS), "visitor_id": ("", *VISITORS), "coupon_id": ("", "K1"),
        "list_amount": ("120.00", "100.00"), "is_deleted": OFTEN,
    },
    "refunds": {
        "refund_id": ("F1", "F2"), "order_id": ("O1", "O2"), "line_number": ("1", "2"),
        "refunded_at": AT, "quantity": ("0", "1"), "amount": ("5.00", "30.00"), "is_deleted": OFTEN,
    },
    "touchpoints": {
        "event_id": ("E1", "E2", "E3", "E4"), "occurred_at": AT,
        "event": ("guide_scan", "tag_scan", "tag_scan", "share", "coupon_issued", "favourite"),
        "visitor_id": VISITORS, "member_id": ("", "", *MEMBERS), "store_id": ("", *STORES),
        "guide_id": ("", *GUIDES), "product_id": ("", *PRODUCTS), "coupon_id": ("", "K1"),
        "bind_result": ("", "bound"), "is_deleted": OFTEN,
    },
    "stock": {
        "as_of_date": ON, "store_id": STORES, "product_id": PRODUCTS, "on_hand": ("0", "3"),
        "is_deleted": NONE,
    },
}  # fmt: skip
"""Cells that make few rows meet each other often."""


def sound(feed: str, cells: Cells) -> Cells:
    """The cells with what the contract asks of one by another."""
    made = row(feed, **cells)
    if feed == "pos_sales" and made["original_receipt_id"] + made["original_order_id"]:
        made |= {"quantity": "-1", "net_amount": "-90.00", "list_amount": ""}
    return made


Load = Sequence[tuple[str, Cells]]
"""Rows of any feeds that arrive together."""


@st.composite
def loads(draw: st.DrawFn, number: int, most: int) -> list[Load]:
    """A first load of many rows, and more of few."""
    sizes = [20, *(draw(st.integers(1, most)) for _ in range(number))]
    feeds = st.sampled_from([*CHOICES, "pos_sales", "online_orders", "touchpoints", "touchpoints"])

    def cells(feed: str) -> Cells:
        return sound(feed, {name: draw(st.sampled_from(of)) for name, of in CHOICES[feed].items()})

    return [[(feed, cells(feed)) for feed in draw(st.lists(feeds, min_size=size, max_size=size))]
            for size in sizes]  # fmt: skip


def check_loads(loading: Loading, loads: Sequence[Load]) -> None:
    """After each load derived tables are what a rebuild makes of the loaded rows."""
    loading.emptied().follow()
    for rows in loads:
        for feed in FEEDS:
            delivered = [cells for name, cells in rows if name == feed]
            if delivered:
                loading.load(feed, *delivered)
        assert loading.follow() is not None
        check_rebuilt(loading)


def test_whatever_arrives_derived_tables_are_what_a_rebuild_makes(loading: Loading) -> None:
    @settings(max_examples=3, deadline=None, derandomize=True, database=None,
              phases=[Phase.generate])  # fmt: skip
    @given(loads(3, 4))
    def check(delivered: list[Load]) -> None:
        check_loads(loading, delivered)

    check()


@pytest.mark.long
@pytest.mark.parametrize("most", [1, 6])
def test_whatever_arrives_derived_tables_are_what_a_rebuild_makes_many_times(
    loading: Loading, most: int
) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(loads(5, most))
    def check(delivered: list[Load]) -> None:
        check_loads(loading, delivered)

    check()
