"""A load changes what it concerns in derived tables, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import natural
import pytest
from conftest import Company
from loading import SETTINGS, Loading, check_rebuilt
from rows import Cells, row
from sqlalchemy import Table, delete, select

from etl import checks, derive, touched
from etl.touched import Touched
from warehouse.schema import (
    COUPON_USES,
    CREDITED_LINES,
    DIM_GUIDES,
    DIM_ORDERS,
    DIM_RECEIPTS,
    FUNNEL_ENTRIES,
    ORDERS,
    SCANS,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("always_follow")


# Rows --------------------------------------------------------------------------------------------
def order(order_id: str, at: str, **more: str) -> Cells:
    """An order paid at once that names neither guide nor store."""
    bare = dict.fromkeys(("guide_id", "origin_store_id", "fulfil_store_id", "visitor_id"), "")
    times = {"ordered_at": at, "paid_at": at, "fulfilled_at": "", "cancelled_at": ""}
    return row("online_orders", order_id=order_id, **{**bare, **times, "member_id": "M1", **more})


def sold(receipt_id: str, at: str, **more: str) -> Cells:
    """A receipt of one line of S1."""
    return row("pos_sales", receipt_id=receipt_id, sold_at=at, **more)


def back(receipt_id: str, original: str, at: str, **more: str) -> Cells:
    """A receipt of S2 that takes back a line of a receipt of S1."""
    came = {"store_id": "S2", "guide_id": "", "original_receipt_id": original,
            "original_store_id": "S1", "quantity": "-1", "net_amount": "-90.00"}  # fmt: skip
    return sold(receipt_id, at, **{**came, "list_amount": "", **more})


def scan(event_id: str, at: str, **more: str) -> Cells:
    """A tag scanned by M1 in S1 with the code of G1; it names no visitor."""
    plain = {"event": "tag_scan", "visitor_id": "", "bind_result": ""}
    return row("touchpoints", event_id=event_id, occurred_at=at, **{**plain, **more})


def member(member_id: str, **more: str) -> Cells:
    """A member bound to nobody."""
    bare = dict.fromkeys(("bound_guide_id", "visitor_id", "merged_into_member_id", "left_at"), "")
    return row("members", member_id=member_id, **{**bare, **more})


def deliver(loading: Loading, **feeds: Sequence[Cells]) -> Concerned:
    """Load some rows and derive; what changed, by the source's identifiers."""
    for feed, rows in feeds.items():
        loading.load(feed, *rows)
    seen = loading.follow()
    assert seen is not None
    return Concerned(loading, seen)


class Concerned:
    """Names of the orders, of the receipts and orders with lines, and of the scans that changed."""

    def __init__(self, loading: Loading, seen: Touched) -> None:
        self.orders = self._names(loading, seen, ORDERS, "order_key")
        self.lines = self._names(loading, seen, CREDITED_LINES, "receipt_key")
        self.scans = self._names(loading, seen, SCANS, "event_id")

    def _names(self, loading: Loading, seen: Touched, table: Table, key: str) -> set[str]:
        changes = seen.changes[table.name]
        keys = set(loading.build.fetch(select(changes.c[key]))[key])
        if key == "event_id":
            return keys
        dim, other = (DIM_ORDERS, "order") if key == "order_key" else (DIM_RECEIPTS, "receipt")
        ids = dict(loading.build.fetch(select(dim.c[key], dim.c[f"{other}_id"])).iter_rows())
        orders = select(-DIM_ORDERS.c.order_key, DIM_ORDERS.c.order_id)
        ids |= dict(loading.build.fetch(orders).iter_rows())
        return {ids[one] for one in keys}


def credit(loading: Loading) -> dict[str, tuple[str, str | None]]:
    """Rule and guide of each order."""
    rows = (
        select(DIM_ORDERS.c.order_id, ORDERS.c.credit_rule, DIM_GUIDES.c.guide_id)
        .join(ORDERS, ORDERS.c.order_key == DIM_ORDERS.c.order_key)
        .outerjoin(DIM_GUIDES, DIM_GUIDES.c.guide_key == ORDERS.c.guide_key)
    )
    return {name: (rule, guide) for name, rule, guide in loading.build.fetch(rows).iter_rows()}


def lost(loading: Loading) -> set[str]:
    """Scans that were lost sales."""
    return set(loading.build.fetch(select(SCANS.c.event_id).where(SCANS.c.is_lost))["event_id"])


@pytest.fixture
def shops(loading: Loading) -> Iterator[Loading]:
    """Two stores in two regions with a guide each, a product, members M1 and M2; derived. After
    the claim everything derived is as a rebuild would make it."""
    loading.emptied()
    east = row("stores", day_cutoff_hour="", valid_from="")
    loading.load("stores", east, east | {"store_id": "S2", "region_id": "WEST"})
    plain = row("guides", valid_to="", left_on="")
    loading.load("guides", plain, plain | {"guide_id": "G2", "store_id": "S2"})
    loading.load("products", row("products"))
    loading.load("members", member("M1"), member("M2"))
    loading.follow()
    yield loading
    check_rebuilt(loading)


def test_a_late_touch_recredits_the_orders_in_its_window_and_no_others(shops: Loading) -> None:
    deliver(shops, online_orders=[
        order("before", "2026-02-08T12:00"), order("inside", "2026-02-10T12:00"),
        order("after", "2026-02-24T12:01"), order("of M2", "2026-02-10T12:00", member_id="M2"),
    ])  # fmt: skip
    late = deliver(shops, touchpoints=[scan("E1", "2026-02-10T11:00")])
    assert late.orders == late.lines == {"inside"}
    assert credit(shops)["inside"] == ("recent_touch", "G1")
    assert credit(shops)["after"] == ("uncredited", None)


def test_a_late_binding_recredits_all_orders_after_it(shops: Loading) -> None:
    deliver(shops, online_orders=[
        order("before", "2026-01-08T12:00"), order("after", "2026-02-28T12:00"),
        order("of M2", "2026-02-28T12:00", member_id="M2"),
    ])  # fmt: skip
    scanned = scan("E1", "2026-01-10T11:00", event="guide_scan", bind_result="bound")
    assert deliver(shops, touchpoints=[scanned]).orders == {"after"}
    bound = member("M2", bound_guide_id="G2", bound_at="2026-01-15T10:00", tier="silver")
    assert deliver(shops, members=[bound]).orders == {"of M2"}
    assert deliver(shops, members=[bound | {"tier": "gold"}]).orders == set()


def test_a_guide_reassigned_in_the_past_recredits_orders_from_that_day_on(shops: Loading) -> None:
    deliver(
        shops,
        touchpoints=[scan("E1", "2026-02-09T11:00"), scan("E2", "2026-02-20T11:00")],
        online_orders=[order("O1", "2026-02-10T12:00"), order("O2", "2026-02-20T12:00"),
                       order("of M2", "2026-02-20T12:00", member_id="M2")],
        pos_sales=[sold("R1", "2026-02-20T12:00")],
    )  # fmt: skip
    moved = row("guides", store_id="S2", valid_from="2026-02-15", valid_to="", left_on="")
    seen = deliver(shops, guides=[moved])
    assert seen.orders == seen.lines == {"O2"}
    gone = deliver(shops, guides=[moved | {"left_on": "2026-02-18"}])
    assert gone.orders == {"O2"}
    assert credit(shops)["O2"] == ("store_only", None)


def test_a_store_moved_to_another_region_moves_its_lines_from_that_day_on(shops: Loading) -> None:
    deliver(
        shops,
        pos_sales=[sold("R1", "2026-02-10T12:00"), sold("R2", "2026-02-20T12:00"),
                   sold("of S2", "2026-02-20T12:00", store_id="S2")],
        touchpoints=[scan("E1", "2026-02-10T12:00"), scan("E2", "2026-02-20T12:00")],
    )  # fmt: skip
    moved = row("stores", region_id="WEST", day_cutoff_hour="", valid_from="2026-02-15")
    seen = deliver(shops, stores=[moved])
    assert (seen.lines, seen.scans) == ({"R2"}, {"E2"})


def test_a_later_end_of_day_moves_the_nights_of_one_store_and_their_returns(
    shops: Loading,
) -> None:
    deliver(shops, pos_sales=[
        sold("noon", "2026-02-10T12:00"), sold("night", "2026-02-11T01:00"),
        sold("of S2", "2026-02-11T01:00", store_id="S2"), back("back", "night", "2026-02-20T12:00"),
    ])  # fmt: skip
    seen = deliver(shops, stores=[row("stores", day_cutoff_hour="2", valid_from="")])
    assert seen.lines == {"night", "back"}


def test_a_late_member_claims_the_past_of_their_visitor_only(shops: Loading) -> None:
    deliver(
        shops,
        online_orders=[order("O1", "2026-02-10T12:00", member_id="", visitor_id="V1"),
                       order("of V2", "2026-02-10T12:00", member_id="", visitor_id="V2")],
        touchpoints=[scan("E1", "2026-02-09T12:00", member_id="", visitor_id="V1"),
                     scan("of V2", "2026-02-09T12:00", member_id="", visitor_id="V2")],
    )  # fmt: skip
    seen = deliver(shops, members=[member("M9", visitor_id="V1", joined_at="2026-02-15T12:00")])
    assert (seen.orders, seen.lines, seen.scans) == ({"O1"}, {"O1"}, {"E1"})


def test_a_merged_member_brings_orders_receipts_and_scans_to_the_survivor(shops: Loading) -> None:
    of_m2 = {"member_id": "M2"}
    deliver(
        shops,
        online_orders=[order("O1", "2026-02-10T12:00"), order("O2", "2026-02-10T12:00", **of_m2)],
        pos_sales=[sold("R1", "2026-02-10T12:00"), sold("R2", "2026-02-10T12:00", **of_m2)],
        touchpoints=[scan("E1", "2026-02-11T12:00"), scan("E2", "2026-02-11T13:00", **of_m2)],
    )
    seen = deliver(shops, members=[member("M2", merged_into_member_id="M1")])
    assert (seen.orders, seen.lines, seen.scans) == ({"O2"}, {"O2", "R2"}, {"E2"})
    apart = deliver(shops, members=[member("M2", updated_at="2026-03-01T12:00")])
    assert (apart.orders, apart.lines, apart.scans) == ({"O2"}, {"O2", "R2"}, {"E2"})


def test_a_reference_after_its_facts_touches_the_facts_that_name_it(shops: Loading) -> None:
    deliver(shops, pos_sales=[
        sold("R1", "2026-02-10T12:00"), sold("of S9", "2026-02-10T12:00", store_id="S9"),
        sold("of P9", "2026-02-10T12:00", product_id="P9"),
    ])  # fmt: skip
    store = row("stores", store_id="S9", day_cutoff_hour="", valid_from="")
    assert deliver(shops, stores=[store]).lines == {"of S9"}
    product = row("products", product_id="P9", brand="Birch")
    assert deliver(shops, products=[product]).lines == {"of P9"}
    assert deliver(shops, products=[product | {"colour": "red"}]).lines == set()


def test_a_void_takes_out_a_receipt_and_recredits_its_return(shops: Loading) -> None:
    deliver(shops, pos_sales=[
        sold("R1", "2026-02-10T12:00"), sold("other", "2026-02-10T12:00"),
        back("R2", "R1", "2026-02-12T12:00"),
    ])  # fmt: skip
    void = sold("R1", "2026-02-10T12:00", is_void="true", updated_at="2026-02-13T12:00")
    assert deliver(shops, pos_sales=[void]).lines == {"R1", "R2"}


def test_an_original_after_its_return_recredits_the_return(shops: Loading) -> None:
    deliver(shops, pos_sales=[back("R2", "R1", "2026-02-12T12:00"),
                              back("other", "R9", "2026-02-12T12:00")])  # fmt: skip
    assert deliver(shops, pos_sales=[sold("R1", "2026-02-10T12:00")]).lines == {"R1", "R2"}


def test_an_order_after_its_return_at_the_till_recredits_the_return(shops: Loading) -> None:
    at_till = back("R2", "", "2026-02-12T12:00", original_store_id="", original_order_id="O1")
    deliver(shops, pos_sales=[at_till])
    came = deliver(shops, online_orders=[order("O1", "2026-02-10T12:00", origin_store_id="S1")])
    assert came.lines == {"O1", "R2"}
    touched = deliver(shops, touchpoints=[scan("E1", "2026-02-10T11:00")])
    assert (touched.orders, touched.lines) == ({"O1"}, {"O1", "R2"})


def test_a_refund_waits_for_its_order_and_touches_it_alone(shops: Loading) -> None:
    refund = row("refunds", refunded_at="2026-02-12T12:00")
    assert deliver(shops, refunds=[refund, refund | {"order_id": "O2"}]).lines == set()
    assert deliver(shops, online_orders=[order("O1", "2026-02-10T12:00")]).lines == {"O1"}
    partly = {"quantity": "0", "amount": "10.00", "updated_at": "2026-02-14T12:00"}
    assert deliver(shops, refunds=[refund | partly]).lines == {"O1"}


def test_a_cancelled_order_changes_itself_alone(shops: Loading) -> None:
    placed = order("O1", "2026-02-10T12:00")
    deliver(shops, online_orders=[placed, order("O2", "2026-02-10T12:00")])
    cancelled = placed | {"cancelled_at": "2026-02-11T12:00", "updated_at": "2026-02-11T12:00"}
    seen = deliver(shops, online_orders=[cancelled])
    assert seen.orders == seen.lines == {"O1"}


def test_stock_after_its_scan_and_purchases_after_that_decide_what_was_lost(
    shops: Loading,
) -> None:
    deliver(
        shops,
        touchpoints=[scan("E1", "2026-02-10T12:00"),
                     scan("of P2", "2026-02-10T12:00", product_id="P2")],
        pos_sales=[sold("far", "2026-02-28T12:00", product_id="P2", member_id="")],
    )  # fmt: skip
    empty = row("stock", as_of_date="2026-02-10", on_hand="0")
    assert deliver(shops, stock=[empty]).scans == lost(shops) == {"E1"}
    assert deliver(shops, pos_sales=[sold("R1", "2026-02-24T12:00")]).scans == {"E1"}
    assert lost(shops) == set()
    void = sold("R1", "2026-02-24T12:00", is_void="1", updated_at="2026-02-25T12:00")
    assert deliver(shops, pos_sales=[void]).scans == lost(shops) == {"E1"}


def test_scans_whose_14_days_end_as_the_data_reach_further_are_looked_at_again(
    shops: Loading,
) -> None:
    deliver(
        shops,
        touchpoints=[scan("E1", "2026-02-10T12:00"), scan("E2", "2026-02-11T12:01")],
        stock=[row("stock", as_of_date=f"2026-02-{day}", on_hand="0") for day in (10, 11)],
    )
    nobody = {"product_id": "P2", "member_id": ""}
    assert deliver(shops, pos_sales=[sold("R1", "2026-02-24T12:00", **nobody)]).scans == set()
    assert deliver(shops, pos_sales=[sold("R2", "2026-02-25T12:00", **nobody)]).scans == {"E1"}
    assert lost(shops) == {"E1"}


def test_a_late_scan_takes_the_visit_of_its_person_and_day_only(shops: Loading) -> None:
    deliver(shops, touchpoints=[
        scan("E2", "2026-02-10T12:00"), scan("next day", "2026-02-11T12:00"),
        scan("of M2", "2026-02-10T12:00", member_id="M2"),
    ])  # fmt: skip
    assert deliver(shops, touchpoints=[scan("E1", "2026-02-10T11:00")]).scans == {"E1", "E2"}


def test_the_price_of_an_order_line_decides_whether_its_buyer_paid_in_full(shops: Loading) -> None:
    issued = scan("K", "2026-02-10T09:00", event="coupon_issued")
    paid = order("later", "2026-02-12T12:00", coupon_id="")  # 100.00 of 120.00
    deliver(shops, touchpoints=[issued], online_orders=[paid],
            pos_sales=[sold("R1", "2026-02-10T12:00")])  # fmt: skip
    assert steps(shops) == {"K": (True, True, False, True)}
    right = paid | {"list_amount": "100.00", "updated_at": "2026-02-13T12:00"}
    assert deliver(shops, online_orders=[right]).orders == set()
    assert steps(shops) == {"K": (True, True, True, True)}
    uses = shops.build.fetch(select(COUPON_USES.c.event_id, COUPON_USES.c.business_date)).rows()
    assert uses == [("K", date(2026, 2, 10))]


def test_a_purchase_in_a_store_after_one_online_closes_the_ring_of_a_scan(shops: Loading) -> None:
    deliver(
        shops, touchpoints=[scan("E1", "2026-02-10T12:00")],
        pos_sales=[sold("before", "2026-02-11T12:00")],
        online_orders=[order("between", "2026-02-12T12:00")],
    )  # fmt: skip
    closed = select(FUNNEL_ENTRIES.c.closed_at).where(FUNNEL_ENTRIES.c.funnel == "scan_to_order")
    assert shops.build.fetch(closed)["closed_at"].to_list() == [None]
    deliver(shops, pos_sales=[sold("after", "2026-02-13T12:00")])
    assert shops.build.fetch(closed)["closed_at"].to_list() == [datetime(2026, 2, 13, 4)]


def steps(loading: Loading) -> dict[str, tuple[bool, ...]]:
    """Which stored steps each entry of coupon_to_store reached."""
    table = FUNNEL_ENTRIES
    reached = (table.c[f"step_{place}_at"].is_not(None) for place in range(1, 5))
    rows = select(table.c.event_id, *reached).where(table.c.funnel == "coupon_to_store")
    return {event: tuple(told) for event, *told in loading.build.fetch(rows).iter_rows()}


# What it leaves for the steps after it -----------------------------------------------------------
def test_days_and_members_are_those_of_lines_that_differ(shops: Loading) -> None:
    deliver(shops, pos_sales=[sold("R1", "2026-02-10T12:00"),
                              sold("R2", "2026-02-11T12:00", member_id="M2")])  # fmt: skip
    shops.load("pos_sales", sold("R2", "2026-02-12T12:00", member_id="", updated_at="2026-02-13"),
               sold("R1", "2026-02-10T12:00", updated_at="2026-02-13"))  # fmt: skip
    seen = shops.follow()
    assert seen is not None
    days, members = (shops.build.fetch(select(table)) for table in (seen.days, seen.members))
    assert sorted(map(str, days["business_date"])) == ["2026-02-11", "2026-02-12"]
    assert members.height == 1


def test_money_of_what_a_load_touched_is_checked_against_what_was_loaded(shops: Loading) -> None:
    deliver(shops, pos_sales=[sold("R1", "2026-02-10T12:00")])
    shops.load("pos_sales", sold("R2", "2026-02-11T12:00", net_amount="70.00"))
    seen = shops.follow()
    checks.check(shops.build, SETTINGS, seen)
    shops.build.run(delete(CREDITED_LINES).where(CREDITED_LINES.c.net_amount == 70))
    with pytest.raises(checks.CheckFailed, match=r"pos lines hold 70\.00, .* None"):
        checks.check(shops.build, SETTINGS, seen)
    derive.derive(shops.build, SETTINGS)


def test_a_load_that_changes_a_fifth_of_the_rows_derives_everything_anew(
    shops: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touched, "REBUILD_SHARE", 0.2)
    monkeypatch.setattr(touched, "SMALL", 0)
    shops.load("pos_sales", *(sold(f"R{n}", "2026-02-10T12:00") for n in range(9)))
    assert shops.follow() is None
    shops.load("pos_sales", sold("one more", "2026-02-10T12:00"))
    assert shops.follow() is not None


def test_runs_that_follow_each_other_publish_what_a_rebuild_publishes(company: Company) -> None:
    company.deliver("stores", row("stores"))
    company.deliver("pos_sales", sold("R1", "2026-02-10T12:00"), name="a.csv")
    company.deliver("online_orders", order("O1", "2026-02-10T12:00"))
    company.load()
    company.deliver("pos_sales", back("R2", "R1", "2026-02-12T12:00"), name="b.csv")
    company.deliver("touchpoints", scan("E1", "2026-02-10T11:00"))
    company.load()
    with company.stored() as snapshot:
        followed = natural.tables(snapshot)
    company.load(rebuild=True)
    with company.stored() as snapshot:
        assert natural.tables(snapshot) == followed
